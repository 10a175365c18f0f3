"""The engines and databases that tests run on: one PostgreSQL and one Valkey per test run."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from storage.database import open_connection
from storage.engines import start_engines
from storage.migrations import FOLDER, migrate

# Nothing in here has to survive the machine.
_FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_wal_size": "4GB"}


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
            start_engines(Path(data), postgres=not external, valkey=True, postgres_settings=_FAST)
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


async def _drop_databases(servers: Servers) -> None:
    connection = await open_connection(servers.admin_url)
    try:
        rows = await connection.fetch("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", servers.prefix)
        for row in rows:
            await connection.execute(f'DROP DATABASE "{row["datname"]}" WITH (FORCE)')
    finally:
        await connection.close()
