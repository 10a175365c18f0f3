"""The supervisor: keeps web and worker processes running, says when they answer, and leaves no orphans."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from federation.errors import Invalid
from federation.settings import Settings
from storage.engines import child

_log = logging.getLogger(__name__)

_STOPPING = (signal.SIGTERM, signal.SIGINT)
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 30.0
# A process that lived so long was not broken from the start: its next pause is the first again.
_LIVED_S = 10.0
# Workers let deliveries under way finish, and web its requests.
_GRACE_S = 15.0
_POLL_S = 0.05
_ANSWER_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Program:
    """Something to keep running; `name` is for the log."""

    name: str
    command: Sequence[str]


def programs(settings: Settings, *, web: bool = True, worker: bool = True) -> list[Program]:
    """Return the processes that the settings ask for."""
    return [
        *(Program("web", (sys.executable, "-m", "web")) for _ in range(settings.web_processes if web else 0)),
        *(Program("worker", (sys.executable, "-m", "workers")) for _ in range(settings.worker_processes * worker)),
    ]


async def supervise(settings: Settings, wanted: Sequence[Program], *, announce: bool) -> None:
    """Run programs until SIGTERM or SIGINT, starting again those that die; then stop them all.

    `settings` must name both engines. With `announce`, print `ready` and the origin once web answers. Call it
    from the main thread: the kernel takes the end of the thread for the death of the supervisor.
    """
    stopped = asyncio.Event()
    for number in _STOPPING:
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    environment = _environment(settings)
    try:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(_keep_running(program, environment)) for program in wanted]
            if announce:
                running.append(tasks.create_task(_announce(settings)))
            await stopped.wait()
            for task in running:
                task.cancel()
    finally:
        for number in _STOPPING:
            asyncio.get_running_loop().remove_signal_handler(number)


def check_bind(settings: Settings) -> None:
    """Raise `Invalid` when the address is taken or not ours, before a stranger there is taken for our web."""
    bound = urlsplit(f"//{settings.bind}")
    host = bound.hostname or ""
    try:
        socket.create_server((host, bound.port or 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except (OSError, ValueError) as exc:
        raise Invalid(f"THOUGHTS_BIND={settings.bind} cannot be listened on: {exc}.") from exc


def _environment(settings: Settings) -> Mapping[str, str]:
    engines = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    return os.environ | {name: url for name, url in engines.items() if url}


async def _keep_running(program: Program, environment: Mapping[str, str]) -> None:
    pause_s = _FIRST_PAUSE_S
    while True:
        started = time.monotonic()
        process = await _start(program, environment)
        try:
            status = await process.wait()
        except asyncio.CancelledError:
            await asyncio.shield(_stop(process, program))
            raise
        if time.monotonic() - started > _LIVED_S:
            pause_s = _FIRST_PAUSE_S
        _log.warning("%s ended with status %s and starts again in %.1f s", program.name, status, pause_s)
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


async def _start(program: Program, environment: Mapping[str, str]) -> Process:
    """Start a program that is killed when we die, however that happens; our stdout is ours alone."""
    shim = (sys.executable, "-I", "-S", child.__file__)
    return await asyncio.create_subprocess_exec(
        *shim,
        *(str(os.getpid()), str(int(signal.SIGKILL)), "self", str(Path.cwd())),
        *program.command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=sys.stderr,
        env=environment,
    )


async def _stop(process: Process, program: Program) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_GRACE_S):
            await process.wait()
    except TimeoutError:
        _log.warning("%s did not stop and is killed", program.name)
        process.kill()
        await process.wait()


async def _announce(settings: Settings) -> None:
    while not await _is_ready(settings):  # noqa: ASYNC110 - another process sets no event
        await asyncio.sleep(_POLL_S)
    sys.stdout.write(f"ready {settings.origin}\n")
    sys.stdout.flush()


async def _is_ready(settings: Settings) -> bool:
    """Ask for /health/ready at the bind address, as one of our proxies would."""
    bound = urlsplit(f"//{settings.bind}")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bound.hostname or "", bound.hostname)  # noqa: S104 - not bound
    request = f"GET /health/ready HTTP/1.1\r\nHost: {settings.host}\r\nConnection: close\r\n\r\n"
    try:
        async with asyncio.timeout(_ANSWER_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(host, bound.port)
            try:
                writer.write(request.encode())
                status = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return status.split()[1:2] == [b"200"]
