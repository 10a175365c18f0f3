"""Deliveries on a real PostgreSQL with commits: order, leases, slots, lanes, breaker, dead letters, fan-out."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from storage import activities, deliveries, delivery_outcomes, failed_events, instances, retention
from storage.deliveries import Claimed
from storage.delivery_outcomes import Arrived, HostChange, Missed, Moved
from tests.outgoing_rows import expand, insert_activity, insert_follower, insert_sender, send_out, states

if TYPE_CHECKING:
    from storage.database import Connection, Database

SLOTS = 4
INBOX = "https://far.example/inbox"
HOST = "far.example"
SOON = timedelta(seconds=10)


@pytest.fixture
async def sender(fresh_database: Database) -> UUID:
    async with fresh_database.transaction() as db:
        return await insert_sender(db)


async def claim(database: Database, lane: str = "unproven", *, limit: int = 100, lease_s: float = 40) -> list[Claimed]:
    async with database.transaction() as db:
        return await deliveries.claim(db, lane, lease_for=timedelta(seconds=lease_s), limit=limit, slots=SLOTS)


async def has_due(database: Database, lane: str = "unproven") -> bool:
    async with database.connection() as db:
        return await deliveries.has_due(db, lane)


async def prove(database: Database, *hosts: str) -> None:
    """Let these hosts have had a success."""
    async with database.transaction() as db:
        await db.execute(
            """INSERT INTO instances (host, lane, last_success_at) SELECT unnest($1::text[]), 'proven', now()
            ON CONFLICT (host) DO UPDATE SET lane = 'proven', last_success_at = now()""",
            list(hosts),
        )


async def arrive(database: Database, claimed: Sequence[Claimed]) -> None:
    async with database.transaction() as db:
        hosts = {c.host for c in claimed}
        await delivery_outcomes.lock_hosts(db, hosts)
        await delivery_outcomes.mark_arrived(db, [Arrived(c.id, c.lease, 202) for c in claimed])
        await delivery_outcomes.change_hosts(db, [change(host, arrived=True) for host in hosts])
        await deliveries.reschedule(db, list(hosts), slots=SLOTS)


def change(host: str, **values: Any) -> HostChange:
    defaults: dict[str, Any] = {
        "failures": 0, "down": False, "closed_for": None, "arrived": False, "scheme": None, "forget_scheme": False,
        "error": None,
    }  # fmt: skip
    return HostChange(host, **defaults | values)


def missed(claimed: Claimed, pause: timedelta | None, *, strike: bool = True) -> Missed:
    attempt = {"at": "2026-01-01T00:00:00Z", "status": 500}
    return Missed(claimed.id, claimed.lease, pause, strike, 500, "server_error", "It said 500.", "No.", attempt)


async def miss(
    database: Database, claimed: Claimed, pause: timedelta | None, *, strike: bool = True, **host: Any
) -> None:
    async with database.transaction() as db:
        await delivery_outcomes.lock_hosts(db, [claimed.host])
        await delivery_outcomes.mark_missed(db, [missed(claimed, pause, strike=strike)])
        await delivery_outcomes.change_hosts(db, [change(claimed.host, error="It said 500.", **host)])
        await deliveries.reschedule(db, [claimed.host], slots=SLOTS)


async def row(database: Database, delivery_id: UUID) -> Any:
    async with database.connection() as db:
        return await db.fetchrow("SELECT * FROM deliveries WHERE id = $1", delivery_id)


async def instance(database: Database, host: str = HOST) -> Any:
    async with database.connection() as db:
        return await db.fetchrow("SELECT *, next_due_at - now() AS looks_in FROM instances WHERE host = $1", host)


# --- fan-out ------------------------------------------------------------------------------------------


async def test_a_fan_out_becomes_one_delivery_per_inbox_and_wakes_the_hosts(
    fresh_database: Database, sender: UUID
) -> None:
    shared = "https://one.example/inbox"
    async with fresh_database.transaction() as db:
        await insert_follower(db, sender, "https://one.example/users/a/inbox", shared)
        await insert_follower(db, sender, "https://one.example/users/b/inbox", shared)
        await insert_follower(db, sender, "https://two.example/users/c/inbox")
        await insert_activity(db, sender, shared, "https://three.example:8443/inbox", to_followers=True)
        await expand(db)
        rows = await db.fetch("SELECT inbox_url, host FROM deliveries ORDER BY host")
        assert not await activities.has_fanouts(db)
    assert [tuple(row) for row in rows] == [
        (shared, "one.example"),
        ("https://three.example:8443/inbox", "three.example:8443"),
        ("https://two.example/users/c/inbox", "two.example"),
    ]
    assert {c.host for c in await claim(fresh_database)} == {"one.example", "two.example", "three.example:8443"}


async def test_followers_who_are_gone_or_blocked_or_not_accepted_get_nothing(
    fresh_database: Database, sender: UUID
) -> None:
    async with fresh_database.transaction() as db:
        gone = await insert_follower(db, sender, "https://gone.example/inbox")
        asking = await insert_follower(db, sender, "https://asking.example/inbox")
        await insert_follower(db, sender, "https://sub.blocked.example/inbox")
        await db.execute("UPDATE remote_actors SET gone_at = now() WHERE user_id = $1", gone)
        await db.execute("UPDATE follows SET state = 'pending' WHERE follower_id = $1", asking)
        await db.execute("INSERT INTO domain_blocks (domain) VALUES ('blocked.example')")
        await insert_activity(db, sender, "https://blocked.example/inbox", to_followers=True)
        await expand(db)
        assert await states(db) == {}


async def test_a_later_activity_of_an_object_is_expanded_after_the_earlier_one(
    fresh_database: Database, sender: UUID
) -> None:
    async with fresh_database.transaction() as db:
        first = await insert_activity(db, sender, INBOX, key="note")
        await insert_activity(db, sender, INBOX, key="note", kind="Update")
        assert await activities.expand_fanouts(db, limit=100) == 1
        assert await states(db, [first]) == {"pending": 1}
        assert await activities.expand_fanouts(db, limit=100) == 1


async def test_two_relays_expand_every_fan_out_once(fresh_database: Database, sender: UUID) -> None:
    async with fresh_database.transaction() as db:
        for _ in range(40):
            await insert_activity(db, sender, INBOX)

    async def relay() -> int:
        done = 0
        while True:
            async with fresh_database.transaction() as db:
                count = await activities.expand_fanouts(db, limit=3)
                await asyncio.sleep(0)
            if not count:
                return done
            done += count

    assert sum(await asyncio.gather(relay(), relay())) == 40
    async with fresh_database.connection() as db:
        assert await states(db) == {"pending": 40}


# --- claims -------------------------------------------------------------------------------------------


async def test_an_object_keeps_its_order_and_others_do_not_wait(fresh_database: Database, sender: UUID) -> None:
    await prove(fresh_database, HOST)
    async with fresh_database.transaction() as db:
        create, update = await send_out(db, sender, INBOX, key="note", count=2)
        (other,) = await send_out(db, sender, INBOX)
    first = await claim(fresh_database, "proven")
    assert [c.activity_id for c in first] == [create, other]
    assert await claim(fresh_database, "proven") == []
    await miss(fresh_database, first[0], timedelta(hours=1))
    assert await claim(fresh_database, "proven") == []
    async with fresh_database.transaction() as db:
        await db.execute("UPDATE deliveries SET due_at = now() WHERE activity_id = $1", create)
        await instances.wake(db, [HOST])
    again = await claim(fresh_database, "proven")
    assert [c.activity_id for c in again] == [create]
    await miss(fresh_database, again[0], None)
    assert [c.activity_id for c in await claim(fresh_database, "proven")] == [update]


async def test_order_is_kept_per_host(fresh_database: Database, sender: UUID) -> None:
    async with fresh_database.transaction() as db:
        await send_out(db, sender, INBOX, "https://near.example/inbox", key="note", count=2)
    first = await claim(fresh_database)
    await arrive(fresh_database, [c for c in first if c.host == "near.example"])
    assert [c.host for c in await claim(fresh_database, "proven")] == ["near.example"]


async def test_slots_bound_what_a_host_has_in_flight(fresh_database: Database, sender: UUID) -> None:
    await prove(fresh_database, "near.example")
    async with fresh_database.transaction() as db:
        await send_out(db, sender, INBOX, "https://near.example/inbox", count=10)
    assert len(await claim(fresh_database)) == 1
    proven = await claim(fresh_database, "proven")
    assert len(proven) == SLOTS
    assert await claim(fresh_database) == await claim(fresh_database, "proven") == []
    assert not await has_due(fresh_database, "proven")
    await arrive(fresh_database, proven[:1])
    assert await has_due(fresh_database, "proven")
    assert len(await claim(fresh_database, "proven")) == 1


async def test_a_limited_claim_leaves_the_rest_due(fresh_database: Database, sender: UUID) -> None:
    hosts = [f"h{n}.example" for n in range(6)]
    await prove(fresh_database, *hosts)
    async with fresh_database.transaction() as db:
        await send_out(db, sender, *(f"https://{host}/inbox" for host in hosts), count=3)
    claimed: list[UUID] = []
    while batch := await claim(fresh_database, "proven", limit=5):
        assert len(batch) <= 5
        claimed += [c.id for c in batch]
    assert len(claimed) == len(set(claimed)) == 18


async def test_two_drains_at_once_claim_nothing_twice(fresh_database: Database, sender: UUID) -> None:
    hosts = [f"h{n}.example" for n in range(20)]
    await prove(fresh_database, *hosts)
    async with fresh_database.transaction() as db:
        await send_out(db, sender, *(f"https://{host}/inbox" for host in hosts), count=6)
    seen: Counter[UUID] = Counter()

    async def drain() -> None:
        while await has_due(fresh_database, "proven"):
            batch = await claim(fresh_database, "proven", limit=7)
            seen.update(c.id for c in batch)
            if batch:
                await arrive(fresh_database, batch)

    async with asyncio.timeout(30):
        await asyncio.gather(*(drain() for _ in range(4)))
    assert len(seen) == 120 and set(seen.values()) == {1}
    async with fresh_database.connection() as db:
        assert await states(db) == {"delivered": 120}
        assert await db.fetchval("SELECT count(*) FROM instances WHERE next_due_at IS NOT NULL") == 0


async def test_an_expired_lease_is_claimed_again_and_the_late_worker_changes_nothing(
    fresh_database: Database, sender: UUID
) -> None:
    async with fresh_database.transaction() as db:
        await send_out(db, sender, INBOX)
    (late,) = await claim(fresh_database, lease_s=0.05)
    assert not await has_due(fresh_database)
    await asyncio.sleep(0.06)
    (current,) = await claim(fresh_database)
    assert current.id == late.id and current.lease != late.lease
    async with fresh_database.transaction() as db:
        await delivery_outcomes.mark_arrived(db, [Arrived(late.id, late.lease, 202)])
        await delivery_outcomes.mark_missed(db, [missed(late, SOON), missed(late, None)])
        await delivery_outcomes.mark_moved(db, [Moved(missed(late, SOON), late.activity_id, "https://x.example/", "x")])
        await delivery_outcomes.mark_superseded(db, [(late.id, late.lease)])
        await deliveries.give_back(db, [late], slots=SLOTS)
        assert await failed_events.count_failed_events(db, failed_events.Filter()) == 0
    now = await row(fresh_database, current.id)
    assert (now["state"], now["lease"], now["attempts"], now["inbox_url"]) == ("pending", current.lease, 0, INBOX)
    await arrive(fresh_database, [current])
    assert (await row(fresh_database, current.id))["state"] == "delivered"


async def test_what_was_not_sent_can_be_given_back(fresh_database: Database, sender: UUID) -> None:
    async with fresh_database.transaction() as db:
        await send_out(db, sender, INBOX)
    first = await claim(fresh_database)
    async with fresh_database.transaction() as db:
        await deliveries.give_back(db, first, slots=SLOTS)
    assert [c.id for c in await claim(fresh_database)] == [c.id for c in first]


async def test_a_paused_host_is_left_alone(fresh_database: Database, sender: UUID) -> None:
    async with fresh_database.transaction() as db:
        await send_out(db, sender, INBOX)
        await instances.set_paused(db, HOST, paused=True)
    assert not await has_due(fresh_database) and await claim(fresh_database) == []
    async with fresh_database.transaction() as db:
        await instances.set_paused(db, HOST, paused=False)
    assert len(await claim(fresh_database)) == 1


async def test_rows_committed_while_a_host_is_rescheduled_are_not_forgotten(
    fresh_database: Database, sender: UUID
) -> None:
    async with fresh_database.transaction() as db:
        await send_out(db, sender, INBOX)
    (only,) = await claim(fresh_database)
    async with fresh_database.transaction() as writer:
        await send_out(writer, sender, INBOX)  # holds the host, with rows that nobody sees yet
        finish = asyncio.create_task(arrive(fresh_database, [only]))
        await asyncio.sleep(0.05)
        assert not finish.done()
    await finish
    assert await has_due(fresh_database, "proven")


# --- outcomes -----------------------------------------------------------------------------------------


async def test_a_success_proves_the_host_and_remembers_the_scheme(fresh_database: Database, sender: UUID) -> None:
    async with fresh_database.transaction() as db:
        await send_out(db, sender, INBOX, count=2)
    (first,) = await claim(fresh_database)
    async with fresh_database.transaction() as db:
        await delivery_outcomes.lock_hosts(db, [HOST])
        await delivery_outcomes.mark_arrived(db, [Arrived(first.id, first.lease, 202)])
        await delivery_outcomes.change_hosts(db, [change(HOST, arrived=True, scheme="rfc9421")])
        await deliveries.reschedule(db, [HOST], slots=SLOTS)
    assert (await instance(fresh_database))["lane"] == "proven"
    (second,) = await claim(fresh_database, "proven")
    assert (first.scheme, second.scheme) == (None, "rfc9421")
    await miss(fresh_database, second, timedelta(0), forget_scheme=True)
    assert [c.scheme for c in await claim(fresh_database, "proven")] == [None]


async def test_a_failure_of_its_own_waits_and_is_counted(fresh_database: Database, sender: UUID) -> None:
    async with fresh_database.transaction() as db:
        await send_out(db, sender, INBOX)
    (first,) = await claim(fresh_database)
    await miss(fresh_database, first, SOON)
    waits = await row(fresh_database, first.id)
    assert (waits["attempts"], waits["strikes"], waits["last_status"]) == (1, 1, 500)
    assert waits["attempt_log"] == [{"at": "2026-01-01T00:00:00Z", "status": 500}]
    looks_in = (await instance(fresh_database))["looks_in"]
    assert timedelta(seconds=9) < looks_in <= SOON
    assert await claim(fresh_database) == []


async def test_a_down_host_is_probed_with_one_row_after_another_and_released_by_an_answer(
    fresh_database: Database, sender: UUID
) -> None:
    await prove(fresh_database, HOST)
    async with fresh_database.transaction() as db:
        await send_out(db, sender, INBOX, count=3)
    first, *others = await claim(fresh_database, "proven")
    for claimed in (first, *others):
        await miss(
            fresh_database,
            claimed,
            timedelta(0),
            strike=False,
            failures=1,
            down=True,
            closed_for=timedelta(seconds=0.1),
        )
    down = await instance(fresh_database)
    assert down["lane"] == "unproven" and down["down_since"] is not None
    assert await claim(fresh_database) == []
    await asyncio.sleep(0.1)
    (probe,) = await claim(fresh_database)
    assert probe.id == first.id and await claim(fresh_database) == []
    await miss(
        fresh_database, probe, timedelta(0), strike=False, failures=2, down=True, closed_for=timedelta(seconds=0.01)
    )
    assert (await instance(fresh_database))["down_since"] == down["down_since"]
    assert (await row(fresh_database, probe.id))["strikes"] == 0
    await asyncio.sleep(0.02)
    (other_probe,) = await claim(fresh_database)
    assert other_probe.id == others[0].id
    await arrive(fresh_database, [other_probe])
    assert len(await claim(fresh_database, "proven")) == 2


async def test_release_makes_what_waited_due(fresh_database: Database, sender: UUID) -> None:
    async with fresh_database.transaction() as db:
        await send_out(db, sender, INBOX)
    (claimed,) = await claim(fresh_database)
    await miss(fresh_database, claimed, timedelta(hours=12), failures=9, down=True, closed_for=timedelta(hours=1))
    async with fresh_database.transaction() as db:
        await delivery_outcomes.release_backlog(db, [HOST])
    released = await row(fresh_database, claimed.id)
    assert released["due_at"] < released["created_at"] + timedelta(minutes=1)
    async with fresh_database.transaction() as db:
        assert await instances.release(db, [HOST]) == 1
    assert len(await claim(fresh_database)) == 1


async def test_a_verified_request_of_a_down_host_brings_its_probe_forward(
    fresh_database: Database, sender: UUID
) -> None:
    async with fresh_database.transaction() as db:
        await send_out(db, sender, INBOX)
    (claimed,) = await claim(fresh_database)
    await miss(fresh_database, claimed, timedelta(0), failures=1, down=True, closed_for=timedelta(hours=1))
    async with fresh_database.connection() as db:
        await instances.mark_seen(db, HOST)
    (probe,) = await claim(fresh_database)
    await miss(fresh_database, probe, timedelta(0), failures=2, down=True, closed_for=timedelta(hours=1))
    async with fresh_database.connection() as db:
        await instances.mark_seen(db, HOST)  # talks all the time, and does not listen
    assert await claim(fresh_database) == []


async def test_a_pause_that_was_asked_for_outlasts_answers_and_visits(fresh_database: Database, sender: UUID) -> None:
    await prove(fresh_database, HOST)
    async with fresh_database.transaction() as db:
        await send_out(db, sender, INBOX, count=3)
    first, second, _ = await claim(fresh_database, "proven")
    await miss(fresh_database, first, timedelta(0), strike=False, failures=1, closed_for=timedelta(minutes=5))
    await arrive(fresh_database, [second])
    async with fresh_database.connection() as db:
        await instances.mark_seen(db, HOST)
    waits = await instance(fresh_database)
    assert waits["lane"] == "proven" and waits["down_since"] is None
    assert waits["looks_in"] > timedelta(minutes=4)
    assert await claim(fresh_database, "proven") == []


async def test_a_dead_delivery_leaves_one_letter_with_all_it_went_through(
    fresh_database: Database, sender: UUID
) -> None:
    async with fresh_database.transaction() as db:
        await send_out(db, sender, INBOX)
    (first,) = await claim(fresh_database)
    await miss(fresh_database, first, timedelta(0))
    (second,) = await claim(fresh_database)
    await miss(fresh_database, second, None)
    async with fresh_database.transaction() as db:
        (letter,) = await failed_events.list_failed_events(db, failed_events.Filter(), before=None, limit=10)
        assert await states(db) == {"dead": 1}
        assert (letter.kind, letter.source_id, letter.host) == ("delivery", first.id, HOST)
        assert (letter.error_class, letter.last_status, letter.answer) == ("server_error", 500, "No.")
        assert [attempt["status"] for attempt in letter.attempts] == [500, 500]
        assert letter.subject == f"Create to {INBOX}"
        assert await failed_events.resolve(db, letter.id, "retried", "root") is not None
        assert await failed_events.revive_delivery(db, first.id) == HOST
        await instances.wake(db, [HOST])
    (third,) = await claim(fresh_database)
    assert (third.strikes, third.age < timedelta(minutes=1)) == (0, True)


async def test_what_waited_too_long_behind_a_host_dies_with_letters(fresh_database: Database, sender: UUID) -> None:
    async with fresh_database.transaction() as db:
        old = await send_out(db, sender, INBOX, count=3)
        await db.execute("UPDATE deliveries SET since = now() - interval '4 days'")
        young = await send_out(db, sender, INBOX)
        gone = await delivery_outcomes.expire(
            db, HOST, after=timedelta(days=3), error_class="timeout", error="It did not answer."
        )
        assert gone == 3
        assert await states(db, old) == {"dead": 3}
        assert await states(db, young) == {"pending": 1}
        which = failed_events.Filter(error_class="timeout")
        assert await failed_events.count_failed_events(db, which) == 3


async def test_a_moved_delivery_goes_to_the_new_inbox_once(fresh_database: Database, sender: UUID) -> None:
    personal = [f"{INBOX}/a", f"{INBOX}/b"]
    new = "https://new.example/inbox"
    await prove(fresh_database, HOST)
    async with fresh_database.transaction() as db:
        await send_out(db, sender, *personal)
        await send_out(db, sender, personal[0], new)
    claimed = await claim(fresh_database, "proven")
    assert len(claimed) == 3
    async with fresh_database.transaction() as db:
        await delivery_outcomes.lock_hosts(db, [HOST], new=["new.example"])
        moved = [Moved(missed(c, timedelta(0)), c.activity_id, new, "new.example") for c in claimed]
        await delivery_outcomes.mark_moved(db, moved)
        await deliveries.reschedule(db, [HOST, "new.example"], slots=SLOTS)
        assert await states(db) == {"pending": 2, "superseded": 2}
    first = await claim(fresh_database)
    assert [c.inbox_url for c in first] == [new]


async def test_the_sweep_finds_hosts_that_were_forgotten_and_doubts_old_successes(
    fresh_database: Database, sender: UUID
) -> None:
    async with fresh_database.transaction() as db:
        await send_out(db, sender, INBOX)
        await db.execute("UPDATE instances SET next_due_at = NULL")
    await prove(fresh_database, HOST)
    async with fresh_database.transaction() as db:
        await db.execute("UPDATE instances SET last_success_at = now() - interval '2 days'")
        assert await deliveries.sweep(db, slots=SLOTS) == 1
        assert await deliveries.sweep(db, slots=SLOTS) == 0
    assert len(await claim(fresh_database)) == 1


async def test_finished_rows_are_folded_into_counts_of_their_hosts(fresh_database: Database, sender: UUID) -> None:
    async with fresh_database.transaction() as db:
        await send_out(db, sender, INBOX, "https://near.example/inbox")
    await arrive(fresh_database, await claim(fresh_database))
    async with fresh_database.transaction() as db:
        await db.execute("UPDATE deliveries SET finished_at = now() - interval '31 days' WHERE host = $1", HOST)
        assert await retention.run_batch(db, "finished deliveries", limit=100) >= 0
        assert await states(db) == {"delivered": 1}
    assert (await instance(fresh_database))["delivered"] == 1
    assert (await instance(fresh_database, "near.example"))["delivered"] == 0


async def test_writers_that_meet_on_the_same_hosts_do_not_deadlock(fresh_database: Database, sender: UUID) -> None:
    hosts = [f"h{n}.example" for n in range(12)]
    await prove(fresh_database, *hosts)

    async def write(order: list[str]) -> None:
        for _ in range(4):
            async with fresh_database.transaction() as db:
                await send_out(db, sender, *(f"https://{host}/inbox" for host in order))
            await arrive(fresh_database, await claim(fresh_database, "proven"))

    async with asyncio.timeout(30):
        await asyncio.gather(write(hosts), write(hosts[::-1]), write(hosts[6:] + hosts[:6]))


# --- plans --------------------------------------------------------------------------------------------


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", ()) for node in _nodes(child))]


async def _rows_read(db: Connection, sql: str, *args: object) -> list[float]:
    """Run a query and return how many rows of deliveries each node of its plan looked at."""
    explained = (await db.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", *args))[0]
    return [
        (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        for node in _nodes(explained["Plan"])
        if node.get("Relation Name") == "deliveries"
    ]


@pytest.mark.parametrize("leased", [False, True])
async def test_a_large_backlog_of_a_dead_host_costs_nobody_a_scan(
    fresh_database: Database, sender: UUID, leased: bool
) -> None:
    async with fresh_database.transaction() as db:
        activity = await insert_activity(db, sender)
        await db.execute(
            """INSERT INTO deliveries (activity_id, activity_seq, sender_id, inbox_url, host, ordering_key)
            SELECT $1, n, $2, 'https://far.example/inbox/' || n, 'far.example', 'key ' || n
            FROM generate_series(1, 20000) AS n""",
            activity,
            sender,
        )
        await send_out(db, sender, "https://near.example/inbox")
        await instances.wake(db, [HOST])
    async with fresh_database.connection() as db:
        await db.execute("ANALYZE deliveries")
    if leased:
        assert len(await claim(fresh_database)) == 2
    hosts = [HOST, "near.example"]
    async with fresh_database.transaction() as db:
        for sql, args in (
            (deliveries.RESCHEDULE.sql, (hosts, SLOTS)),
            (deliveries.CLAIM.sql, (hosts, [1, 1], uuid4(), timedelta(seconds=40), 100)),
        ):
            read = await _rows_read(db, sql, *args)
            assert read and max(read) <= 4, sql


async def test_a_first_large_fan_out_is_claimed_quickly_before_postgresql_has_statistics(
    fresh_database: Database,
) -> None:
    hosts = [f"host{number}.example" for number in range(300)]
    async with fresh_database.transaction() as db:
        sender = await insert_sender(db)
        await insert_activity(db, sender, *(f"https://{host}/inbox" for host in hosts))
        await expand(db)
    async with fresh_database.transaction() as db:
        explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {deliveries.CLAIM.sql}"
        plan = await db.fetchval(explain, hosts, [1] * 300, uuid4(), SOON, 300)
        top = (json.loads(plan) if isinstance(plan, str) else plan)[0]
    # Quadratic plans read tens of thousands of blocks; cubic ones, millions.
    assert top["Plan"]["Actual Rows"] == 300
    assert top["Plan"]["Shared Hit Blocks"] < 300 * 50
