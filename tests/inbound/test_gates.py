"""Servers whose media are refused, and a place that talks to listed servers only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from federation.actions import gates
from federation.actions.files import evict_copies
from federation.actions.gates import DomainRefusal
from federation.actions.sessions import create_token
from federation.media.urls import proxied_path
from storage import activities
from storage.people import Person
from tests.acting import follow, keep_copy
from tests.federation_peer import Peer, Server, nothing_happens, our_server, rsa_key
from tests.media.samples import picture
from tests.services_fixture import make_person, make_remote_person

if TYPE_CHECKING:
    from tests.engines_fixture import Servers
    from tests.remote.fediverse import Host

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def root(server: Server) -> Person:
    """An admin of our server."""
    return await make_person(server.services, "root", role="admin")


def _pictured(peer: Peer, url: str) -> dict[str, Any]:
    return peer.note(attachment=[{"type": "Image", "mediaType": "image/png", "url": url, "name": "A cat"}])


@pytest_asyncio.fixture(loop_scope="module")
async def refusing(server: Server, remote: Host, root: Person) -> AsyncIterator[DomainRefusal]:
    """A refusal of the media of a server, which is lifted afterwards."""
    yield DomainRefusal("noop", reject_media=True)
    for one in await server.rows("SELECT id FROM domain_blocks"):
        await gates.lift_domain(server.services, root, one[0])


async def test_media_of_a_refused_source_are_neither_kept_nor_shown(
    server: Server, remote: Host, other: Host, root: Person, refusing: DomainRefusal
) -> None:
    services = server.services
    own, elsewhere, portrait = f"{remote.origin}/own.png", f"{other.origin}/far.png", f"{remote.origin}/me.png"
    peer = Peer.at(remote, icon={"type": "Image", "mediaType": "image/png", "url": portrait})
    await peer.gain_follower(server)
    for url in (own, elsewhere):
        assert await peer.deliver(server, peer.create(_pictured(peer, url))) == ""
    for url in (own, elsewhere, portrait):
        await keep_copy(services, url, picture(), "image/png")
        assert (await server.client.get(proxied_path(url))).status_code == 200
    await gates.set_domain(services, root, remote.authority, refusing, new=True)
    for url in (own, elsewhere, portrait):
        assert (await server.client.get(proxied_path(url))).status_code == 404
    assert (await server.rows("SELECT avatar_url FROM users WHERE ap_id = $1", peer.ap_id))[0][0] is None
    assert (await peer.known(server)).avatar_url is None
    note = _pictured(peer, own)
    assert await peer.deliver(server, peer.create(note)) == ""
    stored = await server.thought(note["id"])
    assert stored is not None
    assert stored.attachments == []
    await evict_copies(services)
    assert [name async for name in services.blobs.list("proxy")] == []
    stranger = Peer.at(other, key=rsa_key(1))
    assert (await stranger.known(server)).ap_id == stranger.ap_id


async def test_media_come_again_when_the_refusal_is_lifted(
    server: Server, remote: Host, root: Person, refusing: DomainRefusal
) -> None:
    block = await gates.set_domain(server.services, root, remote.authority, refusing, new=True)
    await gates.lift_domain(server.services, root, block.id)
    peer = Peer.at(remote, icon={"type": "Image", "mediaType": "image/png", "url": f"{remote.origin}/you.png"})
    assert (await peer.known(server)).avatar_url == f"{remote.origin}/you.png"
    await peer.gain_follower(server)
    note = _pictured(peer, f"{remote.origin}/b.png")
    assert await peer.deliver(server, peer.create(note)) == ""
    stored = await server.thought(note["id"])
    assert stored is not None
    assert len(stored.attachments) == 1


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def closed(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server of ours that talks to listed servers only."""
    async with our_server(servers, tmp_path_factory.mktemp("closed"), limited_federation=True) as server:
        yield server


async def _addressed(server: Server) -> set[str]:
    """Return the hosts that what waits for the relay goes to, and leave none of it waiting."""
    async with server.services.database.transaction() as db:
        while await activities.expand_fanouts(db, limit=100):
            pass
        return {host for (host,) in await db.fetch("DELETE FROM deliveries RETURNING host")}


async def test_only_listed_servers_come_in_and_are_sent_something(closed: Server, remote: Host, other: Host) -> None:
    services = closed.services
    root, person = await make_person(services, "root", role="admin"), await closed.person()
    listed, unlisted = Peer.at(remote), Peer.at(other, key=rsa_key(1))
    entry = await gates.add_name(services, root, "allowed domain", remote.authority)
    other.asked.clear()
    async with nothing_happens(closed):
        assert (await unlisted.post(closed, unlisted.follow(person))).status_code == 403
    token = await create_token(services, person)
    query = {"q": f"@{unlisted.name}@{other.authority}", "resolve": "true"}
    found = await closed.client.get("/api/v2/search", params=query, headers={"authorization": f"Bearer {token}"})
    assert found.json()["accounts"] == []
    assert [url for url in other.asked if "/users/" in str(url)] == []
    assert await listed.deliver(closed, listed.follow(person)) == ""
    await follow(services, await make_remote_person(services, "far"), person)
    await closed.publish(person, "to those who listen")
    assert await _addressed(closed) == {remote.authority}
    await gates.remove_name(services, root, "allowed domain", entry.id)
    await closed.publish(person, "to nobody")
    assert await _addressed(closed) == set()
    assert (await listed.post(closed, listed.create(listed.note(person)))).status_code == 403
    assert (await closed.client.get("/api/v2/instance")).json()["configuration"]["limited_federation"] is True
