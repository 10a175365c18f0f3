"""Bodies that were made to break things: too large, too deep, malformed, of wrong types, with scripts and lures."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from hypercorn.asyncio import serve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from federation.inbound.accept import MAX_ACTIVITY_BYTES
from federation.protocol.activities import ACTIVITY_TYPES
from federation.protocol.documents import AS
from tests.federation_peer import Peer, Server, Signing, nothing_happens, refused
from tests.payloads.anything import json_values, patient
from tests.payloads.mastodon import PUBLIC
from tests.remote.fediverse import Host, running
from tests.services_fixture import ORIGIN, browser, sign_in
from web.__main__ import configuration
from web.app import create_app

pytestmark = pytest.mark.asyncio(loop_scope="module")

# A loopback address that the test settings do not open, as little as 10.0.0.1.
FORBIDDEN = "127.0.0.66"


async def test_body_without_end_is_refused_all_the_same(server: Server) -> None:
    sent: list[Any] = []
    taken = 0

    async def receive() -> Any:
        nonlocal taken
        taken += 65536
        return {"type": "http.request", "body": bytes(65536), "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    for announced in (b"", b"99999999999999999999"):
        sent.clear()
        taken = 0
        headers = [(b"content-type", b"application/activity+json"), (b"content-length", announced)]
        scope = {
            "type": "http", "method": "POST", "path": "/inbox", "raw_path": b"/inbox", "query_string": b"",
            "headers": headers, "scheme": "http", "http_version": "1.1", "asgi": {"version": "3.0"},
        }  # fmt: skip
        await server.app(scope, receive, send)  # type: ignore[arg-type]
        assert sent[0]["status"] == 413
        assert (b"connection", b"close") in sent[0]["headers"]
        assert taken < 32 * 1024 * 1024


@asynccontextmanager
async def listening(server: Server) -> AsyncIterator[tuple[str, int]]:
    """Serve the application as in production, on a socket."""
    stopped = asyncio.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = configuration(server.services.settings)
        config.bind = [f"fd://{os.dup(listener.fileno())}"]
        app = create_app(server.services.settings, server.services)
        serving = asyncio.create_task(serve(app, config, shutdown_trigger=stopped.wait))  # type: ignore[arg-type]
        try:
            yield listener.getsockname()[:2]
        finally:
            stopped.set()
            await serving


def send_all_and_read(address: tuple[str, int], head: bytes, pieces: list[bytes]) -> bytes:
    """Send a request to its end, and only then read the answer."""
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(head)
        for piece in pieces:
            connection.sendall(piece)
        return connection.recv(65536)


@pytest.mark.parametrize(
    ("path", "content_type", "status"),
    [
        ("/inbox", "application/activity+json", 413),
        ("/inbox", "text/plain", 415),
        ("/signin", "application/x-www-form-urlencoded", 413),
        ("/api/v1/statuses", "application/json", 413),
        ("/nowhere", "text/plain", 403),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
async def test_sender_of_a_large_body_reads_why_it_is_refused(
    server: Server, *, chunked: bool, path: str, content_type: str, status: int
) -> None:
    piece = b" " * 65536
    count = 6 * 1024 * 1024 // len(piece)
    how = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {count * len(piece)}"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost:8000\r\nContent-Type: {content_type}\r\n{how}\r\n\r\n"
    pieces = [b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece] * count + [b"0\r\n\r\n"] * chunked
    async with listening(server) as address:
        for _ in range(5):
            answer = await asyncio.to_thread(send_all_and_read, address, head.encode(), pieces)
            assert answer.startswith(b"HTTP/1.1 %d" % status)


async def test_oversize_is_refused(server: Server, peer: Peer) -> None:
    bob = await server.person()
    body = json.dumps(peer.create(peer.note(bob, content="x" * MAX_ACTIVITY_BYTES))).encode()
    async with nothing_happens(server, peer):
        refused(await peer.post(server, body), 413, "at most")


async def test_oversize_without_an_announced_size_is_refused_while_it_comes(server: Server, peer: Peer) -> None:
    pieces = 0

    async def long() -> AsyncIterator[bytes]:
        nonlocal pieces
        while pieces < 1000:
            pieces += 1
            yield b" " * 65536

    async with nothing_happens(server, peer):
        answer = await server.client.post(
            "/inbox", content=long(), headers={"content-type": "application/activity+json"}
        )
        refused(answer, 413, "at most")
    assert pieces < 300


MALFORMED = {
    "nothing": b"",
    "no JSON": b"hello",
    "half a document": b'{"@context": "https://www.w3.org/ns/activitystreams", "type": "Follow"',
    "a list": b"[]",
    "a word": b'"Follow"',
    "null": b"null",
    "NaN": b'{"a": NaN}',
    "no UTF-8": b'{"type": "\xff"}',
    "half a surrogate pair": b'{"@context": "https://www.w3.org/ns/activitystreams", "type": "\\ud800"}',
    "deep objects": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "deep lists": b"[" * 100_000,
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
async def test_malformed_body_is_refused(server: Server, peer: Peer, body: bytes) -> None:
    async with nothing_happens(server, peer):
        refused(await peer.post(server, body), 400)


INCOMPLETE: dict[str, dict[str, Any]] = {
    "no type": {"type": None},
    "no id": {"id": None},
    "no actor": {"actor": None},
    "no object": {"object": None},
    "id that is no URL": {"id": "tag:remote.example,2026:1"},
    "id with credentials": {"id": "https://me:you@remote.example/1"},
    "id of another scheme": {"id": "javascript:alert(1)"},
    "id of another scheme with a host": {"id": "ftp://remote.example/1"},
    "no context": {"@context": None},
    "another context": {"@context": "https://a.example/context"},
    "deep, though JSON allows it": {"nonsense": json.loads('{"a":' * 40 + "1" + "}" * 40)},
    "too many values": {"nonsense": ["x"] * 30_000},
    "actor that is no URL": {"actor": "alice@remote.example"},
    "numbers for everything": {"id": 1, "actor": 2, "object": 3},
    "graph": {"@graph": [{"type": "Follow"}]},
    "included": {"@included": [{"type": "Follow"}]},
    "reverse": {"@reverse": {"actor": {"type": "Follow"}}},
    "nest in the object": {"object": {"@nest": {"id": "https://a.example/"}}},
    "alias of graph": {"@context": [AS, {"object": "@graph"}]},
    "two spellings of one property": {"as:actor": "https://a.example/users/eve"},
}


@pytest.mark.parametrize("changes", INCOMPLETE.values(), ids=INCOMPLETE)
async def test_activity_that_is_none_is_refused(server: Server, peer: Peer, changes: dict[str, Any]) -> None:
    bob = await server.person()
    async with nothing_happens(server, peer):
        activity = {name: value for name, value in {**peer.follow(bob), **changes}.items() if value is not None}
        refused(await peer.post(server, activity), 400)


NAMES = """type id actor object target to cc audience published attributedTo content contentMap summary name url tag
    attachment inReplyTo sensitive updated mediaType oneOf endTime icon href quote replies"""
FIELDS = NAMES.split()
SHAPES = st.sampled_from(sorted(ACTIVITY_TYPES | {"EmojiReact", "Dislike", "Listen"}))
VALUES = json_values(
    *FIELDS, "Note", "Question", "Video", "Tombstone", "Person", "Mention", "Hashtag", "Emoji", PUBLIC,
    "2026-11-21T10:00:00Z", "0001-01-01T00:00:00+23:59", "\x00", "http://127.0.0.2:1/1", "https://[::1]/", "//",
)  # fmt: skip
CHANGES = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def followed(server: Server, remote: Host) -> Peer:
    """A peer whom somebody here follows: what they send is stored."""
    peer = Peer.at(remote)
    await peer.gain_follower(server)
    return peer


@settings(patient, suppress_health_check=[*HealthCheck], max_examples=150)
@given(kind=SHAPES, around=CHANGES, inside=CHANGES)
async def test_no_body_breaks_the_server(
    server: Server, followed: Peer, kind: str, around: dict[str, Any], inside: dict[str, Any]
) -> None:
    thing = {**followed.note(), **inside}
    for activity in (
        {**followed.activity(kind, thing), **around},
        {
            **followed.activity(
                kind, {**followed.activity("Follow", thing), **around}, target=followed.document["featured"]
            )
        },
    ):
        answer = await followed.post(server, json.dumps(activity).encode())
        assert answer.status_code == 202 or 400 <= answer.status_code < 500
        await server.drain()
        troubles = "SELECT attempt_log::text FROM {} WHERE attempt_log::text LIKE '%crash%'"
        for table in ("inbox_activities", "fetches"):
            assert await server.rows(troubles.format(table)) == []


async def test_nul_bytes_are_left_out(server: Server, peer: Peer) -> None:
    bob = await server.person()
    note = peer.note(bob, content="<p>a\x00b</p>", summary="c\x00d", name="e\x00", tag=None)
    note["tag"] = [
        {"type": "Mention", "href": bob.ap_id, "name": "@\x00"},
        {"type": "Hashtag", "name": "#nu\x00ll"},
        {"type": "Emoji", "name": ":x\x00:", "icon": {"url": "https://a.example/\x00.png"}},
    ]
    assert await peer.deliver(server, peer.create(note, nonsense="\x00")) == ""
    found = await server.rows("SELECT content, summary FROM thoughts WHERE ap_id = $1", note["id"])
    assert found == [("<p>ab</p>", "cd")]


async def test_long_words_and_deep_html_are_stored_or_dropped_without_a_crash(server: Server, peer: Peer) -> None:
    for content in (
        "<b>" * 100_000,
        "<div>" * 3000 + "x" + "</div>" * 3000,
        "<a href='" + "&" * 100_000 + "'>x</a>",
        " ".join(chr(0x10400 + number // 40) + chr(0x10400 + number % 40) for number in range(1600)) * 30,
        "\U00010400" * 190_000,
    ):
        note = peer.note(await server.person(), content=content)
        note["tag"].append({"type": "Hashtag", "name": "#" + "\U00010400" * 2000})
        body = json.dumps(peer.create(note), ensure_ascii=False).encode()
        assert (await peer.post(server, body)).status_code == 202
        await server.drain()
    assert await server.rows("SELECT outcome FROM inbox_activities WHERE attempts > 0") == []


SCRIPTS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<svg/onload=alert(1)>",
    "<p onclick=alert(1) style='position:fixed'>x</p>",
    "<iframe src='https://a.example'></iframe>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
)


async def lured(server: Server, remote: Host) -> tuple[Peer, dict[str, Any]]:
    """Let somebody with scripts in every part of their profile send a note with scripts in every part."""
    lure = "".join(SCRIPTS)
    field = {"type": "PropertyValue", "name": f"a{lure}", "value": lure}
    peer = Peer.at(remote, name="", summary=lure, attachment=[field])
    remote.put(peer.ap_id, {**peer.document, "name": f"n{lure}"})
    note = peer.note(await server.person(), content=lure, summary=lure, url="javascript:alert(1)")
    note["attachment"] = [
        {"type": "Document", "url": "javascript:alert(1)", "name": lure},
        {"type": "Document", "url": f"{remote.origin}/a.png", "name": f'"{lure}'},
    ]
    assert await peer.deliver(server, peer.create(note)) == ""
    return peer, note


async def test_scripts_are_stored_clean(server: Server, remote: Host) -> None:
    peer, note = await lured(server, remote)
    thought = await server.thought(note["id"])
    assert thought is not None
    bio, fields = (await server.rows("SELECT bio_html, fields FROM users WHERE ap_id = $1", peer.ap_id))[0]
    for html in (thought.content, bio, *(one["html"] for one in fields)):
        lowered = html.lower()
        for trace in ("<script", "onerror", "onclick", "onload", "javascript:", "<svg", "<iframe", "<img", "style"):
            assert trace not in lowered
    assert thought.url == note["id"]
    assert [one["url"] for one in thought.attachments] == [f"{remote.origin}/a.png"]


class Alive(HTMLParser):
    """Collects what would run, or load from elsewhere, if a browser read this HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name.startswith("on") or name == "style" or (value or "").lower().lstrip().startswith("javascript:"):
                self.found.append(f"{tag} {name}={value}")
        if tag in ("iframe", "object", "embed", "math") or (tag == "script" and "src" not in dict(attrs)):
            self.found.append(tag)
        if tag == "img" and not (dict(attrs).get("src") or "").removeprefix(ORIGIN).startswith("/"):
            self.found.append(f"img {attrs}")


async def test_scripts_do_not_get_into_pages(server: Server, remote: Host) -> None:
    peer, note = await lured(server, remote)
    thought, them = await server.thought(note["id"]), await peer.known(server)
    assert thought is not None
    visitor = await sign_in(server.services, browser(server.app), await peer.gain_follower(server))
    profile = f"/@{them.username}@{them.domain}"
    for path in (profile, f"{profile}/{thought.id}", "/home", "/search?q=alert"):
        answer = await visitor.get(path, headers={"accept": "text/html"})
        assert answer.status_code == 200
        assert "alert(1)" in answer.text  # as text
        assert Alive(answer.text).found == []
        assert "script-src 'self'" in answer.headers["content-security-policy"]
    await visitor.client.aclose()


async def test_scripts_do_not_get_into_the_client_api(server: Server, remote: Host) -> None:
    peer, note = await lured(server, remote)
    thought, them = await server.thought(note["id"]), await peer.known(server)
    assert thought is not None
    account = (await server.client.get(f"/api/v1/accounts/{them.id}")).json()
    status = (await server.client.get(f"/api/v1/statuses/{thought.id}")).json()
    for html in (account["note"], *(field["value"] for field in account["fields"]), status["content"]):
        assert Alive(html).found == []
    for url in (status["url"], status["uri"], account["url"], *(one["url"] for one in status["media_attachments"])):
        assert url.startswith("http")


# Every way to name an address inside: each must be refused before a connection is made.
def spellings(port: int) -> list[str]:
    return [
        f"http://{FORBIDDEN}:{port}",
        f"https://{FORBIDDEN}:{port}",
        f"http://localhost:{port}",
        f"https://localhost:{port}",
        f"http://LOCALHOST.:{port}",
        f"http://[::ffff:{FORBIDDEN}]:{port}",
        f"http://[::1]:{port}",
        f"http://2130706498:{port}",
        f"http://0x7f000042:{port}",
        f"http://127.66:{port}",
        f"http://0177.0.0.102:{port}",
        f"http://169.254.169.254:{port}",
        f"http://0:{port}",
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def inside() -> AsyncIterator[Host]:
    """A server that nobody outside may make us ask; a request to it is a hole."""
    async with running(FORBIDDEN) as host:
        yield host


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on_localhost() -> AsyncIterator[Host]:
    """One that a name leads to."""
    async with running("127.0.0.1") as host:
        yield host


@pytest.fixture
def lures(inside: Host, on_localhost: Host) -> list[str]:
    """Origins that lead to one of the two, or to ourselves."""
    ports = (urlsplit(inside.origin).port or 0, urlsplit(on_localhost.origin).port or 0)
    return [one for port in ports for one in spellings(port)] + ["http://localhost:8000", "http://LocalHost:8000"]


Untouched = Callable[[], None]


@pytest.fixture
def untouched(inside: Host, on_localhost: Host) -> Untouched:
    """Checks that nobody inside was asked for anything."""

    def check() -> None:
        assert (inside.asked, on_localhost.asked) == ([], [])

    return check


async def test_key_id_leads_nowhere_inside(server: Server, peer: Peer, lures: list[str], untouched: Untouched) -> None:
    async with nothing_happens(server, peer):
        for lure in lures:
            actor = f"{lure}/users/eve"
            activity = peer.activity("Follow", peer.ap_id, id=f"{lure}/1", actor=actor)
            refused(await peer.post(server, activity, Signing(key_id=f"{actor}#main-key")), 401)
    untouched()


async def test_key_that_redirects_inside_is_refused(
    server: Server, peer: Peer, remote: Host, lures: list[str], untouched: Untouched
) -> None:
    async with nothing_happens(server, peer):
        for lure in lures:
            redirecting = Peer.at(remote)
            remote.redirect(redirecting.ap_id, f"{lure}/users/eve")
            refused(await redirecting.post(server, redirecting.activity("Follow", peer.ap_id)), 401)
    untouched()


async def test_key_document_cannot_name_an_owner_inside(
    server: Server, peer: Peer, lures: list[str], untouched: Untouched
) -> None:
    bob = await server.person()
    async with nothing_happens(server, peer):
        for lure in lures:
            key_id = peer.new_id("keys")
            pem = peer.key.public_key().to_pem()
            peer.host.put(key_id, {"@context": AS, "id": key_id, "owner": f"{lure}/users/eve", "publicKeyPem": pem})
            refused(await peer.post(server, peer.follow(bob), Signing(key_id=key_id)), 401)
    untouched()


async def test_objects_and_parents_inside_are_not_read(
    server: Server, peer: Peer, lures: list[str], untouched: Untouched
) -> None:
    bob = await peer.gain_follower(server)
    for lure in lures:
        secret = f"{lure}/notes/1"
        await peer.deliver(server, peer.activity("Announce", secret))
        await peer.deliver(server, peer.activity("Announce", {"id": secret, "type": "Note", "content": "x"}))
        await peer.deliver(server, peer.create(peer.note(bob, inReplyTo=secret)))
        redirecting = peer.new_id("notes")
        peer.host.redirect(redirecting, secret)
        await peer.deliver(server, peer.activity("Announce", redirecting))
        await peer.deliver(server, peer.create(peer.note(bob, inReplyTo=redirecting)))
        hint = peer.activity("Create", {"id": secret, "type": "Note"}, actor=f"{lure}/users/eve", signature="x")
        await peer.post(server, {**hint, "id": f"{lure}/1"})
        await server.drain()
    untouched()


async def test_actor_that_sends_us_inside_is_not_followed_there(
    server: Server, peer: Peer, lures: list[str], untouched: Untouched
) -> None:
    for lure in lures:
        shady = Peer.at(
            peer.host,
            inbox=f"{lure}/inbox",
            outbox=f"{lure}/outbox",
            featured=f"{lure}/featured",
            icon={"type": "Image", "url": f"{lure}/a.png"},
            assertionMethod=[f"{lure}/keys/1"],
        )
        refused(await shady.post(server, shady.activity("Follow", peer.ap_id)), 401, "no inbox on its own server")
        await server.drain()
    untouched()
