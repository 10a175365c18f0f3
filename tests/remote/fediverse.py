"""A small fediverse on loopback: hosts that serve what a test puts there and keep what they were asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from aiohttp import web

from federation.protocol.keys import PublicKey
from federation.protocol.webfinger import query_url
from storage import people
from storage.database import Database
from storage.people import NewPerson, Person
from tests.payloads import mastodon

AS_JSON = "application/activity+json; charset=utf-8"
JRD_JSON = "application/jrd+json"


@dataclass
class Answer:
    """What one address answers; `location` makes it a redirect."""

    body: bytes
    content_type: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Host:
    """One server; everything it does not know is 404."""

    origin: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    signed_by: dict[str, str] = field(default_factory=dict)
    takes_only_rfc9421: bool = False
    hangs_at: dict[str, asyncio.Event] = field(default_factory=dict)

    @property
    def authority(self) -> str:
        return urlsplit(self.origin).netloc

    def put(
        self,
        url: str,
        body: dict[str, Any] | bytes | str,
        content_type: str = AS_JSON,
        *,
        status: int = 200,
        **headers: str,
    ) -> None:
        """Let a URL (on this host, path and query count) answer with a document, bytes or text."""
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        data = data.encode() if isinstance(data, str) else data
        self.answers[_path(url)] = Answer(data, content_type, status, headers)

    def fail(self, url: str, status: int) -> None:
        self.put(url, "no", "text/plain", status=status)

    def hang(self, url: str) -> asyncio.Event:
        """Let a URL answer only when the event is set."""
        return self.hangs_at.setdefault(_path(url), asyncio.Event())

    def redirect(self, url: str, location: str) -> None:
        self.put(url, "", "text/plain", status=302, Location=location)

    def finger(self, acct: str, actor_url: str, *, subject: str | None = None) -> None:
        """Let WebFinger answer for `user@host`."""
        jrd = {
            "subject": f"acct:{subject or acct}",
            "links": [{"rel": "self", "type": "application/activity+json", "href": actor_url}],
        }
        self.put(query_url(self.origin, f"acct:{acct}"), jrd, JRD_JSON)

    def actor(self, name: str = "alice", *, key: PublicKey | None = None, **changes: Any) -> dict[str, Any]:
        """Serve a Mastodon actor with WebFinger and return its document; None among `changes` deletes."""
        document = mastodon.actor(self.origin, name, pem=key.to_pem() if key else mastodon.PEM)
        document.update(changes)
        document = {name: value for name, value in document.items() if value is not None}
        self.put(document["id"], document)
        self.finger(f"{name}@{self.authority}", document["id"])
        return document

    def count(self, url: str) -> int:
        return self.asked.count(_path(url))

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = unquote(request.raw_path)
        self.asked.append(path)
        self.signed_by[path] = request.headers.get("Signature", "")
        if (answers := self.hangs_at.get(path)) is not None:
            await answers.wait()
        answer = self.answers.get(path)
        if self.takes_only_rfc9421 and "Signature-Input" not in request.headers:
            return web.Response(status=401)
        if answer is None:
            return web.Response(status=404)
        return web.Response(
            body=answer.body,
            status=answer.status,
            headers={"Content-Type": answer.content_type, **answer.headers},
        )


def _path(url: str) -> str:
    # Clients differ in which characters of a query they encode.
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{unquote(parts.query)}" if parts.query else "")


@asynccontextmanager
async def running(address: str) -> AsyncIterator[Host]:
    host = Host()
    runner = web.ServerRunner(web.Server(host.handle, access_log=None), shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, address, 0).start()
        host.origin = f"http://{address}:{runner.addresses[0][1]}"
        yield host
    finally:
        await runner.cleanup()


@dataclass
class Clock:
    """A clock that a test moves."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def forward(self, **time: float) -> None:
        self.ahead += timedelta(**time)


async def local_person(database: Database, name: str = "bob") -> Person:
    url = f"http://127.0.0.9:8000/users/{name}"
    async with database.connection() as db:
        person = await people.insert_local(
            db, NewPerson(name, f"{name}@x.example", "hash", "active", "user", url, f"{url}/inbox", url)
        )
    assert person is not None
    return person
