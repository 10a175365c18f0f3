"""The engines and databases that tests run on: one PostgreSQL and one Valkey per test run."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from storage.database import open_connection
from storage.engines import start_engines
from storage.migrations import FOLDER, migrate

if TYPE_CHECKING:
    from storage.database import Connection

# Nothing in here has to survive the machine.
_FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_wal_size": "4GB"}
# Statistics taken in the middle of a test's transaction, which does not show its rows yet, would change its plans.
_STEADY = {"autovacuum": "off"}


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the test servers listen; every database of this run begins with `prefix`."""

    admin_url: str
    redis_url: str
    prefix: str

    @property
    def template(self) -> str:
        """The migrated database that clones are made from; nobody connects to it."""
        return f"{self.prefix}_template"

    def url(self, database: str) -> str:
        """Return the URL of a database on the test server."""
        return urlsplit(self.admin_url)._replace(path=f"/{database}").geturl()


class TestServers:
    """Servers for the length of a test run: embedded ones, or PostgreSQL at TEST_DATABASE_URL."""

    __test__ = False

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._servers: Servers | None = None

    def start(self) -> Servers:
        """Start the servers, once, from the main thread, and migrate the template."""
        if self._servers is None:
            self._servers = self._runner.run(self._start())
        return self._servers

    def stop(self) -> None:
        """Drop what the run made and stop what it started."""
        if self._servers is not None and "TEST_DATABASE_URL" in os.environ:
            self._runner.run(_drop_databases(self._servers))
        self._runner.run(self._stack.aclose())
        self._runner.close()

    async def _start(self) -> Servers:
        data = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="thoughts-tests-"))
        external = os.environ.get("TEST_DATABASE_URL")
        engines = await self._stack.enter_async_context(
            start_engines(Path(data), postgres=not external, valkey=True, postgres_settings={**_FAST, **_STEADY})
        )
        admin_url = external or engines.database_url
        assert admin_url and engines.redis_url
        servers = Servers(admin_url, engines.redis_url, f"thoughts_test_{secrets.token_hex(4)}")
        await create_database(servers, servers.template, template="template0")
        if FOLDER.is_dir():
            await migrate(servers.url(servers.template))
        return servers


async def create_database(servers: Servers, name: str, *, template: str | None = None) -> str:
    """Clone the migrated template, or another database, and return the URL of the clone."""
    connection = await open_connection(servers.admin_url)
    try:
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template or servers.template}"')
    finally:
        await connection.close()
    return servers.url(name)


async def drop_database(servers: Servers, name: str) -> None:
    """Drop a database together with connections that a test left behind."""
    connection = await open_connection(servers.admin_url)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()


# Emptying a database takes a few milliseconds, cloning the template a hundred. Nothing but rows may have changed.
_EMPTY = """DO $$ DECLARE name text; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_migrations' LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
END $$"""
_SHAPE = """SELECT
    (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace),
    (SELECT md5(string_agg(c.relname || '.' || a.attname, ' ' ORDER BY c.relname, a.attnum)) FROM pg_attribute a
        JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'public'::regnamespace AND NOT a.attisdropped),
    (SELECT count(*) FROM pg_constraint WHERE connamespace = 'public'::regnamespace),
    (SELECT count(*) FROM pg_trigger), (SELECT count(*) FROM pg_rewrite), (SELECT count(*) FROM pg_proc)"""
_OTHERS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""


class DatabasePool:
    """Databases for tests that commit: each is emptied and used again, unless a test changed its shape."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._spare: list[str] = []
        self._shape: tuple[object, ...] | None = None

    async def take(self) -> str:
        """Return the name of an empty, migrated database."""
        if self._spare:
            return self._spare.pop()
        name = f"{self._servers.prefix}_{secrets.token_hex(4)}"
        connection = await open_connection(await create_database(self._servers, name))
        self._shape = await self._shape_of(connection)
        await connection.close()
        return name

    async def give_back(self, name: str) -> None:
        """Empty a database for the next test, or drop it."""
        connection = await open_connection(self._servers.url(name))
        try:
            await connection.execute(_OTHERS)
            usable = await self._shape_of(connection) == self._shape
            if usable:
                await connection.execute(_EMPTY)
        finally:
            await connection.close()
        if usable:
            self._spare.append(name)
        else:
            await drop_database(self._servers, name)

    @staticmethod
    async def _shape_of(connection: Connection) -> tuple[object, ...]:
        return tuple(await connection.fetchrow(_SHAPE) or ())


async def _drop_databases(servers: Servers) -> None:
    connection = await open_connection(servers.admin_url)
    try:
        rows = await connection.fetch("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", servers.prefix)
        for row in rows:
            await connection.execute(f'DROP DATABASE "{row["datname"]}" WITH (FORCE)')
    finally:
        await connection.close()
