"""From commit to delivery: NOTIFY, relay, arq on a real Redis, drain; with either engine away for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from federation.remote.network import NetworkClient
from storage import deliveries
from storage.live import Live
from storage.waking import Waker, listen_alone
from tests.outgoing_rows import insert_activity, insert_sender, states
from tests.workers.sinks import SETTINGS, Sinks, make_drain, open_sinks
from workers.outcomes import Lane
from workers.registry import Drain, OneAtATime
from workers.running import work
from workers.settings import Queue

if TYPE_CHECKING:
    from storage.database import Connection, Database


@dataclass
class World:
    """An instance with a person, and other servers."""

    database: Database
    url: str
    live: Live
    wake: Waker
    drains: list[Drain]
    sinks: Sinks
    sender: UUID

    async def publish(self, *inboxes: str, wake: bool = True) -> None:
        async with self.database.transaction() as db:
            await insert_activity(db, self.sender, *inboxes)
        if wake:
            self.wake()

    async def until(self, **expected: int) -> None:
        async with asyncio.timeout(15):
            while await self._states() != expected:
                await asyncio.sleep(0.01)

    async def _states(self) -> dict[str, int]:
        async with self.database.connection() as db:
            return await states(db)


@pytest.fixture
async def world(fresh_database: Database, fresh_database_url: str, live: Live) -> AsyncIterator[World]:
    async def has_due(label: str, db: Connection) -> bool:
        return await deliveries.has_due(db, label)

    async with fresh_database.transaction() as db:
        sender = await insert_sender(db)
    async with open_sinks() as sinks, NetworkClient(SETTINGS) as network, Waker(fresh_database) as wake:
        drains = [
            Drain(
                f"drain_deliveries_{lane.label}",
                partial(has_due, lane.label),
                make_drain(lane, fresh_database, network, wake=wake).run,
            )
            for lane in Lane
        ]
        yield World(fresh_database, fresh_database_url, live, wake, drains, sinks, sender)


@asynccontextmanager
async def working(
    world: World, *, live: Live | None = None, drains: Sequence[Drain] | None = None
) -> AsyncIterator[None]:
    """Run a worker for the length of a block."""
    task = asyncio.create_task(
        work(world.database, world.url, live or world.live, drains=drains or world.drains, periodic=())
    )
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_what_is_committed_is_delivered_at_once(world: World) -> None:
    there = [await world.sinks.open() for _ in range(3)]
    took_s = []
    async with working(world):
        for count in (3, 6, 9):
            started = asyncio.get_running_loop().time()
            await world.publish(*(sink.inbox for sink in there))
            await world.until(delivered=count)
            took_s.append(asyncio.get_running_loop().time() - started)
    assert min(took_s) < 0.5, "the wake-up was lost, and the sweep found it"
    assert {len(sink.bodies) for sink in there} == {3}


async def test_a_lost_wake_up_costs_only_the_sweep(world: World) -> None:
    sink = await world.sinks.open()
    async with working(world):
        await world.publish(sink.inbox)
        await world.until(delivered=1)
        await asyncio.sleep(0.3)  # for wake-ups of the drain itself to pass
        await world.publish(sink.inbox, wake=False)
        await world.until(delivered=2)


async def test_a_wiped_redis_and_a_lost_listener_lose_nothing(world: World) -> None:
    sink = await world.sinks.open()
    async with working(world):
        await world.publish(sink.inbox)
        await world.until(delivered=1)
        async with world.database.connection() as db:
            await db.execute(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE application_name = 'thoughts relay' AND datname = current_database()"""
            )
        async for key in world.live.client.scan_iter(f"{world.live.prefix}:*"):
            await world.live.client.delete(key)
        await world.live.client.connection_pool.disconnect()
        await world.publish(sink.inbox)
        await world.until(delivered=2)


async def test_while_redis_is_away_work_waits_and_fan_outs_go_on(world: World) -> None:
    sink = await world.sinks.open()
    away = Live("redis://127.0.0.1:1", prefix="away")
    async with working(world, live=away):
        await world.publish(sink.inbox)
        await world.until(pending=1)
    assert sink.bodies == []
    async with working(world):
        await world.until(delivered=1)
    await away.close()


async def test_one_relay_listens_and_another_takes_over(fresh_database_url: str, fresh_database: Database) -> None:
    order: list[str] = []

    async def listen(name: str, until: asyncio.Event) -> None:
        async with listen_alone(fresh_database_url) as wake_ups:
            order.append(name)
            await wake_ups.wait(10)
            await until.wait()
            order.append(f"{name} ends")

    first, second = asyncio.Event(), asyncio.Event()
    second.set()
    async with asyncio.timeout(15), asyncio.TaskGroup() as relays:
        relays.create_task(listen("first", first))
        while not order:
            await asyncio.sleep(0.01)
        relays.create_task(listen("second", second))
        await asyncio.sleep(0.1)
        assert order == ["first"]
        first.set()
        async with Waker(fresh_database) as wake:
            while order[-1] != "second ends":
                wake()
                await asyncio.sleep(0.05)
    assert order == ["first", "first ends", "second", "second ends"]


async def test_a_job_that_fails_harms_no_other_and_comes_again(world: World) -> None:
    runs: list[str] = []
    again = asyncio.Event()

    async def always(_: Connection) -> bool:
        return True

    async def fails() -> None:
        runs.append("fails")
        raise ZeroDivisionError

    async def works() -> None:
        runs.append("works")
        if runs.count("works") > 1 and runs.count("fails") > 1:
            again.set()

    drains = [Drain("fails", always, fails), Drain("works", always, works)]
    async with asyncio.timeout(10), working(world, drains=drains):
        await again.wait()


async def test_a_worker_stops_although_a_wait_for_redis_swallowed_its_cancellation(live: Live) -> None:
    queue = Queue(live)
    worker = queue.make_worker({"nothing": asyncio.Event().wait})
    waiting = asyncio.Event()

    async def hard_of_hearing() -> None:
        with suppress(asyncio.CancelledError):
            waiting.set()
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    worker.main = hard_of_hearing
    running = asyncio.create_task(queue.run(worker))
    await waiting.wait()
    running.cancel()
    async with asyncio.timeout(5):
        with suppress(asyncio.CancelledError):
            await running
    assert worker.main_task.done()


async def test_one_at_a_time_starts_over_when_asked_meanwhile() -> None:
    runs = 0
    going = asyncio.Event()

    async def slowly() -> None:
        nonlocal runs
        runs += 1
        going.set()
        await asyncio.sleep(0.01)

    once = OneAtATime(slowly)
    first = asyncio.create_task(once())
    await going.wait()
    await asyncio.gather(once(), once(), once())
    await first
    assert runs == 2
