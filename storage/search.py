"""Search over people and thoughts by PostgreSQL alone: trigrams and full text."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from storage.entries import BETWEEN, ENTRY_COLUMNS, Entry, EntryRows, Page
from storage.people import COLUMNS, Person
from storage.query import Rows, Value
from storage.visibility import ENTRY_VISIBLE, NOT_HIDDEN, NOT_SILENCED

if TYPE_CHECKING:
    from storage.database import Connection

# A text with fewer characters has no trigram to look up.
_TRIGRAM = 3
# Common words are found among so many of the newest thoughts, rare ones by the indexes;
# of what these find the newest are kept.
_NEWEST = 1000
_KEPT = 5000

# Best first: exact username, prefix, then similarity; people known here before strangers.
PEOPLE = Rows(
    Person,
    """SELECT {columns} FROM users u
    WHERE u.state = 'active' AND (u.is_remote OR u.actor_type <> 'Application')
        AND (u.username || ' ' || u.display_name) ILIKE '%' || $2 || '%'
        AND NOT EXISTS (SELECT FROM blocks b WHERE b.blocker_id = u.id AND b.blocked_id = $1)
        AND (NOT $5::boolean OR EXISTS (
            SELECT FROM follows f WHERE f.follower_id = $1 AND f.following_id = u.id AND f.state = 'accepted'))
    ORDER BY lower(u.username) = lower($2) DESC, u.username ILIKE $2 || '%' DESC, u.followers_count DESC, u.id
    LIMIT $3 OFFSET $4""",
    columns=COLUMNS,
)
PEOPLE_BY_PREFIX = Rows(
    Person,
    """SELECT {columns} FROM users u
    WHERE u.state = 'active' AND (u.is_remote OR u.actor_type <> 'Application')
        AND lower(u.username) ~>=~ lower($2) AND lower(u.username) ~<~ (lower($2) || U&'\\+10FFFF')
        AND NOT EXISTS (SELECT FROM blocks b WHERE b.blocker_id = u.id AND b.blocked_id = $1)
        AND (NOT $5::boolean OR EXISTS (
            SELECT FROM follows f WHERE f.follower_id = $1 AND f.following_id = u.id AND f.state = 'accepted'))
    ORDER BY lower(u.username) = lower($2) DESC, u.followers_count DESC, u.id
    LIMIT $3 OFFSET $4""",
    columns=COLUMNS,
)
_MATCHES = """(t.search @@ websearch_to_tsquery('simple', $5) OR t.plain ILIKE '%' || $6::text || '%')"""
# Searchable: one's own, what one reacted to or was named in, and public thoughts of those who agreed to it.
_SEARCHABLE = """(t.user_id = $1 OR (t.visibility = 'public' AND a.indexable)
    OR EXISTS (SELECT FROM likes l WHERE l.user_id = $1 AND l.thought_id = t.id)
    OR EXISTS (SELECT FROM bookmarks k WHERE k.user_id = $1 AND k.thought_id = t.id)
    OR EXISTS (SELECT FROM entries o WHERE o.user_id = $1 AND o.thought_id = t.id AND o.kind = 'boost')
    OR EXISTS (SELECT FROM mentions n WHERE n.user_id = $1 AND n.thought_id = t.id))"""
_FRAGMENTS = {
    "entry": ENTRY_COLUMNS,
    "between": BETWEEN,
    "matches": _MATCHES,
    "searchable": _SEARCHABLE,
    "visible": ENTRY_VISIBLE,
    "not_hidden": f"({NOT_HIDDEN} AND {NOT_SILENCED})",
}
NEWEST_THOUGHTS = EntryRows(
    """SELECT {entry} FROM (
        SELECT e.id, e.kind, e.user_id, e.thought_id, e.created_at, e.ap_id, e.visibility
        FROM entries e
        WHERE e.kind = 'thought' AND {between} ORDER BY e.id DESC LIMIT {newest}) e
    JOIN thoughts t ON t.id = e.id JOIN users a ON a.id = t.user_id
    WHERE {matches} AND {searchable} AND {visible} AND {not_hidden}
    ORDER BY e.id DESC LIMIT $4""",
    newest=str(_NEWEST),
    **_FRAGMENTS,
)
# MATERIALIZED: without it a plan made before the words are known walks the whole table by id.
THOUGHTS = EntryRows(
    """WITH matching AS MATERIALIZED (
        SELECT t.id FROM thoughts t WHERE {matches}
            AND t.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
            AND t.id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')),
    latest AS MATERIALIZED (SELECT id FROM matching ORDER BY id DESC LIMIT {kept})
    SELECT {entry} FROM latest JOIN thoughts t ON t.id = latest.id JOIN entries e ON e.id = t.id
        JOIN users a ON a.id = t.user_id
    WHERE {searchable} AND {visible} AND {not_hidden}
    ORDER BY latest.id DESC LIMIT $4""",
    kept=str(_KEPT),
    **_FRAGMENTS,
)
# Along the index of the hashtag, which is looked up first.
TAGGED_THOUGHTS = EntryRows(
    """SELECT {entry} FROM thought_tags x JOIN thoughts t ON t.id = x.thought_id JOIN entries e ON e.id = t.id
        JOIN users a ON a.id = t.user_id
    WHERE x.tag_id = (SELECT g.id FROM tags g WHERE g.name = $5)
        AND x.thought_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND x.thought_id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
        AND {searchable} AND {visible} AND {not_hidden}
    ORDER BY x.thought_id DESC LIMIT $4""",
    **{name: _FRAGMENTS[name] for name in ("entry", "searchable", "visible", "not_hidden")},
)
TAGS = Value(str, "SELECT name FROM tags WHERE name LIKE $1 || '%' AND listable ORDER BY name LIMIT $2")


def literal_pattern(text: str) -> str:
    """Take the meaning from LIKE's wildcards."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def search_people(
    db: Connection, viewer: UUID | None, text: str, *, limit: int, offset: int = 0, following: bool = False
) -> list[Person]:
    """Find people whose username or name contains the text; with `following`, those the viewer follows.

    A text that is too short for trigrams must begin the username.
    """
    if len(text) < _TRIGRAM:
        return await PEOPLE_BY_PREFIX.all(db, viewer, text, limit, offset, following)
    return await PEOPLE.all(db, viewer, literal_pattern(text), limit, offset, following)


async def search_thoughts(db: Connection, viewer: UUID | None, text: str, page: Page) -> list[Entry]:
    """Find thoughts by words or (of three characters or more) by a part of their text, newest first."""
    part = literal_pattern(text) if len(text) >= _TRIGRAM else None
    wanted = (viewer, page.older_than, page.newer_than, page.limit, text, part)
    newest = await NEWEST_THOUGHTS.entries(db, *wanted)
    return newest if len(newest) == page.limit else await THOUGHTS.entries(db, *wanted)


async def search_tagged(db: Connection, viewer: UUID | None, tag: str, page: Page) -> list[Entry]:
    """Find thoughts that carry a (normalised) hashtag, newest first."""
    return await TAGGED_THOUGHTS.entries(db, viewer, page.older_than, page.newer_than, page.limit, tag)


async def search_tags(db: Connection, prefix: str, *, limit: int) -> list[str]:
    """Find hashtags by the start of their (normalised) name, but those that moderators keep out of searches."""
    return await TAGS.all(db, literal_pattern(prefix), limit)
