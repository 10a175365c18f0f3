"""Likes, bookmarks and pins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from storage.query import Command, Rows, Value
from storage.relations import Connected

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Like:
    """A row of likes."""

    user_id: UUID
    thought_id: UUID
    ap_id: str | None


INSERT_LIKE = Command(
    "INSERT INTO likes (user_id, thought_id, ap_id) VALUES ($1, $2, $3) ON CONFLICT (user_id, thought_id) DO NOTHING"
)
DELETE_LIKE = Rows(
    Like, "DELETE FROM likes WHERE user_id = $1 AND thought_id = $2 RETURNING user_id, thought_id, ap_id"
)
LIKE_BY_AP_ID = Rows(Like, "SELECT user_id, thought_id, ap_id FROM likes WHERE user_id = $1 AND ap_id = $2 LIMIT 1")
COUNT_LIKE = Command("UPDATE thoughts SET likes_count = greatest(0, likes_count + $2) WHERE id = $1")
IS_LIKED = Value(bool, "SELECT EXISTS (SELECT FROM likes WHERE user_id = $1 AND thought_id = $2)")
IS_BOOSTED = Value(
    bool, "SELECT EXISTS (SELECT FROM entries WHERE user_id = $1 AND thought_id = $2 AND kind = 'boost')"
)
INSERT_BOOKMARK = Command("INSERT INTO bookmarks (user_id, thought_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
DELETE_BOOKMARK = Command("DELETE FROM bookmarks WHERE user_id = $1 AND thought_id = $2")
LOCK_PINNER = Command("SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE")
INSERT_PIN = Command(
    """INSERT INTO pins (user_id, thought_id)
    SELECT $1, $2 WHERE (SELECT count(*) FROM pins WHERE user_id = $1) < $3 ON CONFLICT DO NOTHING"""
)
IS_PINNED = Value(bool, "SELECT EXISTS (SELECT FROM pins WHERE user_id = $1 AND thought_id = $2)")
DELETE_PIN = Command("DELETE FROM pins WHERE user_id = $1 AND thought_id = $2")
LIKED_BY = Rows(
    Connected,
    """SELECT l.id AS cursor, l.user_id AS person_id FROM likes l JOIN users u ON u.id = l.user_id
    WHERE l.thought_id = $1 AND u.state = 'active' AND ($2::uuid IS NULL OR l.id < $2)
        AND ($4::uuid IS NULL OR l.id > $4)
    ORDER BY l.id DESC LIMIT $3""",
)
BOOSTED_BY = Rows(
    Connected,
    """SELECT e.id AS cursor, e.user_id AS person_id FROM entries e JOIN users u ON u.id = e.user_id
    WHERE e.thought_id = $1 AND e.kind = 'boost' AND e.visibility <> 'followers' AND u.state = 'active'
        AND ($2::uuid IS NULL OR e.id < $2) AND ($4::uuid IS NULL OR e.id > $4)
    ORDER BY e.id DESC LIMIT $3""",
)


async def insert_like(db: Connection, person_id: UUID, thought_id: UUID, ap_id: str | None) -> bool:
    """Like and count; False when it was liked before."""
    if not await INSERT_LIKE.run(db, person_id, thought_id, ap_id):
        return False
    await COUNT_LIKE.run(db, thought_id, 1)
    return True


async def delete_like(db: Connection, person_id: UUID, thought_id: UUID) -> Like | None:
    """Take a like back; None when there was none."""
    gone = await DELETE_LIKE.first(db, person_id, thought_id)
    if gone is not None:
        await COUNT_LIKE.run(db, thought_id, -1)
    return gone


async def insert_bookmark(db: Connection, person_id: UUID, thought_id: UUID) -> None:
    """Bookmark, once."""
    await INSERT_BOOKMARK.run(db, person_id, thought_id)


async def delete_bookmark(db: Connection, person_id: UUID, thought_id: UUID) -> None:
    """Take a bookmark away, if there is one."""
    await DELETE_BOOKMARK.run(db, person_id, thought_id)


async def insert_pin(db: Connection, person_id: UUID, thought_id: UUID, *, most: int) -> bool:
    """Pin, once; False when it was pinned before or `most` are pinned already."""
    await LOCK_PINNER.run(db, person_id)
    return bool(await INSERT_PIN.run(db, person_id, thought_id, most))


async def delete_pin(db: Connection, person_id: UUID, thought_id: UUID) -> bool:
    """Unpin; False when it was not pinned."""
    return bool(await DELETE_PIN.run(db, person_id, thought_id))


async def list_liked_by(
    db: Connection, thought_id: UUID, *, before: UUID | None = None, after: UUID | None = None, limit: int = 40
) -> list[Connected]:
    """List who liked a thought, newest first."""
    return await LIKED_BY.all(db, thought_id, before, limit, after)


async def list_boosted_by(
    db: Connection, thought_id: UUID, *, before: UUID | None = None, after: UUID | None = None, limit: int = 40
) -> list[Connected]:
    """List who boosted a thought, newest first."""
    return await BOOSTED_BY.all(db, thought_id, before, limit, after)
