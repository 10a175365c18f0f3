"""A reader with real network, database and signature, and two servers to read from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest

from federation.protocol.ids import Urls
from federation.protocol.keys import PrivateKey, generate_rsa_key
from federation.remote.keyring import SigningKey
from federation.remote.network import NetworkClient
from federation.remote.reader import Reader
from federation.settings import AllowedNetwork, Settings
from storage.database import Database
from tests.remote.fediverse import Clock, Host, running

ORIGIN = "http://127.0.0.9:8000"
SETTINGS = Settings(
    origin=ORIGIN,
    account_domain="thoughts.example",
    allow_networks=(AllowedNetwork(ip_network("127.0.0.2/31")), AllowedNetwork(ip_network("127.0.0.9/32"))),
)


@pytest.fixture(scope="session")
def instance_key() -> PrivateKey:
    """The instance actor's key: made once, it takes a tenth of a second."""
    return generate_rsa_key()


@pytest.fixture
def clock() -> Clock:
    """The reader's clock."""
    return Clock()


@pytest.fixture
async def reader(database: Database, clock: Clock, instance_key: PrivateKey) -> AsyncIterator[Reader]:
    """A reader that may reach the hosts of the fake fediverse, and no other private address."""
    signer = SigningKey(f"{ORIGIN}/actor#main-key", instance_key).signer(clock)
    async with NetworkClient(SETTINGS) as network:
        yield Reader(network, database, Urls(ORIGIN), SETTINGS.account_domain, signer, clock)


@pytest.fixture
async def remote() -> AsyncIterator[Host]:
    """A server."""
    async with running("127.0.0.2") as host:
        yield host


@pytest.fixture
async def other() -> AsyncIterator[Host]:
    """Another server."""
    async with running("127.0.0.3") as host:
        yield host
