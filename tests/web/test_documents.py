"""What other servers read of ours: discovery, actors, thoughts, activities, collections, and who is refused."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest
import pytest_asyncio

from federation.actions.accounts import delete_account, suspend
from federation.actions.blocks import block_person
from federation.actions.delete_thought import delete_thought
from federation.actions.edit_thought import Revision, edit_thought
from federation.actions.follows import follow_person
from federation.actions.hosts import block_domain
from federation.actions.reactions import boost_thought, pin_thought
from federation.protocol.documents import parse_document
from federation.protocol.objects import RemoteThought, parse_object
from storage.people import Person
from storage.thoughts import Thought
from tests.engines_fixture import Servers
from tests.federation_peer import REMOTE, Peer, Server, Signing, our_server, refused
from tests.payloads.mastodon import AS, PUBLIC
from tests.remote.fediverse import Host, running
from tests.services_fixture import browser, sign_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

ACTIVITY = "application/activity+json; charset=utf-8"
LD_JSON = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
# Real values (federation facts §2.4).
ASKS_FOR_ACTIVITY = {
    "Mastodon, known id": "application/activity+json, application/ld+json",
    "Mastodon, dereferencing": f"{LD_JSON}, application/activity+json",
    "Mastodon, typed by a person": f"{LD_JSON}, application/activity+json, text/html;q=0.1",
    "GoToSocial": f"{LD_JSON},application/activity+json",
    "Misskey": f"application/activity+json, {LD_JSON}",
    "Mitra": LD_JSON,
    "Akkoma": f"application/activity+json, {LD_JSON}",
    "plain JSON": "application/json",
    "Lemmy": "application/activity+json",
}
ASKS_FOR_A_PAGE = {
    "nothing": "",
    "anything": "*/*",
    "Firefox": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Chromium": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "JSON after HTML": "text/html, application/json;q=0.9",
    "refused by its quality": "application/activity+json;q=0, text/html",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """Our server."""
    async with our_server(servers, tmp_path_factory.mktemp("data")) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guarded(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """Our server with authorized fetch."""
    async with our_server(servers, tmp_path_factory.mktemp("data"), authorized_fetch=True) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def remote() -> AsyncIterator[Host]:
    """A server."""
    async with running(REMOTE) as host:
        yield host


@pytest.fixture
def peer(remote: Host) -> Peer:
    """Somebody of that server."""
    return Peer.at(remote)


async def fetch(server: Server, url: str, accept: str = "application/activity+json") -> httpx.Response:
    """Fetch an address of ours as a stranger."""
    parts = urlsplit(url)
    return await server.client.get(
        parts.path + (f"?{parts.query}" if parts.query else ""), headers={"accept": accept} if accept else {}
    )


async def document(server: Server, url: str) -> dict[str, Any]:
    """Fetch a document of ours: whose id is its address, in exactly the content type that readers compare with."""
    answer = await fetch(server, url)
    assert (answer.status_code, answer.headers["content-type"]) == (200, ACTIVITY), answer.text
    assert answer.headers["vary"] == "Accept, Signature"
    assert answer.headers["cache-control"] == "public, max-age=60"
    found: dict[str, Any] = answer.json()
    assert found["id"] == url
    assert AS in (found["@context"] if isinstance(found["@context"], list) else [found["@context"]])
    return found


async def finger(server: Server, resource: str) -> httpx.Response:
    return await server.client.get(f"/.well-known/webfinger?resource={quote(resource, safe='')}")


# Discovery


async def test_webfinger_answers_every_form_of_a_persons_name(server: Server) -> None:
    bob = await server.person()
    forms = (
        f"acct:{bob.username}@localhost:8000", f"acct:{bob.username.upper()}@localhost:8000",
        f"acct:{bob.username}@LOCALHOST:8000", f"{bob.username}@localhost:8000",
        f"@{bob.username}@localhost:8000", bob.ap_id, bob.profile_url,
    )  # fmt: skip
    for form in forms:
        answer = await finger(server, form)
        assert answer.status_code == 200, form
        assert answer.headers["content-type"] == "application/jrd+json; charset=utf-8"
        assert answer.headers["access-control-allow-origin"] == "*"
        jrd = answer.json()
        assert jrd["subject"] == f"acct:{bob.username}@localhost:8000"
        assert jrd["aliases"] == [bob.profile_url, bob.ap_id]
        own = {link["type"]: link["href"] for link in jrd["links"] if link["rel"] == "self"}
        assert own == {"application/activity+json": bob.ap_id, LD_JSON: bob.ap_id}
    raw = await server.client.get(f"/.well-known/webfinger?resource=acct:{bob.username}@localhost:8000")
    assert raw.status_code == 200


async def test_webfinger_of_the_server_itself(server: Server) -> None:
    for resource in ("acct:localhost:8000@localhost:8000", f"{server.origin}/actor"):
        jrd = (await finger(server, resource)).json()
        assert jrd["subject"] == "acct:localhost:8000@localhost:8000"
        assert jrd["links"][0]["href"] == f"{server.origin}/actor"
    for resource in (server.origin, f"{server.origin}/"):
        (link,) = (await finger(server, resource)).json()["links"]
        assert (link["rel"], link["href"]) == (f"{AS}#Service", f"{server.origin}/actor")


async def test_webfinger_refuses_what_is_no_resource_and_does_not_know_strangers(server: Server) -> None:
    left, hidden = await server.person(), await server.person()
    await delete_account(server.services, left)
    await suspend(server.services, None, hidden)
    cases = {
        "": 400, "acct:": 400, "hello": 400, "acct:@localhost:8000": 400, "https://": 400, "ftp://localhost:8000/": 400,
        "acct:bob": 400, "acct:nobody@localhost:8000": 404, "acct:bob@elsewhere.example": 404,
        f"{server.origin}/users/nobody": 404, f"{server.origin}/thoughts/x": 404, "https://elsewhere.example/@bob": 404,
        f"acct:{hidden.username}@localhost:8000": 404, f"acct:{left.username}@localhost:8000": 410, left.ap_id: 410,
    }  # fmt: skip
    for resource, status in cases.items():
        answer = await finger(server, resource)
        refused(answer, status)
        assert answer.headers["access-control-allow-origin"] == "*"
    refused(await server.client.get("/.well-known/webfinger"), 400)
    for strange in ("%00", "acct:a%00b@localhost:8000", "acct:%ff@localhost:8000", "%F0%9F%98%80", "a" * 5000):
        assert (await server.client.get(f"/.well-known/webfinger?resource={strange}")).status_code in (400, 404, 422)


async def test_host_meta_leads_to_webfinger(server: Server) -> None:
    template = f"{server.origin}/.well-known/webfinger?resource={{uri}}"
    xml = await server.client.get("/.well-known/host-meta")
    assert xml.headers["content-type"] == "application/xrd+xml; charset=utf-8"
    assert f'<Link rel="lrdd" template="{template}"/>' in xml.text
    for path, accept in (("/.well-known/host-meta.json", "*/*"), ("/.well-known/host-meta", "application/json")):
        answer = await server.client.get(path, headers={"accept": accept})
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        assert answer.json() == {"links": [{"rel": "lrdd", "template": template}]}
    assert xml.headers["vary"] == "Accept"


@pytest.mark.parametrize("version", ["2.0", "2.1"])
async def test_nodeinfo_keeps_to_its_schema(server: Server, version: str) -> None:
    links = (await server.client.get("/.well-known/nodeinfo")).json()["links"]
    schema = f"http://nodeinfo.diaspora.software/ns/schema/{version}"
    (href,) = [link["href"] for link in links if link["rel"] == schema]
    answer = await fetch(server, href, "")
    assert answer.headers["content-type"] == f'application/json; profile="{schema}#"'
    assert answer.headers["access-control-allow-origin"] == "*"
    found = answer.json()
    assert set(found) == {
        "version", "software", "protocols", "services", "openRegistrations", "usage", "metadata"
    }  # fmt: skip
    assert (found["version"], found["protocols"]) == (version, ["activitypub"])
    assert found["services"] == {"inbound": [], "outbound": []}
    assert found["openRegistrations"] is True
    assert set(found["software"]) == {"name", "version"} | ({"homepage"} if version == "2.1" else set())
    assert found["software"]["name"] == "thoughts"
    assert all(isinstance(number, int) for number in found["usage"]["users"].values())
    assert {link["rel"]: link["href"] for link in links}[f"{AS}#Application"] == f"{server.origin}/actor"


# Actors


async def test_actor_shows_what_other_servers_need(server: Server) -> None:
    bob = await server.person()
    found = await document(server, bob.ap_id)
    assert (found["type"], found["preferredUsername"]) == ("Person", bob.username)
    for name, path in (
        ("inbox", "/inbox"),
        ("outbox", "/outbox"),
        ("followers", "/followers"),
        ("following", "/following"),
    ):
        assert found[name] == bob.ap_id + path
    assert found["endpoints"] == {"sharedInbox": f"{server.origin}/inbox"}
    assert found["publicKey"]["id"] == f"{bob.ap_id}#main-key"
    assert found["publicKey"]["owner"] == bob.ap_id
    assert found["publicKey"]["publicKeyPem"].startswith("-----BEGIN PUBLIC KEY-----\n")
    assert found["assertionMethod"][0]["controller"] == bob.ap_id
    assert "PRIVATE" not in json.dumps(found)
    assert "@mail.example" not in json.dumps(found)


async def test_instance_actor_is_an_application(server: Server) -> None:
    found = await document(server, f"{server.origin}/actor")
    assert (found["type"], found["preferredUsername"]) == ("Application", "localhost:8000")
    outbox = await document(server, found["outbox"])
    assert outbox["totalItems"] == 0
    assert (await fetch(server, f"{server.origin}/users/localhost:8000")).status_code == 404


async def test_actors_who_are_not_there(server: Server) -> None:
    left, hidden, waiting = await server.person(), await server.person(), await server.person(state="pending")
    await delete_account(server.services, left)
    await suspend(server.services, None, hidden)
    for name in ("nobody", hidden.username, waiting.username, "%ff", "a" * 3000):
        for path in ("", "/outbox", "/outbox?page=true", "/followers", "/following?page=true", "/featured"):
            assert (await fetch(server, f"{server.origin}/users/{name}{path}")).status_code == 404, (name, path)
    for path in ("", "/outbox", "/followers", "/featured"):
        answer = await fetch(server, left.ap_id + path)
        assert (answer.status_code, answer.headers["content-type"]) == (410, ACTIVITY)
        assert (answer.json()["type"], answer.json()["id"]) == ("Tombstone", left.ap_id)
        assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize("accept", ASKS_FOR_ACTIVITY.values(), ids=ASKS_FOR_ACTIVITY)
async def test_servers_get_documents_and_pages_send_them_there(server: Server, accept: str) -> None:
    bob = await server.person()
    thought = await server.publish(bob)
    for url in (bob.ap_id, thought.ap_id):
        answer = await fetch(server, url, accept)
        assert (answer.status_code, answer.headers["content-type"]) == (200, ACTIVITY)
    for page, object_id in ((bob.profile_url, bob.ap_id), (thought.url, thought.ap_id)):
        answer = await fetch(server, page, accept)
        assert (answer.status_code, answer.headers["location"]) == (302, object_id)
        assert "Accept" in answer.headers["vary"]


@pytest.mark.parametrize("accept", ASKS_FOR_A_PAGE.values(), ids=ASKS_FOR_A_PAGE)
async def test_browsers_are_sent_to_pages(server: Server, accept: str) -> None:
    bob = await server.person()
    thought = await server.publish(bob)
    for object_id, page in ((bob.ap_id, bob.profile_url), (thought.ap_id, thought.url)):
        answer = await fetch(server, object_id, accept)
        assert (answer.status_code, answer.headers["location"]) == (302, page)
        assert "Accept" in answer.headers["vary"]


async def test_two_accept_headers_count_together(server: Server) -> None:
    bob = await server.person()
    answer = await server.client.get(
        urlsplit(bob.ap_id).path, headers=[("accept", "text/html;q=0.1"), ("accept", LD_JSON)]
    )
    assert answer.headers["content-type"] == ACTIVITY


# Thoughts and who may see them


async def befriend(server: Server, peer: Peer) -> Person:
    """Let a peer follow somebody new here."""
    bob = await server.person()
    assert await peer.deliver(server, peer.follow(bob)) == ""
    return bob


async def test_note_says_everything_and_can_be_read_back(server: Server, peer: Peer) -> None:
    bob = await server.person()
    theirs = peer.note(bob)
    await peer.deliver(server, peer.create(theirs))
    parent = await server.thought(theirs["id"])
    assert parent is not None
    them = await peer.known(server)
    thought = await server.publish(
        bob, f"Hi @{them.username}@{them.domain} <b> #Tea", summary="tea", language="en", reply_to=parent.id
    )  # fmt: skip
    found = await document(server, thought.ap_id)
    assert (found["type"], found["attributedTo"], found["url"]) == ("Note", bob.ap_id, thought.url)
    assert (found["inReplyTo"], found["summary"], found["sensitive"]) == (theirs["id"], "tea", True)
    assert found["to"] == [PUBLIC]
    assert set(found["cc"]) == {f"{bob.ap_id}/followers", peer.ap_id}
    assert found["contentMap"] == {"en": found["content"]}
    assert "<b>" not in found["content"]
    assert {(tag["type"], tag["href"]) for tag in found["tag"]} == {
        ("Mention", peer.ap_id), ("Hashtag", f"{server.origin}/tags/tea")
    }  # fmt: skip
    read = parse_object(parse_document(json.dumps(found).encode(), limit=1 << 20))
    assert isinstance(read, RemoteThought)
    assert (read.id, read.summary, read.in_reply_to) == (thought.ap_id, "tea", theirs["id"])


async def test_scripts_that_were_typed_come_out_as_text(server: Server) -> None:
    thought = await server.publish(await server.person(), "<script>alert(1)</script> <img src=x onerror=alert(1)>")
    content = (await document(server, thought.ap_id))["content"]
    assert "<script" not in content
    assert "<img" not in content


@pytest.mark.parametrize("visibility", ["followers", "direct"])
async def test_hidden_thoughts_are_for_their_readers_alone(
    server: Server, peer: Peer, remote: Host, visibility: str
) -> None:
    bob = await befriend(server, peer)
    them = await peer.known(server)
    thought = await server.publish(bob, f"For @{them.username}@{them.domain}", visibility=visibility)
    path = urlsplit(thought.ap_id).path
    other = Peer.at(remote)
    for answer in (
        await fetch(server, thought.ap_id),
        await fetch(server, thought.ap_id, "text/html"),
        await other.get(server, path),
        await peer.get(server, path, Signing(key=other.ed25519)),
        await fetch(server, f"{server.origin}/thoughts/00000000-0000-7000-8000-000000000001"),
    ):
        assert answer.status_code == 404
    for scheme in ("cavage", "rfc9421"):
        answer = await peer.get(server, path, Signing(scheme=scheme))
        assert (answer.status_code, answer.json()["id"]) == (200, thought.ap_id)
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["vary"] == "Accept, Signature"
    assert (await peer.get(server, f"{path}/replies")).status_code == 200
    assert (await fetch(server, f"{thought.ap_id}/replies")).status_code == 404
    visitor = await sign_in(server.services, browser(server.app), bob)
    page = await visitor.get(path, headers={"accept": "text/html"})
    await visitor.client.aclose()
    assert (page.status_code, page.headers["location"]) == (302, thought.url)
    assert await outbox_ids(server, bob) == []
    create = await create_of(server, thought)
    assert (await fetch(server, create)).status_code == 404


async def create_of(server: Server, thought: Thought) -> str:
    found: str = await server.value("SELECT ap_id FROM activities WHERE thought_id = $1 ORDER BY seq", thought.id)
    return found


async def outbox_ids(server: Server, person: Person) -> list[str]:
    page = await document(server, f"{person.ap_id}/outbox?page=true")
    return [
        item["object"] if isinstance(item["object"], str) else item["object"]["id"] for item in page["orderedItems"]
    ]


async def test_blocked_reader_sees_nothing(server: Server, peer: Peer) -> None:
    bob = await befriend(server, peer)
    thought = await server.publish(bob)
    path = urlsplit(thought.ap_id).path
    assert (await peer.get(server, path)).status_code == 200
    await block_person(server.services, bob, await peer.known(server))
    assert (await peer.get(server, path)).status_code == 404


async def test_deleted_thought_is_a_tombstone(server: Server) -> None:
    bob = await server.person()
    thought = await server.publish(bob)
    create = await create_of(server, thought)
    assert (await document(server, create))["object"]["id"] == thought.ap_id
    await delete_thought(server.services, bob, thought.id)
    for url, gone in ((thought.ap_id, thought.ap_id), (f"{thought.ap_id}/replies", thought.ap_id), (create, create)):
        answer = await fetch(server, url)
        assert (answer.status_code, answer.headers["content-type"]) == (410, ACTIVITY)
        assert (answer.json()["type"], answer.json()["id"]) == ("Tombstone", gone)


async def test_nothing_is_left_of_somebody_who_left_or_was_suspended(server: Server) -> None:
    left, hidden = await server.person(), await server.person()
    for person, status in ((left, 410), (hidden, 404)):
        thought = await server.publish(person)
        create = await create_of(server, thought)
        await (delete_account(server.services, left) if person is left else suspend(server.services, None, hidden))
        for url in (thought.ap_id, f"{thought.ap_id}/replies", create):
            assert (await fetch(server, url)).status_code == status, url
    farewell = await server.value("SELECT ap_id FROM activities WHERE type = 'Delete' AND user_id = $1", left.id)
    assert (await document(server, farewell))["object"] == left.ap_id


async def test_malformed_ids_are_unknown(server: Server) -> None:
    bob = await server.person()
    for path in ("/thoughts/1", "/thoughts/x/replies", "/activities/1", "/activities/%ff"):
        assert (await fetch(server, server.origin + path)).status_code == 404, path
    for path in ("/users/a%00b", "/users/%00/outbox", "/thoughts/%00", "/activities/%00"):
        refused(await fetch(server, server.origin + path), 422)
    for query in ("page=true&max_id=x", "page=true&max_id=%ff", "page=x"):
        assert (await fetch(server, f"{bob.ap_id}/outbox?{query}")).status_code == 200


async def test_edited_thought_shows_when(server: Server) -> None:
    bob = await server.person()
    thought = await server.publish(bob)
    await edit_thought(server.services, bob, thought.id, Revision("Better"))
    found = await document(server, thought.ap_id)
    assert found["updated"] >= found["published"]
    assert "Better" in found["content"]


async def test_thoughts_of_others_are_not_served_as_ours(server: Server, peer: Peer) -> None:
    note = peer.note(await server.person())
    await peer.deliver(server, peer.create(note))
    stored = await server.thought(note["id"])
    assert stored is not None
    assert (await fetch(server, server.services.urls.thought(stored.id))).status_code == 404


# Collections


async def test_outbox_pages_hold_what_anybody_may_see(server: Server, peer: Peer) -> None:
    bob, carol = await befriend(server, peer), await server.person()
    theirs = await server.publish(carol)
    mine = [await server.publish(bob, f"Number {number}") for number in range(21)]
    await server.publish(bob, "Secret", visibility="followers")
    await boost_thought(server.services, bob, theirs.id)
    head = await document(server, f"{bob.ap_id}/outbox")
    assert (head["type"], head["totalItems"]) == ("OrderedCollection", 22)
    found: list[str] = []
    url = head["first"]
    while url:
        page = await document(server, url)
        assert (page["type"], page["partOf"]) == ("OrderedCollectionPage", head["id"])
        assert all("@context" not in item for item in page["orderedItems"])
        found += [
            item["object"] if item["type"] == "Announce" else item["object"]["id"] for item in page["orderedItems"]
        ]
        url = page.get("next")
    assert found == [theirs.ap_id, *(thought.ap_id for thought in reversed(mine))]
    create = (await document(server, f"{bob.ap_id}/outbox?page=true"))["orderedItems"][-1]
    assert create["type"] == "Create"
    served = await document(server, create["id"])
    assert {**served, "@context": None} == {**create, "@context": None}
    upper = f"{server.origin}/users/{bob.username.upper()}/outbox"
    assert (await fetch(server, upper)).json()["id"] == head["id"]


async def test_followers_and_following_are_listed(server: Server, peer: Peer) -> None:
    bob, carol = await befriend(server, peer), await server.person()
    await follow_person(server.services, bob, carol)
    await follow_person(server.services, bob, await peer.known(server))  # not accepted yet
    for direction, expected in (("followers", peer.ap_id), ("following", carol.ap_id)):
        head = await document(server, f"{bob.ap_id}/{direction}")
        assert (head["type"], head["totalItems"]) == ("OrderedCollection", 1)
        page = await document(server, head["first"])
        assert (page["type"], page["partOf"], page["orderedItems"]) == (
            "OrderedCollectionPage", head["id"], [expected]
        )  # fmt: skip
        assert "next" not in page


async def test_featured_holds_whole_notes_that_anybody_may_see(server: Server) -> None:
    bob = await server.person()
    pinned, hidden = await server.publish(bob), await server.publish(bob, visibility="followers")
    for thought in (pinned, hidden):
        await pin_thought(server.services, bob, thought.id)
    found = await document(server, f"{bob.ap_id}/featured")
    assert found["totalItems"] == 1
    assert [(note["type"], note["id"]) for note in found["orderedItems"]] == [("Note", pinned.ap_id)]


async def test_replies_are_listed_by_id_without_the_hidden_ones(server: Server, peer: Peer) -> None:
    bob = await befriend(server, peer)
    thought = await server.publish(bob)
    open_reply, hidden = (
        peer.note(bob, inReplyTo=thought.ap_id),
        peer.note(bob, inReplyTo=thought.ap_id, to=[bob.ap_id], cc=[]),
    )
    for note in (open_reply, hidden):
        assert await peer.deliver(server, peer.create(note)) == ""
    note = await document(server, thought.ap_id)
    head = await document(server, note["replies"]["id"])
    assert head["type"] == "Collection"
    page = await document(server, note["replies"]["first"]["next"])
    assert (page["type"], page["partOf"], page["items"]) == ("CollectionPage", head["id"], [open_reply["id"]])


# Activities


async def test_activity_is_served_to_whom_it_concerns(server: Server, peer: Peer) -> None:
    bob = await server.person()
    follow = await follow_person(server.services, bob, await peer.known(server))
    sent = await server.rows("SELECT payload FROM activities WHERE user_id = $1", bob.id)
    path = urlsplit(await server.value("SELECT ap_id FROM activities WHERE user_id = $1", bob.id)).path
    answer = await peer.get(server, path)
    assert (answer.status_code, answer.content) == (200, sent[0][0])
    assert answer.json()["id"] == follow.ap_id
    assert answer.headers["cache-control"] == "private, no-store"
    assert (await fetch(server, server.origin + path)).status_code == 404


# Authorized fetch


async def test_authorized_fetch_asks_for_a_signature(guarded: Server, peer: Peer) -> None:
    bob = await guarded.person()
    thought = await guarded.publish(bob)
    create = await create_of(guarded, thought)
    addresses = [
        bob.ap_id, f"{bob.ap_id}/outbox", f"{bob.ap_id}/outbox?page=true", f"{bob.ap_id}/followers",
        f"{bob.ap_id}/following?page=true", f"{bob.ap_id}/featured", thought.ap_id, f"{thought.ap_id}/replies", create,
    ]  # fmt: skip
    for url in addresses:
        path = url.removeprefix(guarded.origin)
        for answer in (
            await fetch(guarded, url),
            await peer.get(guarded, path, Signing(key=peer.ed25519)),
            await peer.get(guarded, path, Signing(without=("host",))),
            await peer.get(guarded, path, Signing(target="/elsewhere")),
        ):
            assert (answer.status_code, answer.headers["content-type"]) == (401, ACTIVITY), url
            assert answer.json()["error"].endswith(".")
            assert answer.headers["accept-signature"] == 'sig1=("@method" "@target-uri");created;keyid'
            assert answer.headers["cache-control"] == "private, no-store"
        for scheme in ("cavage", "rfc9421"):
            signed = await peer.get(guarded, path, Signing(scheme=scheme))
            assert (signed.status_code, signed.json()["id"]) == (200, url)
            assert signed.headers["cache-control"] == "private, no-store"


async def test_authorized_fetch_leaves_discovery_and_the_instance_actor_open(guarded: Server) -> None:
    bob = await guarded.person()
    assert (await document(guarded, f"{guarded.origin}/actor"))["type"] == "Application"
    assert (await finger(guarded, f"acct:{bob.username}@localhost:8000")).status_code == 200
    for path in ("/.well-known/host-meta", "/.well-known/nodeinfo", "/nodeinfo/2.1"):
        assert (await guarded.client.get(path)).status_code == 200
    assert (await fetch(guarded, bob.ap_id, "text/html")).status_code == 302


async def test_authorized_fetch_refuses_blocked_servers_and_suspended_actors(guarded: Server, peer: Peer) -> None:
    bob = await guarded.person()
    path = urlsplit(bob.ap_id).path
    async with running(REMOTE) as shady:
        await block_domain(guarded.services, shady.authority, "", by=None)
        refused(await Peer.at(shady).get(guarded, path), 403, "does not talk")
    await suspend(guarded.services, None, await peer.known(guarded))
    refused(await peer.get(guarded, path), 403, "suspended")
