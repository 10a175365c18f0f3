"""A host that was away: how soon after its return it has its backlog, by itself and with "retry now"."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

from bench.measure import say
from bench.peers import Peers, listening
from bench.posts import Author, Posts
from federation.actions.hosts import retry_host

MOST_S = 120.0
_BACKLOG = 40
_ADDRESSES = ("127.250.0.1", "127.250.0.2")


async def measure_outage(posts: Posts, *, seconds: float) -> dict[str, Any]:
    """Take two hosts away for so long while thoughts are posted; an admin hurries the second one's return."""
    away = [_Host(address) for address in _ADDRESSES]
    for host in away:
        await host.come_back()
    author = await posts.author_for([host.authority for host in away])
    first = await posts.publish(author)
    for host in away:
        await host.peers.until_arrived(first, [host.authority])
    for host in away:
        await host.leave()
    say(f"two hosts are away for {seconds:.0f} s …")
    backlog = await _post_meanwhile(posts, author, seconds)
    waits = [await _until_delivered(posts, host, backlog, hurry=host is away[1]) for host in away[::-1]][::-1]
    for host in away:
        await host.leave()
    return {
        "outage_s": seconds,
        "backlog": len(backlog),
        "delivered_after_s": round(waits[0], 2),
        "delivered_after_retry_now_s": round(waits[1], 2),
        "most_s": MOST_S,
        "within": waits[0] <= MOST_S,
    }


class _Host:
    """A host that may refuse connections, with a port of its own."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._stack = AsyncExitStack()
        self.peers = Peers()

    @property
    def authority(self) -> str:
        return f"{self._address}:{self.peers.port}"

    async def come_back(self) -> None:
        await self._stack.enter_async_context(listening(self.peers, on=self._address))

    async def leave(self) -> None:
        await self._stack.aclose()


async def _post_meanwhile(posts: Posts, author: Author, seconds: float) -> list[str]:
    published = []
    for _ in range(_BACKLOG):
        published.append(await posts.publish(author))
        await asyncio.sleep(seconds / _BACKLOG)
    return published


async def _until_delivered(posts: Posts, host: _Host, backlog: list[str], *, hurry: bool) -> float:
    await host.come_back()
    began = time.monotonic()
    if hurry:
        await retry_host(posts.server.services, host.authority, by=None)
    for thought in backlog:
        await host.peers.until_arrived(thought, [host.authority])
    waited = time.monotonic() - began
    say(f"{len(backlog)} thoughts arrived {waited:.1f} s after the return{', hurried by an admin' if hurry else ''}")
    return waited
