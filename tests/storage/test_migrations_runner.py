"""The migration runner: each file once, whole or not at all, and errors that name file and line."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Database, open_connection
from storage.errors import MigrationFailed
from storage.migrations import migrate, migration_status, split_statements
from tests.engines_fixture import Servers, create_database, drop_database


@pytest.fixture
async def empty_url(servers: Servers) -> AsyncIterator[str]:
    """The URL of an empty database."""
    name = f"{servers.prefix}_{secrets.token_hex(4)}"
    yield await create_database(servers, name, template="template0")
    await drop_database(servers, name)


@pytest.fixture
async def empty(empty_url: str) -> AsyncIterator[Database]:
    database = await Database.connect(empty_url)
    yield database
    await database.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two migrations that apply."""
    (tmp_path / "0001_people.sql").write_text("CREATE TABLE people (name text);\nINSERT INTO people VALUES ('a');\n")
    (tmp_path / "0002_posts.sql").write_text("CREATE TABLE posts (words text);")
    return tmp_path


async def count(database: Database, table: str) -> int | None:
    """Count the rows of a table, or return None when there is no such table."""
    async with database.connection() as db:
        if not await db.fetchval("SELECT to_regclass($1) IS NOT NULL", table):
            return None
        return await db.fetchval(f"SELECT count(*) FROM {table}")


async def test_each_file_is_applied_once_and_reported(empty: Database, empty_url: str, folder: Path) -> None:
    before = await migration_status(empty_url, folder=folder)
    assert [(s.name, s.applied_at) for s in before] == [("0001_people.sql", None), ("0002_posts.sql", None)]
    assert await count(empty, "schema_migrations") is None
    assert [row.version for row in await migrate(empty_url, folder=folder)] == [1, 2]
    assert await migrate(empty_url, folder=folder) == []
    assert await count(empty, "people") == 1
    after = await migration_status(empty_url, folder=folder)
    assert all(s.applied_at and not s.changed for s in after)


async def test_the_real_migrations_apply_to_an_empty_database(empty_url: str) -> None:
    await migrate(empty_url)
    assert all(status.applied_at for status in await migration_status(empty_url))
    assert await migrate(empty_url) == []


async def test_two_processes_at_once_apply_each_file_once(empty: Database, empty_url: str, folder: Path) -> None:
    (folder / "0003_slow.sql").write_text("SELECT pg_sleep(0.3); INSERT INTO people VALUES ('b');")
    code = "import asyncio, pathlib, sys; from storage.migrations import migrate\n"
    code += "print(len(asyncio.run(migrate(sys.argv[1], folder=pathlib.Path(sys.argv[2])))))"
    both = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, empty_url, str(folder), stdout=asyncio.subprocess.PIPE
        )
        for _ in range(2)
    ]
    outputs = [(await process.communicate())[0] for process in both]
    assert sorted(int(output) for output in outputs) == [0, 3]
    assert await count(empty, "people") == 2


async def test_a_changed_applied_file_is_refused(empty_url: str, folder: Path) -> None:
    await migrate(empty_url, folder=folder)
    (folder / "0002_posts.sql").write_text("CREATE TABLE posts (other text);")
    with pytest.raises(MigrationFailed, match=r"0002_posts\.sql differs .* restore the file"):
        await migrate(empty_url, folder=folder)
    assert [status.changed for status in await migration_status(empty_url, folder=folder)] == [False, True]


async def test_a_database_of_a_newer_release_is_refused(empty_url: str, folder: Path) -> None:
    await migrate(empty_url, folder=folder)
    (folder / "0002_posts.sql").unlink()
    with pytest.raises(MigrationFailed, match=r"0002_posts\.sql.*newer release"):
        await migrate(empty_url, folder=folder)
    assert [status.changed for status in await migration_status(empty_url, folder=folder)] == [False, True]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["0001_a.sql", "0003_c.sql"], "0002 is missing"),
        (["0001_a.sql", "0001_b.sql"], "number 0001"),
        (["0001_a.sql", "0002-b.sql"], "must be named"),
    ],
)
async def test_gaps_duplicates_and_odd_names_are_refused(
    database_url: str, tmp_path: Path, names: list[str], message: str
) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1;")
    with pytest.raises(MigrationFailed, match=message):
        await migrate(database_url, folder=tmp_path)


@pytest.mark.parametrize(
    ("sql", "line"),
    [
        pytest.param("CREATE TABLE kept (n int);\n\nSELECT *\n  FROM nowhere;", 4, id="has a position"),
        pytest.param("CREATE TABLE kept (n int);\n-- so\nSELECT 1 /\n  (1 - 1);\n", 3, id="at run time"),
        pytest.param("CREATE TABLE kept (n int);\nDO $$\nBEGIN\n  RAISE 'no';\nEND $$;", 2, id="in a body"),
        pytest.param("CREATE TABLE kept (n int);\nSELECT 'é';\nSELEKT 1;", 3, id="syntax"),
        pytest.param("CREATE TABLE kept (n int);\nINSERT INTO kept VALUES ('", 2, id="unclosed"),
        pytest.param("CREATE TABLE kept (n int);\n/* ; */ commit;\nSELECT 1;", 2, id="ends the transaction"),
    ],
)
async def test_a_failing_file_is_rolled_back_and_named_with_its_line(
    empty: Database, empty_url: str, folder: Path, sql: str, line: int
) -> None:
    (folder / "0003_bad.sql").write_text(sql)
    with pytest.raises(MigrationFailed, match=rf"^0003_bad\.sql, line {line}: (.|\n)*Nothing of this file"):
        await migrate(empty_url, folder=folder)
    assert await count(empty, "kept") is None
    assert await count(empty, "schema_migrations") == 2


async def test_a_busy_table_is_not_waited_for_long(empty: Database, empty_url: str, folder: Path) -> None:
    await migrate(empty_url, folder=folder)
    (folder / "0003_more.sql").write_text("\nALTER TABLE people ADD COLUMN age int;")
    async with empty.transaction() as db:
        await db.execute("LOCK TABLE people")
        with pytest.raises(MigrationFailed, match=r"0003_more\.sql, line 2(.|\n)*Another connection holds"):
            await migrate(empty_url, folder=folder, lock_timeout="50ms")
    assert [row.version for row in await migrate(empty_url, folder=folder)] == [3]


def test_statements_end_at_semicolons_outside_of_quotes_and_comments() -> None:
    statements = [
        "SELECT ';', E'\\';', 'it''s;'",
        'SELECT 1 AS ";"',
        "DO $x$ BEGIN; $$ ; $$ END $x$",
        "SELECT 1 -- ;\n + 2 /* ; */",
    ]
    sql = "-- first;\n" + ";\n /* ; */ \n".join(statements) + ";\n\n"
    assert [text.strip() for _, text in split_statements(sql)] == statements
    assert all(sql[start:].startswith(text) for start, text in split_statements(sql))


async def test_a_failure_leaves_no_connection_behind(empty: Database, empty_url: str, folder: Path) -> None:
    (folder / "0003_bad.sql").write_text("SELEKT")
    with pytest.raises(MigrationFailed):
        await migrate(empty_url, folder=folder)
    connection = await open_connection(empty_url)
    assert await connection.fetchval("SELECT pg_try_advisory_lock($1)", 0x7468_6F75_6768_7473)
    await connection.close()
