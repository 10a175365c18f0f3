"""`timeline`: a home page of twenty entries, as JSON for apps and as HTML for people."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp

from bench.measure import cost, latency_ms, measured, report, say
from bench.seeding import fill_home, insert_followees, insert_people
from bench.server import Server, make_person, running_server
from federation.actions.sessions import create_token, start_session
from storage.people import Person
from web.security import cookie_name

TARGET_MS = 3.0
CONCURRENCIES = (1, 8)
_HOSTS = 100


@dataclass(frozen=True, slots=True)
class _Page:
    """A home timeline as one kind of client asks for it; `entry` is what each entry's place begins with."""

    path: str
    headers: Mapping[str, str]
    entry: bytes


async def run(*, followees: int, entries: int, count: int, rounds: int) -> None:
    """Measure, and print the result."""
    async with running_server() as server:
        ada = await make_person(server, "ada")
        await _seed(server, ada, followees=followees, entries=entries)
        figures = {}
        for name, page in (await _pages(server, ada)).items():
            figures[name] = await _measure_page(server, name, page, count=count, rounds=rounds)
    report("timeline", {"target_cpu_ms": TARGET_MS, "followees": followees, "entries": entries, **figures})


async def _seed(server: Server, reader: Person, *, followees: int, entries: int) -> None:
    say(f"writing {entries:,} entries of {followees:,} people …")
    hosts = [f"peer{number % _HOSTS}.example" for number in range(followees)]
    async with server.services.database.transaction() as db:
        people = await insert_people(db, "writer", hosts)
        await insert_followees(db, reader.id, people)
    await fill_home(server.services.database, reader.id, people, entries)


async def _pages(server: Server, reader: Person) -> dict[str, _Page]:
    session = await start_session(server.services, reader, address="127.0.0.1", user_agent="bench")
    token = await create_token(server.services, reader)
    cookie = f"{cookie_name(server.services.settings, 'session')}={session}"
    return {
        "json": _Page("/api/v1/timelines/home", {"authorization": f"Bearer {token}"}, b'"reblogs_count":'),
        "html": _Page("/home", {"cookie": cookie}, b"<article"),
    }


async def _measure_page(server: Server, name: str, page: _Page, *, count: int, rounds: int) -> dict[str, Any] | None:
    """Measure a page at each concurrency; None when this server does not have it."""
    async with aiohttp.ClientSession(server.origin, cookie_jar=aiohttp.DummyCookieJar()) as client:
        async with client.get(page.path, headers=page.headers) as answer:
            body = await answer.read()
        if answer.status == HTTPStatus.NOT_FOUND:
            say(f"{name}: there is no {page.path} here, skipped")
            return None
        if answer.status != HTTPStatus.OK or body.count(page.entry) != 20:
            raise RuntimeError(f"{page.path} answered {answer.status} with {body.count(page.entry)} entries")
        figures: dict[str, Any] = {"bytes": len(body)}
        for concurrency in CONCURRENCIES:
            await _ask(client, page, count=count // 4, concurrency=concurrency)
            done, latencies = [], []
            for number in range(rounds):
                label = f"{name}, {concurrency} at once, round {number + 1} of {rounds}"
                with measured(server.pid, count, label) as one:
                    latencies += await _ask(client, page, count=count, concurrency=concurrency)
                done.append(one)
            figures[f"concurrency_{concurrency}"] = {**cost(done), "latency_ms": latency_ms(latencies)}
    return figures


async def _ask(client: aiohttp.ClientSession, page: _Page, *, count: int, concurrency: int) -> list[float]:
    """Ask for a page again and again; return how many seconds each answer took."""
    latencies: list[float] = []

    async def ask_in_turn(turns: Iterator[int]) -> None:
        for _ in turns:
            began = time.perf_counter()
            async with client.get(page.path, headers=page.headers) as answer:
                await answer.read()
            answer.raise_for_status()
            latencies.append(time.perf_counter() - began)

    turns = iter(range(count))
    async with asyncio.TaskGroup() as tasks:
        for _ in range(concurrency):
            tasks.create_task(ask_in_turn(turns))
    return latencies
