"""What reading from strangers takes: network, database, our own addresses, a signer, and a short memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID
from weakref import WeakValueDictionary

from federation.errors import ThoughtsError
from federation.protocol.ids import Urls
from federation.protocol.keys import PublicKey
from federation.remote.network import NetworkClient, Signer
from federation.remote.recent import Recent

if TYPE_CHECKING:
    from storage.database import Database

_KEYS_KEPT = timedelta(minutes=5)
_REFETCH_PAUSE = timedelta(minutes=5)
_FAILURE_PAUSE = timedelta(minutes=5)
_REFUSAL_KEPT = timedelta(minutes=1)
# A download may take 99 MB on disk, a picture 200 MB of memory while it is decoded.
_MOST_DOWNLOADS = 32
_MOST_DECODING = 3


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A remote actor's public key, parsed, with who owns it. `owner_state` is as it was when read."""

    key_id: str
    key: PublicKey
    owner_id: UUID
    owner_ap_id: str
    owner_state: str
    host: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What one process remembers of strangers; the semaphores bound how many media it works on at once."""

    keys: Recent[VerificationKey]
    refetched_keys: Recent[bool]
    refused_keys: Recent[ThoughtsError]
    unreachable_hosts: Recent[bool]
    unread_actors: Recent[bool]
    downloads: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_MOST_DOWNLOADS))
    decoding: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_MOST_DECODING))
    _locks: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    def alone(self, name: str) -> asyncio.Lock:
        """Return the lock that lets one task at a time read the thing called `name`."""
        return self._locks.setdefault(name, asyncio.Lock())

    @classmethod
    def empty(cls, now: Callable[[], datetime]) -> Memory:
        """Return a memory without anything in it."""
        return cls(
            keys=Recent(_KEYS_KEPT, now=now),
            refetched_keys=Recent(_REFETCH_PAUSE, now=now),
            refused_keys=Recent(_REFUSAL_KEPT, now=now),
            unreachable_hosts=Recent(_FAILURE_PAUSE, now=now),
            unread_actors=Recent(_FAILURE_PAUSE, now=now),
        )


@dataclass(frozen=True, slots=True)
class Reader:
    """The collaborators of every function that reads remote things; one per process.

    `signer` signs as the instance actor. `account_domain` is the domain of our own handles.
    """

    network: NetworkClient
    database: Database
    urls: Urls
    account_domain: str
    signer: Signer
    now: Callable[[], datetime]
    memory: Memory = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "memory", Memory.empty(self.now))
