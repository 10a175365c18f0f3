"""Fixtures: real engines, a database in a rolled-back transaction, a database of one's own."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from storage.database import Database, open_connection
from storage.errors import StorageError
from storage.live import Live
from tests.engines_fixture import DatabasePool, Servers, TestServers, create_database
from tests.services_fixture import Browser, browser, make_settings, open_test_services, sign_in
from web.app import create_app

if TYPE_CHECKING:
    from pathlib import Path

    from quart import Quart

    from federation.services import Services
    from federation.settings import Settings
    from storage.database import Connection
    from storage.people import Person

_SERVERS = pytest.StashKey[TestServers]()


def pytest_configure(config: pytest.Config) -> None:
    """Prepare the servers in the process that outlives the xdist workers; they start when first needed."""
    if not hasattr(config, "workerinput"):
        config.stash[_SERVERS] = TestServers()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers after the last worker."""
    if (test_servers := config.stash.get(_SERVERS, None)) is not None:
        test_servers.stop()


def _start(config: pytest.Config) -> Servers:
    try:
        return config.stash[_SERVERS].start()
    except StorageError as exc:
        pytest.exit(str(exc), returncode=pytest.ExitCode.INTERNAL_ERROR)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker where the servers listen."""
    servers = _start(node.config)
    node.workerinput["servers"] = (servers.admin_url, servers.redis_url, servers.prefix)


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Servers:
    """Where PostgreSQL and Valkey listen."""
    config = request.config
    if hasattr(config, "workerinput"):
        return Servers(*config.workerinput["servers"])
    return _start(config)


class RolledBackDatabase(Database):
    """A `Database` of one connection, whose transactions are savepoints of one that never commits."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def close(self) -> None:
        """Leave the connection to the fixture."""

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend the one connection."""
        yield self._connection


_clones: dict[str, str] = {}


@pytest.fixture
async def database_url(servers: Servers) -> str:
    """The URL of this worker's clone of the migrated template; leave it as you found it."""
    if servers.prefix not in _clones:
        _clones[servers.prefix] = await create_database(servers, f"{servers.prefix}_{secrets.token_hex(4)}")
    return _clones[servers.prefix]


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Connection]:
    """A connection inside a transaction that is rolled back after the test."""
    connection = await open_connection(database_url)
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield connection
    finally:
        await transaction.rollback()
        await connection.close()


@pytest.fixture
def database(db: Connection) -> Database:
    """A `Database` whose every transaction happens on `db` and is rolled back after the test.

    One connection: for tests that work concurrently or need commits take `fresh_database`.
    """
    return RolledBackDatabase(db)


_pools: dict[str, DatabasePool] = {}


@pytest.fixture
async def fresh_database_url(servers: Servers) -> AsyncIterator[str]:
    """The URL of an empty, migrated database for this test alone, for tests that commit."""
    pool = _pools.setdefault(servers.prefix, DatabasePool(servers))
    name = await pool.take()
    yield servers.url(name)
    await pool.give_back(name)


@pytest.fixture
async def fresh_database(fresh_database_url: str) -> AsyncIterator[Database]:
    """A `Database` with a pool over a clone for this test alone."""
    database = await Database.connect(fresh_database_url)
    yield database
    await database.close()


@pytest.fixture
def redis_url(servers: Servers) -> str:
    """The URL of the test run's Valkey."""
    return servers.redis_url


@pytest.fixture
def redis_prefix() -> str:
    """A key and channel prefix for this test alone."""
    return f"test-{secrets.token_hex(4)}"


@pytest.fixture
async def live(redis_url: str, redis_prefix: str) -> AsyncIterator[Live]:
    """A `Live` with a prefix for this test alone."""
    live = Live(redis_url, prefix=redis_prefix)
    yield live
    await live.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of a test instance; a test module overrides this fixture for other ones."""
    return make_settings(tmp_path)


@pytest.fixture
async def services(settings: Settings, fresh_database: Database, live: Live) -> AsyncIterator[Services]:
    """Services over a database of this test's own; `tests.services_fixture` makes people for them."""
    async with open_test_services(settings, fresh_database, live) as services:
        yield services


@pytest.fixture
async def app(services: Services) -> AsyncIterator[Quart]:
    """The composed application, started."""
    app = create_app(services.settings, services)
    await app.startup()
    yield app
    await app.shutdown()


@pytest.fixture
async def stranger(app: Quart) -> AsyncIterator[Browser]:
    """A browser of somebody who is not signed in."""
    visitor = browser(app)
    yield visitor
    await visitor.client.aclose()


@pytest.fixture
async def client_for(app: Quart, services: Services) -> AsyncIterator[Callable[[Person], Awaitable[Browser]]]:
    """Opens a browser in which a person is signed in."""
    opened: list[Browser] = []

    async def open_for(person: Person) -> Browser:
        opened.append(browser(app))
        return await sign_in(services, opened[-1], person)

    yield open_for
    for one in opened:
        await one.client.aclose()
