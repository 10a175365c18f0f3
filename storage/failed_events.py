"""The dead letters: find, retry by one guarded UPDATE, discard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class FailedEvent:
    """A row of failed_events."""

    id: UUID
    kind: str
    source_id: UUID
    host: str
    subject: str
    error_class: str
    last_status: int | None
    answer: str
    attempts: list[dict[str, Any]]
    died_at: datetime
    resolution: str | None
    resolved_by: str | None
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeadDelivery:
    """What a dead delivery was about."""

    id: UUID
    activity_id: UUID
    sender_id: UUID
    inbox_url: str
    host: str
    state: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Which dead letters: empty strings mean any."""

    host: str = ""
    kind: str = ""
    error_class: str = ""
    older_than: datetime | None = None
    resolved: bool = False


COLUMNS = """x.id, x.kind, x.source_id, x.host, x.subject, x.error_class, x.last_status, x.answer, x.attempts,
    x.died_at, x.resolution, x.resolved_by, x.resolved_at"""
_MATCHING = """($1 = '' OR x.host = $1) AND ($2 = '' OR x.kind = $2) AND ($3 = '' OR x.error_class = $3)
    AND ($4::timestamptz IS NULL OR x.died_at < $4) AND (x.resolution IS NOT NULL) = $5"""
LIST = Rows(
    FailedEvent,
    """SELECT {columns} FROM failed_events x WHERE {matching} AND ($6::uuid IS NULL OR x.id < $6)
    ORDER BY x.id DESC LIMIT $7""",
    columns=COLUMNS,
    matching=_MATCHING,
)
COUNT = Value(int, "SELECT count(*) FROM failed_events x WHERE {matching}", matching=_MATCHING)
ONE = Rows(FailedEvent, "SELECT {columns} FROM failed_events x WHERE x.id = $1", columns=COLUMNS)
RESOLVE = Rows(
    FailedEvent,
    """UPDATE failed_events x SET resolution = $2, resolved_by = $3, resolved_at = now()
    WHERE x.id = $1 AND x.resolution IS NULL RETURNING {columns}""",
    columns=COLUMNS,
)
OPEN_FOR_SOURCE = Value(
    UUID, "SELECT id FROM failed_events WHERE kind = $1 AND source_id = $2 AND resolution IS NULL LIMIT 1"
)
DELIVERY = Rows(
    DeadDelivery,
    "SELECT id, activity_id, sender_id, inbox_url, host, state FROM deliveries WHERE id = $1",
)
REVIVE_DELIVERY = Value(
    str,
    """UPDATE deliveries SET state = 'pending', attempts = 0, strikes = 0, since = now(), due_at = now(),
        finished_at = NULL
    WHERE id = $1 AND state = 'dead' RETURNING host""",
)
SUPERSEDE_DELIVERY = Command(
    "UPDATE deliveries SET state = 'superseded', finished_at = now() WHERE id = $1 AND state = 'dead'"
)
DISCARD_DELIVERY = Command(
    "UPDATE deliveries SET state = 'discarded', finished_at = now() WHERE id = $1 AND state = 'dead'"
)
REVIVE_INCOMING = Command(
    """UPDATE inbox_activities SET state = 'pending', attempts = 0, due_at = now(), finished_at = NULL
    WHERE id = $1 AND state = 'dead'"""
)
DISCARD_INCOMING = Command("UPDATE inbox_activities SET state = 'discarded' WHERE id = $1 AND state = 'dead'")
REVIVE_FETCH = Command(
    "UPDATE fetches SET state = 'pending', attempts = 0, due_at = now() WHERE id = $1 AND state = 'dead'"
)
DISCARD_FETCH = Command("DELETE FROM fetches WHERE id = $1 AND state = 'dead'")
REVIVE_MAIL = Command(
    "UPDATE mails SET state = 'pending', attempts = 0, due_at = now() WHERE id = $1 AND state = 'dead'"
)
DISCARD_MAIL = Command("DELETE FROM mails WHERE id = $1 AND state = 'dead'")
_REVIVALS = {"inbox": REVIVE_INCOMING, "fetch": REVIVE_FETCH, "mail": REVIVE_MAIL}
_DISCARDS = {
    "delivery": DISCARD_DELIVERY,
    "inbox": DISCARD_INCOMING,
    "fetch": DISCARD_FETCH,
    "mail": DISCARD_MAIL,
}
# Whether a newer Update of the sender's own profile than this activity exists.
HAS_NEWER_PROFILE = Value(
    bool,
    """SELECT EXISTS (SELECT FROM activities
        WHERE user_id = $1 AND seq > $2 AND type = 'Update' AND thought_id IS NULL)""",
)
# Whether an inbox belongs to somebody who follows, or is named by, the author of a thought.
IS_ADDRESSED = Value(
    bool,
    """SELECT EXISTS (SELECT FROM mentions m JOIN remote_actors r ON r.user_id = m.user_id
            WHERE m.thought_id = $1 AND $3 IN (r.shared_inbox_url, r.inbox_url))
        OR $2 <> 'direct' AND EXISTS (SELECT FROM thoughts t
            JOIN follows f ON f.following_id = t.user_id AND f.state = 'accepted'
            JOIN remote_actors r ON r.user_id = f.follower_id
            WHERE t.id = $1 AND $3 IN (r.shared_inbox_url, r.inbox_url))""",
)
ERROR_CLASSES = Value(
    str, "SELECT DISTINCT error_class FROM failed_events WHERE resolution IS NULL ORDER BY 1 LIMIT 50"
)


async def list_failed_events(db: Connection, which: Filter, *, before: UUID | None, limit: int) -> list[FailedEvent]:
    """List dead letters, newest first."""
    return await LIST.all(
        db, which.host, which.kind, which.error_class, which.older_than, which.resolved, before, limit
    )  # fmt: skip


async def count_failed_events(db: Connection, which: Filter) -> int:
    """Count dead letters."""
    return await COUNT.one(db, which.host, which.kind, which.error_class, which.older_than, which.resolved)


async def find_failed_event(db: Connection, event_id: UUID) -> FailedEvent | None:
    """Find a dead letter."""
    return await ONE.first(db, event_id)


async def find_open_for_delivery(db: Connection, delivery_id: UUID) -> UUID | None:
    """Find the open dead letter of a delivery."""
    return await OPEN_FOR_SOURCE.get(db, "delivery", delivery_id)


async def resolve(db: Connection, event_id: UUID, resolution: str, by: str) -> FailedEvent | None:
    """Close a dead letter, once: None when it was closed before, and then nothing may follow from it."""
    return await RESOLVE.first(db, event_id, resolution, by)


async def find_dead_delivery(db: Connection, delivery_id: UUID) -> DeadDelivery | None:
    """Find what a dead delivery was about."""
    return await DELIVERY.first(db, delivery_id)


async def revive_delivery(db: Connection, delivery_id: UUID) -> str | None:
    """Make a dead delivery due now and return its host, which then wants `instances.wake`; None when it is not dead."""
    return await REVIVE_DELIVERY.get(db, delivery_id)


async def revive(db: Connection, kind: str, source_id: UUID) -> None:
    """Make something dead, but a delivery, due now."""
    await _REVIVALS[kind].run(db, source_id)


async def supersede_delivery(db: Connection, delivery_id: UUID) -> None:
    """End a dead delivery that something newer replaces."""
    await SUPERSEDE_DELIVERY.run(db, delivery_id)


async def discard(db: Connection, kind: str, source_id: UUID) -> None:
    """Give up what a dead letter stood for."""
    await _DISCARDS[kind].run(db, source_id)


async def list_error_classes(db: Connection) -> list[str]:
    """List the error classes among open dead letters, for a filter."""
    return await ERROR_CLASSES.all(db)
