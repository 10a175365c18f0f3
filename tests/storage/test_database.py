"""The pool: commits, rolls back, carries JSON, and says clearly when PostgreSQL is away."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from storage.database import Database, open_connection
from storage.errors import DatabaseUnavailable
from storage.rows import maybe_row_of, row_of, rows_of

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Pair:
    name: str
    number: int


async def test_rows_are_built_by_position(db: Connection) -> None:
    query = "SELECT 'a' AS unrelated, 1 UNION SELECT 'b', 2 ORDER BY 2"
    assert rows_of(Pair, await db.fetch(query)) == [Pair("a", 1), Pair("b", 2)]
    record = await db.fetchrow(query)
    assert record is not None
    assert row_of(Pair, record) == maybe_row_of(Pair, record) == Pair("a", 1)
    assert maybe_row_of(Pair, await db.fetchrow(f"SELECT * FROM ({query}) q WHERE false")) is None


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
