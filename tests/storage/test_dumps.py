"""Dumps: what comes back, and that a broken one changes nothing."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest

from storage import dumps
from storage.database import open_connection
from storage.errors import DumpFailed
from storage.migrations import migrate, migration_status
from tests.engines_fixture import create_database, drop_database

if TYPE_CHECKING:
    from tests.engines_fixture import Servers


@pytest.fixture
async def empty_database_url(servers: Servers) -> AsyncIterator[str]:
    name = f"{servers.prefix}_{secrets.token_hex(4)}"
    yield await create_database(servers, name, template="template0")
    await drop_database(servers, name)


@pytest.fixture
async def dump(fresh_database_url: str) -> bytes:
    connection = await open_connection(fresh_database_url)
    # Too much for the buffers of the pipes, so that a broken dump stops in the middle of its rows.
    await connection.execute("INSERT INTO tags (name) SELECT 'ärger' || md5(n::text) FROM generate_series(1, 20000) n")
    await connection.close()
    return b"".join([chunk async for chunk in dumps.dump(fresh_database_url)])


async def test_a_dump_fills_an_empty_database(dump: bytes, empty_database_url: str) -> None:
    assert await dumps.is_empty(empty_database_url)
    await dumps.restore(empty_database_url, [dump[:1000], dump[1000:]])
    assert not await dumps.is_empty(empty_database_url)
    assert all(status.applied_at and not status.changed for status in await migration_status(empty_database_url))
    assert await migrate(empty_database_url) == []
    connection = await open_connection(empty_database_url)
    assert await connection.fetchval("SELECT count(*) FROM tags WHERE name LIKE 'ärger%'") == 20000
    await connection.close()


async def test_a_dump_that_breaks_off_changes_nothing(dump: bytes, empty_database_url: str) -> None:
    with pytest.raises(DumpFailed, match="pg_restore"):
        await dumps.restore(empty_database_url, [dump[: int(len(dump) * 0.8)]])
    assert await dumps.is_empty(empty_database_url)


async def test_a_source_that_fails_changes_nothing(dump: bytes, empty_database_url: str) -> None:
    def failing() -> Iterator[bytes]:
        yield dump[: int(len(dump) * 0.8)]
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        await dumps.restore(empty_database_url, failing())
    assert await dumps.is_empty(empty_database_url)


async def test_a_database_in_use_is_not_overwritten(dump: bytes, fresh_database_url: str) -> None:
    with pytest.raises(DumpFailed, match=r"psql.*already exists"):
        await dumps.restore(fresh_database_url, [dump])


async def test_a_database_that_is_not_there_cannot_be_dumped(fresh_database_url: str) -> None:
    with pytest.raises(DumpFailed, match="does not exist"):
        async for _ in dumps.dump(fresh_database_url.replace("/thoughts", "/", 1).replace("?", "_nowhere?", 1)):
            pass
