"""Trying things on a filled database: what a block does happens in one transaction and is undone at its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NoReturn

from aiohttp.abc import AbstractResolver

if TYPE_CHECKING:
    import socket

    from storage.database import Connection, Database

# When something was looked at, and from where.
_TIMES = ("updated_at", "fetched_at", "last_used_at", "last_used_from", "touched_at")
# What a refusal may leave behind: guesses are counted, and who was here this week.
BOOKKEEPING = frozenset({"sign_in_failures", "active_weeks"})


class Nowhere(AbstractResolver):
    """A name service that knows nobody: made-up names must not reach the real one."""

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = 0) -> NoReturn:  # type: ignore[assignment]
        """Find nobody."""
        raise OSError(f"{host} is not known")

    async def close(self) -> None:
        """Nothing is open."""


@asynccontextmanager
async def undone(database: Database) -> AsyncIterator[Connection]:
    """Lend everybody the one connection of a transaction that is rolled back at the block's end."""
    free = asyncio.Lock()
    holder: asyncio.Task[object] | None = None

    async with database.connection() as held:

        @asynccontextmanager
        async def lend() -> AsyncIterator[Connection]:
            nonlocal holder
            if holder is asyncio.current_task():
                yield held
                return
            async with free:
                holder = asyncio.current_task()
                try:
                    yield held
                finally:
                    holder = None

        transaction = held.transaction()
        await transaction.start()
        database.connection = lend  # type: ignore[method-assign]
        try:
            yield held
        finally:
            del database.connection
            await transaction.rollback()
            held.news.clear()


async def contents(db: Connection, tables: Iterable[str] | None = None) -> dict[str, str]:
    """Return a hash of these tables, or of all; when something was looked at last does not count."""
    if tables is None:
        tables = [name for (name,) in await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    row = f"(to_jsonb(x) - ARRAY{list(_TIMES)})::text"
    queries = [
        f"SELECT '{name}', md5(coalesce(string_agg({row}, '|' ORDER BY {row}), '')) FROM {name} x" for name in tables
    ]
    return dict(await db.fetch(" UNION ALL ".join(queries))) if queries else {}


async def changed(db: Connection, before: dict[str, str]) -> set[str]:
    """Name the tables whose contents are no longer as they were, looking at those that this connection wrote to."""
    rows = await db.fetch(
        """SELECT relname FROM pg_stat_xact_user_tables
        WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 AND schemaname = 'public'"""
    )
    after = await contents(db, [name for (name,) in rows if name not in BOOKKEEPING])
    return {name for name in after if after[name] != before[name]}
