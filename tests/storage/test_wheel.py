"""The wheel carries the migrations: installed elsewhere it migrates an empty database."""

from __future__ import annotations

import asyncio
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from storage.database import open_connection
from storage.migrations import FOLDER
from tests.engines_fixture import Servers, create_database, drop_database

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("live")]

ROOT = Path(__file__).parents[2]
MIGRATE = """
import asyncio, sys
from pathlib import Path
import storage.migrations
assert Path(storage.migrations.__file__).is_relative_to(sys.argv[1]), storage.migrations.__file__
asyncio.run(storage.migrations.migrate(sys.argv[2]))
"""


async def _run(*command: object, cwd: Path, env: dict[str, str] | None = None) -> None:
    done = await asyncio.to_thread(
        subprocess.run, [str(word) for word in command], cwd=cwd, env=env, capture_output=True, text=True, timeout=240,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


async def _tables(url: str) -> list[tuple[str, str]]:
    db = await open_connection(url)
    try:
        rows = await db.fetch(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"
        )
    finally:
        await db.close()
    return [(table, column) for table, column in rows]


async def test_the_wheel_migrates_from_elsewhere(servers: Servers, fresh_database_url: str, tmp_path: Path) -> None:
    dist, elsewhere = tmp_path / "dist", tmp_path / "elsewhere"
    await _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", dist, ROOT, cwd=tmp_path)
    [wheel] = dist.glob("*.whl")
    pip = (sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", elsewhere)
    await _run(*pip, wheel, cwd=tmp_path)
    carried = {path.name for path in (elsewhere / "migrations").glob("*.sql")}
    assert carried == {path.name for path in FOLDER.glob("*.sql")}
    name = f"{servers.prefix}_{secrets.token_hex(4)}"
    url = await create_database(servers, name, template="template0")
    try:
        # Away from the sources, so that only what the wheel carries is found; the dependencies are the environment's.
        await _run(sys.executable, "-c", MIGRATE, elsewhere, url, cwd=tmp_path, env={"PYTHONPATH": str(elsewhere)})
        assert await _tables(url) == await _tables(fresh_database_url)
    finally:
        await drop_database(servers, name)
