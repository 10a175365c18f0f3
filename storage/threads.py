"""Threads: what a thought answers, and what answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from storage.entries import Entry, EntryRows
from storage.query import Value
from storage.visibility import VISIBLE

if TYPE_CHECKING:
    from storage.database import Connection

# The entry that a thought itself is.
OWN_ENTRY_COLUMNS = (
    "t.id, 'thought' AS kind, t.user_id, t.created_at, t.ap_id, t.visibility, t.id AS thought_id, t.xmin, t.ctid"
)
# The chain of parents, nearest first, without the hidden ones. Other servers may make circles: each counts once.
ANCESTORS = EntryRows(
    """WITH RECURSIVE chain (id, reply_to, path) AS (
        SELECT id, reply_to, ARRAY[id] FROM thoughts WHERE id = $2
        UNION ALL
        SELECT p.id, p.reply_to, c.path || p.id FROM chain c JOIN thoughts p ON p.id = c.reply_to
        WHERE cardinality(c.path) <= $3 AND p.id <> ALL(c.path))
    SELECT {entry} FROM chain c JOIN thoughts t ON t.id = c.id
    WHERE c.id <> $2 AND {visible} ORDER BY cardinality(c.path)""",
    entry=OWN_ENTRY_COLUMNS,
    visible=VISIBLE,
)
# Depth first, siblings by age: `path` is the order, so ids need not follow the thread.
DESCENDANTS = EntryRows(
    """WITH RECURSIVE answers AS (
        SELECT id FROM thoughts
        WHERE reply_to = $2 AND id > coalesce($5::uuid, '00000000-0000-0000-0000-000000000000') ORDER BY id LIMIT $4),
    tree (id, path) AS (
        SELECT id, ARRAY[id] FROM answers
        UNION ALL
        SELECT r.id, t.path || r.id FROM tree t JOIN thoughts r ON r.reply_to = t.id
        WHERE cardinality(t.path) < $3 AND r.id <> $2 AND r.id <> ALL(t.path)),
    bounded AS (SELECT id, path FROM tree LIMIT $4)
    SELECT {entry} FROM bounded b JOIN thoughts t ON t.id = b.id
    WHERE {visible} AND NOT EXISTS (
        SELECT FROM blocks h WHERE h.blocker_id = $1 AND h.blocked_id = t.user_id)
    ORDER BY b.path""",
    entry=OWN_ENTRY_COLUMNS,
    visible=VISIBLE,
)
# The last answer of a page and the first one after it: one row means that there is no other page.
LAST_AND_NEXT_ANSWER = Value(
    UUID,
    """SELECT id FROM thoughts WHERE reply_to = $1 AND id > coalesce($2::uuid, '00000000-0000-0000-0000-000000000000')
    ORDER BY id OFFSET $3 - 1 LIMIT 2""",
)


async def list_ancestors(db: Connection, viewer: UUID | None, thought_id: UUID, *, limit: int) -> list[Entry]:
    """List the parents that the viewer may see, the root first."""
    return list(reversed(await ANCESTORS.entries(db, viewer, thought_id, limit)))


async def list_descendants(
    db: Connection, viewer: UUID | None, thought_id: UUID, *, depth: int, limit: int, after: UUID | None = None
) -> list[Entry]:
    """List the replies below a thought that the viewer may see, each after its parent.

    Within `limit` the answers to the thought itself go first, those later than `after`.
    """
    return await DESCENDANTS.entries(db, viewer, thought_id, depth, limit, after)


async def find_last_answer(db: Connection, thought_id: UUID, after: UUID | None, *, limit: int) -> UUID | None:
    """Find the last of the first `limit` answers later than `after`, when others follow it."""
    last = await LAST_AND_NEXT_ANSWER.all(db, thought_id, after, limit)
    return last[0] if len(last) > 1 else None
