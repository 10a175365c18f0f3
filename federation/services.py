"""What every action needs: settings, storage, network and keys, built once per process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from federation.protocol.ids import Urls
from federation.remote.keyring import Keyring
from federation.remote.network import NetworkClient
from federation.remote.reader import Reader
from federation.render import Renderer
from federation.settings import Settings
from storage.database import Database
from storage.live import Live, RateLimiter


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
    wake: Callable[[], None]
    instance_actor_id: UUID
    now: Callable[[], datetime] = utc_now
