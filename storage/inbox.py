"""Incoming activities between the 202 and their effect, and the keys that make each count once."""

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
class NewIncoming:
    """A verified activity to be kept."""

    key: bytes
    signer_id: UUID
    host: str
    addressee_id: UUID | None
    type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Incoming:
    """An incoming activity under our lease."""

    id: UUID
    signer_id: UUID
    host: str
    addressee_id: UUID | None
    type: str
    body: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """Processing that failed; `retry_at` None means it is dead."""

    incoming_id: UUID
    error_class: str
    error: str
    attempt: dict[str, Any]
    retry_at: datetime | None


ACCEPT = Value(
    UUID,
    """WITH fresh AS (INSERT INTO seen_activities (key) VALUES ($1) ON CONFLICT (key) DO NOTHING RETURNING key)
    INSERT INTO inbox_activities (signer_id, host, addressee_id, type, body)
    SELECT $2, $3, $4, $5, $6 FROM fresh RETURNING id""",
)
# Whom a worker holds something of is asked once, by a range of an index: leases end within the hour.
CLAIM = Rows(
    Incoming,
    """WITH busy AS MATERIALIZED (
        SELECT signer_id FROM inbox_activities
        WHERE lease IS NOT NULL AND leased_until BETWEEN now() AND now() + interval '1 hour'),
    picked AS (
        SELECT i.id FROM inbox_activities i
        WHERE i.state = 'pending' AND i.due_at <= now() AND (i.leased_until IS NULL OR i.leased_until < now())
            AND i.signer_id NOT IN (SELECT signer_id FROM busy) AND i.host <> ALL($4::text[])
        ORDER BY i.due_at, i.seq LIMIT $3 FOR UPDATE SKIP LOCKED),
    leased AS (
        UPDATE inbox_activities i SET lease = $1, leased_until = now() + $2::interval
        FROM picked WHERE i.id = picked.id
        RETURNING i.id, i.signer_id, i.host, i.addressee_id, i.type, i.body, i.attempts, i.seq)
    SELECT id, signer_id, host, addressee_id, type, body, attempts FROM leased ORDER BY seq""",
)
RENEW = Command(
    "UPDATE inbox_activities SET leased_until = now() + $2::interval WHERE lease = $1 AND state = 'pending'"
)
MARK_DONE = Command(
    """UPDATE inbox_activities i SET state = CASE WHEN x.outcome = '' THEN 'done' ELSE 'ignored' END,
        outcome = x.outcome, finished_at = now(), lease = NULL, leased_until = NULL
    FROM unnest($2::uuid[], $3::text[]) AS x (id, outcome)
    WHERE i.id = x.id AND i.lease = $1 AND i.state = 'pending'"""
)
MARK_RETRY = Command(
    """UPDATE inbox_activities SET attempts = attempts + 1, due_at = $3, outcome = $4,
        attempt_log = attempt_log || $5::jsonb, lease = NULL, leased_until = NULL
    WHERE id = $2 AND lease = $1 AND state = 'pending'"""
)
MARK_DEAD = Command(
    """WITH died AS (
        UPDATE inbox_activities SET state = 'dead', attempts = attempts + 1, outcome = $3,
            attempt_log = attempt_log || $5::jsonb, finished_at = now(), lease = NULL, leased_until = NULL
        WHERE id = $2 AND lease = $1 AND state = 'pending' RETURNING id, host, type, signer_id, attempt_log)
    INSERT INTO failed_events (kind, source_id, host, subject, error_class, answer, attempts)
    SELECT 'inbox', died.id, died.host, died.type || ' from ' || u.ap_id, $4, $3, died.attempt_log
    FROM died JOIN users u ON u.id = died.signer_id ON CONFLICT DO NOTHING"""
)
HAS_DUE = Value(
    bool,
    """SELECT EXISTS (SELECT FROM inbox_activities
        WHERE state = 'pending' AND due_at <= now() AND (leased_until IS NULL OR leased_until < now()))""",
)


async def accept(db: Connection, new: NewIncoming) -> UUID | None:
    """Keep an activity; None when one with the same key was kept before. One statement, one commit."""
    return await ACCEPT.get(db, new.key, new.signer_id, new.host, new.addressee_id, new.type, new.body)


async def claim(
    db: Connection, *, lease: UUID, lease_for: timedelta, limit: int, but_of: Sequence[str] = ()
) -> list[Incoming]:
    """Lease a batch in order of arrival, leaving out these hosts, and signers of whom a worker holds something."""
    return await CLAIM.all(db, lease, lease_for, limit, list(but_of))


async def renew(db: Connection, lease: UUID, lease_for: timedelta) -> None:
    """Keep what is left of a batch leased for so long from now."""
    await RENEW.run(db, lease, lease_for)


async def mark_done(db: Connection, lease: UUID, outcomes: Sequence[tuple[UUID, str]]) -> None:
    """Finish a batch: an empty outcome means it took effect, a text says why it was ignored."""
    await MARK_DONE.run(db, lease, [done for done, _ in outcomes], [outcome for _, outcome in outcomes])


async def mark_trouble(db: Connection, lease: UUID, trouble: Trouble) -> None:
    """Make an activity due again, or a dead letter."""
    if trouble.retry_at is None:
        await MARK_DEAD.run(db, lease, trouble.incoming_id, trouble.error, trouble.error_class, trouble.attempt)
    else:
        await MARK_RETRY.run(db, lease, trouble.incoming_id, trouble.retry_at, trouble.error, trouble.attempt)


async def has_due(db: Connection) -> bool:
    """Tell whether something waits to be processed."""
    return await HAS_DUE.one(db)
