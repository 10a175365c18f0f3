"""Thoughts that are to be published later. Whoever takes or changes one names the revision that they know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection
    from storage.entries import Page


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A row of scheduled_thoughts; with a `problem` it waits for its author, else for its time."""

    id: UUID
    user_id: UUID
    scheduled_at: datetime
    draft: dict[str, Any]
    problem: str
    attempts: int
    revision: int


@dataclass(frozen=True, slots=True)
class Load:
    """How many thoughts somebody has scheduled, and how many of them for a certain day (UTC)."""

    total: int
    on_day: int


COLUMNS = "s.id, s.user_id, s.scheduled_at, s.draft, s.problem, s.attempts, s.revision"
INSERT = Rows(
    Scheduled,
    """INSERT INTO scheduled_thoughts AS s (id, user_id, scheduled_at, due_at, draft) VALUES ($1, $2, $3, $3, $4)
    RETURNING {columns}""",
    columns=COLUMNS,
)
LOAD = Rows(
    Load,
    """SELECT count(*) AS total, count(*) FILTER (WHERE (scheduled_at AT TIME ZONE 'UTC')::date
        = ($2::timestamptz AT TIME ZONE 'UTC')::date) AS on_day
    FROM scheduled_thoughts WHERE user_id = $1 AND id IS DISTINCT FROM $3::uuid""",
)
CHANGE = Rows(
    Scheduled,
    """UPDATE scheduled_thoughts s SET scheduled_at = $4, due_at = $4, draft = $5, problem = '', attempts = 0,
        revision = revision + 1
    WHERE s.user_id = $1 AND s.id = $2 AND s.revision = $3 RETURNING {columns}""",
    columns=COLUMNS,
)
ONE = Rows(Scheduled, "SELECT {columns} FROM scheduled_thoughts s WHERE s.user_id = $1 AND s.id = $2", columns=COLUMNS)
PAGE = Rows(
    Scheduled,
    """SELECT {columns} FROM scheduled_thoughts s WHERE s.user_id = $1
        AND s.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND s.id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
    ORDER BY s.id DESC LIMIT $4""",
    columns=COLUMNS,
)
PAGE_UP = Rows(
    Scheduled,
    """SELECT {columns} FROM scheduled_thoughts s WHERE s.user_id = $1
        AND s.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') AND s.id > $3::uuid
    ORDER BY s.id LIMIT $4""",
    columns=COLUMNS,
)
BY_TIME = Rows(
    Scheduled,
    "SELECT {columns} FROM scheduled_thoughts s WHERE s.user_id = $1 ORDER BY s.scheduled_at, s.id LIMIT $2",
    columns=COLUMNS,
)
DUE = Rows(
    Scheduled,
    """SELECT {columns} FROM scheduled_thoughts s WHERE s.problem = '' AND s.due_at <= now()
    ORDER BY s.due_at LIMIT $1""",
    columns=COLUMNS,
)
TAKE = Command("DELETE FROM scheduled_thoughts WHERE id = $1 AND revision = $2")
DELETE = Command("DELETE FROM scheduled_thoughts WHERE user_id = $1 AND id = $2")
MARK_STUCK = Command(
    "UPDATE scheduled_thoughts SET problem = $3, revision = revision + 1 WHERE id = $1 AND revision = $2"
)
PUT_OFF = Command(
    """UPDATE scheduled_thoughts SET due_at = now() + $3::interval, attempts = attempts + 1
    WHERE id = $1 AND revision = $2"""
)
HAS_ANY = Value(bool, "SELECT EXISTS (SELECT FROM scheduled_thoughts WHERE user_id = $1)")


async def insert(db: Connection, scheduled_id: UUID, user_id: UUID, at: datetime, draft: dict[str, Any]) -> Scheduled:
    """Store what is to be published later."""
    return await INSERT.one(db, scheduled_id, user_id, at, draft)


async def find_load(db: Connection, user_id: UUID, day: datetime, *, but: UUID | None = None) -> Load:
    """Tell how much somebody has scheduled, all in all and for the day of a moment, one left out."""
    return await LOAD.one(db, user_id, day, but)


async def change(db: Connection, before: Scheduled, at: datetime, draft: dict[str, Any]) -> Scheduled | None:
    """Change when and what is to be published; None when it is not there as it was known any more."""
    return await CHANGE.first(db, before.user_id, before.id, before.revision, at, draft)


async def find(db: Connection, user_id: UUID, scheduled_id: UUID) -> Scheduled | None:
    """Find one of somebody's scheduled thoughts."""
    return await ONE.first(db, user_id, scheduled_id)


async def list_page(db: Connection, user_id: UUID, page: Page) -> list[Scheduled]:
    """List a page of somebody's scheduled thoughts, the newest schedule first."""
    bounds = (page.older_than, page.newer_than, page.limit)
    if page.ascending:
        return (await PAGE_UP.all(db, user_id, *bounds))[::-1]
    return await PAGE.all(db, user_id, *bounds)


async def list_by_time(db: Connection, user_id: UUID, *, limit: int) -> list[Scheduled]:
    """List somebody's scheduled thoughts in the order in which they come."""
    return await BY_TIME.all(db, user_id, limit)


async def list_due(db: Connection, *, limit: int) -> list[Scheduled]:
    """List what is to be published now."""
    return await DUE.all(db, limit)


async def take(db: Connection, one: Scheduled) -> bool:
    """Delete what is about to be published in this transaction; False when somebody was quicker, or changed it."""
    return bool(await TAKE.run(db, one.id, one.revision))


async def delete(db: Connection, user_id: UUID, scheduled_id: UUID) -> None:
    """Delete one of somebody's scheduled thoughts."""
    await DELETE.run(db, user_id, scheduled_id)


async def mark_stuck(db: Connection, one: Scheduled, problem: str) -> bool:
    """Note why something cannot be published; False when somebody was quicker, or changed it."""
    return bool(await MARK_STUCK.run(db, one.id, one.revision, problem))


async def put_off(db: Connection, one: Scheduled, pause: timedelta) -> None:
    """Look at something again a while later."""
    await PUT_OFF.run(db, one.id, one.revision, pause)


async def has_any(db: Connection, user_id: UUID) -> bool:
    """Tell whether somebody has scheduled anything."""
    return await HAS_ANY.one(db, user_id)
