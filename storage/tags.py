"""Hashtags: how they are used, who reads them at home, and who shows them on their profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection
    from storage.entries import Page


@dataclass(frozen=True, slots=True)
class TagDay:
    """A day (as a Unix time) on which a tag was used in public: how often, and by how many people."""

    name: str
    day: int
    uses: int
    accounts: int


@dataclass(frozen=True, slots=True)
class TagOfViewer:
    """A tag as its letters are to be shown, and what it is to the viewer."""

    name: str
    display_name: str
    following: bool
    featuring: bool


@dataclass(frozen=True, slots=True)
class ModeratedTag:
    """A tag with what moderators decided about it; `trendable` as it comes out, whoever decided."""

    id: UUID
    name: str
    display_name: str
    usable: bool
    listable: bool
    trendable: bool
    requires_review: bool


@dataclass(frozen=True, slots=True)
class TagTie:
    """A tag in somebody's list, with the id that the page is keyed by."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Featured:
    """A tag on somebody's profile, and how they used it where everybody may see."""

    id: UUID
    name: str
    uses: int
    last_used_at: datetime | None


# A tag of the last week is a range of the join table's primary key: ids are times.
HISTORY = Rows(
    TagDay,
    """SELECT g.name, extract(epoch FROM date_trunc('day', t.created_at, 'UTC'))::int8 AS day,
        count(*) AS uses, count(DISTINCT t.user_id) AS accounts
    FROM tags g JOIN thought_tags x ON x.tag_id = g.id
        JOIN thoughts t ON t.id = x.thought_id AND t.visibility = 'public'
    WHERE g.name = ANY($1::text[]) AND x.thought_id > (SELECT uuid7(now() - interval '7 days'))
    GROUP BY g.name, 2""",
)
COIN = Value(
    UUID,
    """INSERT INTO tags (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id""",
)
ID_OF = Value(UUID, "SELECT id FROM tags WHERE name = $1")
OF_VIEWER = Rows(
    TagOfViewer,
    """SELECT g.name, coalesce(g.display_name, g.name) AS display_name,
        EXISTS (SELECT FROM followed_tags f WHERE f.user_id = $1 AND f.tag_id = g.id) AS following,
        EXISTS (SELECT FROM featured_tags f WHERE f.user_id = $1 AND f.tag_id = g.id) AS featuring
    FROM tags g WHERE g.name = ANY($2::text[])""",
)
UNUSABLE_AMONG = Value(str, "SELECT name FROM tags WHERE name = ANY($1::text[]) AND NOT usable ORDER BY name")
_MODERATED = """g.id, g.name, coalesce(g.display_name, g.name) AS display_name, g.usable, g.listable,
        coalesce(g.trendable, is_switched_on('trendable_by_default')) AS trendable,
        g.reviewed_at IS NULL AS requires_review"""
MODERATED = Rows(ModeratedTag, "SELECT {columns} FROM tags g WHERE g.id = ANY($1::uuid[])", columns=_MODERATED)
_MODERATED_PAGE = """SELECT {columns} FROM tags g
    WHERE g.id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND g.id > coalesce($2::uuid, '00000000-0000-0000-0000-000000000000')
    ORDER BY g.id {order} LIMIT $3"""
MODERATED_NEWEST = Rows(ModeratedTag, _MODERATED_PAGE, columns=_MODERATED, order="DESC")
MODERATED_OLDEST = Rows(ModeratedTag, _MODERATED_PAGE, columns=_MODERATED, order="ASC")
# What is not said stays. Whoever decides anything has looked at it.
MODERATE = Command(
    """UPDATE tags SET display_name = coalesce($2, display_name), usable = coalesce($3, usable),
        listable = coalesce($4, listable), trendable = coalesce($5, trendable), reviewed_at = now()
    WHERE id = $1"""
)
FOLLOW = Command(
    """INSERT INTO followed_tags (user_id, tag_id)
    SELECT $1, $2 WHERE (SELECT count(*) FROM followed_tags WHERE user_id = $1) < $3 ON CONFLICT DO NOTHING"""
)
UNFOLLOW = Command("DELETE FROM followed_tags WHERE user_id = $1 AND tag_id = $2")
IS_FOLLOWED = Value(bool, "SELECT EXISTS (SELECT FROM followed_tags WHERE user_id = $1 AND tag_id = $2)")
FOLLOWED = Rows(
    TagTie,
    """SELECT f.id, g.name FROM followed_tags f JOIN tags g ON g.id = f.tag_id
    WHERE f.user_id = $1
        AND f.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND f.id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
    ORDER BY f.id DESC LIMIT $4""",
)
# What came home by this tag alone.
LEAVE_HOME = Command(
    """DELETE FROM home_entries h USING thought_tags x, entries e
    WHERE h.user_id = $1 AND x.tag_id = $2 AND h.entry_id = x.thought_id AND e.id = h.entry_id AND e.user_id <> $1
        AND NOT EXISTS (SELECT FROM follows f
            WHERE f.follower_id = $1 AND f.following_id = e.user_id AND f.state = 'accepted')
        AND NOT EXISTS (SELECT FROM thought_tags o JOIN followed_tags f ON f.tag_id = o.tag_id AND f.user_id = $1
            WHERE o.thought_id = x.thought_id AND o.tag_id <> $2)"""
)
# Homes of those who follow one of a public thought's tags; what they follow otherwise is there already.
FAN_OUT = Command(
    """INSERT INTO home_entries (user_id, entry_id)
    SELECT DISTINCT f.user_id, $1::uuid FROM thought_tags x
        JOIN followed_tags f ON f.tag_id = x.tag_id JOIN users u ON u.id = f.user_id
    WHERE x.thought_id = $1 AND f.user_id <> $2 AND u.state = 'active'
    ON CONFLICT DO NOTHING"""
)
FEATURE = Command(
    """INSERT INTO featured_tags (user_id, tag_id)
    SELECT $1, $2 WHERE (SELECT count(*) FROM featured_tags WHERE user_id = $1) < $3 ON CONFLICT DO NOTHING"""
)
IS_FEATURED = Value(bool, "SELECT EXISTS (SELECT FROM featured_tags WHERE user_id = $1 AND tag_id = $2)")
UNFEATURE = Command("DELETE FROM featured_tags WHERE user_id = $1 AND tag_id = $2")
UNFEATURE_BY_ID = Command("DELETE FROM featured_tags WHERE user_id = $1 AND id = $2")
FEATURED = Rows(
    Featured,
    """SELECT f.id, g.name, k.uses, k.last_used_at FROM featured_tags f JOIN tags g ON g.id = f.tag_id
        CROSS JOIN LATERAL (
            SELECT count(*) AS uses, max(t.created_at) AS last_used_at
            FROM thought_tags x JOIN thoughts t ON t.id = x.thought_id
            WHERE x.tag_id = f.tag_id AND t.user_id = $1 AND t.visibility IN ('public', 'unlisted')) k
    WHERE f.user_id = $1 ORDER BY k.uses DESC, g.name LIMIT 100""",
)
# What somebody used most among their latest thoughts.
USED_MOST = Value(
    str,
    """SELECT g.name FROM (SELECT id FROM thoughts WHERE user_id = $1 ORDER BY id DESC LIMIT 500) t
        JOIN thought_tags x ON x.thought_id = t.id JOIN tags g ON g.id = x.tag_id
    WHERE NOT EXISTS (SELECT FROM featured_tags f WHERE f.user_id = $1 AND f.tag_id = g.id)
    GROUP BY g.name ORDER BY count(*) DESC, g.name LIMIT $2""",
)


FORGET_OTHERS = Command(
    """DELETE FROM featured_tags f USING tags g
    WHERE f.user_id = $1 AND g.id = f.tag_id AND g.name <> ALL($2::text[])"""
)
COIN_ALL = Command("INSERT INTO tags (name) SELECT unnest($1::text[]) ON CONFLICT (name) DO NOTHING")
FEATURE_ALL = Command(
    """INSERT INTO featured_tags (user_id, tag_id) SELECT $1, id FROM tags WHERE name = ANY($2::text[])
    ON CONFLICT DO NOTHING"""
)


async def replace_featured(db: Connection, user_id: UUID, names: Sequence[str]) -> None:
    """Store exactly these hashtags as those that a remote person's profile shows."""
    await FORGET_OTHERS.run(db, user_id, names)
    await COIN_ALL.run(db, names)
    await FEATURE_ALL.run(db, user_id, names)


async def list_history(db: Connection, names: Sequence[str]) -> list[TagDay]:
    """List on which of the last days tags were used in public."""
    return await HISTORY.all(db, names) if names else []


async def find_of_viewer(db: Connection, viewer_id: UUID | None, names: Sequence[str]) -> dict[str, TagOfViewer]:
    """Find, of these tags, those that somebody used before."""
    return {tag.name: tag for tag in await OF_VIEWER.all(db, viewer_id, names)} if names else {}


async def list_moderated(db: Connection, page: Page) -> list[ModeratedTag]:
    """List a page of all tags, the newest first."""
    query = MODERATED_OLDEST if page.ascending else MODERATED_NEWEST
    found = await query.all(db, page.older_than, page.newer_than, page.limit)
    return found[::-1] if page.ascending else found


async def moderate(
    db: Connection,
    tag_id: UUID,
    *,
    display_name: str | None = None,
    usable: bool | None = None,
    listable: bool | None = None,
    trendable: bool | None = None,
) -> None:
    """Write down what moderators decided about a tag; what is None stays."""
    await MODERATE.run(db, tag_id, display_name, usable, listable, trendable)


async def list_followed(db: Connection, user_id: UUID, page: Page) -> list[TagTie]:
    """List a page of the tags that somebody follows, the newest first."""
    return await FOLLOWED.all(db, user_id, page.older_than, page.newer_than, page.limit)


async def fan_out_tagged(db: Connection, thought_id: UUID, author_id: UUID) -> None:
    """Put a public thought into the homes of those who follow one of its tags."""
    await FAN_OUT.run(db, thought_id, author_id)
