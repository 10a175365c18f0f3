"""Inboxes of other servers on loopback, each host by an address of its own."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import TYPE_CHECKING

from aiohttp import web

from federation.remote.keyring import Keyring
from federation.remote.network import NetworkClient
from federation.settings import AllowedNetwork, Settings
from tests.outgoing_rows import ORIGIN
from workers.deliveries import DeliveryDrain
from workers.outcomes import InboxGone, Lane

if TYPE_CHECKING:
    from storage.database import Database

SETTINGS = Settings(origin=ORIGIN, allow_networks=(AllowedNetwork(ip_network("127.0.0.0/8")),))

Answer = Callable[[web.BaseRequest], int | web.Response | Awaitable[int | web.Response]]


@dataclass
class Sink:
    """An inbox that counts what arrives; `answer` may be replaced while it runs."""

    host: str
    answer: Answer
    bodies: list[bytes] = field(default_factory=list)
    schemes: list[str] = field(default_factory=list)
    visited: asyncio.Event = field(default_factory=asyncio.Event)
    at_once: int = 0
    most_at_once: int = 0

    @property
    def inbox(self) -> str:
        return f"http://{self.host}/inbox"

    @property
    def counts(self) -> Counter[bytes]:
        return Counter(self.bodies)

    async def receive(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            self.bodies.append(body)
            self.visited.set()
            self.schemes.append("rfc9421" if "signature-input" in request.headers else "cavage")
            answer = self.answer(request)
            if isinstance(answer, Awaitable):
                answer = await answer
            return web.Response(status=answer) if isinstance(answer, int) else answer
        finally:
            self.at_once -= 1


async def hang(_: web.BaseRequest) -> int:
    await asyncio.sleep(60)
    return 202


class Sinks:
    """Makes sinks; each has the next address of 127.0.0.0/8."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._next = 2

    async def open(self, answer: Answer = lambda _: 202) -> Sink:
        address = f"127.0.{self._next // 250}.{self._next % 250}"
        self._next += 1
        sink = Sink("", answer)
        runner = web.ServerRunner(web.Server(sink.receive, handler_cancellation=True), shutdown_timeout=0)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, address, 0).start()
        sink.host = f"{address}:{runner.addresses[0][1]}"
        return sink


@asynccontextmanager
async def open_sinks() -> AsyncIterator[Sinks]:
    async with AsyncExitStack() as stack:
        yield Sinks(stack)


async def nobody_there(_: str) -> str | InboxGone | None:
    return None


def make_drain(
    lane: Lane,
    database: Database,
    network: NetworkClient,
    *,
    refresh_inbox: Callable[[str], Awaitable[str | InboxGone | None]] = nobody_there,
    wake: Callable[[], None] = lambda: None,
) -> DeliveryDrain:
    return DeliveryDrain(
        lane,
        database=database,
        network=network,
        keyring=Keyring(database),
        refresh_inbox=refresh_inbox,
        wake=wake,
        now=lambda: datetime.now(UTC),
    )
