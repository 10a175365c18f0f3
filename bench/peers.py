"""Other servers on loopback: every address of 127.0.0.0/8 is a host, all of them served by one small listener."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import orjson

from federation.protocol.keys import PrivateKey

_ACCEPTED = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"
_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"
_CONTEXT = ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"]


@dataclass
class Peers:
    """What all peers have in common: their port, what they serve, and what arrived when.

    `hanging` hosts accept a connection and never answer.
    """

    port: int = 0
    hanging: set[str] = field(default_factory=set)
    documents: dict[str, bytes] = field(default_factory=dict)
    arrivals: dict[str, dict[str, float]] = field(default_factory=dict)
    connections: set[asyncio.Transport] = field(default_factory=set)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def host(self, number: int) -> str:
        """Return the authority of the host with a number."""
        return f"{address(number)}:{self.port}"

    def arrived(self, activity: bytes, host: str) -> None:
        """Note the first arrival of an activity's object at a host."""
        thing = orjson.loads(activity).get("object")
        thing_id = thing["id"] if isinstance(thing, dict) else thing
        self.arrivals.setdefault(thing_id, {}).setdefault(host, time.perf_counter())
        self._changed.set()

    async def until_arrived(self, thing_id: str, hosts: Iterable[str]) -> dict[str, float]:
        """Wait until something is at all of these hosts; return when it came to each."""
        wanted = set(hosts)
        while not wanted <= (arrived := self.arrivals.get(thing_id, {})).keys():
            self._changed.clear()
            await self._changed.wait()
        return {host: arrived[host] for host in wanted}


def address(number: int) -> str:
    """Return the loopback address with a number; 0 is 127.0.1.1."""
    return f"127.{1 + number // 250 // 250}.{number // 250 % 250}.{1 + number % 250}"


class _Connection(asyncio.Protocol):
    """One connection of HTTP/1.1, just enough for our own client."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        host, port = transport.get_extra_info("sockname")[:2]
        self._host = f"{host}:{port}"
        self._peers.connections.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._peers.connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        if self._host in self._peers.hanging:
            return
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            lines = bytes(self._buffer[:end]).split(b"\r\n")
            fields = dict(line.lower().partition(b":")[::2] for line in lines[1:])
            size = int(fields.get(b"content-length", b"0"))
            if len(self._buffer) < end + 4 + size:
                return
            body = bytes(self._buffer[end + 4 : end + 4 + size])
            del self._buffer[: end + 4 + size]
            method, target, _ = lines[0].split(b" ")
            self._transport.write(self._answer(method, target, body))
            if fields.get(b"connection", b"").strip() == b"close":
                self._transport.close()

    def _answer(self, method: bytes, target: bytes, body: bytes) -> bytes:
        if method == b"POST":
            self._peers.arrived(body, self._host)
            return _ACCEPTED
        document = self._peers.documents.get(f"http://{self._host}{unquote(target.decode())}")
        if document is None:
            return _NOT_FOUND
        kind = "jrd" if target.startswith(b"/.well-known/") else "activity"
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/{kind}+json\r\ncontent-length: {len(document)}\r\n\r\n"
        return head.encode() + document


@asynccontextmanager
async def listening(peers: Peers | None = None, *, on: str = "0.0.0.0") -> AsyncIterator[Peers]:
    """Serve peers for the length of the block; given ones keep their port if they have one."""
    peers = peers or Peers()
    server = await asyncio.get_running_loop().create_server(
        lambda: _Connection(peers), on, peers.port, reuse_address=True, backlog=4096
    )  # fmt: skip
    peers.port = server.sockets[0].getsockname()[1]
    try:
        yield peers
    finally:
        server.close()
        for connection in peers.connections:
            connection.abort()


def put_actor(peers: Peers, host: str, name: str, key: PrivateKey) -> str:
    """Serve somebody's actor document and WebFinger at a host; return the actor's id."""
    actor_id = f"http://{host}/users/{name}"
    document: dict[str, Any] = {
        "@context": _CONTEXT,
        "id": actor_id,
        "type": "Person",
        "preferredUsername": name,
        "name": name.title(),
        "summary": "<p>A person who measures.</p>",
        "url": f"http://{host}/@{name}",
        "inbox": f"{actor_id}/inbox",
        "outbox": f"{actor_id}/outbox",
        "followers": f"{actor_id}/followers",
        "following": f"{actor_id}/following",
        "endpoints": {"sharedInbox": f"http://{host}/inbox"},
        "publicKey": {"id": f"{actor_id}#main-key", "owner": actor_id, "publicKeyPem": key.public_key().to_pem()},
    }
    peers.documents[actor_id] = orjson.dumps(document)
    subject = f"acct:{name}@{host}"
    finger = {
        "subject": subject,
        "links": [{"rel": "self", "type": "application/activity+json", "href": actor_id}],
    }
    peers.documents[f"http://{host}/.well-known/webfinger?resource={subject}"] = orjson.dumps(finger)
    return actor_id
