"""The oldest PostgreSQL that we support, as Debian packages it: migrations apply, every query prepares."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import open_connection
from storage.migrations import migrate
from tests.storage.test_queries import QUERIES, problems_of

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("live")]

PROGRAMS = Path("/usr/lib/postgresql/15/bin")


def _identity() -> dict[str, object]:
    """Return how to start a program as somebody other than root, whom PostgreSQL refuses."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@pytest.fixture
def postgres15() -> Iterator[str]:
    if not (PROGRAMS / "postgres").exists():
        pytest.skip(f"Debian's postgresql-15 is not installed: there is no {PROGRAMS}/postgres")
    # A short path: those of sockets may have 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="pg15-", dir="/tmp"))
    identity = _identity()
    if identity:
        shutil.chown(folder, identity["user"], identity["group"])  # type: ignore[call-overload]
    cluster = folder / "cluster"
    options = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **identity}
    initdb = [
        PROGRAMS / "initdb",
        "-D",
        cluster,
        "-U",
        "thoughts",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "-N",
    ]
    subprocess.run(initdb, check=True, **options)  # type: ignore[call-overload]
    server = subprocess.Popen(  # type: ignore[call-overload]
        [PROGRAMS / "postgres", "-D", cluster, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"], **options
    )
    try:
        yield f"postgresql://thoughts@/postgres?host={folder}"
    finally:
        server.terminate()
        server.wait(timeout=30)
        shutil.rmtree(folder)


async def test_migrations_apply_and_every_query_prepares(postgres15: str) -> None:
    db = await open_connection(postgres15, patience_s=30)
    try:
        assert str(await db.fetchval("SHOW server_version")).startswith("15.")
        await migrate(postgres15)
        problems = [problem for name, query in QUERIES for problem in await problems_of(db, name, query)]
    finally:
        await db.close()
    assert not problems, "\n".join(problems)
