"""Hypercorn's WebSockets, made to be many: no compression, and one heart for all of them.

A connection that compresses keeps 300 KB for it; one task for each connection's pings keeps the connection, and with
it a shutdown, waiting for the next one. Mastodon's streaming server does not compress either.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from hypercorn.protocol import h2, h11
from hypercorn.protocol.ws_stream import WSStream
from wsproto.events import Ping

if TYPE_CHECKING:
    from hypercorn.typing import WebsocketAcceptEvent

PING_EVERY_S: Final = 30.0

_open: WeakSet[FrugalWebSocket] = WeakSet()


class FrugalWebSocket(WSStream):
    """A WebSocket that declines compression, and is pinged together with all others."""

    pinging = False

    async def _accept(self, message: WebsocketAcceptEvent) -> None:
        self.handshake.extensions = None
        await super()._accept(message)
        _open.add(self)

    def ping(self) -> None:
        """Send a ping, unless the last one still waits for a client that does not read."""
        if not self.closed and not self.pinging:
            self.pinging = True
            self.task_group.spawn(self._ping)

    async def _ping(self) -> None:
        await self._send_wsproto_event(Ping())
        self.pinging = False


def install() -> None:
    """Let Hypercorn make these."""
    h11.WSStream = FrugalWebSocket  # type: ignore[attr-defined]
    h2.WSStream = FrugalWebSocket  # type: ignore[attr-defined]


async def ping_for_ever() -> None:
    """Ping every open WebSocket again and again: proxies close what is quiet."""
    while True:
        await asyncio.sleep(PING_EVERY_S)
        for socket in [*_open]:
            # The connection's tasks may be ending just now.
            with suppress(RuntimeError):
                socket.ping()
