"""Remote things to read in the background: actors to refresh, profiles to fill, parents of replies."""

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
class Fetch:
    """A fetch under our lease."""

    id: UUID
    kind: str
    url: str
    depth: int
    attempts: int


INSERT = Command(
    """INSERT INTO fetches (kind, url, depth) SELECT $1, unnest($2::text[]), $3
    ON CONFLICT (kind, url) DO UPDATE SET state = 'pending', attempts = 0, due_at = now()
    WHERE fetches.state = 'dead' AND fetches.due_at < now() - interval '1 hour'"""
)
CLAIM = Rows(
    Fetch,
    """WITH picked AS (
        SELECT id FROM fetches
        WHERE state = 'pending' AND due_at <= now() AND (leased_until IS NULL OR leased_until < now())
        ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
    UPDATE fetches f SET lease = $1, leased_until = now() + $2::interval FROM picked WHERE f.id = picked.id
    RETURNING f.id, f.kind, f.url, f.depth, f.attempts""",
)
DELETE = Command("DELETE FROM fetches WHERE id = $1")
MARK_RETRY = Command(
    """UPDATE fetches SET attempts = attempts + 1, due_at = $2, attempt_log = attempt_log || $3::jsonb,
        lease = NULL, leased_until = NULL
    WHERE id = $1"""
)
MARK_DEAD = Command(
    """WITH died AS (
        UPDATE fetches SET state = 'dead', attempts = attempts + 1, due_at = now(),
            attempt_log = attempt_log || $5::jsonb, lease = NULL, leased_until = NULL
        WHERE id = $1 RETURNING id, kind, url, attempt_log)
    INSERT INTO failed_events (kind, source_id, host, subject, error_class, last_status, answer, attempts)
    SELECT 'fetch', died.id, lower(split_part(split_part(died.url, '://', 2), '/', 1)),
        'Read ' || died.kind || ' ' || died.url, $2, $3, $4, died.attempt_log
    FROM died ON CONFLICT DO NOTHING"""
)
HAS_DUE = Value(
    bool,
    """SELECT EXISTS (SELECT FROM fetches
        WHERE state = 'pending' AND due_at <= now() AND (leased_until IS NULL OR leased_until < now()))""",
)


async def request(db: Connection, kind: str, urls: Sequence[str], *, depth: int = 0) -> None:
    """Ask for remote things to be read soon; what waits already is left alone."""
    if urls:
        await INSERT.run(db, kind, list(urls), depth)


async def claim(db: Connection, *, lease: UUID, lease_for: timedelta, limit: int) -> list[Fetch]:
    """Lease due fetches."""
    return await CLAIM.all(db, lease, lease_for, limit)


async def delete_fetch(db: Connection, fetch_id: UUID) -> None:
    """Forget a fetch that is done."""
    await DELETE.run(db, fetch_id)


async def mark_retry(db: Connection, fetch_id: UUID, due_at: datetime, attempt: dict[str, Any]) -> None:
    """Make a fetch due again."""
    await MARK_RETRY.run(db, fetch_id, due_at, attempt)


async def mark_dead(
    db: Connection, fetch_id: UUID, *, error_class: str, status: int | None, answer: str, attempt: dict[str, Any]
) -> None:
    """Give a fetch up, with a dead letter."""
    await MARK_DEAD.run(db, fetch_id, error_class, status, answer, attempt)


async def has_due(db: Connection) -> bool:
    """Tell whether something waits to be read."""
    return await HAS_DUE.one(db)
