"""The embedded engines: killed, crowded, in odd folders, and always with the data that was acknowledged."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis.asyncio as redis

from storage.database import Database, open_connection
from storage.engines import Engines, find_running, start_engines, use_engines
from storage.engines import identity as identity_module
from storage.engines.folder import DataFolder, bound_log
from storage.engines.identity import NAMESPACE, choose_identity
from storage.engines.postgres import programs
from storage.engines.process import processes_in
from storage.errors import EngineBusy, EngineFailed

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("live")]

_OWNER = """
import asyncio, pathlib, sys
from storage.engines import start_engines

async def main():
    async with start_engines(pathlib.Path(sys.argv[1]), postgres=True, valkey=True) as engines:
        print("ready", flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data folder with a cluster, under a path far longer than a socket's may be."""
    with tempfile.TemporaryDirectory() as parent:
        yield Path(parent) / ("long" * 40) / "data"


def engine_processes(data: Path) -> list[int]:
    folder = DataFolder(data)
    cluster = folder.postgres / "cluster"
    return processes_in(cluster, "postgres") + processes_in(folder.valkey, "valkey-server")


def main_processes(data: Path) -> set[int]:
    folder = DataFolder(data)
    try:
        postmaster = int((folder.postgres / "cluster" / "postmaster.pid").read_text().split()[0])
    except FileNotFoundError:
        return set()
    return {postmaster, *processes_in(folder.valkey, "valkey-server")}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


async def query(engines: Engines, sql: str) -> object:
    assert engines.database_url
    connection = await open_connection(engines.database_url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def ask_redis(engines: Engines, *command: str) -> object:
    assert engines.redis_url
    client = redis.Redis.from_url(engines.redis_url)
    client.response_callbacks.clear()
    try:
        return await client.execute_command(*command)
    finally:
        await client.aclose()


async def test_both_start_work_and_stop_without_a_trace(data: Path) -> None:
    async with start_engines(data, postgres=True, valkey=True) as engines:
        await query(engines, "CREATE EXTENSION pg_trgm")
        assert await query(engines, "SELECT show_trgm('Ж') <> '{}'") is True
        assert await query(engines, "SELECT lower('Ä')") == "ä"
        assert await query(engines, "SHOW listen_addresses") == ""
        assert engines.redis_url
        assert await ask_redis(engines, "PING") == b"PONG"
        run_folder = Path(engines.redis_url.removeprefix("unix://")).parent
        assert stat.S_IMODE(run_folder.stat().st_mode) == 0o700
    assert engine_processes(data) == []
    assert not run_folder.exists()


async def test_the_second_start_is_quick_and_finds_the_data(data: Path) -> None:
    async with start_engines(data, postgres=True, valkey=True) as engines:
        await query(engines, "CREATE TABLE kept AS SELECT 1 AS n")
        await ask_redis(engines, "SET", "kept", "1")
    started = asyncio.get_running_loop().time()
    async with start_engines(data, postgres=True, valkey=True) as engines:
        assert asyncio.get_running_loop().time() - started < 5  # 0.1 s on an idle machine
        assert await query(engines, "SELECT n FROM kept") == 1
        assert await ask_redis(engines, "GET", "kept") == b"1"


async def test_killed_engines_come_back_with_what_was_committed(data: Path) -> None:
    async with start_engines(data, postgres=True, valkey=True) as engines:
        assert await engines.ensure_running() == []
        assert engines.database_url
        database = await Database.connect(engines.database_url)
        async with database.transaction() as db:
            await db.execute("CREATE TABLE survivors AS SELECT 7 AS n")
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(engines.watch())
            killed = main_processes(data)
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
            await until(lambda: len(main_processes(data)) == 2 and killed.isdisjoint(main_processes(data)))
            assert await query(engines, "SELECT n FROM survivors") == 7
            watching.cancel()
        async with database.transaction() as db:
            await db.execute("DROP TABLE survivors")
        await database.close()
        assert await engines.ensure_running() == []


async def test_killing_the_parent_leaves_no_orphans_and_loses_nothing(data: Path) -> None:
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _OWNER, str(data), stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout and await owner.stdout.readline() == b"ready\n"
    lent = find_running(data)
    assert lent is not None
    await query(lent, "CREATE TABLE acknowledged AS SELECT 1 AS n")
    owner.kill()
    # At once, while the engines of the killed one may still be stopping.
    async with start_engines(data, postgres=True, valkey=True) as engines:
        assert await query(engines, "SELECT n FROM acknowledged") == 1
        assert engines.database_url != lent.database_url
    await owner.wait()
    assert engine_processes(data) == []
    assert not Path(lent.redis_url.removeprefix("unix://")).parent.exists()


async def test_an_orphaned_data_folder_empties_by_itself(data: Path) -> None:
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _OWNER, str(data), stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout and await owner.stdout.readline() == b"ready\n"
    assert engine_processes(data)
    owner.kill()
    await owner.wait()
    await until(lambda: not engine_processes(data))
    assert find_running(data) is None


async def test_a_second_server_is_told_who_uses_the_folder(data: Path) -> None:
    async with start_engines(data, postgres=False, valkey=True):
        with pytest.raises(EngineBusy, match=rf"process {os.getpid()}\).*THOUGHTS_DATA"):
            async with start_engines(data, postgres=False, valkey=True, patience_s=0.1):
                pass


async def test_commands_use_a_running_server_but_wait_for_another_command(data: Path) -> None:
    assert find_running(data) is None
    async with start_engines(data, postgres=True, valkey=False) as server:
        async with use_engines(data, postgres=True, valkey=False) as engines:
            assert engines.database_url == server.database_url
        assert await query(server, "SELECT 1") == 1
    order = []
    async with asyncio.TaskGroup() as commands:
        for name in ("one", "other"):
            commands.create_task(_command(data, name, order))
    assert order in (["one", "one", "other", "other"], ["other", "other", "one", "one"])


async def _command(data: Path, name: str, order: list[str]) -> None:
    async with use_engines(data, postgres=True, valkey=False) as engines:
        order.append(name)
        assert await query(engines, "SELECT 1") == 1
        order.append(name)


async def test_a_pid_file_that_names_a_stranger_does_not_stop_the_start(data: Path) -> None:
    pid_file = DataFolder(data).postgres / "cluster" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{pid_file.parent}\n1\n5432\n/tmp\n\n0 0\nready\n")
    async with start_engines(data, postgres=True, valkey=False) as engines:
        assert await query(engines, "SELECT 1") == 1


async def test_an_interrupted_first_start_is_made_good(tmp_path: Path) -> None:
    owner = await asyncio.create_subprocess_exec(sys.executable, "-c", _OWNER, str(tmp_path))
    half = tmp_path / "postgres" / "new" / "base"
    await until(half.exists)
    owner.kill()
    await owner.wait()
    assert not (tmp_path / "postgres" / "cluster").exists()
    async with start_engines(tmp_path, postgres=True, valkey=False) as engines:
        assert await query(engines, "SELECT 1") == 1


async def test_a_cluster_of_another_major_version_is_refused_with_a_way_out(tmp_path: Path) -> None:
    cluster = tmp_path / "postgres" / "cluster"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("17\n")
    with pytest.raises(EngineFailed, match=r"written by PostgreSQL 17.*carries 18.*thoughts backup.*thoughts restore"):
        async with start_engines(tmp_path, postgres=True, valkey=False):
            pass


async def test_an_engine_that_does_not_start_shows_its_log(data: Path) -> None:
    with pytest.raises(EngineFailed, match="shared_buffers"):
        async with start_engines(data, postgres=True, valkey=False, postgres_settings={"shared_buffers": "nonsense"}):
            pass
    assert engine_processes(data) == []


async def test_a_broken_redis_file_is_set_aside(data: Path) -> None:
    async with start_engines(data, postgres=False, valkey=True):
        pass
    manifest = next(DataFolder(data).valkey.glob("appendonlydir/*.manifest"))
    manifest.write_text("nonsense\n")
    async with start_engines(data, postgres=False, valkey=True) as engines:
        assert await ask_redis(engines, "PING") == b"PONG"
    assert (DataFolder(data).valkey / "unreadable").is_dir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a choice")
async def test_root_hands_the_folder_over_where_namespaces_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = identity_module._works

    async def refused(name: str, folder: Path, probe: Path) -> bool:
        return name != NAMESPACE and await works(name, folder, probe)

    monkeypatch.setattr(identity_module, "_works", refused)
    with tempfile.TemporaryDirectory() as data:
        async with start_engines(Path(data), postgres=True, valkey=True) as engines:
            assert await query(engines, "SELECT 1") == 1
            owners = {(Path("/proc") / str(pid)).stat().st_uid for pid in engine_processes(Path(data))}
            assert owners == {65534}
    with pytest.raises(EngineFailed, match=r"ordinary user.*user namespaces.*DATABASE_URL"):
        await choose_identity(DataFolder(tmp_path), tmp_path, Path("/nowhere/postgres"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_an_ordinary_user_owns_what_it_starts() -> None:
    code = _OWNER.replace("await asyncio.sleep(600)", "return")
    with tempfile.TemporaryDirectory() as data:
        os.chown(data, 65534, 65534)
        try:
            ordinary = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", code, data), user=65534, group=65534, extra_groups=[], stdout=-1
            )
        except PermissionError:
            pytest.skip("this interpreter lies where only root can reach it")
        assert await ordinary.communicate() == (b"ready\n", None)
        assert {path.stat().st_uid for path in Path(data).iterdir()} == {65534}  # noqa: ASYNC240


def test_a_log_that_has_grown_keeps_its_end(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    log.write_text("old\n" * 2_000_000 + "the newest line\n")
    bound_log(log)
    assert log.stat().st_size < 1_000_000
    assert log.read_text().endswith("the newest line\n")


def test_programs_are_there() -> None:
    assert os.access(programs() / "pg_dump", os.X_OK)
