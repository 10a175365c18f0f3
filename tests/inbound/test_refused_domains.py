"""A refused domain is never contacted, whoever points there: it counts the requests that reach it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from federation.actions.hosts import block_domain, unblock_domain
from federation.actions.profiles import ProfileForm, edit_profile
from federation.actions.sessions import create_token
from federation.media.urls import proxied_path
from federation.protocol.documents import AS
from storage import fetches
from tests.federation_peer import OTHER, Peer, Server, rsa_key
from tests.remote.fediverse import Host, running

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shady(server: Server) -> AsyncIterator[Host]:
    """A server that ours refuses."""
    async with running(OTHER) as host:
        yield host


@pytest_asyncio.fixture(loop_scope="module")
async def enemy(server: Server, shady: Host) -> AsyncIterator[Peer]:
    """Somebody of the refused server, unknown here, and with a picture."""
    enemy = Peer.at(shady, key=rsa_key(1))
    await block_domain(server.services, shady.authority, "", by=None)
    shady.asked.clear()
    yield enemy
    await unblock_domain(server.services, shady.authority, by=None)


async def _boost(server: Server, peer: Peer, enemy: Peer) -> None:
    await peer.gain_follower(server)
    note = enemy.note()
    enemy.create(note)
    await peer.deliver(server, peer.activity("Announce", note["id"]))


async def _redirected_boost(server: Server, peer: Peer, enemy: Peer) -> None:
    await peer.gain_follower(server)
    note = enemy.note()
    enemy.create(note)
    here = peer.new_id("notes")
    peer.host.redirect(here, note["id"])
    await peer.deliver(server, peer.activity("Announce", here))


async def _reply(server: Server, peer: Peer, enemy: Peer) -> None:
    await peer.gain_follower(server)
    note = enemy.note()
    enemy.create(note)
    assert await peer.deliver(server, peer.create(peer.note(inReplyTo=note["id"]))) == ""


async def _forwarded(server: Server, peer: Peer, enemy: Peer) -> None:
    create = enemy.create(enemy.note())
    answer = await peer.post(server, {**create, "signature": {"type": "RsaSignature2017"}})
    assert answer.status_code == 202
    await server.drain()


async def _queued(server: Server, peer: Peer, enemy: Peer) -> None:
    note = enemy.note()
    enemy.create(note)
    async with server.services.database.transaction() as db:
        for kind, url in (("thought", note["id"]), ("actor", enemy.ap_id), ("profile", enemy.ap_id)):
            await fetches.request(db, kind, [url])
    await server.drain()


async def _search(server: Server, peer: Peer, enemy: Peer) -> None:
    note = enemy.note()
    enemy.create(note)
    token = await create_token(server.services, await server.person())
    for query in (note["id"], enemy.ap_id, f"@{enemy.name}@{enemy.host.authority}"):
        answer = await server.client.get(
            "/api/v2/search", params={"q": query, "resolve": "true"}, headers={"authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 200
        assert answer.json() == {"accounts": [], "statuses": [], "hashtags": [], "collections": []}


async def _mention(server: Server, peer: Peer, enemy: Peer) -> None:
    await server.publish(await server.person(), f"@{enemy.name}@{enemy.host.authority} hi")


async def _verified_link(server: Server, peer: Peer, enemy: Peer) -> None:
    person = await server.person()
    await edit_profile(server.services, person, ProfileForm("", "", fields=[("Site", f"{enemy.host.origin}/me")]))
    await server.drain()


async def _picture(server: Server, peer: Peer, enemy: Peer) -> None:
    url = enemy.new_id("pictures")
    vain = Peer.at(peer.host, icon={"type": "Image", "mediaType": "image/png", "url": url})
    person = await vain.known(server)
    assert person.avatar_url == url
    assert (await server.client.get(proxied_path(url))).status_code == 404


async def _pages_of_collections(server: Server, peer: Peer, enemy: Peer) -> None:
    sly = Peer.at(peer.host)
    outbox = {"@context": AS, "id": sly.document["outbox"], "type": "OrderedCollection", "first": enemy.new_id("page")}
    peer.host.put(sly.document["outbox"], outbox)
    note = enemy.note()
    enemy.create(note)
    featured = {
        "@context": AS,
        "id": sly.document["featured"],
        "type": "OrderedCollection",
        "orderedItems": [note["id"]],
    }
    peer.host.put(sly.document["featured"], featured)
    await sly.known(server)
    async with server.services.database.transaction() as db:
        await fetches.request(db, "profile", [sly.ap_id])
    await server.drain()


Pointer = Callable[[Server, Peer, Peer], Awaitable[None]]
POINTERS: dict[str, Pointer] = {
    "a boost": _boost,
    "a boost that is redirected": _redirected_boost,
    "a reply": _reply,
    "a forwarded activity": _forwarded,
    "what was to be read before": _queued,
    "a search": _search,
    "a mention": _mention,
    "a profile's link": _verified_link,
    "a picture": _picture,
    "a collection": _pages_of_collections,
}


@pytest.mark.parametrize("name", POINTERS)
async def test_nothing_is_asked_of_a_refused_domain(server: Server, peer: Peer, enemy: Peer, name: str) -> None:
    await POINTERS[name](server, peer, enemy)
    assert enemy.host.asked == []
    assert await server.value("SELECT count(*) FROM thoughts WHERE ap_id LIKE $1", f"{enemy.host.origin}/%") == 0


# A search that expects to find nothing, and a page that lies elsewhere, would not pass or not be read anyway.
@pytest.mark.parametrize("name", sorted(POINTERS.keys() - {"a search", "a collection"}))
async def test_any_other_domain_is_asked_the_same(server: Server, peer: Peer, shady: Host, name: str) -> None:
    friend = Peer.at(shady)
    shady.asked.clear()
    await POINTERS[name](server, peer, friend)
    assert shady.asked != []
