"""What open streams cost: memory of the web process while they are idle, and the time until an event reached all."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import aiohttp
import orjson

from bench.cpu import component_pids, cpu_ms
from bench.measure import latency_ms, report, say
from bench.server import Server, make_person, running_server
from federation.actions import sessions
from federation.actions.publish_thought import Draft, publish_thought

# As many as one person may have.
_EACH = 50
_AT_ONCE = 50
_SETTLE_S = 3.0


async def run(*, connections: int, events: int) -> None:
    """Open WebSockets whose client offers to compress, wait, then publish a few thoughts that all of them hear."""
    async with running_server() as server:
        tokens = await _tokens(server, connections)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
            await _warm_up(server, client, tokens[0])
            before = _rss_mb(server)
            say(f"opening {connections} connections …")
            slots = asyncio.Semaphore(_AT_ONCE)

            async def connect(token: str) -> aiohttp.ClientWebSocketResponse:
                async with slots:
                    url = f"{server.origin}/api/v1/streaming?access_token={token}&stream=public:local"
                    return await client.ws_connect(url, compress=15, autoping=True)

            sockets = await asyncio.gather(*(connect(token) for token in tokens))
            await asyncio.sleep(_SETTLE_S)
            idle, used = _rss_mb(server), cpu_ms(server.pid)["web"]
            say(f"idle: {idle - before:.1f} MB more")
            author = await make_person(server, "speaker")
            seconds = []
            for number in range(events):
                await publish_thought(server.services, author, Draft(f"Event {number}, for everybody who listens"))
                began = time.perf_counter()
                texts = await asyncio.gather(*(socket.receive_str(timeout=30) for socket in sockets))
                seconds.append(time.perf_counter() - began)
                assert all(orjson.loads(text)["event"] == "update" for text in texts)
            heard = _rss_mb(server)
            spent = cpu_ms(server.pid)["web"] - used
            # A thousand polite farewells would only take time.
            for socket in sockets:
                socket._response.close()
    figures = {
        "connections": connections,
        "events": events,
        "mb_before": round(before, 1),
        "mb_more_idle": round(idle - before, 1),
        "mb_more_after_events": round(heard - before, 1),
        "all_reached_ms": latency_ms(seconds),
        "cpu_ms_per_message": round(spent / (events * connections), 4),
    }
    report("streaming", figures)


async def _tokens(server: Server, connections: int) -> list[str]:
    tokens = []
    for number in range(-(-connections // _EACH)):
        person = await make_person(server, f"listener{number}")
        token = await sessions.create_token(server.services, person, ["read"])
        tokens += [token] * _EACH
    return tokens[:connections]


async def _warm_up(server: Server, client: aiohttp.ClientSession, token: str) -> None:
    """Load what the first connection loads, so that it counts for none."""
    url = f"{server.origin}/api/v1/streaming?access_token={token}&stream=user"
    async with client.ws_connect(url, compress=15) as socket:
        await socket.send_json({"type": "subscribe", "stream": "nonsense"})
        await socket.receive_str(timeout=30)


def _rss_mb(server: Server) -> float:
    kilobytes = 0
    for pid in component_pids(server.pid, "web"):
        status = Path(f"/proc/{pid}/status").read_text()
        kilobytes += int(status.partition("VmRSS:")[2].split()[0])
    return kilobytes / 1024
