"""PostgreSQL: the pool, and connections of one's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import asyncpg
import orjson

from storage.errors import DatabaseUnavailable
from storage.kept import Memory

if TYPE_CHECKING:
    from storage.news import News

    _Connection = asyncpg.Connection[asyncpg.Record]
else:
    _Connection = asyncpg.Connection

Opened = TypeVar("Opened")

# What PostgreSQL says while it starts, stops, recovers or has no slot left.
_NOT_NOW = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)
_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 1.0
_ACQUIRE_TIMEOUT_S = 30.0
_JSONB_VERSION = b"\x01"


class _OurConnection(_Connection):
    """A connection with the news of its transaction, and what its process keeps of the rows that it read.

    It remembers whether it listens: its reset is free otherwise.
    """

    listens = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.news: list[News] = []
        self.memory = Memory()

    async def add_listener(self, channel: str, callback: Any) -> None:
        self.listens = True
        await super().add_listener(channel, callback)


# The pool lends proxies of it, which have every attribute.
Connection: TypeAlias = _OurConnection


class Database:
    """A pool of connections to one database.

    `publish` is handed the news of every commit (storage/news.py), once somebody set it.
    """

    publish: Callable[[list[News]], None] | None = None

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        min_size: int = 1,
        max_size: int = 10,
        application_name: str = "thoughts",
        patience_s: float = 30.0,
    ) -> Database:
        """Open a pool, waiting up to `patience_s` for a PostgreSQL that is still starting.

        Raises `DatabaseUnavailable` when it does not come up in that time.
        """

        memory = Memory()

        async def prepare(connection: _Connection) -> None:
            if isinstance(connection, _OurConnection):
                connection.memory = memory
            await _prepare(connection)

        async def open_pool() -> Database:
            pool = await asyncpg.create_pool(
                url,
                min_size=min_size,
                max_size=max_size,
                init=prepare,
                reset=_reset,
                connection_class=_OurConnection,
                # Planning a page costs more than reading it: a plan is good for as long as it is used.
                max_cached_statement_lifetime=0,
                server_settings={"application_name": application_name},
            )
            return cls(pool)

        return await _patiently(open_pool, patience_s)

    async def close(self) -> None:
        """Wait for borrowed connections to come back, then close the pool."""
        await self._pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Borrow a connection; each statement commits by itself.

        Advisory locks and session settings outlive the loan: take a connection of your own
        (`open_connection`) for those, and for LISTEN.
        """
        with _translated():
            lent: Any = await self._pool.acquire(timeout=_ACQUIRE_TIMEOUT_S)
        connection: Connection = lent
        news: list[News] = []
        try:
            with _translated(connection):
                connection.news.clear()
                yield connection
                news = connection.news.copy()
        finally:
            with _translated(connection):
                await self._pool.release(lent)
        if news and self.publish is not None:
            self.publish(news)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Borrow a connection inside a transaction that commits at the end, or rolls back on an exception."""
        async with self.connection() as connection, connection.transaction():
            yield connection


async def open_connection(url: str, *, application_name: str = "thoughts", patience_s: float = 30.0) -> Connection:
    """Open a connection outside any pool, for LISTEN, session locks and migrations; the caller closes it."""

    async def connect() -> Connection:
        connection = await asyncpg.connect(
            url, connection_class=_OurConnection, server_settings={"application_name": application_name}
        )  # fmt: skip
        await _prepare(connection)
        return connection

    return await _patiently(connect, patience_s)


async def _prepare(connection: _Connection) -> None:
    """Let json and jsonb columns come and go as Python objects."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: _JSONB_VERSION + orjson.dumps(value),
        decoder=lambda data: orjson.loads(data[1:]),
        format="binary",
    )
    await connection.set_type_codec(
        "json", schema="pg_catalog", encoder=orjson.dumps, decoder=orjson.loads, format="binary"
    )


async def _reset(connection: _Connection) -> None:
    # asyncpg itself has rolled back what was left open; its own reset would add a round trip to every loan.
    if getattr(connection, "listens", False):
        await connection.execute("UNLISTEN *")
        connection.listens = False  # type: ignore[attr-defined]


async def _patiently(attempt: Callable[[], Awaitable[Opened]], patience_s: float) -> Opened:
    """Repeat until PostgreSQL takes the connection; a wrong password or database name fails at once."""
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + patience_s
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            async with asyncio.timeout_at(max(give_up_at, loop.time() + 1.0)):
                return await attempt()
        except (*_NOT_NOW, OSError, TimeoutError) as exc:
            if loop.time() + pause_s > give_up_at:
                raise DatabaseUnavailable(f"PostgreSQL does not answer: {exc or 'timed out'}") from exc
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


@contextmanager
def _translated(connection: Connection | None = None) -> Iterator[None]:
    """Turn the many faces of a lost connection into `DatabaseUnavailable`."""
    try:
        yield
    except _NOT_NOW as exc:
        raise DatabaseUnavailable(f"PostgreSQL went away: {exc}") from exc
    except asyncpg.InternalClientError as exc:
        # A ROLLBACK between PostgreSQL's last words and the end of the connection: nothing can be said any more.
        raise DatabaseUnavailable(f"PostgreSQL went away: {exc}") from exc
    except (OSError, asyncpg.InterfaceError) as exc:
        # With a live connection these are the caller's own affair.
        if connection is None or _is_lost(connection):
            raise DatabaseUnavailable(f"PostgreSQL went away: {exc or type(exc).__name__}") from exc
        raise


def _is_lost(connection: Connection) -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        # The pool takes back what has closed, and its face then answers nothing.
        return True
