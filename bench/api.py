"""`api`: what apps ask for most, on a big database: cost per request, and how long it takes at a constant rate."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
from rich.console import Console
from rich.table import Table

from bench.big import fill
from bench.measure import Round, cost, latency_ms, measured, report, say
from bench.server import Server, running_server
from federation.actions.sessions import create_token
from storage.people import Person
from storage.query import Value

TARGET_CPU_MS = 2.5
TARGET_P95_MS = 25.0
CONCURRENCIES = (1, 8)
_TABLE_COLUMNS = 120

BUSY_FOLLOWED = Value(
    UUID,
    """SELECT u.id FROM follows f JOIN users u ON u.id = f.following_id WHERE f.follower_id = $1
    ORDER BY u.thoughts_count DESC LIMIT 1""",
)
LIST = Value(UUID, "SELECT id FROM lists WHERE user_id = $1 LIMIT 1")
# The answers of the fullest thread.
LONG_THREAD = Value(
    UUID,
    """SELECT conversation_id FROM thoughts WHERE id > (SELECT uuid7(max(created_at) - interval '1 day') FROM thoughts)
        AND conversation_id IS NOT NULL GROUP BY conversation_id ORDER BY count(*) DESC LIMIT 1""",
)


@dataclass(frozen=True, slots=True)
class _Ask:
    """A request; its answer contains `mark` at least `least` times. Of large answers fewer are asked for a second."""

    path: str
    mark: bytes = b'"reblogs_count":'
    least: int = 20
    is_large: bool = False


@dataclass(frozen=True, slots=True)
class Load:
    """How much is asked for: rounds of so many requests, then so many a second for some seconds."""

    count: int
    rounds: int
    rate: int
    seconds: int


async def run(*, data: Path, thoughts: int, only: Sequence[str], load: Load) -> None:
    """Fill the database if that is still to be done, measure, and print the result."""
    async with running_server(data) as server:
        ada = await fill(server, thoughts=thoughts)
        asks = await _asks(server, ada)
        headers = {"authorization": f"Bearer {await create_token(server.services, ada)}"}
        figures = {}
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(server.origin, connector=connector, headers=headers) as client:
            for name in only or asks:
                say(f"asking for {name} …")
                figures[name] = await _Asking(server, client, name, asks[name], load).measure()
    Console(stderr=True, width=_TABLE_COLUMNS).print(_table(figures))
    targets = {"target_cpu_ms": TARGET_CPU_MS, "target_p95_ms": TARGET_P95_MS}
    report("api", {"thoughts": thoughts, **targets, **figures})


async def _asks(server: Server, ada: Person) -> dict[str, _Ask]:
    async with server.services.database.connection() as db:
        somebody = await BUSY_FOLLOWED.one(db, ada.id)
        mornings = await LIST.one(db, ada.id)
        thread = await LONG_THREAD.one(db)
    return {
        "home": _Ask("/api/v1/timelines/home"),
        "public": _Ask("/api/v1/timelines/public"),
        "local": _Ask("/api/v1/timelines/public?local=true"),
        "account": _Ask(f"/api/v1/accounts/{somebody}/statuses"),
        "list": _Ask(f"/api/v1/timelines/list/{mornings}"),
        "hashtag": _Ask("/api/v1/timelines/tag/topic1"),
        "notifications": _Ask("/api/v1/notifications", b'"created_at":', 40),
        "grouped": _Ask("/api/v2/notifications", b'"group_key":', 1, is_large=True),
        "context": _Ask(f"/api/v1/statuses/{thread}/context", least=100, is_large=True),
        "search": _Ask("/api/v2/search?q=greta&type=accounts", b'"followers_count":'),
    }


@dataclass(frozen=True, slots=True)
class _Asking:
    """One request, asked for in turn and at a rate."""

    server: Server
    client: aiohttp.ClientSession
    name: str
    ask: _Ask
    load: Load

    async def measure(self) -> dict[str, Any]:
        """Return what it costs and how long it takes."""
        figures: dict[str, Any] = {"bytes": await self._look()}
        for concurrency in CONCURRENCIES:
            figures[f"concurrency_{concurrency}"] = await self._measure_in_turn(concurrency)
        if self.load.seconds:
            figures["open_loop"] = await self._measure_at_rate()
        return figures

    async def _look(self) -> int:
        """Return the size of the answer, which must be what was expected."""
        path, mark = self.ask.path, self.ask.mark
        async with self.client.get(path) as answer:
            body = await answer.read()
        if answer.status != HTTPStatus.OK or body.count(mark) < self.ask.least:
            raise RuntimeError(f"{path} answered {answer.status} with {body.count(mark)} of {self.ask.least}")
        return len(body)

    async def _measure_in_turn(self, concurrency: int) -> dict[str, Any]:
        count, rounds = self.load.count, self.load.rounds
        await _in_turn(self.client, self.ask.path, count=max(concurrency, count // 4), concurrency=concurrency)
        done: list[Round] = []
        latencies: list[float] = []
        for number in range(rounds):
            label = f"{self.name}, {concurrency} at once, round {number + 1} of {rounds}"
            with measured(self.server.pid, count, label) as one:
                latencies += await _in_turn(self.client, self.ask.path, count=count, concurrency=concurrency)
            done.append(one)
        return {**cost(done), "latency_ms": latency_ms(latencies)}

    async def _measure_at_rate(self) -> dict[str, Any]:
        rate = max(1, self.load.rate // 10) if self.ask.is_large else self.load.rate
        seconds = self.load.seconds
        with measured(self.server.pid, rate * seconds, f"{self.name}, {rate} a second for {seconds} s") as one:
            latencies = await _at_rate(self.client, self.ask.path, rate=rate, seconds=seconds)
        return {"rate": rate, **cost([one]), "latency_ms": latency_ms(latencies)}


async def _in_turn(client: aiohttp.ClientSession, path: str, *, count: int, concurrency: int) -> list[float]:
    """Ask so many at once, each again when it has its answer; return how many seconds each answer took."""
    latencies: list[float] = []

    async def ask(turns: Iterator[int]) -> None:
        for _ in turns:
            latencies.append(await _seconds(client, path, time.perf_counter()))

    turns = iter(range(count))
    async with asyncio.TaskGroup() as tasks:
        for _ in range(concurrency):
            tasks.create_task(ask(turns))
    return latencies


async def _at_rate(client: aiohttp.ClientSession, path: str, *, rate: int, seconds: int) -> list[float]:
    """Ask at a constant rate, whatever becomes of earlier requests; measure from when each one was due."""
    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        asked = []
        for number in range(rate * seconds):
            due = began + number / rate
            await asyncio.sleep(due - time.perf_counter())
            asked.append(tasks.create_task(_seconds(client, path, due)))
    return [task.result() for task in asked]


async def _seconds(client: aiohttp.ClientSession, path: str, since: float) -> float:
    async with client.get(path) as answer:
        await answer.read()
    answer.raise_for_status()
    return time.perf_counter() - since


def _table(figures: dict[str, Any]) -> Table:
    table = Table(title="CPU ms per request one by one and 8 at once; ms until the answer 8 at once and at a rate")
    for heading in ("", "CPU", "web", "postgresql", "CPU 8", "p50", "p95", "p99", "per s", "p50", "p95", "p99"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, one in figures.items():
        alone, together, steady = one["concurrency_1"]["cpu_ms"], one["concurrency_8"], one.get("open_loop", {})
        cells = [alone["total"], alone["web"], alone["postgresql"], together["cpu_ms"]["total"]]
        cells += together["latency_ms"].values()
        cells += [steady.get("rate", ""), *steady.get("latency_ms", {}).values()]
        table.add_row(name, *map(str, cells))
    return table
