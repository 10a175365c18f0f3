"""The application behind a real Hypercorn on a loopback port, and clients that listen to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import aiohttp
import orjson
import pytest
from hypercorn.config import Config

from federation.actions import sessions
from storage.news import NewsRoom
from tests.live.instance import free_port
from web.__main__ import serve_app
from web.app import create_app
from web.streaming import STREAMS, Hub

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

PATIENCE_S = 10


@dataclass
class Heard:
    """An event as a client got it."""

    stream: list[str]
    event: str
    payload: Any


@dataclass
class Socket:
    """An open WebSocket."""

    ws: aiohttp.ClientWebSocketResponse

    async def hear(self) -> Heard:
        """Return the next event."""
        message = orjson.loads(await self.ws.receive_str(timeout=PATIENCE_S))
        return Heard(message["stream"], message["event"], _parsed(message.get("payload", "")))

    async def error(self) -> str:
        """Return the next message, which must be an error."""
        error: str = orjson.loads(await self.ws.receive_str(timeout=PATIENCE_S))["error"]
        return error

    async def subscribe(self, stream: str, **more: str) -> None:
        """Subscribe to a stream."""
        await self.ws.send_json({"type": "subscribe", "stream": stream, **more})

    async def unsubscribe(self, stream: str, **more: str) -> None:
        """Leave a stream."""
        await self.ws.send_json({"type": "unsubscribe", "stream": stream, **more})

    async def in_order(self) -> None:
        """Wait until the server has acted on everything sent before."""
        await self.subscribe("nonsense")
        assert await self.error() == "Unknown stream type"


@dataclass
class Events:
    """An open stream of Server-Sent Events."""

    answer: aiohttp.ClientResponse

    async def hear(self) -> Heard:
        """Return the next event."""
        async with asyncio.timeout(PATIENCE_S):
            while not (line := await self.answer.content.readline()).startswith(b"event:"):
                assert line, "the stream has ended"
            data = await self.answer.content.readline()
        return Heard([], line[7:].strip().decode(), _parsed(data[6:].strip().decode()))


def _parsed(payload: str) -> Any:
    return orjson.loads(payload) if payload[:1] in ("{", "[") else payload


@dataclass
class Server:
    """The application at an address."""

    services: Services
    url: str
    hub: Hub
    stopped: asyncio.Event
    task: asyncio.Task[None]
    client: aiohttp.ClientSession
    answers: list[aiohttp.ClientResponse] = field(default_factory=list)

    async def token(self, person: Person, scopes: str = "read") -> str:
        """Return a token for somebody."""
        return await sessions.create_token(self.services, person, scopes.split())

    async def socket(self, person: Person | None, *streams: str, scopes: str = "read", **options: Any) -> Socket:
        """Open a WebSocket with streams; it hears only of what happens from now on."""
        assert isinstance(self.services.database.publish, NewsRoom)
        await self.services.database.publish.flush()
        headers = options.pop("headers", {})
        if person is not None:
            headers = {"Authorization": f"Bearer {await self.token(person, scopes)}"}
        query = options.pop("query", "")
        ws = await self.client.ws_connect(f"{self.url}/api/v1/streaming{query}", headers=headers, **options)
        socket = Socket(ws)
        for stream in streams:
            await socket.subscribe(stream)
        await socket.in_order()
        return socket

    async def handshake(self, headers: dict[str, str]) -> int:
        """Ask for a WebSocket and return the status of the answer."""
        upgrade = {
            "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        }  # fmt: skip
        url = f"{self.url}/api/v1/streaming?stream=public"
        async with self.client.get(url, headers=headers | upgrade) as answer:
            return answer.status

    async def events(self, person: Person, path: str, **params: str) -> Events:
        """Open a stream of Server-Sent Events."""
        headers = {"Authorization": f"Bearer {await self.token(person)}"}
        answer = await self.client.get(f"{self.url}/api/v1/streaming/{path}", headers=headers, params=params)
        self.answers.append(answer)
        assert answer.status == 200, await answer.text()
        assert await answer.content.readline() == b":)\n"
        return Events(answer)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds of the hub."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.01)


OpenServer: TypeAlias = Callable[[], Awaitable[Server]]


@asynccontextmanager
async def serving(services: Services) -> AsyncIterator[Server]:
    """Serve an application for the length of the block."""
    config = Config()
    port = free_port("127.0.0.1")
    config.bind = [f"127.0.0.1:{port}"]
    config.graceful_timeout = PATIENCE_S
    app = create_app(services.settings, services)
    stopped = asyncio.Event()
    async with aiohttp.ClientSession() as client:
        task = asyncio.create_task(serve_app(app, config, stopped))
        server = Server(services, f"http://127.0.0.1:{port}", app.extensions[STREAMS], stopped, task, client)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    async with client.get(f"{server.url}/health/live"):
                        break
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.02)
        try:
            yield server
        finally:
            for answer in server.answers:
                answer.close()
            stopped.set()
            await task


@pytest.fixture
async def server(services: Services) -> AsyncIterator[Server]:
    """The application, served."""
    async with serving(services) as server:
        yield server
