"""The delivery drain with real inboxes on loopback and a real PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from aiohttp import web

from federation.errors import Temporary
from federation.remote import network as network_module
from federation.remote.network import NetworkClient
from storage import failed_events, instances
from tests.outgoing_rows import insert_activity, insert_sender, send_out, states
from tests.workers.sinks import SETTINGS, Sinks, hang, make_drain, nobody_there, open_sinks
from workers.deliveries import DeliveryDrain
from workers.outcomes import InboxGone, Lane

if TYPE_CHECKING:
    from storage.database import Database


@pytest.fixture
async def sinks() -> AsyncIterator[Sinks]:
    async with open_sinks() as sinks:
        yield sinks


@pytest.fixture
async def network() -> AsyncIterator[NetworkClient]:
    async with NetworkClient(SETTINGS) as network:
        yield network


@pytest.fixture
async def sender(fresh_database: Database) -> UUID:
    async with fresh_database.transaction() as db:
        return await insert_sender(db)


@pytest.fixture
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a host that hangs time out after two seconds."""
    post = NetworkClient.post

    async def hasty(self: NetworkClient, url: str, **request: Any) -> Any:
        return await post(self, url, **request, timeout_s=2.0)

    monkeypatch.setattr(network_module.NetworkClient, "post", hasty)


async def send(database: Database, sender: UUID, *inboxes: str, count: int = 1, key: str | None = None) -> list[UUID]:
    async with database.transaction() as db:
        made = []
        for _ in range(count):
            id_ = await insert_activity(db, sender, *inboxes, key=key)
            await db.execute("UPDATE activities SET payload = $2 WHERE id = $1", id_, str(id_).encode())
            made.append(id_)
        await send_out(db, sender, count=0)
        return made


async def both(drains: dict[Lane, DeliveryDrain]) -> None:
    """Run the lanes until neither has anything due, as the relay makes them."""
    async with asyncio.timeout(20):
        for _ in range(3):
            await asyncio.gather(*(drain.run() for drain in drains.values()))


def lanes(database: Database, network: NetworkClient, **more: Any) -> dict[Lane, DeliveryDrain]:
    return {lane: make_drain(lane, database, network, **more) for lane in Lane}


async def counts(database: Database) -> dict[str, int]:
    async with database.connection() as db:
        return await states(db)


async def only(database: Database, sql: str) -> Any:
    async with database.connection() as db:
        return await db.fetchrow(sql)


async def test_everything_arrives_once_and_hosts_keep_their_slots(
    fresh_database: Database, network: NetworkClient, sinks: Sinks, sender: UUID
) -> None:
    async def slowly(_: web.BaseRequest) -> int:
        await asyncio.sleep(0.005)
        return 202

    there = [await sinks.open(slowly) for _ in range(5)]
    made = await send(fresh_database, sender, *(sink.inbox for sink in there), count=20)
    woken: list[None] = []
    drains = lanes(fresh_database, network, wake=lambda: woken.append(None))
    await drains[Lane.UNPROVEN].run()
    assert woken, "hosts that proved themselves have something due in the other lane"
    await both(drains)
    for sink in there:
        assert sink.counts == {str(id_).encode(): 1 for id_ in made}
        assert 1 < sink.most_at_once <= 4
    assert await counts(fresh_database) == {"delivered": 100}


async def test_what_is_answered_while_outcomes_are_written_is_written_too(
    fresh_database: Database, network: NetworkClient, sinks: Sinks, sender: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_second, second_answered = asyncio.Event(), asyncio.Event()
    post = NetworkClient.post

    async def late(_: web.BaseRequest) -> int:
        await answer_second.wait()
        return 202

    async def tell(self: NetworkClient, url: str, **request: Any) -> Any:
        posted = await post(self, url, **request)
        if url == second.inbox:
            second_answered.set()
        return posted

    monkeypatch.setattr(network_module.NetworkClient, "post", tell)

    first, second = await sinks.open(), await sinks.open(late)
    await send(fresh_database, sender, first.inbox, second.inbox)
    drain = make_drain(Lane.UNPROVEN, fresh_database, network)
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        async with fresh_database.connection() as watching, fresh_database.transaction() as holding:
            running = tasks.create_task(drain.run())
            await second.visited.wait()
            await holding.execute("SELECT FROM instances WHERE host = $1 FOR UPDATE", first.host)
            while not await watching.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
                await asyncio.sleep(0.01)
            answer_second.set()
            await second_answered.wait()
        await running
    assert await counts(fresh_database) == {"delivered": 2}


async def test_an_object_arrives_in_order(
    fresh_database: Database, network: NetworkClient, sinks: Sinks, sender: UUID
) -> None:
    sink = await sinks.open()
    made = await send(fresh_database, sender, sink.inbox, count=8, key="note")
    await both(lanes(fresh_database, network))
    assert sink.bodies == [str(id_).encode() for id_ in made]


async def test_two_workers_send_nothing_twice(
    fresh_database: Database, network: NetworkClient, sinks: Sinks, sender: UUID
) -> None:
    there = [await sinks.open() for _ in range(4)]
    await send(fresh_database, sender, *(sink.inbox for sink in there), count=25)
    await asyncio.gather(both(lanes(fresh_database, network)), both(lanes(fresh_database, network)))
    await both(lanes(fresh_database, network))
    for sink in there:
        assert len(sink.counts) == 25
        assert set(sink.counts.values()) == {1}


@pytest.mark.usefixtures("short_timeout")
async def test_hosts_that_hang_hold_up_nobody(
    fresh_database: Database, network: NetworkClient, sinks: Sinks, sender: UUID
) -> None:
    hanging = [await sinks.open(hang) for _ in range(12)]
    healthy = [await sinks.open() for _ in range(12)]
    drains = lanes(fresh_database, network)
    await send(fresh_database, sender, *(sink.inbox for sink in (*hanging, *healthy)), count=3)
    started = time.monotonic()
    unproven = asyncio.create_task(drains[Lane.UNPROVEN].run())
    while sum(len(sink.bodies) for sink in healthy) < 36:
        await drains[Lane.PROVEN].run()
        await asyncio.sleep(0.01)
    assert time.monotonic() - started < 1.8, "the healthy ones waited for the hanging ones"
    await unproven
    assert {len(sink.bodies) for sink in hanging} == {1}
    down = await only(fresh_database, "SELECT count(*), min(failures) FROM instances WHERE down_since IS NOT NULL")
    assert tuple(down) == (12, 1)
    waiting = await only(
        fresh_database, "SELECT sum(strikes), sum(attempts), max(error_class) FROM deliveries WHERE state = 'pending'"
    )
    assert tuple(waiting) == (0, 12, "timeout")


async def test_a_host_that_returns_gets_its_whole_backlog(
    fresh_database: Database, network: NetworkClient, sinks: Sinks, sender: UUID
) -> None:
    sink = await sinks.open(lambda _: 500)
    made = await send(fresh_database, sender, sink.inbox, count=10)
    drains = lanes(fresh_database, network)
    for _ in range(6):
        async with fresh_database.transaction() as db:
            await db.execute("UPDATE deliveries SET due_at = now()")
            await instances.wake(db, [sink.host])
        await both(drains)
    assert await counts(fresh_database) == {"pending": 10}
    assert len(sink.bodies) == 5, "five server errors in a row close the host"
    down = await only(fresh_database, "SELECT down_since, next_due_at - now() FROM instances")
    assert down[0] is not None
    assert timedelta(seconds=8) < down[1] <= timedelta(seconds=10)
    sink.answer = lambda _: 202
    async with fresh_database.transaction() as db:
        await db.execute("UPDATE instances SET probe_at = now(), next_due_at = now()")
    await both(drains)
    assert await counts(fresh_database) == {"delivered": 10}
    assert set(sink.bodies[5:]) == {str(id_).encode() for id_ in made}


async def test_the_scheme_that_worked_is_remembered(
    fresh_database: Database, network: NetworkClient, sinks: Sinks, sender: UUID
) -> None:
    sink = await sinks.open(lambda request: 202 if "signature-input" in request.headers else 401)
    await send(fresh_database, sender, sink.inbox)
    await both(lanes(fresh_database, network))
    await send(fresh_database, sender, sink.inbox)
    await both(lanes(fresh_database, network))
    assert sink.schemes == ["cavage", "rfc9421", "rfc9421"]
    assert await counts(fresh_database) == {"delivered": 2}


async def test_a_refusal_is_a_dead_letter_at_once(
    fresh_database: Database, network: NetworkClient, sinks: Sinks, sender: UUID
) -> None:
    sink = await sinks.open(lambda _: web.Response(status=422, text="No, thanks."))
    await send(fresh_database, sender, sink.inbox)
    await both(lanes(fresh_database, network))
    async with fresh_database.connection() as db:
        (letter,) = await failed_events.list_failed_events(db, failed_events.Filter(), before=None, limit=5)
    assert (letter.error_class, letter.last_status, letter.answer) == ("refused", 422, "No, thanks.")
    assert [attempt["scheme"] for attempt in letter.attempts] == ["cavage"]
    assert (await only(fresh_database, "SELECT down_since, failures FROM instances"))[:] == (None, 0)


async def test_still_401_after_both_schemes_follows_the_schedule(
    fresh_database: Database, network: NetworkClient, sinks: Sinks, sender: UUID
) -> None:
    sink = await sinks.open(lambda _: 401)
    await send(fresh_database, sender, sink.inbox)
    await both(lanes(fresh_database, network))
    waits = await only(fresh_database, "SELECT state, strikes, due_at - now(), error_class FROM deliveries")
    assert tuple(waits)[:2] == ("pending", 1)
    assert timedelta(seconds=8) < waits[2] <= timedelta(seconds=10)
    assert waits[3] == "unauthenticated"
    assert sink.schemes == ["cavage", "rfc9421"]


async def test_retry_after_closes_the_host_for_so_long(
    fresh_database: Database, network: NetworkClient, sinks: Sinks, sender: UUID
) -> None:
    sink = await sinks.open(lambda _: web.Response(status=429, headers={"retry-after": "300"}))
    await send(fresh_database, sender, sink.inbox, count=3)
    await both(lanes(fresh_database, network))
    assert len(sink.bodies) == 1
    closed = await only(fresh_database, "SELECT next_due_at - now(), down_since FROM instances")
    assert timedelta(seconds=295) < closed[0] <= timedelta(seconds=300)
    assert closed[1] is None
    assert (await only(fresh_database, "SELECT max(strikes) FROM deliveries"))[0] == 0


async def test_a_missing_inbox_is_looked_up_and_the_delivery_follows(
    fresh_database: Database, network: NetworkClient, sinks: Sinks, sender: UUID
) -> None:
    old, new = await sinks.open(lambda _: 410), await sinks.open()
    asked: list[str] = []

    async def refresh(inbox_url: str) -> str:
        asked.append(inbox_url)
        return new.inbox

    await send(fresh_database, sender, old.inbox)
    await both(lanes(fresh_database, network, refresh_inbox=refresh))
    assert asked == [old.inbox]
    assert (len(old.bodies), len(new.bodies)) == (1, 1)
    assert await counts(fresh_database) == {"delivered": 1}


@pytest.mark.parametrize("found", [None, "same", InboxGone.GONE])
async def test_an_inbox_that_stays_missing_is_final(
    fresh_database: Database, network: NetworkClient, sinks: Sinks, sender: UUID, found: InboxGone | str | None
) -> None:
    sink = await sinks.open(lambda _: 404)

    async def refresh(inbox_url: str) -> InboxGone | str | None:
        return inbox_url if found == "same" else found

    await send(fresh_database, sender, sink.inbox)
    await both(lanes(fresh_database, network, refresh_inbox=refresh))
    assert await counts(fresh_database) == {"dead": 1}


async def test_an_inbox_that_cannot_be_looked_up_now_is_asked_again_later(
    fresh_database: Database, network: NetworkClient, sinks: Sinks, sender: UUID
) -> None:
    sink = await sinks.open(lambda _: 404)

    async def refresh(_: str) -> None:
        raise Temporary("It does not answer.")

    await send(fresh_database, sender, sink.inbox)
    await both(lanes(fresh_database, network, refresh_inbox=refresh))
    assert await counts(fresh_database) == {"pending": 1}
    assert (await only(fresh_database, "SELECT strikes FROM deliveries"))[0] == 1


async def test_a_fault_of_ours_stops_no_other_delivery(
    fresh_database: Database, network: NetworkClient, sinks: Sinks, sender: UUID
) -> None:
    missing, fine = await sinks.open(lambda _: 404), await sinks.open()

    async def refresh(_: str) -> None:
        raise ZeroDivisionError

    await send(fresh_database, sender, missing.inbox, fine.inbox)
    await both(lanes(fresh_database, network, refresh_inbox=refresh))
    assert await counts(fresh_database) == {"delivered": 1, "pending": 1}
    assert (await only(fresh_database, "SELECT max(error_class) FROM deliveries WHERE state = 'pending'"))[0] == "fault"


async def test_a_purged_payload_is_superseded(
    fresh_database: Database, network: NetworkClient, sinks: Sinks, sender: UUID
) -> None:
    sink = await sinks.open()
    await send(fresh_database, sender, sink.inbox)
    async with fresh_database.transaction() as db:
        await db.execute("UPDATE activities SET payload = NULL")
    await both(lanes(fresh_database, network))
    assert await counts(fresh_database) == {"superseded": 1}
    assert sink.bodies == []


async def test_a_stop_waits_for_what_is_under_way_and_claims_no_more(
    fresh_database: Database, network: NetworkClient, sinks: Sinks, sender: UUID
) -> None:
    async def slowly(_: web.BaseRequest) -> int:
        await asyncio.sleep(0.1)
        return 202

    sink = await sinks.open(slowly)
    await send(fresh_database, sender, sink.inbox, count=3)
    drain = make_drain(Lane.UNPROVEN, fresh_database, network)
    running = asyncio.create_task(drain.run())
    await sink.visited.wait()
    await drain.stop()
    assert running.done()
    assert await counts(fresh_database) == {"delivered": 1, "pending": 2}
    await drain.run()
    assert len(sink.bodies) == 1


async def test_a_cancelled_drain_gives_its_leases_back(
    fresh_database: Database, network: NetworkClient, sinks: Sinks, sender: UUID
) -> None:
    sink = await sinks.open(hang)
    await send(fresh_database, sender, sink.inbox)
    running = asyncio.create_task(make_drain(Lane.UNPROVEN, fresh_database, network).run())
    await sink.visited.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await only(fresh_database, "SELECT lease FROM deliveries"))[0] is None
    sink.answer = lambda _: 202
    await both(lanes(fresh_database, network, refresh_inbox=nobody_there))
    assert await counts(fresh_database) == {"delivered": 1}
