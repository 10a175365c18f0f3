"""Actors of other servers that sign with real keys and post to the composed application, and that application."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from ipaddress import ip_network
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from federation.actions import background
from federation.actions.follows import follow_person
from federation.actions.publish_thought import Draft, publish_thought
from federation.inbound.drain import InboxDrain
from federation.protocol.keys import PrivateKey, generate_ed25519_key, generate_rsa_key
from federation.remote.actors import refresh_actor
from federation.settings import AllowedNetwork
from storage import thoughts
from storage.database import Database
from storage.live import Live
from tests.engines_fixture import Servers, create_database, drop_database
from tests.payloads import mastodon
from tests.payloads.mastodon import AS, PUBLIC
from tests.services_fixture import make_person, make_settings, open_test_services
from web.app import create_app

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from quart import Quart

    from federation.services import Services
    from storage.people import Person
    from storage.thoughts import Thought
    from tests.remote.fediverse import Host

# The two remote hosts of a test; every other private address is out of reach.
REMOTE, OTHER = "127.0.0.2", "127.0.0.3"
ACTIVITY_JSON = "application/activity+json"
# What every accepted activity leaves behind, whatever comes of it.
LEDGER = frozenset({"inbox_activities", "seen_activities", "instances"})
_numbers = count(1)


@cache
def rsa_key(number: int = 0) -> PrivateKey:
    """Return an RSA key, made once for the whole run: that takes a tenth of a second."""
    return generate_rsa_key()


@dataclass(frozen=True, kw_only=True)
class Signing:
    """How to sign a request; everything stated here is what an honest server would not do.

    `covered` replaces the covered components, `headers` is sent and signed instead of the right values (None
    leaves one out), `digest_of` is digested instead of the body, `target` signed instead of the real one;
    `finish` has the last word on the headers.
    """

    scheme: str = "cavage"
    key: PrivateKey | None = None
    key_id: str | None = None
    covered: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    headers: Mapping[str, str | None] = field(default_factory=dict)
    at: datetime | None = None
    digest_of: bytes | None = None
    target: str | None = None
    finish: Callable[[dict[str, str]], dict[str, str]] = lambda headers: headers


HONEST = Signing()


def sign(method: str, url: str, body: bytes | None, peer: Peer, how: Signing) -> dict[str, str]:
    """Return the headers of a signed request; written apart from our own signer, to check the one by the other."""
    at = how.at or datetime.now(UTC)
    headers: dict[str, str | None] = {"host": urlsplit(url).netloc, "date": format_datetime(at, usegmt=True)}
    if body is not None:
        digest = base64.b64encode(hashlib.sha256(body if how.digest_of is None else how.digest_of).digest()).decode()
        name, value = (
            ("digest", f"SHA-256={digest}") if how.scheme == "cavage" else ("content-digest", f"sha-256=:{digest}:")
        )
        headers |= {"content-type": ACTIVITY_JSON, name: value}
    headers |= how.headers
    sent = {name: value for name, value in headers.items() if value is not None}
    how = replace(how, at=at, key=how.key or peer.key, key_id=how.key_id or peer.key_id)
    signer = _sign_cavage if how.scheme == "cavage" else _sign_rfc9421
    return how.finish(sent | signer(method, url, sent, how))


def _sign_cavage(method: str, url: str, sent: dict[str, str], how: Signing) -> dict[str, str]:
    assert how.key is not None
    parts = urlsplit(url)
    target = how.target or parts.path + (f"?{parts.query}" if parts.query else "")
    usual = ("(request-target)", "host", "date", *(("digest",) if method == "POST" else ()))
    covered = how.covered or tuple(name for name in usual if name not in how.without)
    values = {"(request-target)": f"{method.lower()} {target}", **sent}
    base = "\n".join(f"{name}: {values[name]}" for name in covered)
    algorithm = "rsa-sha256" if how.key.algorithm.value == "rsa" else "hs2019"
    parameters = {
        "keyId": how.key_id,
        "algorithm": algorithm,
        "headers": " ".join(covered),
        "signature": base64.b64encode(how.key.sign(base.encode())).decode(),
    }
    return {"signature": ",".join(f'{name}="{value}"' for name, value in parameters.items())}


def _sign_rfc9421(method: str, url: str, sent: dict[str, str], how: Signing) -> dict[str, str]:
    assert how.key is not None
    assert how.at is not None
    usual = ("@method", "@target-uri", *(("content-digest",) if method == "POST" else ()))
    covered = how.covered or tuple(name for name in usual if name not in how.without)
    values = {"@method": method, "@target-uri": how.target or url, **sent}
    listed = " ".join(f'"{name}"' for name in covered)
    algorithm = "rsa-v1_5-sha256" if how.key.algorithm.value == "rsa" else "ed25519"
    parameters = f'({listed});created={int(how.at.timestamp())};keyid="{how.key_id}";alg="{algorithm}"'
    lines = [*(f'"{name}": {values[name]}' for name in covered), f'"@signature-params": {parameters}']
    signature = base64.b64encode(how.key.sign("\n".join(lines).encode())).decode()
    return {"signature-input": f"sig1={parameters}", "signature": f"sig1=:{signature}:"}


@dataclass
class Server:
    """Our server as others see it: the composed application over a database of its own."""

    services: Services
    app: Quart
    client: httpx.AsyncClient

    @property
    def origin(self) -> str:
        return self.services.settings.origin

    async def person(self, **options: Any) -> Person:
        """Make one of our people, with a name that nobody else has."""
        return await make_person(self.services, f"local{next(_numbers)}", **options)

    async def drain(self) -> None:
        """Process what was accepted and read what that asks for, until nothing is left."""
        while await InboxDrain(self.services).run() + await background.drain(self.services):
            pass

    async def rows(self, sql: str, *arguments: object) -> list[tuple[Any, ...]]:
        async with self.services.database.connection() as db:
            return [tuple(row.values()) for row in await db.fetch(sql, *arguments)]

    async def value(self, sql: str, *arguments: object) -> Any:
        async with self.services.database.connection() as db:
            return await db.fetchval(sql, *arguments)

    async def state(self) -> dict[str, str]:
        """Return a hash of every table; when an actor was read last does not count."""
        names = await self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        row = "(to_jsonb(x) - ARRAY['updated_at', 'fetched_at'])::text"
        queries = (
            f"SELECT '{name}', md5(coalesce(string_agg({row}, '|' ORDER BY {row}), '')) FROM {name} x"
            for (name,) in names
        )
        return dict(await self.rows(" UNION ALL ".join(queries)))  # type: ignore[arg-type]

    async def publish(self, author: Person, source: str = "Hello", **draft: Any) -> Thought:
        """Publish a thought of one of our people."""
        return await publish_thought(self.services, author, Draft(source, **draft))

    async def thought(self, ap_id: str) -> Thought | None:
        """Return what is stored under an object id."""
        async with self.services.database.connection() as db:
            return await thoughts.find_by_ap_id(db, ap_id)

    async def notices(self, person: Person) -> list[str]:
        """Return what somebody was notified of, by type, the oldest first."""
        rows = await self.rows("SELECT type FROM notifications WHERE user_id = $1 ORDER BY id", person.id)
        return [kind for (kind,) in rows]

    async def sent(self, person: Person) -> list[dict[str, Any]]:
        """Return the activities that one of our people sent, the oldest first."""
        rows = await self.rows("SELECT payload FROM activities WHERE user_id = $1 ORDER BY seq", person.id)
        return [json.loads(payload) for (payload,) in rows]

    async def outcome(self) -> str:
        """Return what became of the activity that was accepted last: empty for an effect, else why not."""
        found: str = await self.value("SELECT outcome FROM inbox_activities ORDER BY seq DESC LIMIT 1")
        return found


@asynccontextmanager
async def our_server(servers: Servers, data: Path, **settings: Any) -> AsyncIterator[Server]:
    """Start our server on a clone of the migrated database, for many tests to share."""
    networks = tuple(AllowedNetwork(ip_network(address)) for address in (REMOTE, OTHER))
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    name = f"{servers.prefix}_matrix{worker}{next(_numbers)}"
    database = await Database.connect(await create_database(servers, name))
    live = Live(servers.redis_url, prefix=name)
    chosen = make_settings(data, **{"allow_networks": networks, **settings})
    try:
        async with open_test_services(chosen, database, live) as services:
            app = create_app(chosen, services)
            await app.startup()
            transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 40000))  # type: ignore[arg-type]
            async with httpx.AsyncClient(transport=transport, base_url=chosen.origin) as client:
                yield Server(services, app, client)
            await app.shutdown()
    finally:
        await live.close()
        await database.close()
        await drop_database(servers, name)


@dataclass
class Peer:
    """An actor of another server, with its keys."""

    host: Host
    name: str
    key: PrivateKey
    ed25519: PrivateKey
    document: dict[str, Any]

    @classmethod
    def at(cls, host: Host, name: str = "", *, key: PrivateKey | None = None, **changes: Any) -> Peer:
        """Serve a new actor at a host; `changes` are to its document, None deletes."""
        name = name or f"peer{next(_numbers)}"
        key, ed25519 = key or rsa_key(), generate_ed25519_key()
        own = mastodon.actor_id(host.origin, name)
        assertion = {
            "id": f"{own}#ed25519-key",
            "type": "Multikey",
            "controller": own,
            "publicKeyMultibase": ed25519.public_key().to_multikey(),
        }
        document = host.actor(name, key=key.public_key(), **{"assertionMethod": [assertion], **changes})
        return cls(host, name, key, ed25519, document)

    @classmethod
    def speaking(cls, software: ModuleType, host: Host, *, group: bool = False) -> Peer:
        """Serve a new actor as another software (a module of tests/payloads) writes it; `group` for Lemmy's."""
        name, key = f"peer{next(_numbers)}", rsa_key()
        write = software.community if group else software.actor
        document = write(host.origin, name, pem=key.public_key().to_pem())
        host.put(document["id"], document)
        host.finger(f"{name}@{host.authority}", document["id"])
        return cls(host, name, key, generate_ed25519_key(), document)

    @property
    def ap_id(self) -> str:
        return str(self.document["id"])

    @property
    def key_id(self) -> str:
        return str(self.document["publicKey"]["id"])

    @property
    def followers(self) -> str:
        return f"{self.ap_id}/followers"

    def new_id(self, kind: str = "activities") -> str:
        return f"{self.host.origin}/{kind}/{next(_numbers)}"

    def activity(self, kind: str, thing: Any, **more: Any) -> dict[str, Any]:
        """Return an activity with an id of its own; None among `more` deletes."""
        document = {
            "@context": AS, "id": self.new_id(), "type": kind, "actor": self.ap_id, "object": thing, **more
        }  # fmt: skip
        return {name: value for name, value in document.items() if value is not None}

    def note(self, *mentioned: Person, content: str = "<p>Hello</p>", **more: Any) -> dict[str, Any]:
        """Return a public note that names and addresses these people; None among `more` deletes."""
        document = {
            "id": self.new_id("notes"),
            "type": "Note",
            "attributedTo": self.ap_id,
            "content": content,
            "published": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "to": [PUBLIC],
            "cc": [self.followers, *(person.ap_id for person in mentioned)],
            "tag": [{"type": "Mention", "href": one.ap_id, "name": f"@{one.username}"} for one in mentioned],
            **more,
        }
        return {name: value for name, value in document.items() if value is not None}

    def create(self, note: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Return the Create of a note, and serve the note."""
        self.host.put(note["id"], {"@context": AS, **note})
        return self.activity("Create", note, to=note.get("to"), cc=note.get("cc"), **more)

    async def known(self, server: Server) -> Person:
        """Make this actor known to our server, and return who it is there."""
        return await refresh_actor(server.services.reader, self.ap_id)

    async def gain_follower(self, server: Server) -> Person:
        """Let somebody new on our server follow this actor."""
        person = await server.person()
        await follow_person(server.services, person, await self.known(server))
        accept = self.activity("Accept", {"type": "Follow", "actor": person.ap_id, "object": self.ap_id})
        assert await self.deliver(server, accept) == ""
        return person

    def follow(self, target: Person) -> dict[str, Any]:
        return self.activity("Follow", target.ap_id)

    async def post(
        self,
        server: Server,
        activity: dict[str, Any] | bytes,
        how: Signing = HONEST,
        *,
        inbox: str = "/inbox",
        sent_body: bytes | None = None,
    ) -> httpx.Response:
        """Sign an activity as this actor and post it; `sent_body` goes out in place of what was signed."""
        body = activity if isinstance(activity, bytes) else json.dumps(activity).encode()
        headers = sign("POST", server.origin + inbox, body, self, how)
        return await server.client.post(inbox, content=body if sent_body is None else sent_body, headers=headers)

    async def deliver(self, server: Server, activity: dict[str, Any], *, inbox: str = "/inbox") -> str:
        """Post an activity that must be accepted, have it processed, and return its outcome."""
        answer = await self.post(server, activity, inbox=inbox)
        assert (answer.status_code, answer.text) == (202, "")
        await server.drain()
        return await server.outcome()

    async def get(
        self, server: Server, path: str, how: Signing = HONEST, *, accept: str = ACTIVITY_JSON
    ) -> httpx.Response:
        """Fetch a document with a signed request."""
        headers = sign("GET", server.origin + path, None, self, how)
        return await server.client.get(path, headers={"accept": accept, **headers})


@asynccontextmanager
async def nothing_happens(server: Server, *peers: Peer, accepted: bool = False) -> AsyncIterator[None]:
    """Check that what a block does leaves every table as it was, and the server at work for these peers.

    `accepted`: the activity is answered 202 and noted in the inbox, without effect.
    """
    for peer in peers:
        await still_works(server, peer)
    before = await server.state()
    yield
    await server.drain()
    after = await server.state()
    allowed = LEDGER if accepted else frozenset()
    assert {name for name in after if after[name] != before[name]} <= allowed
    for peer in peers:
        await still_works(server, peer)


async def still_works(server: Server, peer: Peer) -> None:
    """Check that an honest activity of a peer takes effect."""
    note = peer.note(await server.person())
    await peer.deliver(server, peer.create(note))
    assert await server.value("SELECT count(*) FROM thoughts WHERE ap_id = $1", note["id"]) == 1


def refused(answer: httpx.Response, status: int, *words: str) -> None:
    """Check that a request was refused with a sentence that contains these words."""
    assert (answer.status_code, answer.headers.get("content-type")) == (status, "application/json"), answer.text
    sentence = answer.json()["error"]
    assert sentence.endswith((".", "?"))
    assert all(word in sentence for word in words), sentence
