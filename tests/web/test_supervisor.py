"""The supervisor with processes of its own: ready, restarted, stopped in order, and never orphaned."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("live")]

ROOT = Path(__file__).parents[2]

# Stands for both kinds of process: notes its pid, answers /health/ready where it is told to.
_PROGRAM = """
import http.server, os, pathlib, signal, sys, time

name, notes, port, *habits = sys.argv[1:]
(pathlib.Path(notes) / f"{name}-{os.getpid()}").write_text(os.environ.get("DATABASE_URL", ""))
print("noise of a child on stdout", flush=True)
if "stubborn" in habits:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "fails" in habits:
    sys.exit(3)
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health/ready" else 404)
        self.end_headers()
if port != "0":
    time.sleep(0.2)
    http.server.HTTPServer(("127.0.0.1", int(port)), Answer).serve_forever()
time.sleep(600)
"""

_SUPERVISOR = """
import asyncio, sys
from federation.settings import Settings
from web import supervisor
from web.supervisor import Program, supervise

notes, program, port, grace, *habits = sys.argv[1:]
supervisor._GRACE_S = float(grace)
settings = Settings(bind=f"127.0.0.1:{port}", database_url="postgresql:///given", redis_url="redis://given")
command = (sys.executable, program)
wanted = [Program("web", (*command, "web", notes, port)), Program("worker", (*command, "worker", notes, "0", *habits))]
asyncio.run(supervise(settings, wanted, announce=True))
"""


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


def pids(notes: Path, name: str) -> list[int]:
    return [int(path.name.removeprefix(f"{name}-")) for path in notes.glob(f"{name}-*")]


def environments(notes: Path) -> set[str]:
    return {path.read_text() for path in notes.iterdir()}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def supervised(
    notes: Path, tmp_path: Path, *habits: str, grace_s: float = 10
) -> AsyncIterator[asyncio.subprocess.Process]:
    program = tmp_path / "program.py"
    program.write_text(_PROGRAM)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _SUPERVISOR, str(notes), str(program), str(port), str(grace_s), *habits),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=ROOT,
    )
    try:
        async with asyncio.timeout(15):
            assert process.stdout
            assert await process.stdout.readline() == b"ready http://localhost:8000\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await until(lambda: not any(alive(pid) for name in ("web", "worker") for pid in pids(notes, name)))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_everything_and_one_line_says_ready(
    notes: Path, tmp_path: Path, number: signal.Signals
) -> None:
    async with supervised(notes, tmp_path) as supervisor:
        children = pids(notes, "web") + pids(notes, "worker")
        assert len(children) == 2
        assert environments(notes) == {"postgresql:///given"}
        supervisor.send_signal(number)
        output, _ = await supervisor.communicate()
        assert output == b"", "stdout belongs to the ready line"
        assert supervisor.returncode == 0
        assert not any(map(alive, children))


async def test_a_child_that_dies_is_started_again(notes: Path, tmp_path: Path) -> None:
    async with supervised(notes, tmp_path):
        for name in ("web", "worker"):
            (pid,) = pids(notes, name)
            os.kill(pid, signal.SIGKILL)
            await until(lambda name=name: len(pids(notes, name)) == 2)


async def test_a_child_that_fails_at_once_is_tried_ever_more_seldom_and_harms_no_other(
    notes: Path, tmp_path: Path
) -> None:
    async with supervised(notes, tmp_path, "fails"):
        await until(lambda: len(pids(notes, "worker")) == 3)
        await asyncio.sleep(0.3)
        assert len(pids(notes, "worker")) == 3
        assert len(pids(notes, "web")) == 1


async def test_a_child_that_does_not_stop_is_killed(notes: Path, tmp_path: Path) -> None:
    async with supervised(notes, tmp_path, "stubborn", grace_s=0.3) as supervisor:
        (stubborn,) = pids(notes, "worker")
        supervisor.terminate()
        assert await supervisor.wait() == 0
        assert not alive(stubborn)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
async def test_killing_the_supervisor_leaves_no_orphans(notes: Path, tmp_path: Path) -> None:
    async with supervised(notes, tmp_path, "stubborn") as supervisor:
        children = pids(notes, "web") + pids(notes, "worker")
        supervisor.kill()
        await until(lambda: not any(map(alive, children)))


async def test_commands_work_on_an_engine_of_their_own(tmp_path: Path) -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("THOUGHTS_", "DATABASE_", "REDIS_"))
    }
    environment["THOUGHTS_DATA"] = str(tmp_path / "data")

    async def thoughts(*arguments: str, status: int = 0) -> str:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "from web.cli import main; main()", *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=environment,
            cwd=ROOT,
        )
        output, _ = await process.communicate()
        assert process.returncode == status
        return output.decode()

    assert "pending" in await thoughts("migrate", "--status")
    assert "applied 0001_" in await thoughts("migrate")
    assert await thoughts("migrate") == "nothing to apply\n"
    assert "pending" not in await thoughts("migrate", "--status")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environment["THOUGHTS_BIND"] = f"127.0.0.1:{taken.getsockname()[1]}"
        refusal = await thoughts("serve", status=1)
    assert refusal.startswith("Error: ") and "THOUGHTS_BIND" in refusal and refusal.count("\n") == 1
