"""Our server and two others, shared by the tests of a module: each test brings people of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.engines_fixture import Servers
from tests.federation_peer import OTHER, REMOTE, Peer, Server, our_server, rsa_key
from tests.remote.fediverse import Host, running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """Our server."""
    async with our_server(servers, tmp_path_factory.mktemp("data")) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def remote() -> AsyncIterator[Host]:
    """A server."""
    async with running(REMOTE) as host:
        yield host


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def other() -> AsyncIterator[Host]:
    """Another server."""
    async with running(OTHER) as host:
        yield host


@pytest.fixture
def peer(remote: Host) -> Peer:
    """Somebody of the first server."""
    return Peer.at(remote)


@pytest.fixture
def neighbour(remote: Host) -> Peer:
    """Somebody else of the same server, with another key."""
    return Peer.at(remote, key=rsa_key(1))


@pytest.fixture
def stranger(other: Host) -> Peer:
    """Somebody of the other server, with another key."""
    return Peer.at(other, key=rsa_key(1))
