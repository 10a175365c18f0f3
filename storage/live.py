"""Redis: messages between processes and rate limits; all of it may be lost, and nothing waits for it."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import redis.asyncio as redis
from limits import parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

from storage.errors import LiveUnavailable

_CONNECT_TIMEOUT_S = 0.5
_ANSWER_TIMEOUT_S = 1.0
# After a failure nobody tries again for this long: a Redis that hangs must not make every request hang.
_PAUSE_S = 1.0
_PING_EVERY_S = 15.0
_SENTINEL_PORT = 26379


@dataclass(frozen=True, slots=True)
class Message:
    """Something published, with the channel's name as the publisher gave it."""

    channel: str
    data: bytes


class Live:
    """A Redis shared with other instances: every key and channel of ours begins with `prefix`.

    Without a URL, or while Redis is away, methods raise `LiveUnavailable` at once or after a second.
    """

    def __init__(self, url: str | None, *, prefix: str) -> None:
        self.prefix = prefix
        self._client: redis.Redis | None = None
        self._sentinels: list[redis.Redis] = []
        if url:
            self._client, self._sentinels = _clients(url)
        self._pause_until = 0.0

    async def close(self) -> None:
        """Close every connection."""
        for client in (self._client, *self._sentinels):
            if client is not None:
                await client.aclose()

    @property
    def client(self) -> redis.Redis:
        """The client below, for code of storage that knows the prefix; use it inside `trying`."""
        if self._client is None:
            raise LiveUnavailable("There is no Redis: REDIS_URL is not set.")
        return self._client

    @contextmanager
    def trying(self) -> Iterator[redis.Redis]:
        """Lend the client; its failures become `LiveUnavailable`, and for a moment nobody tries again."""
        client = self.client
        if time.monotonic() < self._pause_until:
            raise LiveUnavailable("Redis was away a moment ago.")
        try:
            yield client
        except (redis.RedisError, OSError, TimeoutError) as exc:
            self._pause_until = time.monotonic() + _PAUSE_S
            raise LiveUnavailable(f"Redis does not answer: {exc}") from exc

    async def ping(self) -> None:
        """Return if Redis answers."""
        with self.trying() as client:
            await client.ping()

    async def publish(self, channel: str, data: bytes) -> int:
        """Send to whoever subscribes right now and return how many that were."""
        with self.trying() as client:
            return int(await client.publish(self._name(channel), data))

    @asynccontextmanager
    async def subscribe(self, *channels: str) -> AsyncIterator[AsyncIterator[Message]]:
        """Receive what is published on these channels from the beginning of the block.

        Takes a connection of its own. The iterator raises `LiveUnavailable` when Redis goes away; what was
        published meanwhile is lost, so subscribe again and then look at the database.
        """
        with self.trying() as client:
            subscription = client.pubsub(ignore_subscribe_messages=True)
            await subscription.subscribe(*map(self._name, channels))
        try:
            yield self._messages(subscription)
        finally:
            await subscription.aclose()  # type: ignore[no-untyped-call]

    async def _messages(self, subscription: redis.client.PubSub) -> AsyncIterator[Message]:
        while True:
            with self.trying():
                received = await subscription.get_message(timeout=_PING_EVERY_S)
                if received is None:
                    await subscription.ping()  # finds out about a connection that died silently
            if received is not None and received["type"] == "message":
                yield Message(received["channel"].decode().removeprefix(self._name("")), received["data"])

    def _name(self, name: str) -> str:
        return f"{self.prefix}:{name}"


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many attempts are left in the present window (0 and `exceeded` beyond it), and when it ends (Unix time)."""

    limit: int
    remaining: int
    resets_at: int
    exceeded: bool


class RateLimiter:
    """Counts attempts in Redis, for all processes together; while Redis is away, in this process alone."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._shared: SlidingWindowCounterRateLimiter | None = None
        self._own_storage = MemoryStorage()
        self._own = SlidingWindowCounterRateLimiter(self._own_storage)

    async def hit(self, name: str, key: str, limit: str) -> int | None:
        """Count an attempt of `key`, such as an address, at `name`, such as "sign-in".

        `limit` reads like "30/minute" or "5 per 10 minutes". Returns None while the attempt is within it,
        else in how many seconds, at least one, to try again; refused attempts are not counted.
        """
        try:
            with self._live.trying() as client:
                return await _hit(self._limiter(client), name, key, limit)
        except LiveUnavailable:
            return await _hit(self._own, name, key, limit)

    async def spend(self, name: str, key: str, *, limit: int, window_s: int) -> Allowance:
        """Count an attempt in a fixed window and tell what is left, in one round trip."""
        resets_at = (int(time.time()) // window_s + 1) * window_s
        counter = f"spent/{name}/{key}/{resets_at}"
        try:
            with self._live.trying() as client:
                used = await self._limiter(client).storage.incr(counter, window_s)
        except LiveUnavailable:
            used = await self._own_storage.incr(counter, window_s)
        return Allowance(limit, max(0, limit - used), resets_at, exceeded=used > limit)

    def _limiter(self, client: redis.Redis) -> SlidingWindowCounterRateLimiter:
        if self._shared is None:
            # The pool is the client's own: no further connections, and its time-outs.
            storage = RedisStorage(
                "async+redis://",
                implementation="redispy",
                key_prefix=f"{self._live.prefix}:limits",
                connection_pool=client.connection_pool,  # type: ignore[arg-type]
            )
            self._shared = SlidingWindowCounterRateLimiter(storage)
        return self._shared


async def _hit(limiter: SlidingWindowCounterRateLimiter, name: str, key: str, limit: str) -> int | None:
    item = parse(limit)
    if await limiter.hit(item, name, key):
        return None
    stats = await limiter.get_window_stats(item, name, key)
    return max(1, math.ceil(stats.reset_time - time.time()))


def _clients(url: str) -> tuple[redis.Redis, list[redis.Redis]]:
    """Return the client to use, and those of the sentinels that it asks for the master."""
    options: dict[str, Any] = {
        "socket_connect_timeout": _CONNECT_TIMEOUT_S,
        "socket_timeout": _ANSWER_TIMEOUT_S,
        # One more try for a pooled connection that Redis closed since its last use.
        "retry": Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    }
    parts = urlsplit(url)
    if parts.scheme != "redis+sentinel":
        client: redis.Redis = redis.Redis.from_url(url, **options)
        return client, []
    # redis+sentinel://[:password@]host[:port],host[:port]/service
    authority = parts.netloc.rpartition("@")
    hosts = [host.partition(":") for host in authority[2].split(",")]
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        [(host, int(port or _SENTINEL_PORT)) for host, _, port in hosts],
        sentinel_kwargs={"socket_connect_timeout": _CONNECT_TIMEOUT_S, "socket_timeout": _CONNECT_TIMEOUT_S},
        password=authority[0].removeprefix(":") or None,
        **options,
    )
    master: redis.Redis = sentinel.master_for(parts.path.strip("/") or "mymaster")
    return master, sentinel.sentinels
