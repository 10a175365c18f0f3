"""A fediverse of our own on loopback: hosts with people, inboxes that count what arrives, and bad days."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from functools import cached_property
from typing import Any

import aiohttp
import orjson
from aiohttp import web

from federation.protocol.digests import body_sha256
from federation.protocol.signatures import sign_cavage
from tests.payloads import mastodon
from tests.protocol.signature_keys import RSA

_JSON = "application/activity+json"
_JRD = "application/jrd+json"
_AGAIN_S = 0.2
_ANSWER_TIMEOUT_S = 10.0


class Weather(Enum):
    """How a host answers."""

    FINE = auto()
    TROUBLED = auto()
    """503 to everything."""
    HANGING = auto()
    """No answer, until the weather changes."""
    AWAY = auto()
    """Connections are refused or cut."""


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody on one of the hosts."""

    name: str
    origin: str
    inbox: str
    delivered_to: str

    @property
    def id(self) -> str:
        return mastodon.actor_id(self.origin, self.name)

    def activity(self, kind: str, number: int, thing: Any, **more: Any) -> dict[str, Any]:
        """An activity of theirs; the kind and the number make its id."""
        return {
            "@context": mastodon.AS,
            "id": f"{self.id}/{kind.lower()}s/{number}",
            "type": kind,
            "actor": self.id,
            "object": thing,
            **more,
        }

    def note(self, number: int, text: str, *mentioned: str) -> dict[str, Any]:
        """A public note that mentions people by their ids."""
        return {
            "id": f"{self.id}/notes/{number}",
            "type": "Note",
            "attributedTo": self.id,
            "published": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "content": f"<p>{text}</p>",
            "to": [mastodon.PUBLIC],
            "cc": [f"{self.id}/followers", *mentioned],
            "tag": [{"type": "Mention", "href": one, "name": f"@{one.rpartition('/')[2]}"} for one in mentioned],
        }


@dataclass(frozen=True, slots=True)
class Arrival:
    """A POST whose body came in whole, whatever was answered."""

    host: str
    inbox: str
    activity_id: str
    kind: str
    object_id: str


@dataclass
class Host:
    """One server."""

    address: str
    arrivals: list[Arrival]
    taken: Counter[tuple[str, str]]
    origin: str = ""
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    weather: Weather = Weather.FINE
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.ServerRunner | None = None
    _site: web.TCPSite | None = None

    @property
    def authority(self) -> str:
        """Address and port."""
        return self.origin.partition("://")[2]

    async def open(self) -> None:
        """Listen, at the first time on any port."""
        self._runner = web.ServerRunner(
            web.Server(self._handle, handler_cancellation=True, access_log=None), shutdown_timeout=0
        )
        await self._runner.setup()
        await self._listen(0)
        self.origin = f"http://{self.address}:{self._runner.addresses[0][1]}"

    async def _listen(self, port: int) -> None:
        assert self._runner is not None
        self._site = web.TCPSite(self._runner, self.address, port, reuse_address=True)
        await self._site.start()

    async def close(self) -> None:
        """Be gone for good."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def turn(self, weather: Weather) -> None:
        """Change the weather; what hung until now is answered."""
        before, self.weather = self.weather, weather
        self._changed.set()
        self._changed = asyncio.Event()
        if weather is Weather.AWAY and before is not Weather.AWAY and self._site is not None:
            await self._site.stop()
        elif before is Weather.AWAY and weather is not Weather.AWAY:
            await self._listen(int(self.origin.rpartition(":")[2]))

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        activity = orjson.loads(body) if request.method == "POST" else None
        if activity is not None:
            self._note(request, activity)
        while self.weather is Weather.HANGING:
            await self._changed.wait()
        if self.weather is Weather.AWAY:
            # Kept alive since before.
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=503)
        if self.weather is Weather.TROUBLED:
            return web.Response(status=503)
        if activity is not None:
            self.taken[self.origin + request.path, activity["id"]] += 1
            return web.Response(status=202)
        asked = request.query.get("resource")
        document = self.documents.get(asked or request.path)
        if document is None:
            return web.Response(status=404)
        return web.Response(body=orjson.dumps(document), content_type=_JRD if asked else _JSON)

    def _note(self, request: web.BaseRequest, activity: dict[str, Any]) -> None:
        thing = activity["object"]
        object_id = thing["id"] if isinstance(thing, dict) else thing
        inbox = self.origin + request.path
        self.arrivals.append(Arrival(self.authority, inbox, activity["id"], activity["type"], object_id))

    def settle(self, name: str, *, shared: bool) -> Resident:
        """Let somebody live here, with WebFinger and an actor that names the shared inbox or none."""
        document = mastodon.actor(self.origin, name, pem=RSA.public_key().to_pem())
        if not shared:
            del document["endpoints"]
        inbox: str = document["inbox"]
        resident = Resident(name, self.origin, inbox, f"{self.origin}/inbox" if shared else inbox)
        self.documents[f"/users/{name}"] = document
        acct = f"acct:{name}@{self.authority}"
        link = {"rel": "self", "type": _JSON, "href": resident.id}
        self.documents[acct] = {"subject": acct, "links": [link]}
        return resident


class Fediverse:
    """All hosts and residents. `arrivals` are in order; `taken` counts what was answered 202, by inbox and id."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.hosts: list[Host] = []
        self.residents: list[Resident] = []
        self.arrivals: list[Arrival] = []
        self.taken: Counter[tuple[str, str]] = Counter()
        self.said = 0
        self.answers: Counter[str] = Counter()
        self._session = session

    async def say(self, actor: Resident, activity: dict[str, Any], inbox: str) -> None:
        """Deliver an activity, again and again until it is answered with 202; other answers are counted."""
        body = orjson.dumps(activity)
        while True:
            headers = sign_cavage(
                "POST", inbox, key_id=f"{actor.id}#main-key", private_key=RSA, now=datetime.now(UTC),
                body_sha256=body_sha256(body),
            )  # fmt: skip
            try:
                async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                    async with self._session.post(inbox, data=body, headers=headers) as answer:
                        status = answer.status
                        assert status == 202 or status >= 500, (status, await answer.text())
            except (aiohttp.ClientError, OSError, TimeoutError) as exc:
                self.answers[type(exc).__name__] += 1
            else:
                self.answers[str(status)] += 1
                if status == 202:
                    self.said += 1
                    return
            await asyncio.sleep(_AGAIN_S)

    def inboxes(self, residents: Iterable[Resident]) -> set[str]:
        """Return where something for all of these goes, shared inboxes once."""
        return {resident.delivered_to for resident in residents}

    @cached_property
    def by_authority(self) -> dict[str, Host]:
        """The hosts by address and port."""
        return {host.authority: host for host in self.hosts}


@asynccontextmanager
async def open_fediverse(hosts: int, *, residents_each: int = 2) -> AsyncIterator[Fediverse]:
    """Open hosts on addresses of their own; every other one has a shared inbox."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        fediverse = Fediverse(session)
        for number in range(hosts):
            host = Host(f"127.0.{20 + number // 250}.{1 + number % 250}", fediverse.arrivals, fediverse.taken)
            await host.open()
            stack.push_async_callback(host.close)
            fediverse.hosts.append(host)
            for who in range(residents_each):
                fediverse.residents.append(host.settle(f"r{number}x{who}", shared=number % 2 == 0))
        yield fediverse
