"""Counters are right after every sequence of acts, the end of an account included."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from federation.actions import accounts, blocks, follows, hosts, reactions
from federation.actions.delete_thought import delete_thought
from federation.errors import ThoughtsError
from federation.services import Services
from storage.people import Person
from storage.thoughts import Thought
from tests.acting import hear, say
from tests.services_fixture import make_person, make_remote_person

WRONG = """
    SELECT u.username || ': ' || concat_ws(' ', u.followers_count, u.following_count, u.thoughts_count)
        || ' stored, ' || concat_ws(' ', c.followers, c.following, c.thoughts) || ' counted'
    FROM users u CROSS JOIN LATERAL (SELECT
        (SELECT count(*) FROM follows f WHERE f.following_id = u.id AND f.state = 'accepted') AS followers,
        (SELECT count(*) FROM follows f WHERE f.follower_id = u.id AND f.state = 'accepted') AS following,
        (SELECT count(*) FROM thoughts t WHERE t.user_id = u.id) AS thoughts) c
    WHERE (u.followers_count, u.following_count, u.thoughts_count) <> (c.followers, c.following, c.thoughts)
    UNION ALL
    SELECT t.ap_id || ': ' || concat_ws(' ', t.likes_count, t.boosts_count, t.replies_count)
        || ' stored, ' || concat_ws(' ', c.likes, c.boosts, c.replies) || ' counted'
    FROM thoughts t CROSS JOIN LATERAL (SELECT
        (SELECT count(*) FROM likes l WHERE l.thought_id = t.id) AS likes,
        (SELECT count(*) FROM entries e WHERE e.thought_id = t.id AND e.kind = 'boost') AS boosts,
        (SELECT count(*) FROM thoughts r WHERE r.reply_to = t.id) AS replies) c
    WHERE (t.likes_count, t.boosts_count, t.replies_count) <> (c.likes, c.boosts, c.replies)
    UNION ALL
    SELECT 'a thought without its entry' FROM thoughts t WHERE NOT EXISTS (SELECT FROM entries e WHERE e.id = t.id)
    UNION ALL
    SELECT 'a follow beside a block' FROM follows f JOIN blocks b
        ON (b.blocker_id, b.blocked_id) IN ((f.follower_id, f.following_id), (f.following_id, f.follower_id))
"""


class World:
    """A few people who do things to each other at random, by a seed that a failure names."""

    def __init__(self, services: Services, people: list[Person], seed: int) -> None:
        self.services = services
        self.people = people
        self.thoughts: list[Thought] = []
        self.random = random.Random(seed)
        self.acts: list[Callable[[], Awaitable[object]]] = [
            self.write, self.write, self.answer, self.like, self.unlike, self.boost, self.unboost, self.follow,
            self.follow, self.unfollow, self.reject, self.block, self.unblock, self.delete,
        ]  # fmt: skip

    def one(self) -> Person:
        return self.random.choice(self.people)

    def about(self) -> Thought:
        if not self.thoughts:
            raise _Nothing("nothing was written yet")
        return self.random.choice(self.thoughts)

    async def write(self) -> None:
        person = self.one()
        self.thoughts.append(await (hear if person.is_remote else say)(self.services, person))

    async def answer(self) -> None:
        person, parent = self.one(), self.about()
        if person.is_remote:
            self.thoughts.append(await hear(self.services, person, inReplyTo=parent.ap_id))
        else:
            self.thoughts.append(await say(self.services, person, "yes", reply_to=parent.id))

    async def like(self) -> None:
        await reactions.like_thought(self.services, self.one(), self.about().id)

    async def unlike(self) -> None:
        await reactions.unlike_thought(self.services, self.one(), self.about().id)

    async def boost(self) -> None:
        await reactions.boost_thought(self.services, self.one(), self.about().id)

    async def unboost(self) -> None:
        await reactions.unboost_thought(self.services, self.one(), self.about().id)

    async def follow(self) -> None:
        follower, target = self.one(), self.one()
        await follows.follow_person(self.services, follower, target)
        if target.is_remote:
            await follows.follow_was_accepted(self.services, follower, target)

    async def unfollow(self) -> None:
        await follows.unfollow_person(self.services, self.one(), self.one())

    async def reject(self) -> None:
        await follows.reject_follow(self.services, self.one(), self.one())

    async def block(self) -> None:
        if self.random.random() < 0.3:
            await blocks.block_person(self.services, self.one(), self.one())

    async def unblock(self) -> None:
        await blocks.unblock_person(self.services, self.one(), self.one())

    async def delete(self) -> None:
        thought = self.about()
        author = next(one for one in self.people if one.id == thought.user_id)
        if not author.is_remote:
            await delete_thought(self.services, author, thought.id)

    async def step(self) -> None:
        """Do something; what the rules refuse is refused."""
        with suppress(ThoughtsError):
            await self.random.choice(self.acts)()

    async def wrong(self) -> list[str]:
        async with self.services.database.connection() as db:
            return [row[0] for row in await db.fetch(WRONG)]


class _Nothing(ThoughtsError):
    """There is nothing to act on yet."""


async def _world(services: Services, seed: int) -> World:
    people = [await make_person(services, name) for name in ("ada", "bob", "cleo")]
    people += [await make_remote_person(services, name, f"{name}.example") for name in ("rita", "remo")]
    return World(services, people, seed)


@pytest.mark.parametrize("seed", range(3))
async def test_counts_hold_after_every_act(services: Services, seed: int) -> None:
    world = await _world(services, seed)
    for number in range(100):
        await world.step()
        if number % 10 == 0:
            assert await world.wrong() == [], f"seed {seed}, step {number}"
    await accounts.delete_account(services, world.people[0])
    assert await world.wrong() == [], f"seed {seed}, after an account ended"
    await hosts.block_domain(services, "rita.example", "", by=None)
    assert await world.wrong() == [], f"seed {seed}, after a domain was refused"


@pytest.mark.parametrize("seed", range(3))
async def test_counts_hold_when_much_happens_at_once(services: Services, seed: int) -> None:
    world = await _world(services, seed)
    for _ in range(15):
        await asyncio.gather(*(world.step() for _ in range(8)))
    assert await world.wrong() == [], f"seed {seed}"
    await asyncio.gather(*(accounts.delete_account(services, person) for person in world.people[:2]))
    assert await world.wrong() == [], f"seed {seed}, after two accounts ended"
