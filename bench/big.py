"""A big database that is filled once and kept: its steps are small transactions, each done once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import UUID
from zlib import crc32

from rich.progress import track

from bench import big_rows as rows
from bench.measure import progress_console, say
from bench.server import Server, make_person
from federation.protocol.sanitise import SANITISER_VERSION
from storage import people
from storage.people import Person
from storage.query import Command

if TYPE_CHECKING:
    from storage.database import Connection

_LOCALS = 20
_FIRST_NAMES = (
    "ada", "bela", "carla", "dora", "emil", "fritz", "greta", "hanna", "ida", "jonas", "karla", "lena", "maria",
    "nils", "olga", "paula", "quentin", "rosa", "sara", "tilda", "ulf", "vera", "wanda", "xenia", "yara", "zeno",
)  # fmt: skip
_SENTENCES = (
    "The kettle sings before it boils, and the cat turns one ear towards the kitchen.",
    "Somebody ought to write that down.",
    "I wrote it down, and by the time I looked up the tea was cold.",
    "Has anybody else noticed that the trams are quieter since autumn?",
    "There is a new release, with the fix for the thing that only I had.",
    "My neighbour plays the cello, badly and every day, and I have begun to wait for it.",
    "Bread is mostly patience &amp; a little salt.",
    "What nobody tells you about moving house is how many cables you own.",
    "The library stays open until ten now, which changes everything.",
    "We counted fourteen swifts above the yard this evening.",
    "Today I learned that octopuses taste with their arms.",
    "It rained, so we stayed, so we talked.",
) * 2
_THREAD = 400
_AT_ONCE = 20_000
# The number of the first draft of the thread, beyond those of all others.
_THREAD_FROM = 100_000_000
FOLLOWED = 1000

Step = Callable[["Connection"], Awaitable[None]]


async def fill(server: Server, *, thoughts: int) -> Person:
    """Fill the database as far as it is not yet; return who reads it: `ada`, who follows a thousand people."""
    ada, *others = [await _local_person(server, f"local{number}" if number else "ada") for number in range(_LOCALS)]
    filling = _Filling(server, ada, others)
    async with server.services.database.connection() as db:
        for table in rows.MAKE_TABLES:
            await table.run(db)
        done = set(await rows.STEPS.all(db))
    steps = filling.steps(thoughts)
    if waiting := {name: step for name, step in steps.items() if name not in done}:
        say(f"filling the database: {len(waiting)} of {len(steps)} steps, resumed where it was left …")
        for name, step in track(waiting.items(), console=progress_console, description="filling"):
            async with _hurrying(server, name) as db:
                await step(db)
        say("vacuuming …")
        async with server.services.database.connection() as db:
            await db.execute("VACUUM ANALYZE")
            await db.execute("CHECKPOINT")
    return ada


async def _local_person(server: Server, name: str) -> Person:
    async with server.services.database.connection() as db:
        found = await people.find_by_handle(db, name, None)
    return found or await make_person(server, name)


@asynccontextmanager
async def _hurrying(server: Server, step: str) -> AsyncIterator[Connection]:
    """Lend a connection for a step, which is done when the block ends well."""
    async with server.services.database.transaction() as db:
        for command in rows.HURRY:
            await command.run(db)
        await rows.SEED.one(db, crc32(step.encode()) % 1000 / 1000)
        yield db
        await rows.FINISH_STEP.run(db, step)


class _Filling:
    """The steps, in their order, by name."""

    def __init__(self, server: Server, reader: Person, others: list[Person]) -> None:
        self._reader = reader
        # The reader writes as much as five others.
        self._locals = [reader.id] * 5 + [other.id for other in others]
        self._others = others
        self._remote: list[UUID] = []

    def steps(self, thoughts: int) -> dict[str, Step]:
        """Return what is to be done for so many thoughts."""
        steps: dict[str, Step] = {"people": self._people(max(FOLLOWED * 2, thoughts // 50)), "circles": self._circles}
        for first in range(0, thoughts, _AT_ONCE):
            last = min(first + _AT_ONCE, thoughts) - 1
            steps[f"thoughts from {first}"] = self._batch(rows.DRAFT, first, last, thoughts, self._locals)
        thread = (_THREAD_FROM, _THREAD_FROM + _THREAD)
        steps["thread"] = self._batch(rows.DRAFT_THREAD, *thread, _THREAD_FROM + _THREAD + 600, self._reader.id)
        return steps | {"timelines": self._timelines, "reader": self._about_reader, "search": self._search}

    def _people(self, count: int) -> Step:
        async def insert(db: Connection) -> None:
            await rows.INSERT_PEOPLE.run(db, count, list(_FIRST_NAMES), SANITISER_VERSION)
            await rows.INSERT_TAGS.run(db)
            await rows.DROP_SEARCH_INDEXES.run(db)

        return insert

    async def _circles(self, db: Connection) -> None:
        """Let the reader follow a thousand people, whoever writes much or little; others fewer."""
        remote = await self._everybody(db)
        await rows.INSERT_FOLLOWS.run(db, self._reader.id, remote, len(remote) // FOLLOWED, 0)
        await rows.INSERT_FOLLOWERS.run(db, self._reader.id, remote, len(remote) // 500, 1)
        for number, other in enumerate(self._others):
            await rows.INSERT_FOLLOWS.run(db, other.id, remote, len(remote) // 200, number)
        await rows.INSERT_LIST.run(db, self._reader.id)

    def _batch(self, draft: Command, first: int, last: int, end: int, ours: object) -> Step:
        async def insert(db: Connection) -> None:
            await rows.CLEAR_DRAFTS.run(db)
            await draft.run(db, first, last, end, await self._everybody(db), ours)
            await rows.INSERT_THOUGHTS.run(db, list(_SENTENCES), SANITISER_VERSION)
            for command in (
                rows.INSERT_ENTRIES,
                rows.INSERT_BOOSTS,
                rows.INSERT_LIKES,
                rows.INSERT_POLLS,
                rows.INSERT_THOUGHT_TAGS,
            ):
                await command.run(db)
            await rows.INSERT_MENTIONS.run(db, self._reader.id)

        return insert

    async def _timelines(self, db: Connection) -> None:
        await rows.CLEAR_DRAFTS.run(db)
        for command in (rows.COUNT, rows.COUNT_FOLLOWS):
            await command.run(db)
        for person in (self._reader, *self._others):
            await rows.INSERT_HOME.run(db, person.id)
        await rows.INSERT_LISTED.run(db, self._reader.id)

    async def _about_reader(self, db: Connection) -> None:
        await rows.LIKE_AT_HOME.run(db, self._reader.id)
        await rows.BOOKMARK_AT_HOME.run(db, self._reader.id)
        await rows.LIKE_OWN.run(db, self._reader.id, await self._everybody(db))
        await rows.NOTIFY.run(db, self._reader.id)

    async def _search(self, db: Connection) -> None:
        for command in rows.CREATE_SEARCH_INDEXES:
            await command.run(db)

    async def _everybody(self, db: Connection) -> list[UUID]:
        if not self._remote:
            self._remote = await rows.REMOTE_PEOPLE.all(db)
        return self._remote
