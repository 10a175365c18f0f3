"""Uploads: what became of them, what they hang on, and the bytes they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Media:
    """An upload. `facts` are what processing found: type, width, height, blurhash, duration_s and the like."""

    id: UUID
    user_id: UUID
    thought_id: UUID | None
    scheduled_id: UUID | None
    state: str
    problem: str
    kind: str
    content_hash: str | None
    preview_hash: str | None
    facts: dict[str, Any]
    alt: str
    focus_x: float
    focus_y: float
    attempts: int


@dataclass(frozen=True, slots=True)
class File:
    """Stored bytes as they are served."""

    content_hash: str
    content_type: str
    size: int


COLUMNS = """m.id, m.user_id, m.thought_id, m.scheduled_id, m.state, m.problem, m.kind, m.content_hash, m.preview_hash,
    m.facts, m.alt, m.focus_x, m.focus_y, m.attempts"""
SET_STILL = Command("UPDATE media_files SET still_hash = $2 WHERE content_hash = $1")
# What does not move is its own still.
STILL = Rows(
    File,
    """SELECT s.content_hash, s.content_type, s.size
    FROM media_files f JOIN media_files s ON s.content_hash = coalesce(f.still_hash, f.content_hash)
    WHERE f.content_hash = $1""",
)
FILE = Rows(File, "SELECT content_hash, content_type, size FROM media_files WHERE content_hash = $1")
TOUCH_FILE = Command(
    """INSERT INTO media_files (content_hash, content_type, size) VALUES ($1, $2, $3)
    ON CONFLICT (content_hash) DO UPDATE SET touched_at = now()"""
)
HOLD_FILE = Command("UPDATE media_files SET uses = uses + 1 WHERE content_hash = $1")
# Not due before its bytes are stored.
INSERT = Rows(
    Media,
    """INSERT INTO media AS m (user_id, kind, alt, focus_x, focus_y, due_at)
    VALUES ($1, $2, $3, $4, $5, now() + $6::interval) RETURNING {columns}""",
    columns=COLUMNS,
)
MAKE_DUE = Command("UPDATE media SET due_at = now() WHERE id = $1 AND state = 'waiting' AND lease IS NULL")
# A row under a lease is due again when the lease has run out.
CLAIM = Rows(
    Media,
    """WITH picked AS (
        SELECT id FROM media WHERE state = 'waiting' AND due_at <= now()
        ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
    UPDATE media m SET lease = $1, due_at = now() + $2::interval, attempts = attempts + 1
    FROM picked WHERE m.id = picked.id RETURNING {columns}""",
    columns=COLUMNS,
)
CLAIM_ONE = Rows(
    Media,
    """UPDATE media m SET lease = $1, due_at = now() + $2::interval, attempts = attempts + 1
    WHERE m.id = $3 AND m.state = 'waiting' AND m.lease IS NULL RETURNING {columns}""",
    columns=COLUMNS,
)
# A preview that was given meanwhile stays, with what is known of it.
MARK_READY = Command(
    """UPDATE media SET state = 'ready', kind = $3, content_hash = $4, preview_hash = coalesce(preview_hash, $5),
        facts = $6::jsonb || facts, lease = NULL
    WHERE id = $1 AND lease = $2 AND state = 'waiting'"""
)
MARK_FAILED = Command(
    "UPDATE media SET state = 'failed', problem = $3, lease = NULL WHERE id = $1 AND lease = $2 AND state = 'waiting'"
)
PUT_OFF = Command(
    """UPDATE media SET lease = NULL, due_at = now() + $3::interval
    WHERE id = $1 AND lease = $2 AND state = 'waiting'"""
)
OWN = Rows(
    Media,
    "SELECT {columns} FROM media m WHERE m.id = $2 AND m.user_id = $1 AND m.purpose = 'attachment'",
    columns=COLUMNS,
)
SOME_OWN = Rows(
    Media,
    """SELECT {columns} FROM media m
    WHERE m.id = ANY($2::uuid[]) AND m.user_id = $1 AND m.purpose = 'attachment'""",
    columns=COLUMNS,
)
OWN_LOCKED = Rows(
    Media,
    """SELECT {columns} FROM media m WHERE m.id = ANY($2::uuid[]) AND m.user_id = $1 AND m.purpose = 'attachment'
    ORDER BY m.id FOR UPDATE""",
    columns=COLUMNS,
)
DESCRIBE = Command("UPDATE media SET alt = $2, focus_x = $3, focus_y = $4 WHERE id = $1")
SET_PREVIEW = Command(
    "UPDATE media SET preview_hash = $2, facts = facts || $3::jsonb WHERE id = $1 AND state <> 'failed'"
)
DELETE = Command(
    """DELETE FROM media WHERE id = $2 AND user_id = $1 AND thought_id IS NULL AND scheduled_id IS NULL
        AND purpose = 'attachment'"""
)
ATTACH = Command("UPDATE media SET thought_id = $1 WHERE id = ANY($2::uuid[])")
DETACH = Command("UPDATE media SET thought_id = NULL, kept_until = now() + $2::interval WHERE thought_id = $1")
# What a schedule does not carry any more is free again, for a while.
HOLD = Command(
    """UPDATE media SET scheduled_id = CASE WHEN id = ANY($2::uuid[]) THEN $1::uuid END,
        kept_until = greatest(kept_until, now() + $3::interval)
    WHERE id = ANY($2::uuid[]) OR scheduled_id = $1"""
)
DELETE_ALL_OF = Command("DELETE FROM media WHERE user_id = $1")
EXPIRE = Command(
    """DELETE FROM media WHERE id IN (
        SELECT id FROM media
        WHERE thought_id IS NULL AND scheduled_id IS NULL AND purpose = 'attachment' AND kept_until < now() LIMIT $1)"""
)
WAITING = Value(UUID, "SELECT id FROM media WHERE id = ANY($1::uuid[]) AND state = 'waiting'")
# Whoever is about to use bytes touches them first: they stay for long enough to be named by a row.
UNUSED = Value(
    str,
    """SELECT content_hash FROM media_files WHERE uses = 0 AND touched_at < now() - interval '10 minutes'
    ORDER BY touched_at LIMIT $1 FOR UPDATE SKIP LOCKED""",
)
DELETE_FILES = Command("DELETE FROM media_files WHERE content_hash = ANY($1::text[]) AND uses = 0")
HAS_DUE = Value(
    bool,
    """SELECT EXISTS (SELECT FROM media WHERE state = 'waiting' AND due_at <= now())
        OR EXISTS (SELECT FROM media_files WHERE uses = 0 AND touched_at < now() - interval '10 minutes')""",
)
SET_PORTRAIT = Command(
    """INSERT INTO media (user_id, purpose, state, content_hash) VALUES ($1, $2, 'ready', $3)
    ON CONFLICT (user_id, purpose) WHERE purpose <> 'attachment' DO UPDATE SET content_hash = excluded.content_hash"""
)
DELETE_PORTRAIT = Command("DELETE FROM media WHERE user_id = $1 AND purpose = $2 AND purpose <> 'attachment'")


async def find_file(db: Connection, content_hash: str) -> File | None:
    """Find stored bytes by their hash."""
    return await FILE.first(db, content_hash)


async def find_still(db: Connection, content_hash: str) -> File | None:
    """Find what stored bytes show when they must not move."""
    return await STILL.first(db, content_hash)


async def touch_file(db: Connection, content_hash: str, content_type: str, size: int) -> None:
    """Note bytes that are about to be stored and used: they are not swept for the next ten minutes."""
    await TOUCH_FILE.run(db, content_hash, content_type, size)


async def insert_upload(
    db: Connection, user_id: UUID, kind: str, *, alt: str, focus: tuple[float, float], due_in: timedelta
) -> Media:
    """Note an upload, whose bytes are still to be stored."""
    return await INSERT.one(db, user_id, kind, alt, *focus, due_in)


async def claim(db: Connection, *, lease: UUID, lease_for: timedelta, limit: int) -> list[Media]:
    """Lease uploads that are due to be processed."""
    return await CLAIM.all(db, lease, lease_for, limit)


async def claim_one(db: Connection, media_id: UUID, *, lease: UUID, lease_for: timedelta) -> Media | None:
    """Lease one upload, unless somebody else has it."""
    return await CLAIM_ONE.first(db, lease, lease_for, media_id)


async def mark_ready(
    db: Connection,
    media_id: UUID,
    lease: UUID,
    *,
    kind: str,
    content_hash: str,
    preview_hash: str | None,
    facts: dict[str, Any],
) -> bool:
    """Note what an upload became; False when the lease was lost or the upload is gone."""
    return bool(await MARK_READY.run(db, media_id, lease, kind, content_hash, preview_hash, facts))


async def find_own(db: Connection, person_id: UUID, media_id: UUID) -> Media | None:
    """Find one of somebody's uploads."""
    return await OWN.first(db, person_id, media_id)


async def list_own(db: Connection, person_id: UUID, media_ids: Sequence[UUID]) -> list[Media]:
    """List some of somebody's uploads."""
    return await SOME_OWN.all(db, person_id, media_ids) if media_ids else []


async def lock_own(db: Connection, person_id: UUID, media_ids: Sequence[UUID]) -> dict[UUID, Media]:
    """Find some of somebody's uploads, and hold them until the transaction ends."""
    return {media.id: media for media in await OWN_LOCKED.all(db, person_id, media_ids)} if media_ids else {}


async def attach(db: Connection, thought_id: UUID, media_ids: Sequence[UUID]) -> None:
    """Let uploads, which the caller has locked, belong to a thought."""
    if media_ids:
        await ATTACH.run(db, thought_id, media_ids)


async def detach(db: Connection, thought_id: UUID, *, keep_for: timedelta) -> None:
    """Let a thought's uploads outlive it for a while, to be attached again."""
    await DETACH.run(db, thought_id, keep_for)


async def hold(db: Connection, scheduled_id: UUID, media_ids: Sequence[UUID], *, keep_for: timedelta) -> None:
    """Let these uploads, which the caller has locked, and no others wait with a schedule.

    What it let go stays for a while, to be attached to something else.
    """
    await HOLD.run(db, scheduled_id, media_ids, keep_for)


async def set_portrait(db: Connection, person_id: UUID, which: str, content_hash: str | None) -> None:
    """Let a person's avatar or header be these bytes, or none."""
    if content_hash is None:
        await DELETE_PORTRAIT.run(db, person_id, which)
    else:
        await SET_PORTRAIT.run(db, person_id, which, content_hash)


async def has_due(db: Connection) -> bool:
    """Tell whether an upload waits to be processed, or bytes wait to go."""
    return await HAS_DUE.one(db)
