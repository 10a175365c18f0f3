"""A server of one's own for a benchmark: `thoughts serve` over a temporary data folder, removed at the end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bench.measure import say
from federation.actions.accounts import SignUp, create_account
from federation.actions.instance import settle_instance
from federation.services import Services, open_services
from federation.settings import load_settings
from storage.engines import child, find_running
from storage.people import Person

_START_TIMEOUT_S = 120.0
_STOP_GRACE_S = 30.0
_SERVE = "import sys; from web.cli import main; sys.argv[1:] = ['serve']; main()"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its address, the process above all of its processes, and services over its data."""

    origin: str
    pid: int
    services: Services


@asynccontextmanager
async def running_server(kept: Path | None = None) -> AsyncIterator[Server]:
    """Run a server on loopback for the length of the block, with rate limits off and loopback peers allowed.

    Its data are gone afterwards, unless they lie in a folder that is `kept`.
    Call it from the main thread: the server is told to stop when that ends, however it ends.
    """
    say("starting a server …")
    with tempfile.TemporaryDirectory(prefix="thoughts-bench-") as folder:
        data = (kept or Path(folder)) / "data"
        data.parent.mkdir(parents=True, exist_ok=True)
        environment = _environment(data)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", child.__file__),
            *(str(os.getpid()), str(int(signal.SIGTERM)), "self", str(Path.cwd())),
            *(sys.executable, "-c", _SERVE),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=None if os.environ.get("BENCH_LOG") else asyncio.subprocess.DEVNULL,
            env=environment,
        )
        try:
            await _until_ready(process)
            engines = find_running(data)
            if engines is None:
                raise RuntimeError("The server runs without engines of its own.")
            settings = replace(
                load_settings(environment), database_url=engines.database_url, redis_url=engines.redis_url
            )  # fmt: skip
            async with open_services(settings, settle_instance, application_name="thoughts bench") as services:
                yield Server(settings.origin, process.pid, services)
        finally:
            await asyncio.shield(_stop(process))


async def make_person(server: Server, name: str) -> Person:
    """Make an account on the server."""
    form = SignUp(name, f"{name}@mail.example", "correct horse battery")
    return await create_account(server.services, form)


def _environment(data: Path) -> dict[str, str]:
    port = _port(data.parent / "port")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("THOUGHTS_")}
    return {name: value for name, value in kept.items() if name not in ("DATABASE_URL", "REDIS_URL")} | {
        "THOUGHTS_ORIGIN": f"http://127.0.0.1:{port}",
        "THOUGHTS_BIND": f"127.0.0.1:{port}",
        "THOUGHTS_DATA": str(data),
        "THOUGHTS_ALLOW_NETWORKS": "127.0.0.0/8",
        "THOUGHTS_RATE_LIMITS": "off",
        "THOUGHTS_REGISTRATION": "closed",
        # What is kept for the next time does not age.
        "THOUGHTS_REMOTE_RETENTION_DAYS": "36500",
    }


def _port(note: Path) -> int:
    """Return a free port; data that are kept keep theirs, since it is part of their origin."""
    if not note.exists():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            note.write_text(str(probe.getsockname()[1]))
    return int(note.read_text())


async def _until_ready(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(_START_TIMEOUT_S):
        while line := await process.stdout.readline():
            if line.startswith(b"ready "):
                return
    raise RuntimeError("The server does not start; run `thoughts serve` to see why.")


async def _stop(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_GRACE_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
