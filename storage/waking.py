"""Waking: one coalesced NOTIFY per process after commits, and the one listener that hears them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import asyncpg

from storage.database import open_connection
from storage.errors import DatabaseUnavailable, StorageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from storage.database import Connection, Database

CHANNEL = "thoughts_work"
_COALESCE_S = 0.02
# Of ours alone among the advisory locks of a database; the runner of migrations has another.
_LISTENER_LOCK = 0x7E1A9
_NEXT_TRY_S = 2.0


class Waker:
    """Tells the relay that there is work; losing a call costs only the sweep interval.

    A statement of its own, at most every 20 ms: NOTIFY inside the writing transaction would serialise commits.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def __call__(self) -> None:
        """Ask for a wake-up; call after the commit. Returns at once."""
        self._wanted.set()

    async def __aenter__(self) -> Waker:
        self._task = asyncio.create_task(self._notify_forever(), name="waker")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._wanted.is_set():
            await self._notify()

    async def _notify_forever(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            await self._notify()
            await asyncio.sleep(_COALESCE_S)

    async def _notify(self) -> None:
        # The relay sweeps every two seconds anyway.
        with suppress(StorageError, OSError):
            async with self._database.connection() as db:
                await db.execute(f"NOTIFY {CHANNEL}")


class WakeUps:
    """What a listener hears; wake-ups that come while it is busy are one."""

    def __init__(self) -> None:
        self._heard = asyncio.Event()
        self._ended = False

    def hear(self, *_: object) -> None:
        """Note a wake-up."""
        self._heard.set()

    def end(self, *_: object) -> None:
        """Note that the connection is gone."""
        self._ended = True
        self._heard.set()

    async def wait(self, timeout_s: float) -> None:
        """Return at the next wake-up or after the time-out; raise `DatabaseUnavailable` without a connection."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._heard.wait()
        self._heard.clear()
        if self._ended:
            raise DatabaseUnavailable("The connection that listens has ended.")


@asynccontextmanager
async def listen_alone(url: str) -> AsyncIterator[WakeUps]:
    """Wait until nobody else listens to this database, then hear every wake-up until the end of the block.

    Holds a connection outside the pool, and on it the lock that makes the listener the only one.
    """
    connection = await open_connection(url, application_name="thoughts relay")
    wake_ups = WakeUps()
    connection.add_termination_listener(wake_ups.end)
    try:
        await _until_alone(connection)
        await connection.add_listener(CHANNEL, wake_ups.hear)
        yield wake_ups
    finally:
        connection.remove_termination_listener(wake_ups.end)
        with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await connection.close(timeout=2)


async def _until_alone(connection: Connection) -> None:
    # Asking again and again: a statement that waits for the lock would hold back VACUUM for as long.
    try:
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LISTENER_LOCK):  # noqa: ASYNC110
            await asyncio.sleep(_NEXT_TRY_S)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as exc:
        raise DatabaseUnavailable(f"The connection that would listen has ended: {exc}") from exc
