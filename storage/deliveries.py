"""Deliveries: claim a batch under a lease, host by host; and who received what.

A claim takes the hosts that nobody else has locked, and leases rows of hosts that it has locked. A host's
`next_due_at` is computed with its lock held, by a statement of its own: no wake-up is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery under our lease, with what sending it needs."""

    id: UUID
    lease: UUID
    activity_id: UUID
    sender_id: UUID
    inbox_url: str
    host: str
    strikes: int
    age: timedelta
    payload: bytes | None
    scheme: str | None


@dataclass(frozen=True, slots=True)
class DueHost:
    """A host with something to send, and how many sends it may have in flight."""

    host: str
    slots: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """How many servers have a thought, by state of their delivery."""

    thought_id: UUID
    delivered: int
    pending: int
    failed: int


@dataclass(frozen=True, slots=True)
class HostReceipt:
    """What became of a thought's newest delivery to one inbox."""

    host: str
    inbox_url: str
    state: str
    attempts: int
    due_at: datetime
    last_status: int | None
    error_class: str | None
    last_error: str | None
    finished_at: datetime | None
    delivery_id: UUID


DUE_HOSTS = Rows(
    DueHost,
    """SELECT i.host, CASE WHEN i.lane = 'proven' THEN $2::int ELSE 1 END FROM instances i
    WHERE i.lane = $1 AND i.next_due_at <= now() AND NOT i.paused
    ORDER BY i.next_due_at LIMIT $3 FOR UPDATE SKIP LOCKED""",
)
# Due rows of a host in the order in which they became due: one that failed with its host goes to the end, so
# that a single poisoned inbox is not the host's every probe. Nothing overtakes an earlier row of its object.
CLAIM = Rows(
    Claimed,
    """WITH picked AS MATERIALIZED (
        SELECT c.id FROM unnest($1::text[], $2::int[]) AS due (host, slots) CROSS JOIN LATERAL (
            SELECT d.id FROM deliveries d
            WHERE d.host = due.host AND d.state = 'pending' AND d.due_at <= now()
                AND (d.leased_until IS NULL OR d.leased_until < now())
                AND d.activity_seq = (
                    SELECT e.activity_seq FROM deliveries e WHERE e.state = 'pending' AND e.host = d.host
                        AND e.ordering_key = d.ordering_key ORDER BY e.activity_seq LIMIT 1)
            ORDER BY d.due_at, d.activity_seq
            LIMIT greatest(0, due.slots - (
                SELECT count(*) FROM deliveries l WHERE l.host = due.host AND l.lease IS NOT NULL
                    AND l.leased_until >= now()))
        ) c LIMIT $5),
    leased AS (
        UPDATE deliveries d SET lease = $3, leased_until = now() + $4::interval
        WHERE d.id = ANY(ARRAY(SELECT id FROM picked)) AND d.state = 'pending'
        RETURNING d.id, d.lease, d.activity_id, d.sender_id, d.inbox_url, d.host, d.strikes, now() - d.since AS age)
    SELECT l.id, l.lease, l.activity_id, l.sender_id, l.inbox_url, l.host, l.strikes, l.age, a.payload,
        CASE WHEN i.scheme_at > now() - interval '7 days' THEN i.scheme END
    FROM leased l JOIN activities a ON a.id = l.activity_id JOIN instances i ON i.host = l.host
    ORDER BY a.seq""",
)
# When a host deserves the next look: never while it has nothing pending; not before its probe; when a
# slot frees; now if something is claimable; else when the earliest wait or lease ends. ORDER BY and LIMIT say
# to the planner what EXISTS does not: that the first row of an index is enough, however many there are.
RESCHEDULE = Command(
    """UPDATE instances i SET next_due_at = CASE
        WHEN (SELECT d.due_at FROM deliveries d WHERE d.host = i.host AND d.state = 'pending'
            ORDER BY d.due_at LIMIT 1) IS NULL THEN NULL
        WHEN i.probe_at > now() THEN i.probe_at
        WHEN busy.leases >= CASE WHEN i.lane = 'proven' THEN $2::int ELSE 1 END THEN busy.until
        WHEN (
            SELECT d.due_at FROM deliveries d WHERE d.host = i.host AND d.state = 'pending' AND d.due_at <= now()
                AND (d.leased_until IS NULL OR d.leased_until < now())
                AND d.activity_seq = (
                    SELECT e.activity_seq FROM deliveries e WHERE e.state = 'pending' AND e.host = d.host
                        AND e.ordering_key = d.ordering_key ORDER BY e.activity_seq LIMIT 1)
            ORDER BY d.due_at, d.activity_seq LIMIT 1) IS NOT NULL THEN now()
        ELSE least(busy.until, (
            SELECT min(d.due_at) FROM deliveries d
            WHERE d.host = i.host AND d.state = 'pending' AND d.due_at > now()))
        END
    FROM (SELECT wanted.host, count(l.id) AS leases, min(l.leased_until) AS until
        FROM unnest($1::text[]) AS wanted (host)
        LEFT JOIN deliveries l ON l.host = wanted.host AND l.lease IS NOT NULL AND l.leased_until >= now()
        GROUP BY wanted.host) busy
    WHERE i.host = busy.host"""
)
LOCK_HOSTS = Value(str, "SELECT host FROM instances WHERE host = ANY($1::text[]) ORDER BY host FOR UPDATE")
RELEASE_LEASES = Value(
    str,
    """UPDATE deliveries d SET lease = NULL, leased_until = NULL
    FROM unnest($1::uuid[], $2::uuid[]) AS x (id, lease)
    WHERE d.id = x.id AND d.lease = x.lease AND d.state = 'pending' RETURNING d.host""",
)
HAS_DUE = Value(
    bool,
    """SELECT EXISTS (SELECT FROM instances WHERE lane = $1 AND next_due_at <= now() AND NOT paused)""",
)
# Hosts that have something pending and no time to look at it.
FORGOTTEN_HOSTS = Value(
    str,
    """SELECT i.host FROM instances i WHERE i.next_due_at IS NULL
        AND EXISTS (SELECT FROM deliveries d WHERE d.host = i.host AND d.state = 'pending') LIMIT 1000""",
)
# Locked by nobody, so that this never waits for a writer that locks hosts in order.
DEMOTE = Command(
    """UPDATE instances SET lane = 'unproven' WHERE host IN (
        SELECT host FROM instances WHERE lane = 'proven' AND last_success_at < now() - interval '1 day'
        FOR UPDATE SKIP LOCKED)"""
)
RECEIPTS = Rows(
    Receipt,
    """SELECT x.thought_id, (count(*) FILTER (WHERE x.state = 'delivered') + coalesce(min(r.delivered), 0))::int,
        (count(*) FILTER (WHERE x.state = 'pending'))::int,
        (count(*) FILTER (WHERE x.state IN ('dead', 'discarded')) + coalesce(min(r.failed), 0))::int
    FROM (SELECT DISTINCT ON (a.thought_id, d.inbox_url) a.thought_id, d.state
        FROM activities a JOIN deliveries d ON d.activity_id = a.id
        WHERE a.thought_id = ANY($1::uuid[]) AND a.type IN ('Create', 'Update')
        ORDER BY a.thought_id, d.inbox_url, a.seq DESC) x
    LEFT JOIN thought_reach r ON r.thought_id = x.thought_id
    GROUP BY x.thought_id""",
)
REPORT = Rows(
    HostReceipt,
    """SELECT DISTINCT ON (d.host, d.inbox_url) d.host, d.inbox_url, d.state, d.attempts,
        greatest(d.due_at, i.probe_at), d.last_status, d.error_class, d.last_error, d.finished_at, d.id
    FROM activities a JOIN deliveries d ON d.activity_id = a.id LEFT JOIN instances i ON i.host = d.host
    WHERE a.thought_id = $1 AND a.type IN ('Create', 'Update') AND d.host > $2
    ORDER BY d.host, d.inbox_url, a.seq DESC LIMIT $3""",
)
DROP_FANOUTS_OF = Command(
    """DELETE FROM fanouts f USING activities a
    WHERE a.id = f.activity_id AND a.user_id = $1 AND a.type NOT IN ('Delete', 'Undo', 'Block', 'Reject')"""
)
DROP_OF_SENDER = Command(
    """UPDATE deliveries d SET state = 'discarded', finished_at = now() FROM activities a
    WHERE d.sender_id = $1 AND d.state = 'pending' AND d.lease IS NULL AND a.id = d.activity_id
        AND a.type NOT IN ('Delete', 'Undo', 'Block', 'Reject')"""
)
DROP_FOR_HOST = Command(
    """UPDATE deliveries SET state = 'discarded', finished_at = now()
    WHERE state = 'pending' AND lease IS NULL AND host_is_blocked(host)"""
)


async def claim(db: Connection, lane: str, *, lease_for: timedelta, limit: int, slots: int) -> list[Claimed]:
    """Lease at most `limit` due deliveries of a lane's hosts, each host within its slots, each object in order.

    A host of the proven lane has `slots`, others have one. Call inside a transaction of its own; send after
    it has committed.
    """
    hosts = await DUE_HOSTS.all(db, lane, slots, limit)
    if not hosts:
        return []
    names = [due.host for due in hosts]
    claimed = await CLAIM.all(db, names, [due.slots for due in hosts], uuid4(), lease_for, limit)
    await RESCHEDULE.run(db, names, slots)
    return claimed


async def give_back(db: Connection, claimed: Sequence[Claimed], *, slots: int) -> None:
    """Make deliveries that were claimed but not sent claimable again, in a transaction of its own."""
    hosts = sorted({delivery.host for delivery in claimed})
    await LOCK_HOSTS.all(db, hosts)
    await RELEASE_LEASES.all(db, [delivery.id for delivery in claimed], [delivery.lease for delivery in claimed])
    await RESCHEDULE.run(db, hosts, slots)


async def reschedule(db: Connection, hosts: Sequence[str], *, slots: int) -> None:
    """Compute when each of these locked hosts deserves the next look."""
    await RESCHEDULE.run(db, list(hosts), slots)


async def has_due(db: Connection, lane: str) -> bool:
    """Tell whether a lane has something to send."""
    return await HAS_DUE.one(db, lane)


async def sweep(db: Connection, *, slots: int) -> int:
    """Look after hosts that were forgotten, and move those without a recent success out of the proven lane.

    Return how many were forgotten: none, unless somebody changed rows by hand.
    """
    hosts = sorted(await FORGOTTEN_HOSTS.all(db))
    if hosts:
        await LOCK_HOSTS.all(db, hosts)
        await RESCHEDULE.run(db, hosts, slots)
    await DEMOTE.run(db)
    return len(hosts)


async def list_receipts(db: Connection, thought_ids: Sequence[UUID]) -> dict[UUID, Receipt]:
    """Tell how many servers have each of these thoughts."""
    return {receipt.thought_id: receipt for receipt in await RECEIPTS.all(db, thought_ids)} if thought_ids else {}


async def list_report(db: Connection, thought_id: UUID, *, after_host: str = "", limit: int = 200) -> list[HostReceipt]:
    """List what became of a thought at each inbox, host by host."""
    return await REPORT.all(db, thought_id, after_host, limit)


async def discard_of(db: Connection, sender_id: UUID) -> None:
    """Discard what still waits to spread a person's words and deeds; what takes them back goes on.

    Fan-outs first: one that the relay is at is waited for, and leaves deliveries.
    """
    await DROP_FANOUTS_OF.run(db, sender_id)
    await DROP_OF_SENDER.run(db, sender_id)


async def discard_blocked(db: Connection) -> int:
    """Discard what waits for hosts that the admin now refuses."""
    return await DROP_FOR_HOST.run(db)
