"""Waking: one coalesced NOTIFY per process after commits, and the listener that hears them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from storage.database import open_connection
from storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from storage.database import Connection, Database

CHANNEL = "thoughts_work"
_COALESCE_S = 0.02


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


async def listen(url: str) -> AsyncIterator[None]:
    """Yield at once, and then whenever somebody notified; raise `DatabaseUnavailable` when the connection ends.

    Holds a connection outside the pool. Wake-ups that come while the caller is busy are one.
    """
    connection = await open_connection(url, application_name="thoughts relay")
    heard = asyncio.Event()
    heard.set()
    closed = False

    def on_notify(*_: object) -> None:
        heard.set()

    def on_close(_: Connection) -> None:
        nonlocal closed
        closed = True
        heard.set()

    connection.add_termination_listener(on_close)
    try:
        await connection.add_listener(CHANNEL, on_notify)
        while True:
            await heard.wait()
            heard.clear()
            if closed:
                return
            yield
    finally:
        if not closed:
            connection.remove_termination_listener(on_close)
            await connection.close(timeout=2)
