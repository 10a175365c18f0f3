"""What every action needs: settings, storage, network and keys, built once per process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from federation.media.urls import MediaUrls
from federation.protocol.ids import Urls
from federation.remote.keyring import Keyring
from federation.remote.network import NetworkClient, Refuses
from federation.remote.reader import Reader
from federation.render import Renderer
from federation.settings import Settings
from storage import moderation
from storage.blob_stores import open_blobs
from storage.blobs import Blobs
from storage.database import Database
from storage.errors import DatabaseUnavailable
from storage.live import Live, RateLimiter
from storage.news import NewsRoom
from storage.waking import Waker


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Services:
    """The process's one set of services; `wake` tells the relay that work was committed."""

    settings: Settings
    urls: Urls
    render: Renderer
    database: Database
    live: Live
    limiter: RateLimiter
    network: NetworkClient
    keyring: Keyring
    reader: Reader
    blobs: Blobs
    wake: Callable[[], None]
    instance_actor_id: UUID
    now: Callable[[], datetime] = utc_now

    @property
    def media_urls(self) -> MediaUrls:
        """Where media are served."""
        return self.render.media


def refusals_of(database: Database) -> Refuses:
    """Return what tells the network client whom the admin refuses: asked each time, so that it holds at once."""

    async def refuses(host: str) -> bool:
        async with database.connection() as db:
            return await moderation.is_blocked(db, host)

    return refuses


Settle = Callable[[Database, Settings], Awaitable[UUID]]
"""Make or check what belongs to the instance as such, and return its actor's id (`actions.instance`)."""


@asynccontextmanager
async def open_services(
    settings: Settings, settle: Settle, *, application_name: str = "thoughts", connections: int = 10
) -> AsyncIterator[Services]:
    """Connect to everything, for the length of a block; Redis may be away.

    `settings.database_url` must be given: embedded engines are the business of whoever starts this process.
    """
    if settings.database_url is None:
        raise DatabaseUnavailable("No PostgreSQL is given: set DATABASE_URL, or start with `thoughts serve`.")
    database = await Database.connect(
        settings.database_url, max_size=connections, application_name=application_name
    )  # fmt: skip
    live = Live(settings.redis_url, prefix=f"thoughts:{settings.host}")
    try:
        actor_id = await settle(database, settings)
        refuses = refusals_of(database)
        async with (
            NetworkClient(settings, refuses=refuses) as network,
            Waker(database) as wake,
            NewsRoom(live) as database.publish,
        ):
            keyring = Keyring(database)
            urls = Urls(settings.origin)
            key = await keyring.signing_key(actor_id)
            yield Services(
                settings=settings,
                urls=urls,
                render=Renderer(urls, settings.account_domain, MediaUrls(settings.media_base)),
                database=database,
                live=live,
                limiter=RateLimiter(live),
                network=network,
                keyring=keyring,
                reader=Reader(network, database, urls, settings.account_domain, key.signer(utc_now), utc_now),
                blobs=open_blobs(settings.media_url, settings.data),
                wake=wake,
                instance_actor_id=actor_id,
            )
    finally:
        await live.close()
        await database.close()
