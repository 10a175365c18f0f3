"""Deliveries: claim a batch under a lease, write outcomes in sets, host by host.

Every writer locks the hosts it touches in name order before their rows, so that two of them never
wait for each other, and a host's `next_due_at` is computed with that lock held: no wake-up is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery under our lease, with what sending it needs."""

    id: UUID
    activity_id: UUID
    sender_id: UUID
    inbox_url: str
    host: str
    attempts: int
    since: datetime
    payload: bytes | None
    scheme: str | None


@dataclass(frozen=True, slots=True)
class DueHost:
    """A host with something to send, and how many sends it may have in flight."""

    host: str
    slots: int


@dataclass(frozen=True, slots=True)
class Success:
    """A delivery that arrived."""

    delivery_id: UUID
    host: str
    status: int
    scheme: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A delivery that did not arrive.

    `retry_at` None means it is dead. `probe_at` closes the whole host until then.
    """

    delivery_id: UUID
    host: str
    error_class: str
    error: str
    status: int | None
    answer: str
    attempt: dict[str, Any]
    retry_at: datetime | None
    probe_at: datetime | None


@dataclass(frozen=True, slots=True)
class HostFailures:
    """Consecutive failures of a host before the present batch."""

    host: str
    failures: int
    down_since: datetime | None


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
CLAIM = Rows(
    Claimed,
    """WITH picked AS (
        SELECT c.id FROM unnest($1::text[], $2::int[]) AS due (host, slots) CROSS JOIN LATERAL (
            SELECT d.id FROM deliveries d
            WHERE d.host = due.host AND d.state = 'pending' AND d.due_at <= now()
                AND (d.leased_until IS NULL OR d.leased_until < now())
                AND NOT EXISTS (
                    SELECT FROM deliveries e WHERE e.state = 'pending' AND e.host = d.host
                        AND e.ordering_key = d.ordering_key AND e.activity_seq < d.activity_seq)
            ORDER BY d.activity_seq
            LIMIT greatest(0, due.slots - (
                SELECT count(*) FROM deliveries l WHERE l.host = due.host AND l.lease IS NOT NULL
                    AND l.leased_until >= now()))
        ) c),
    leased AS (
        UPDATE deliveries d SET lease = $3, leased_until = now() + $4::interval
        FROM picked WHERE d.id = picked.id
        RETURNING d.id, d.activity_id, d.sender_id, d.inbox_url, d.host, d.attempts, d.since)
    SELECT l.id, l.activity_id, l.sender_id, l.inbox_url, l.host, l.attempts, l.since, a.payload,
        CASE WHEN i.scheme_at > now() - interval '7 days' THEN i.scheme END
    FROM leased l JOIN activities a ON a.id = l.activity_id JOIN instances i ON i.host = l.host
    ORDER BY a.seq""",
)
# When a host deserves the next look: never while it has nothing pending; not before its probe; when a
# slot frees; now if something is claimable; else when the earliest wait or lease ends.
RESCHEDULE = Command(
    """UPDATE instances i SET next_due_at = CASE
        WHEN NOT EXISTS (SELECT FROM deliveries d WHERE d.host = i.host AND d.state = 'pending') THEN NULL
        WHEN i.probe_at > now() THEN i.probe_at
        WHEN busy.leases >= CASE WHEN i.lane = 'proven' THEN $2::int ELSE 1 END THEN busy.until
        WHEN EXISTS (
            SELECT FROM deliveries d WHERE d.host = i.host AND d.state = 'pending' AND d.due_at <= now()
                AND (d.leased_until IS NULL OR d.leased_until < now())
                AND NOT EXISTS (
                    SELECT FROM deliveries e WHERE e.state = 'pending' AND e.host = d.host
                        AND e.ordering_key = d.ordering_key AND e.activity_seq < d.activity_seq)) THEN now()
        ELSE (
            SELECT min(greatest(d.due_at, d.leased_until)) FROM deliveries d
            WHERE d.host = i.host AND d.state = 'pending' AND greatest(d.due_at, d.leased_until) > now())
        END
    FROM (SELECT wanted.host, count(l.id) AS leases, min(l.leased_until) AS until
        FROM unnest($1::text[]) AS wanted (host)
        LEFT JOIN deliveries l ON l.host = wanted.host AND l.lease IS NOT NULL AND l.leased_until >= now()
        GROUP BY wanted.host) busy
    WHERE i.host = busy.host"""
)
LOCK_HOSTS = Rows(
    HostFailures,
    """SELECT host, failures, down_since FROM instances WHERE host = ANY($1::text[]) ORDER BY host FOR UPDATE""",
)
MARK_DELIVERED = Command(
    """UPDATE deliveries d SET state = 'delivered', finished_at = now(), attempts = d.attempts + 1,
        last_status = x.status, error_class = NULL, last_error = NULL, lease = NULL, leased_until = NULL
    FROM unnest($2::uuid[], $3::int[]) AS x (id, status)
    WHERE d.id = x.id AND d.lease = $1 AND d.state = 'pending'"""
)
MARK_RETRY = Command(
    """UPDATE deliveries d SET attempts = d.attempts + 1, due_at = x.due_at, last_status = x.status,
        error_class = x.error_class, last_error = x.error,
        attempt_log = CASE WHEN jsonb_array_length(d.attempt_log) < 50 THEN d.attempt_log || x.attempt
            ELSE (d.attempt_log - 1) || x.attempt END,
        lease = NULL, leased_until = NULL
    FROM unnest($2::uuid[], $3::timestamptz[], $4::int[], $5::text[], $6::text[], $7::jsonb[])
        AS x (id, due_at, status, error_class, error, attempt)
    WHERE d.id = x.id AND d.lease = $1 AND d.state = 'pending'"""
)
MARK_DEAD = Command(
    """WITH died AS (
        UPDATE deliveries d SET state = 'dead', finished_at = now(), attempts = d.attempts + 1,
            last_status = x.status, error_class = x.error_class, last_error = x.error,
            attempt_log = d.attempt_log || x.attempt, lease = NULL, leased_until = NULL
        FROM unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::jsonb[])
            AS x (id, status, error_class, error, answer, attempt)
        WHERE d.id = x.id AND d.lease = $1 AND d.state = 'pending'
        RETURNING d.id, d.host, d.inbox_url, d.activity_id, d.last_status, d.error_class, x.answer, d.attempt_log)
    INSERT INTO failed_events (kind, source_id, host, subject, error_class, last_status, answer, attempts)
    SELECT 'delivery', died.id, died.host, a.type || ' to ' || died.inbox_url, died.error_class, died.last_status,
        died.answer, died.attempt_log
    FROM died JOIN activities a ON a.id = died.activity_id
    ON CONFLICT DO NOTHING"""
)
# What waited behind a host that stayed away too long dies with the probe that failed.
MARK_EXPIRED = Command(
    """WITH died AS (
        UPDATE deliveries d SET state = 'dead', finished_at = now(), error_class = coalesce(d.error_class, $3),
            last_error = coalesce(d.last_error, $4)
        WHERE d.host = $1 AND d.state = 'pending' AND d.lease IS NULL AND d.since < now() - $2::interval
        RETURNING d.id, d.host, d.inbox_url, d.activity_id, d.last_status, d.error_class, d.attempt_log)
    INSERT INTO failed_events (kind, source_id, host, subject, error_class, last_status, attempts)
    SELECT 'delivery', died.id, died.host, a.type || ' to ' || died.inbox_url, died.error_class, died.last_status,
        died.attempt_log
    FROM died JOIN activities a ON a.id = died.activity_id
    ON CONFLICT DO NOTHING"""
)
HOST_SUCCEEDED = Command(
    """UPDATE instances i SET lane = 'proven', failures = 0, down_since = NULL, probe_at = NULL,
        last_success_at = now(), scheme = x.scheme, scheme_at = now()
    FROM unnest($1::text[], $2::text[]) AS x (host, scheme) WHERE i.host = x.host"""
)
# The first success after an outage releases everything that waited.
RELEASE_BACKLOG = Command(
    """UPDATE deliveries SET due_at = now()
    WHERE host = ANY($1::text[]) AND state = 'pending' AND lease IS NULL AND due_at > now()"""
)
HOST_FAILED = Command(
    """UPDATE instances i SET failures = i.failures + 1, last_failure_at = now(), last_error = x.error,
        lane = CASE WHEN x.probe_at IS NULL THEN i.lane ELSE 'unproven' END,
        down_since = CASE WHEN x.probe_at IS NULL THEN i.down_since ELSE coalesce(i.down_since, now()) END,
        probe_at = coalesce(x.probe_at, i.probe_at),
        scheme = CASE WHEN x.probe_at IS NULL THEN NULL ELSE i.scheme END
    FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS x (host, error, probe_at) WHERE i.host = x.host"""
)
RELEASE_LEASE = Command(
    """UPDATE deliveries SET lease = NULL, leased_until = NULL
    WHERE lease = $1 AND id = ANY($2::uuid[]) AND state = 'pending'"""
)
HAS_DUE = Value(
    bool,
    """SELECT EXISTS (SELECT FROM instances WHERE lane = $1 AND next_due_at <= now() AND NOT paused)""",
)
# A look at everything: hosts whose wake-up was lost, and hosts without a recent success.
SWEEP_HOSTS = Value(
    str,
    """SELECT DISTINCT d.host FROM deliveries d JOIN instances i ON i.host = d.host
    WHERE d.state = 'pending' AND i.next_due_at IS NULL LIMIT 1000""",
)
DEMOTE = Command(
    """UPDATE instances SET lane = 'unproven'
    WHERE lane = 'proven' AND last_success_at < now() - interval '1 day'"""
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
DROP_FOR_HOST = Command(
    """UPDATE deliveries SET state = 'discarded', finished_at = now()
    WHERE state = 'pending' AND lease IS NULL AND host_is_blocked(host)"""
)


async def claim(
    db: Connection, lane: str, *, lease: UUID, lease_for: timedelta, limit: int, slots: int
) -> list[Claimed]:
    """Lease due deliveries of a lane's hosts, each host within its slots and each object in order.

    Call inside a transaction of its own; send after it has committed.
    """
    hosts = await DUE_HOSTS.all(db, lane, slots, limit)
    if not hosts:
        return []
    names = [due.host for due in hosts]
    claimed = await CLAIM.all(db, names, [due.slots for due in hosts], lease, lease_for)
    await RESCHEDULE.run(db, names, slots)
    return claimed


async def lock_hosts(db: Connection, hosts: Sequence[str]) -> dict[str, HostFailures]:
    """Lock hosts in name order and tell how they fared before."""
    return {found.host: found for found in await LOCK_HOSTS.all(db, sorted(set(hosts)))}


async def mark_delivered(
    db: Connection, lease: UUID, successes: Sequence[Success], *, were_down: Sequence[str]
) -> None:
    """Write successes; a late worker whose lease was taken over changes nothing. Hosts must be locked."""
    await MARK_DELIVERED.run(db, lease, [s.delivery_id for s in successes], [s.status for s in successes])
    schemes = {s.host: s.scheme for s in successes}
    await HOST_SUCCEEDED.run(db, list(schemes), list(schemes.values()))
    if were_down:
        await RELEASE_BACKLOG.run(db, were_down)


async def mark_failed(db: Connection, lease: UUID, failures: Sequence[Failure]) -> None:
    """Write failures: due again, or dead with a dead letter. Hosts must be locked."""
    again = [f for f in failures if f.retry_at is not None]
    dead = [f for f in failures if f.retry_at is None]
    if again:
        await MARK_RETRY.run(
            db, lease, [f.delivery_id for f in again], [f.retry_at for f in again], [f.status for f in again],
            [f.error_class for f in again], [f.error for f in again], [f.attempt for f in again],
        )  # fmt: skip
    if dead:
        await MARK_DEAD.run(
            db, lease, [f.delivery_id for f in dead], [f.status for f in dead], [f.error_class for f in dead],
            [f.error for f in dead], [f.answer for f in dead], [f.attempt for f in dead],
        )  # fmt: skip


async def mark_hosts_failed(db: Connection, failures: Sequence[Failure], *, expire_after: timedelta) -> None:
    """Count a failure per host, close those with a probe time, and let die what waited too long."""
    by_host = {f.host: f for f in failures}
    latest = list(by_host.values())
    await HOST_FAILED.run(
        db, [f.host for f in latest], [f.error for f in latest], [f.probe_at for f in latest]
    )  # fmt: skip
    for failure in latest:
        if failure.probe_at is not None:
            await MARK_EXPIRED.run(db, failure.host, expire_after, failure.error_class, failure.error)


async def release_lease(db: Connection, lease: UUID, delivery_ids: Sequence[UUID]) -> None:
    """Give back deliveries that were claimed but not sent, at a shutdown."""
    await RELEASE_LEASE.run(db, lease, delivery_ids)


async def reschedule(db: Connection, hosts: Sequence[str], *, slots: int) -> None:
    """Compute when each of these locked hosts deserves the next look."""
    await RESCHEDULE.run(db, list(hosts), slots)


async def has_due(db: Connection, lane: str) -> bool:
    """Tell whether a lane has something to send."""
    return await HAS_DUE.one(db, lane)


async def sweep(db: Connection, *, slots: int) -> int:
    """Reschedule hosts that have something pending and no time to look at it; return how many."""
    hosts = sorted(await SWEEP_HOSTS.all(db))
    if hosts:
        await lock_hosts(db, hosts)
        await RESCHEDULE.run(db, hosts, slots)
    await DEMOTE.run(db)
    return len(hosts)


async def list_receipts(db: Connection, thought_ids: Sequence[UUID]) -> dict[UUID, Receipt]:
    """Tell how many servers have each of these thoughts."""
    return {receipt.thought_id: receipt for receipt in await RECEIPTS.all(db, thought_ids)} if thought_ids else {}


async def list_report(db: Connection, thought_id: UUID, *, after_host: str = "", limit: int = 200) -> list[HostReceipt]:
    """List what became of a thought at each inbox, host by host."""
    return await REPORT.all(db, thought_id, after_host, limit)


async def discard_blocked(db: Connection) -> int:
    """Discard what waits for hosts that the admin now refuses."""
    return await DROP_FOR_HOST.run(db)
