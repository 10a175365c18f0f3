"""Starting, finding and stopping engine processes."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from storage.engines import child
from storage.errors import EngineFailed

_PROC = Path("/proc")
_CHECK_S = 0.01


def package_folder(package: str) -> Path:
    """Find an installed package without importing it: theirs log, and patch, at import."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise EngineFailed(
            f"The package {package} is not installed: there is no wheel of it for every system. "
            "Install PostgreSQL and Redis yourself and set DATABASE_URL and REDIS_URL."
        )
    return Path(spec.origin).parent


def spawn(
    command: Sequence[str | Path], *, identity: str, death_signal: int, log: Path, cwd: Path
) -> subprocess.Popen[bytes]:
    """Start an engine that is sent `death_signal` when we die, however that happens.

    Call it from a thread that lives as long as the engine is to: the kernel takes the end of the spawning
    thread for the death of the parent.
    """
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own programs
            _through_child(command, identity, death_signal, cwd),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=_environment(),
        )


async def run(command: Sequence[str | Path], *, identity: str, cwd: Path) -> tuple[int, str]:
    """Run a program to its end under an identity and return its exit status and what it wrote."""
    process = subprocess.Popen(  # noqa: S603, ASYNC220 - ours; returns at once; the wait below does not block
        _through_child(command, identity, signal.SIGKILL, cwd),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_environment(),
    )
    try:
        output, _ = await asyncio.to_thread(process.communicate)
    finally:
        if process.poll() is None:
            process.kill()
    return process.returncode, output.decode(errors="replace").strip()


def _through_child(command: Sequence[str | Path], identity: str, death_signal: int, cwd: Path) -> list[str]:
    shim = [sys.executable, "-I", "-S", child.__file__]
    return [*shim, str(os.getpid()), str(int(death_signal)), identity, str(cwd), *map(str, command)]


def _environment() -> dict[str, str]:
    # Not ours: PGDATA, PGHOST and their like would redirect what we start.
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


async def stop(process: subprocess.Popen[bytes], *signals: int, grace_s: float = 30.0) -> None:
    """Ask a process to end, with a firmer signal each time `grace_s` has passed; SIGKILL is the last."""
    for number in (*signals, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(number)
        with contextlib.suppress(TimeoutError):
            await wait(process, timeout_s=grace_s)


async def wait(process: subprocess.Popen[bytes], *, timeout_s: float | None = None) -> int:
    """Wait for the end of a process and return its exit status; raise TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while (status := process.poll()) is None:  # noqa: ASYNC110 - an ending process sets no event
            await asyncio.sleep(_CHECK_S)
        return status


def processes_in(folder: Path, program: str) -> list[int]:
    """List the processes that run `program` with `folder` as working directory; empty where /proc is absent.

    Both engines work inside their data folder, backends included: whatever a pid file claims, these are the
    processes that hold it.
    """
    return [pid for pid in _pids() if is_running_in(pid, folder, program)]


def is_running_in(pid: int, folder: Path, program: str) -> bool:
    """Tell whether a process is an engine of ours at work in this folder."""
    try:
        name = (_PROC / str(pid) / "exe").readlink().name
        cwd = (_PROC / str(pid) / "cwd").readlink()
    except OSError:
        return False
    # An upgrade replaces the file under a running engine.
    return name.removesuffix(" (deleted)") == program and cwd == folder.resolve()


def _pids() -> Iterator[int]:
    with contextlib.suppress(FileNotFoundError):
        for entry in _PROC.iterdir():
            if entry.name.isdigit():
                yield int(entry.name)


async def clear_leftovers(folder: Path, program: str, *, polite: int, patience_s: float = 60.0) -> None:
    """Wait for processes of a killed parent to leave the folder; help them after half of the time.

    Call it only as the owner of the data folder: nobody else's engine can be in there then.
    """
    started = time.monotonic()
    helped = False
    while pids := processes_in(folder, program):
        waited_s = time.monotonic() - started
        if waited_s > patience_s:
            raise EngineFailed(
                f"{program} of an earlier run still works in {folder} (process {pids[0]}). Stop it, then start again."
            )
        for pid in pids if not helped else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, polite)
        helped = True
        if waited_s > patience_s / 2:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(_CHECK_S)
