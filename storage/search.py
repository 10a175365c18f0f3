"""Search over people and thoughts by PostgreSQL alone: trigrams and full text."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from storage.entries import BETWEEN, ENTRY_COLUMNS, Entry, EntryRows, Page
from storage.people import COLUMNS, Person
from storage.query import Rows, Value
from storage.visibility import NOT_HIDDEN, VISIBLE

if TYPE_CHECKING:
    from storage.database import Connection

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
# Searchable: one's own, what one reacted to or was named in, and public thoughts of those who agreed to it.
THOUGHTS = EntryRows(
    Entry,
    """SELECT {entry} FROM thoughts t JOIN entries e ON e.id = t.id JOIN users a ON a.id = t.user_id
    WHERE {between} AND {visible} AND {not_hidden}
        AND (t.search @@ websearch_to_tsquery('simple', $5) OR t.plain ILIKE '%' || $6 || '%')
        AND (t.user_id = $1 OR (t.visibility = 'public' AND a.indexable)
            OR EXISTS (SELECT FROM likes l WHERE l.user_id = $1 AND l.thought_id = t.id)
            OR EXISTS (SELECT FROM bookmarks k WHERE k.user_id = $1 AND k.thought_id = t.id)
            OR EXISTS (SELECT FROM entries o WHERE o.user_id = $1 AND o.thought_id = t.id AND o.kind = 'boost')
            OR EXISTS (SELECT FROM mentions n WHERE n.user_id = $1 AND n.thought_id = t.id))
    ORDER BY e.id DESC LIMIT $4""",
    entry=ENTRY_COLUMNS,
    between=BETWEEN,
    visible=VISIBLE,
    not_hidden=NOT_HIDDEN,
)
TAGS = Value(str, "SELECT name FROM tags WHERE name LIKE $1 || '%' ORDER BY name LIMIT $2")


def literal_pattern(text: str) -> str:
    """Take the meaning from LIKE's wildcards."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def search_people(
    db: Connection, viewer: UUID | None, text: str, *, limit: int, offset: int = 0, following: bool = False
) -> list[Person]:
    """Find people whose username or name contains the text; with `following`, those the viewer follows."""
    return await PEOPLE.all(db, viewer, literal_pattern(text), limit, offset, following)


async def search_thoughts(db: Connection, viewer: UUID | None, text: str, page: Page) -> list[Entry]:
    """Find thoughts by words or by a part of their text, newest first."""
    return await THOUGHTS.all(
        db, viewer, page.older_than, page.newer_than, page.limit, text, literal_pattern(text)
    )  # fmt: skip


async def search_tags(db: Connection, prefix: str, *, limit: int) -> list[str]:
    """Find hashtags by the start of their (normalised) name."""
    return await TAGS.all(db, literal_pattern(prefix), limit)
