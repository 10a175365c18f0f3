"""The embedded engines of one data folder: started together, kept alive, found by other commands."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from storage.engines.folder import DataFolder, Note
from storage.engines.identity import choose_identity
from storage.engines.postgres import Postgres, programs
from storage.engines.valkey import Valkey
from storage.errors import EngineBusy, EngineFailed

_log = logging.getLogger(__name__)

_WATCH_S = 0.2
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 30.0
_LOG_CHECK_S = 60.0
_LOOK_AGAIN_S = 0.1


class Engines:
    """Where the engines listen, and, for the process that started them, how to keep them alive."""

    def __init__(
        self,
        *,
        database_url: str | None,
        redis_url: str | None,
        running: tuple[Postgres | Valkey, ...] = (),
    ) -> None:
        self.database_url = database_url
        self.redis_url = redis_url
        self._running = running
        self._restarting = asyncio.Lock()

    async def ensure_running(self) -> list[str]:
        """Start again whichever engine has died, and return their names; raise `EngineFailed`."""
        async with self._restarting:
            dead = [engine for engine in self._running if not engine.is_alive()]
            await _start_all(dead)
        return [type(engine).__name__ for engine in dead]

    async def watch(self) -> None:
        """Restart engines that die, with a growing pause while that fails, until cancelled."""
        pause_s = _FIRST_PAUSE_S
        next_log_check = time.monotonic() + _LOG_CHECK_S
        while True:
            await asyncio.sleep(_WATCH_S)
            try:
                for name in await self.ensure_running():
                    _log.warning("%s had died and was started again", name)
                pause_s = _FIRST_PAUSE_S
            except EngineFailed as exc:
                _log.error("%s", exc)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
            if time.monotonic() > next_log_check:
                next_log_check = time.monotonic() + _LOG_CHECK_S
                for engine in self._running:
                    engine.bound_log()


@asynccontextmanager
async def start_engines(
    data: Path,
    *,
    postgres: bool,
    valkey: bool,
    lend: bool = True,
    patience_s: float = 1.0,
    postgres_settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Engines]:
    """Own the data folder and run its engines until the end of the block, or of this process.

    Call it from the main thread. With `lend`, other commands find and use the engines (`find_running`).
    Raises `EngineBusy` when another process still owns the folder after `patience_s`, and `EngineFailed`.
    """
    folder = DataFolder(data)
    await folder.acquire(patience_s=patience_s)
    try:
        with folder.run_folder() as run_folder:
            identity = await choose_identity(folder, run_folder, programs() / "postgres")
            database = Postgres(folder, run_folder, identity, settings=postgres_settings) if postgres else None
            live = Valkey(folder, run_folder, identity) if valkey else None
            running = tuple(engine for engine in (database, live) if engine is not None)
            note = Note(
                pid=os.getpid(),
                run_folder=str(run_folder),
                database_url=database.url() if database else None,
                redis_url=live.url if live else None,
                lent=False,
            )
            folder.write_note(note)  # now, so that a kill while they start leaves a trace of the run folder
            try:
                await _start_all(running)
                folder.write_note(replace(note, lent=lend))
                yield Engines(database_url=note.database_url, redis_url=note.redis_url, running=running)
            finally:
                await asyncio.gather(*(engine.stop() for engine in running))
    finally:
        folder.release()


async def _start_all(engines: Sequence[Postgres | Valkey]) -> None:
    try:
        async with asyncio.TaskGroup() as starting:
            for engine in engines:
                starting.create_task(engine.start())
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures


def find_running(data: Path) -> Engines | None:
    """Return the engines that another process runs over this folder and lends, or None."""
    folder = DataFolder(data)
    note = folder.read_note()
    if note is None or not note.lent or note.pid != folder.owner():
        return None
    return Engines(database_url=note.database_url, redis_url=note.redis_url)


@asynccontextmanager
async def use_engines(data: Path, *, postgres: bool, valkey: bool, patience_s: float = 30.0) -> AsyncIterator[Engines]:
    """Use the engines of a running server, or start them for the length of a command.

    Engines of another command are not used, since they end with it: this waits for its turn.
    """
    give_up_at = time.monotonic() + patience_s
    async with AsyncExitStack() as stack:
        while (engines := find_running(data)) is None:
            own = start_engines(data, postgres=postgres, valkey=valkey, lend=False, patience_s=0)
            try:
                engines = await stack.enter_async_context(own)
                break
            except EngineBusy:
                if time.monotonic() > give_up_at:
                    raise
            await asyncio.sleep(_LOOK_AGAIN_S)
        yield engines
