"""What became of claimed deliveries, written in sets: rows, dead letters and the health of their hosts.

Every writer locks the hosts it touches in name order before their rows, so that two of them never wait for
each other. Each row is written under the lease it was claimed with: a late worker changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Arrived:
    """A delivery that its inbox took."""

    delivery_id: UUID
    lease: UUID
    status: int


@dataclass(frozen=True, slots=True)
class Missed:
    """A delivery that did not arrive: due again after a pause, or dead when there is none.

    `strike`: the failure was the delivery's own. `attempt` is what the log keeps of it.
    """

    delivery_id: UUID
    lease: UUID
    pause: timedelta | None
    strike: bool
    status: int | None
    error_class: str
    error: str
    answer: str
    attempt: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Moved:
    """A delivery whose actor has another inbox now."""

    missed: Missed
    activity_id: UUID
    inbox_url: str
    host: str


@dataclass(frozen=True, slots=True)
class HostState:
    """How a host fared before these outcomes."""

    host: str
    lane: str
    failures: int
    down_for: timedelta | None


@dataclass(frozen=True, slots=True)
class HostChange:
    """How a host fares after them. `closed_for`: nothing is sent for so long.

    `scheme` is the signature scheme that worked; `forget_scheme` when the remembered one did not.
    """

    host: str
    failures: int
    down: bool
    closed_for: timedelta | None
    arrived: bool
    scheme: str | None
    forget_scheme: bool
    error: str | None


ENSURE_HOSTS = Command(
    """INSERT INTO instances (host) SELECT host FROM unnest($1::text[]) AS new (host) ORDER BY host
    ON CONFLICT (host) DO NOTHING"""
)
LOCK_HOSTS = Rows(
    HostState,
    """SELECT host, lane, failures, now() - down_since FROM instances WHERE host = ANY($1::text[])
    ORDER BY host FOR UPDATE""",
)
MARK_ARRIVED = Command(
    """UPDATE deliveries d SET state = 'delivered', finished_at = now(), attempts = d.attempts + 1,
        last_status = x.status, error_class = NULL, last_error = NULL, lease = NULL, leased_until = NULL
    FROM unnest($1::uuid[], $2::uuid[], $3::int[]) AS x (id, lease, status)
    WHERE d.id = x.id AND d.lease = x.lease AND d.state = 'pending'"""
)
MARK_AGAIN = Command(
    """UPDATE deliveries d SET attempts = d.attempts + 1, strikes = d.strikes + x.strike::int,
        due_at = now() + x.pause, last_status = x.status, error_class = x.error_class, last_error = x.error,
        attempt_log = CASE WHEN jsonb_array_length(d.attempt_log) < 50 THEN d.attempt_log
            ELSE d.attempt_log - 1 END || x.attempt,
        lease = NULL, leased_until = NULL
    FROM unnest($1::uuid[], $2::uuid[], $3::interval[], $4::bool[], $5::int[], $6::text[], $7::text[], $8::jsonb[])
        AS x (id, lease, pause, strike, status, error_class, error, attempt)
    WHERE d.id = x.id AND d.lease = x.lease AND d.state = 'pending'"""
)
MARK_DEAD = Command(
    """WITH died AS (
        UPDATE deliveries d SET state = 'dead', finished_at = now(), attempts = d.attempts + 1,
            last_status = x.status, error_class = x.error_class, last_error = x.error,
            attempt_log = d.attempt_log || x.attempt, lease = NULL, leased_until = NULL
        FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::jsonb[])
            AS x (id, lease, status, error_class, error, answer, attempt)
        WHERE d.id = x.id AND d.lease = x.lease AND d.state = 'pending'
        RETURNING d.id, d.host, d.inbox_url, d.activity_id, d.last_status, d.error_class, x.answer, d.attempt_log)
    INSERT INTO failed_events (kind, source_id, host, subject, error_class, last_status, answer, attempts)
    SELECT 'delivery', died.id, died.host, a.type || ' to ' || died.inbox_url, died.error_class, died.last_status,
        died.answer, died.attempt_log
    FROM died JOIN activities a ON a.id = died.activity_id
    ON CONFLICT DO NOTHING"""
)
# Where a row for the new inbox exists already, or its host is blocked, the old one has nothing left to do.
MARK_MOVED = Value(
    UUID,
    """UPDATE deliveries d SET inbox_url = x.inbox_url, host = x.host, attempts = d.attempts + 1,
        strikes = d.strikes + 1, due_at = now() + x.pause, last_status = x.status, error_class = x.error_class,
        last_error = x.error, attempt_log = d.attempt_log || x.attempt, lease = NULL, leased_until = NULL
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::interval[], $6::int[], $7::text[], $8::text[],
        $9::jsonb[]) AS x (id, lease, inbox_url, host, pause, status, error_class, error, attempt)
    WHERE d.id = x.id AND d.lease = x.lease AND d.state = 'pending' AND NOT EXISTS (
            SELECT FROM deliveries o WHERE o.activity_id = d.activity_id AND o.inbox_url = x.inbox_url)
        AND NOT host_is_refused(x.host)
    RETURNING d.id""",
)
MARK_SUPERSEDED = Command(
    """UPDATE deliveries d SET state = 'superseded', finished_at = now(), lease = NULL, leased_until = NULL
    FROM unnest($1::uuid[], $2::uuid[]) AS x (id, lease)
    WHERE d.id = x.id AND d.lease = x.lease AND d.state = 'pending'"""
)
# What waited behind a host that stayed away too long dies with the probe that failed.
MARK_EXPIRED = Command(
    """WITH died AS (
        UPDATE deliveries d SET state = 'dead', finished_at = now(), error_class = coalesce(d.error_class, $3),
            last_error = coalesce(d.last_error, $4)
        WHERE d.host = $1 AND d.state = 'pending' AND d.since < now() - $2::interval
            AND (d.leased_until IS NULL OR d.leased_until < now())
        RETURNING d.id, d.host, d.inbox_url, d.activity_id, d.last_status, d.error_class, d.attempt_log)
    INSERT INTO failed_events (kind, source_id, host, subject, error_class, last_status, attempts)
    SELECT 'delivery', died.id, died.host, a.type || ' to ' || died.inbox_url, died.error_class, died.last_status,
        died.attempt_log
    FROM died JOIN activities a ON a.id = died.activity_id
    ON CONFLICT DO NOTHING"""
)
# A pause that the host asked for outlasts an answer of a request that was under way.
CHANGE_HOSTS = Command(
    """UPDATE instances i SET failures = x.failures,
        lane = CASE WHEN x.down THEN 'unproven' WHEN x.arrived THEN 'proven' ELSE i.lane END,
        down_since = CASE WHEN x.down THEN coalesce(i.down_since, now()) END,
        probe_at = CASE WHEN x.closed_for IS NOT NULL THEN now() + x.closed_for
            WHEN i.down_since IS NULL AND i.probe_at > now() THEN i.probe_at END,
        scheme = CASE WHEN x.scheme IS NOT NULL THEN x.scheme WHEN x.forget_scheme THEN NULL ELSE i.scheme END,
        scheme_at = CASE WHEN x.scheme IS NOT NULL THEN now() ELSE i.scheme_at END,
        last_success_at = CASE WHEN x.arrived THEN now() ELSE i.last_success_at END,
        last_failure_at = CASE WHEN x.error IS NOT NULL THEN now() ELSE i.last_failure_at END,
        last_error = coalesce(x.error, i.last_error)
    FROM unnest($1::text[], $2::int[], $3::bool[], $4::interval[], $5::bool[], $6::text[], $7::bool[], $8::text[])
        AS x (host, failures, down, closed_for, arrived, scheme, forget_scheme, error)
    WHERE i.host = x.host"""
)
# The first answer after an outage releases everything that waited.
RELEASE_BACKLOG = Command(
    """UPDATE deliveries SET due_at = now()
    WHERE host = ANY($1::text[]) AND state = 'pending' AND lease IS NULL AND due_at > now()"""
)


async def lock_hosts(db: Connection, hosts: Collection[str], *, new: Collection[str] = ()) -> dict[str, HostState]:
    """Lock hosts in name order, meeting the `new` ones among them, and tell how they fared before."""
    if new:
        await ENSURE_HOSTS.run(db, list(set(new)))
    return {found.host: found for found in await LOCK_HOSTS.all(db, list(set(hosts) | set(new)))}


async def mark_arrived(db: Connection, arrived: Sequence[Arrived]) -> None:
    """Write successes. Hosts must be locked."""
    if arrived:
        await MARK_ARRIVED.run(
            db, [a.delivery_id for a in arrived], [a.lease for a in arrived], [a.status for a in arrived]
        )  # fmt: skip


async def mark_missed(db: Connection, missed: Sequence[Missed]) -> None:
    """Write failures: due again, or dead with a dead letter. Hosts must be locked."""
    again = [m for m in missed if m.pause is not None]
    dead = [m for m in missed if m.pause is None]
    if again:
        await MARK_AGAIN.run(
            db, [m.delivery_id for m in again], [m.lease for m in again], [m.pause for m in again],
            [m.strike for m in again], [m.status for m in again], [m.error_class for m in again],
            [m.error for m in again], [m.attempt for m in again],
        )  # fmt: skip
    if dead:
        await MARK_DEAD.run(
            db, [m.delivery_id for m in dead], [m.lease for m in dead], [m.status for m in dead],
            [m.error_class for m in dead], [m.error for m in dead], [m.answer for m in dead],
            [m.attempt for m in dead],
        )  # fmt: skip


async def mark_moved(db: Connection, moved: Sequence[Moved]) -> None:
    """Send deliveries to another inbox; one that goes there anyway is superseded. Old and new hosts must be locked."""
    first = {(m.activity_id, m.inbox_url): m for m in reversed(moved)}.values()
    rows = [m.missed for m in first]
    went = await MARK_MOVED.all(
        db, [m.delivery_id for m in rows], [m.lease for m in rows], [m.inbox_url for m in first],
        [m.host for m in first], [m.pause for m in rows], [m.status for m in rows], [m.error_class for m in rows],
        [m.error for m in rows], [m.attempt for m in rows],
    )  # fmt: skip
    stayed = [(m.missed.delivery_id, m.missed.lease) for m in moved if m.missed.delivery_id not in went]
    await mark_superseded(db, stayed)


async def mark_superseded(db: Connection, leased: Sequence[tuple[UUID, UUID]]) -> None:
    """End deliveries, given with their leases, that something newer replaces. Hosts must be locked."""
    if leased:
        await MARK_SUPERSEDED.run(db, [delivery for delivery, _ in leased], [lease for _, lease in leased])


async def change_hosts(db: Connection, changes: Sequence[HostChange]) -> None:
    """Write the health of locked hosts."""
    if changes:
        await CHANGE_HOSTS.run(
            db, [c.host for c in changes], [c.failures for c in changes], [c.down for c in changes],
            [c.closed_for for c in changes], [c.arrived for c in changes], [c.scheme for c in changes],
            [c.forget_scheme for c in changes], [c.error for c in changes],
        )  # fmt: skip


async def release_backlog(db: Connection, hosts: Sequence[str]) -> None:
    """Make everything that waits for these locked hosts due now."""
    if hosts:
        await RELEASE_BACKLOG.run(db, list(hosts))


async def expire(db: Connection, host: str, *, after: timedelta, error_class: str, error: str) -> int:
    """Let what waits for a locked host since longer than `after` die; return how many rows that was."""
    return await MARK_EXPIRED.run(db, host, after, error_class, error)
