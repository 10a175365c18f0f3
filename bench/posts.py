"""Authors with followers at many hosts, whose thoughts go out to them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.peers import Peers
from bench.seeding import insert_followers, insert_people
from bench.server import Server, make_person
from federation.actions.publish_thought import Draft, publish_thought
from storage.people import Person
from storage.query import Value

_TEXT = "Thought number {number}, posted by a benchmark. #benchmark https://example.org/measure"
_LOOK_EVERY_S = 0.05
COUNT_UNDER_WAY = Value(int, "SELECT count(*) FROM deliveries WHERE lease IS NOT NULL AND host = ANY($1::text[])")
COUNT_PENDING = Value(
    int, "SELECT count(*) FROM deliveries WHERE sender_id = $1 AND state = 'pending' AND host = ANY($2::text[])"
)


@dataclass(frozen=True, slots=True)
class Author:
    """One of ours, with a follower at each of some hosts."""

    person: Person
    hosts: list[str]


class Posts:
    """Publishes thoughts of authors and waits for them to be everywhere."""

    def __init__(self, server: Server, peers: Peers) -> None:
        self.server = server
        self.peers = peers
        self._authors = 0
        self._hosts = 0
        self._published = 0

    async def author(self, hosts: int) -> Author:
        """Make an author with a follower at each of so many hosts that the server has never had to do with."""
        fresh = [self.peers.host(self._hosts + number) for number in range(hosts)]
        self._hosts += hosts
        return await self.author_for(fresh)

    async def author_for(self, hosts: Sequence[str]) -> Author:
        """Make an author with a follower at each of these hosts."""
        person = await make_person(self.server, f"author{self._authors}")
        self._authors += 1
        async with self.server.services.database.transaction() as db:
            await insert_followers(db, person.id, await insert_people(db, person.username, hosts))
        return Author(person, list(hosts))

    async def publish(self, author: Author) -> str:
        """Publish a thought; return its id."""
        self._published += 1
        draft = Draft(_TEXT.format(number=self._published))
        return (await publish_thought(self.server.services, author.person, draft)).ap_id

    async def deliver(self, author: Author, thoughts: int) -> None:
        """Publish thoughts; wait until they have arrived everywhere and the server has written so."""
        published = [await self.publish(author) for _ in range(thoughts)]
        for thought in published:
            await self.peers.until_arrived(thought, author.hosts)
        await self.until_written(author, author.hosts)

    async def until_written(self, author: Author, hosts: Iterable[str]) -> None:
        """Wait until nothing of an author's is pending for these hosts."""
        while await self._pending(author, hosts):  # noqa: ASYNC110 - it happens in other processes
            await asyncio.sleep(_LOOK_EVERY_S)

    async def until_given_up(self, hosts: Iterable[str]) -> None:
        """Wait until nothing is under way to these hosts."""
        async with self.server.services.database.connection() as db:
            while await COUNT_UNDER_WAY.one(db, list(hosts)):  # noqa: ASYNC110 - it happens in other processes
                await asyncio.sleep(_LOOK_EVERY_S)

    async def latencies_s(self, author: Author, hosts: Sequence[str]) -> list[float]:
        """Publish a thought; return how many seconds later it was at each of these hosts."""
        began = time.perf_counter()
        arrived = await self.peers.until_arrived(await self.publish(author), hosts)
        await self.until_written(author, hosts)
        return [arrived[host] - began for host in hosts]

    async def _pending(self, author: Author, hosts: Iterable[str]) -> int:
        async with self.server.services.database.connection() as db:
            return await COUNT_PENDING.one(db, author.person.id, list(hosts))
