"""Lists: people whom somebody reads apart; their timelines are in storage.entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from storage.entries import Page
from storage.homes import backfill_home, leave_home
from storage.query import Command, Rows, Value
from storage.relations import Connected

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class PersonList:
    """A row of lists."""

    id: UUID
    user_id: UUID
    title: str
    replies_policy: str
    exclusive: bool


COLUMNS = "l.id, l.user_id, l.title, l.replies_policy, l.exclusive"
INSERT = Rows(
    PersonList,
    """INSERT INTO lists AS l (user_id, title, replies_policy, exclusive)
    SELECT $1, $2, $3, $4 WHERE (SELECT count(*) FROM lists WHERE user_id = $1) < $5 RETURNING {columns}""",
    columns=COLUMNS,
)
UPDATE = Rows(
    PersonList,
    """UPDATE lists l SET title = $3, replies_policy = $4, exclusive = $5
    WHERE l.user_id = $1 AND l.id = $2 RETURNING {columns}""",
    columns=COLUMNS,
)
DELETE = Rows(PersonList, "DELETE FROM lists l WHERE l.user_id = $1 AND l.id = $2 RETURNING {columns}", columns=COLUMNS)
ONE = Rows(PersonList, "SELECT {columns} FROM lists l WHERE l.user_id = $1 AND l.id = $2", columns=COLUMNS)
OF_OWNER = Rows(
    PersonList, "SELECT {columns} FROM lists l WHERE l.user_id = $1 ORDER BY l.id LIMIT 500", columns=COLUMNS
)
WITH_PERSON = Rows(
    PersonList,
    """SELECT {columns} FROM list_members m JOIN lists l ON l.id = m.list_id
    WHERE m.person_id = $2 AND m.user_id = $1 ORDER BY l.id LIMIT 500""",
    columns=COLUMNS,
)
MEMBERS = Rows(
    Connected,
    """SELECT m.id AS cursor, m.person_id FROM list_members m JOIN users u ON u.id = m.person_id
    WHERE m.list_id = $1 AND u.state = 'active'
        AND m.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND m.id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
    ORDER BY m.id DESC LIMIT $4""",
)
ALL_MEMBERS = Value(UUID, "SELECT person_id FROM list_members WHERE list_id = $1")
COUNT_MEMBERS = Value(int, "SELECT count(*) FROM list_members WHERE list_id = $1")
# Only whom the owner follows or asked to follow, and the owner.
ADD_MEMBERS = Value(
    UUID,
    """INSERT INTO list_members (list_id, person_id, user_id)
    SELECT $1, p.id, $2 FROM unnest($3::uuid[]) AS p (id)
    WHERE p.id = $2 OR EXISTS (SELECT FROM follows f WHERE f.follower_id = $2 AND f.following_id = p.id)
    ON CONFLICT DO NOTHING RETURNING person_id""",
)
ARE_MEMBERS = Value(UUID, "SELECT person_id FROM list_members WHERE list_id = $1 AND person_id = ANY($2::uuid[])")
REMOVE_MEMBERS = Value(
    UUID, "DELETE FROM list_members WHERE list_id = $1 AND person_id = ANY($2::uuid[]) RETURNING person_id"
)
# The latest of each new member, as a new follow brings them home.
BACKFILL = Command(
    """INSERT INTO list_entries (list_id, entry_id)
    SELECT m.list_id, e.id FROM list_members m JOIN lists l ON l.id = m.list_id
        LEFT JOIN follows f ON f.follower_id = m.follower_id AND f.following_id = m.person_id
        CROSS JOIN LATERAL (
            SELECT x.id, x.kind, x.visibility, x.is_reply, t.language
            FROM entries x JOIN thoughts t ON t.id = x.thought_id
            WHERE x.user_id = m.person_id ORDER BY x.id DESC LIMIT 40) e
    WHERE l.user_id = $1 AND m.person_id = ANY($2::uuid[]) AND ($3::uuid IS NULL OR l.id = $3)
        AND (m.follower_id IS NULL OR f.state = 'accepted')
        AND (e.kind = 'thought' OR f.show_boosts IS NOT false) AND e.visibility <> 'direct' AND NOT e.is_reply
        AND reads_language(f.languages, e.language)
    ON CONFLICT DO NOTHING"""
)
LEAVE = Command(
    """DELETE FROM list_entries x USING lists l, entries e
    WHERE l.user_id = $1 AND ($3::uuid IS NULL OR l.id = $3) AND x.list_id = l.id AND e.id = x.entry_id
        AND e.user_id = ANY($2::uuid[])"""
)


async def insert_list(
    db: Connection, user_id: UUID, title: str, replies_policy: str, *, exclusive: bool, most: int
) -> PersonList | None:
    """Make a list; None when the owner has `most` of them."""
    return await INSERT.first(db, user_id, title, replies_policy, exclusive, most)


async def find_list(db: Connection, user_id: UUID, list_id: UUID) -> PersonList | None:
    """Find a list of somebody's own."""
    return await ONE.first(db, user_id, list_id)


async def list_lists(db: Connection, user_id: UUID) -> list[PersonList]:
    """List somebody's lists, the oldest first."""
    return await OF_OWNER.all(db, user_id)


async def list_lists_with(db: Connection, user_id: UUID, person_id: UUID) -> list[PersonList]:
    """List those of somebody's lists that a person is on."""
    return await WITH_PERSON.all(db, user_id, person_id)


async def list_members(db: Connection, list_id: UUID, page: Page) -> list[Connected]:
    """List a page of a list's members, the newest first."""
    return await MEMBERS.all(db, list_id, page.older_than, page.newer_than, page.limit)


async def add_members(db: Connection, owned: PersonList, people: Sequence[UUID]) -> list[UUID]:
    """Put people on a list, and their latest entries on its timeline; return who was not on it before."""
    added = await ADD_MEMBERS.all(db, owned.id, owned.user_id, people)
    if added:
        await BACKFILL.run(db, owned.user_id, added, owned.id)
    return added


async def remove_members(db: Connection, owned: PersonList, people: Sequence[UUID]) -> list[UUID]:
    """Take people and their entries off a list; return who was on it."""
    removed = await REMOVE_MEMBERS.all(db, owned.id, people)
    if removed:
        await LEAVE.run(db, owned.user_id, removed, owned.id)
    return removed


async def enter_timelines(db: Connection, follower_id: UUID, following_id: UUID) -> None:
    """Bring the latest of somebody newly followed home, and onto the lists they are on."""
    await backfill_home(db, follower_id, [following_id])
    await BACKFILL.run(db, follower_id, [following_id], None)


async def leave_timelines(db: Connection, follower_id: UUID, following_id: UUID) -> None:
    """Take the entries of somebody no longer followed out of home and lists."""
    await leave_home(db, follower_id, [following_id])
    await LEAVE.run(db, follower_id, [following_id], None)
