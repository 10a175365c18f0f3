"""The streams of this process: who listens, and the news of all processes told to them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

import structlog
from prometheus_client import Gauge

from federation.actions.streams import find_dead
from federation.errors import TooMany
from storage.errors import LiveUnavailable, StorageError
from storage.news import hear_news
from web.client_api.entities.site import Site
from web.streaming.telling import tell

if TYPE_CHECKING:
    from uuid import UUID

    from federation.services import Services
    from storage.news import News
    from web.streaming.channels import Channel
    from web.streaming.client import Client, Label

log = structlog.get_logger(__name__)

OPEN: Final = Gauge("thoughts_streams_open", "Streams that apps and pages listen to.")

MOST_PER_PERSON: Final = 50
_BEAT_S: Final = 15.0
_CHECK_S: Final = 30.0
_RETRY_S: Final = 0.5
_PATIENCE_S: Final = 2.0
_HEARD_S: Final = 0.1


class Hub:
    """Knows every open stream of this process, and tells each what concerns it.

    Listens to Redis only while somebody listens to us. Without Redis streams stay open, and quiet.
    """

    def __init__(self) -> None:
        self.clients: set[Client] = set()
        self.by_channel: dict[Channel, set[Client]] = {}
        self._per_person: Counter[UUID] = Counter()
        self._wanted = asyncio.Event()
        self._hearing = asyncio.Event()
        self._closing = False
        self._services: Services | None = None

    @property
    def services(self) -> Services:
        """The process's services, between the start of its lifespan and its end."""
        if self._services is None:
            raise RuntimeError("The streams are not running.")
        return self._services

    @asynccontextmanager
    async def running(self, services: Services) -> AsyncIterator[None]:
        """Tell news for the length of the block; at its end every stream ends."""
        self._services, self._closing = services, False
        site = Site.of(services.settings)
        tasks = [
            asyncio.create_task(work, name="streams")
            for work in (self._hear(services, site), self._beat(), self._check(services))
        ]
        try:
            yield
        finally:
            self.close()
            await _end(tasks)

    def close(self) -> None:
        """End every stream, and let nobody in any more."""
        self._closing = True
        for client in self.clients:
            client.let_go()

    @property
    def closing(self) -> bool:
        """Whether the server is about to stop."""
        return self._closing

    def enter(self, client: Client) -> None:
        """Take a client in; raise `TooMany` when its person has too many already."""
        person_id = client.listener.person.id
        if self._per_person[person_id] >= MOST_PER_PERSON:
            raise TooMany("Too many streams are open.", retry_after_s=60)
        self._per_person[person_id] += 1
        self.clients.add(client)
        OPEN.inc()
        self._wanted.set()

    async def until_hearing(self) -> None:
        """Return when news arrive here, or after a while without Redis."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                await self._hearing.wait()

    def leave(self, client: Client) -> None:
        """Forget a client."""
        person_id = client.listener.person.id
        self._per_person[person_id] -= 1
        if not self._per_person[person_id]:
            del self._per_person[person_id]
        self.clients.discard(client)
        OPEN.dec()
        for channel in [*client.labels]:
            self.unsubscribe(client, channel)
        if not self.clients:
            self._wanted.clear()

    def subscribe(self, client: Client, channel: Channel, label: Label) -> None:
        """Let a client listen to a channel."""
        client.labels[channel] = label
        self.by_channel.setdefault(channel, set()).add(client)

    def unsubscribe(self, client: Client, channel: Channel) -> None:
        """Let a client listen to a channel no more."""
        if client.labels.pop(channel, None) is None:
            return
        listening = self.by_channel[channel]
        listening.discard(client)
        if not listening:
            del self.by_channel[channel]

    async def _hear(self, services: Services, site: Site) -> None:
        while True:
            await self._wanted.wait()
            try:
                async with hear_news(services.live) as batches, aclosing(batches):
                    self._hearing.set()
                    async for news in batches:
                        await self._tell(services, site, news)
                        if not self.clients:
                            break
            except LiveUnavailable as exc:
                if self._hearing.is_set():
                    log.warning("streams wait for Redis", error=str(exc))
            finally:
                self._hearing.clear()
            await asyncio.sleep(_RETRY_S)

    async def _tell(self, services: Services, site: Site, news: Iterable[News]) -> None:
        try:
            await tell(self, services, site, news)
        except StorageError as exc:
            log.warning("streams miss news", error=str(exc))
        except Exception:  # the process edge: one event that cannot be told must not silence the streams
            log.exception("news could not be told")

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(_BEAT_S)
            for client in self.clients:
                client.beat()

    async def _check(self, services: Services) -> None:
        """End the streams of revoked tokens, ended sessions and suspended people."""
        while True:
            await asyncio.sleep(_CHECK_S)
            await self.end_dead(services)

    async def end_dead(self, services: Services) -> None:
        """Look once at whom the open streams speak for."""
        hashes = {client.listener.token_hash for client in self.clients}
        if not hashes:
            return
        with suppress(StorageError):
            dead = await find_dead(services, hashes)
            for client in self.clients:
                if client.listener.token_hash in dead:
                    client.let_go()


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel tasks until they hear it: a wait for Redis now and then swallows the cancellation."""
    waiting = set(tasks)
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=_HEARD_S)
