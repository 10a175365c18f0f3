"""A real instance of Thoughts in processes of its own: started, spoken to and killed as users would."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

ROOT = Path(__file__).parents[2]
PASSWORD = "correct horse battery"
START_TIMEOUT_S = 60.0
_SETTINGS = ("THOUGHTS_", "DATABASE_", "REDIS_")
Found = TypeVar("Found")


def free_port(address: str, wanted: int = 0) -> int:
    """Return a port that nobody listens on just now, the wanted one if it is such; of localhost, IPv4's."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, wanted))
        except OSError:
            probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port


async def eventually(
    probe: Callable[[], Awaitable[Found | None]], *, what: str, timeout_s: float = 30.0, every_s: float = 0.1
) -> Found:
    """Ask again and again until there is an answer; connection errors count as none."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    while True:
        found = None
        with contextlib.suppress(httpx.TransportError):
            found = await probe()
        if found:
            return found
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"{what} did not happen within {timeout_s:.0f} s (last answer: {found!r})")
        await asyncio.sleep(every_s)


@dataclass
class Instance:
    """One server; `api` speaks the client API as a person of its."""

    origin: str
    data: Path
    environment: dict[str, str]
    client: httpx.AsyncClient
    process: subprocess.Popen[str] | None = None
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def authority(self) -> str:
        """Host and port, as in handles."""
        return self.origin.partition("://")[2]

    @property
    def log(self) -> Path:
        """Where the processes write what happens."""
        return self.data.parent / f"{self.data.name}.log"

    async def start(self) -> None:
        """Run `thoughts serve` and wait for its `ready` line."""
        self.process = await asyncio.to_thread(self._spawn)
        stdout = self.process.stdout
        assert stdout is not None
        async with asyncio.timeout(START_TIMEOUT_S):
            while line := await asyncio.to_thread(stdout.readline):
                if line.startswith("ready "):
                    return
        raise AssertionError(f"the server ended before it was ready:\n{self.log.read_text()[-4000:]}")

    def _spawn(self) -> subprocess.Popen[str]:
        with self.log.open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "web.cli", "serve"],
                cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip

    async def stop(self) -> None:
        """End the server as Ctrl-C does."""
        process, self.process = self.process, None
        if process is None:
            return
        process.terminate()
        await asyncio.to_thread(process.wait, 30)
        if process.stdout is not None:
            process.stdout.close()

    def command(self, *args: str) -> str:
        """Run a `thoughts` command against this instance and return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "web.cli", *args],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def person(self, name: str, *, admin: bool = False) -> None:
        """Make an account and a token for it."""
        flags = ("--admin",) if admin else ()
        self.command("user", "create", name, "--email", f"{name}@mail.example", "--password", PASSWORD, *flags)
        self.tokens[name] = self.command("token", "create", name)

    async def api(self, name: str, method: str, path: str, *, ok: bool = True, **options: Any) -> Any:
        """Call the client API as somebody and return the JSON answer."""
        headers = {"Authorization": f"Bearer {self.tokens[name]}", **options.pop("headers", {})}
        answer = await self.client.request(method, f"{self.origin}{path}", headers=headers, **options)
        if ok:
            assert answer.status_code < 300, (method, path, answer.status_code, answer.text[:500])
        return answer.json()

    async def post(self, name: str, text: str, **fields: Any) -> dict[str, Any]:
        """Publish a thought."""
        status: dict[str, Any] = await self.api(name, "POST", "/api/v1/statuses", json={"status": text, **fields})
        return status

    async def find(self, name: str, handle: str) -> dict[str, Any]:
        """Find a remote person as somebody who pastes their handle into the search."""
        found = await self.api(name, "GET", "/api/v2/search", params={"q": handle, "resolve": "true"})
        assert found["accounts"], found
        account: dict[str, Any] = found["accounts"][0]
        return account

    def descendants(self) -> dict[int, str]:
        """Return the processes of this server by pid, each with its command line."""
        assert self.process is not None
        return _descendants(self.process.pid)

    def pids(self, *words: str) -> list[int]:
        """Return the server's processes whose command line contains all the words."""
        return [pid for pid, command in self.descendants().items() if all(word in command for word in words)]

    def kill(self, *words: str) -> int:
        """SIGKILL the server's processes whose command line contains all the words; return how many."""
        pids = self.pids(*words)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(pids)


def _descendants(root: int) -> dict[int, str]:
    children: dict[int, list[int]] = {}
    commands: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            stat = (entry / "stat").read_text()
            parent = int(stat.rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
            commands[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    found: dict[int, str] = {}
    waiting = [root]
    while waiting:
        for pid in children.get(waiting.pop(), []):
            found[pid] = commands.get(pid, "")
            waiting.append(pid)
    return found


@asynccontextmanager
async def running_instance(
    folder: Path, address: str = "127.0.0.1", *, port: int = 0, **settings: str
) -> AsyncIterator[Instance]:
    """Start an instance on a loopback address with a data folder of its own, and stop it at the end.

    On `port` if it is free, else on another.
    """
    port = free_port(address, port)
    origin = f"http://{address}:{port}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)},
        "THOUGHTS_ORIGIN": origin,
        "THOUGHTS_BIND": f"{address}:{port}",
        "THOUGHTS_DATA": str(folder),
        "THOUGHTS_ALLOW_NETWORKS": "127.0.0.0/8",
        "THOUGHTS_RATE_LIMITS": "off",
        "PYTHONUNBUFFERED": "1",
        **settings,
    }  # fmt: skip
    async with httpx.AsyncClient(timeout=20.0) as client:
        instance = Instance(origin, folder, environment, client)
        await instance.start()
        try:
            yield instance
        finally:
            await instance.stop()
