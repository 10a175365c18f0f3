"""The pool: commits, rolls back, carries JSON, and says clearly when PostgreSQL is away."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from storage.database import Database, open_connection
from storage.errors import DatabaseUnavailable
from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Pair:
    """A row."""

    name: str
    size: int


async def test_rows_are_built_by_position(db: Connection) -> None:
    pairs = Rows(
        Pair,
        "SELECT * FROM ({pairs}) q WHERE size >= $1",
        pairs="SELECT * FROM (VALUES ('a', 1), ('b', 2)) v (name, size)",
    )
    assert await pairs.all(db, 1) == [Pair("a", 1), Pair("b", 2)]
    assert await pairs.first(db, 2) == Pair("b", 2)
    assert await pairs.first(db, 3) is None
    with pytest.raises(LookupError):
        await pairs.one(db, 3)


async def test_values_and_commands_tell_what_they_did(db: Connection) -> None:
    await Command("CREATE TEMPORARY TABLE counted (n int)").run(db)
    assert await Command("INSERT INTO counted SELECT generate_series(1, $1)").run(db, 3) == 3
    assert await Value(int, "SELECT n FROM counted ORDER BY n").all(db) == [1, 2, 3]
    assert await Value(int, "SELECT n FROM counted WHERE n > 5").get(db) is None


@pytest.mark.parametrize("value", [{"ä": [1, 2.5, None, True]}, [], "text", 7, None])
@pytest.mark.parametrize("kind", ["json", "jsonb"])
async def test_json_comes_back_as_python_objects(db: Connection, kind: str, value: object) -> None:
    await db.execute(f"CREATE TEMPORARY TABLE kept (value {kind})")
    await db.execute("INSERT INTO kept VALUES ($1)", value)
    assert await db.fetchval("SELECT value FROM kept") == value


async def test_transaction_commits_at_the_end_and_rolls_back_on_an_exception(
    fresh_database: Database,
) -> None:
    async with fresh_database.transaction() as db:
        await db.execute("CREATE TABLE kept (n int)")
    with pytest.raises(ValueError, match="mine"):
        async with fresh_database.transaction() as db:
            await db.execute("INSERT INTO kept VALUES (1)")
            raise ValueError("mine")
    async with fresh_database.connection() as db:
        assert await db.fetchval("SELECT count(*) FROM kept") == 0


async def test_a_connection_left_listening_is_returned_silent(fresh_database_url: str) -> None:
    database = await Database.connect(fresh_database_url, max_size=1)
    async with database.connection() as db:
        await db.add_listener("news", print)
        assert await db.fetch("SELECT pg_listening_channels()")
        await db.remove_listener("news", print)
        await db.execute("LISTEN news")
    async with database.connection() as db:
        assert await db.fetch("SELECT pg_listening_channels()") == []
    await database.close()


async def test_a_lost_connection_is_reported_as_such_and_replaced(fresh_database_url: str) -> None:
    database = await Database.connect(fresh_database_url, max_size=1)
    with pytest.raises(DatabaseUnavailable):
        async with database.connection() as db:
            await db.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    async with database.connection() as db:
        assert await db.fetchval("SELECT 1") == 1
    await database.close()


async def test_a_connection_lost_inside_a_transaction_is_reported_as_such(fresh_database_url: str) -> None:
    database = await Database.connect(fresh_database_url, max_size=1)
    with pytest.raises(DatabaseUnavailable):
        async with database.transaction() as db:
            await db.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    await database.close()


async def test_a_connection_that_broke_unnoticed_is_reported_at_its_next_use(fresh_database_url: str) -> None:
    database = await Database.connect(fresh_database_url, max_size=1)
    with pytest.raises(DatabaseUnavailable):
        async with database.connection() as db:
            with suppress(asyncpg.PostgresError):
                await db.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            while not _is_taken_back(db):
                await asyncio.sleep(0)
            await db.fetchval("SELECT 1")
    await database.close()


def _is_taken_back(db: Connection) -> bool:
    try:
        return db.is_closed()
    except asyncpg.InterfaceError:
        return True


async def test_an_error_of_the_callers_own_passes_through(fresh_database: Database) -> None:
    with pytest.raises(FileNotFoundError):
        async with fresh_database.transaction():
            raise FileNotFoundError("/nowhere/at/all")


async def test_a_server_that_does_not_come_up_is_given_up_after_the_patience(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="does not answer"):
        await open_connection(f"postgresql://thoughts@/thoughts?host={tmp_path}", patience_s=0.05)


async def test_a_missing_database_fails_at_once(database_url: str) -> None:
    async with asyncio.timeout(5):
        with pytest.raises(Exception, match="does not exist"):
            await open_connection(database_url.replace("thoughts_test", "missing"), patience_s=60)


async def test_actions_on_the_test_database_are_rolled_back(database: Database, db: Connection) -> None:
    async with database.transaction() as inner:
        assert inner is db
        await inner.execute("CREATE TABLE must_not_stay (n int)")
    assert await db.fetchval("SELECT to_regclass('must_not_stay') IS NOT NULL")


async def test_nothing_of_the_test_before_is_left(db: Connection) -> None:
    assert await db.fetchval("SELECT to_regclass('must_not_stay')") is None
