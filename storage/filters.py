"""Filters: what somebody does not want to read; every change raises their version, by which compiled ones are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from storage.news import Changed, tell
from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Filter:
    """A row of filters."""

    id: UUID
    user_id: UUID
    title: str
    action: str
    contexts: list[str]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Keyword:
    """A word or phrase of a filter."""

    id: UUID
    filter_id: UUID
    keyword: str
    whole_word: bool


@dataclass(frozen=True, slots=True)
class FilteredThought:
    """A thought that a filter names."""

    id: UUID
    filter_id: UUID
    thought_id: UUID


COLUMNS = "f.id, f.user_id, f.title, f.action, f.contexts, f.expires_at"
OF_OWNER = Rows(Filter, "SELECT {columns} FROM filters f WHERE f.user_id = $1 ORDER BY f.id LIMIT 500", columns=COLUMNS)
# Held until the transaction ends: a filter is changed by one at a time.
ONE = Rows(Filter, "SELECT {columns} FROM filters f WHERE f.user_id = $1 AND f.id = $2 FOR UPDATE", columns=COLUMNS)
INSERT = Rows(
    Filter,
    """INSERT INTO filters AS f (user_id, title, action, contexts, expires_at)
    SELECT $1, $2, $3, $4, $5 WHERE (SELECT count(*) FROM filters WHERE user_id = $1) < $6 RETURNING {columns}""",
    columns=COLUMNS,
)
UPDATE = Rows(
    Filter,
    """UPDATE filters f SET title = $2, action = $3, contexts = $4, expires_at = $5
    WHERE f.id = $1 RETURNING {columns}""",
    columns=COLUMNS,
)
DELETE = Command("DELETE FROM filters WHERE user_id = $1 AND id = $2")
DELETE_IF_EMPTY = Command(
    """DELETE FROM filters f WHERE f.id = $1
        AND NOT EXISTS (SELECT FROM filter_keywords k WHERE k.filter_id = f.id)
        AND NOT EXISTS (SELECT FROM filter_thoughts s WHERE s.filter_id = f.id)"""
)
RAISE_VERSION = Command("UPDATE users SET filters_version = filters_version + 1 WHERE id = $1")
KEYWORDS = Rows(
    Keyword,
    """SELECT id, filter_id, keyword, whole_word FROM filter_keywords
    WHERE filter_id = ANY($1::uuid[]) ORDER BY id""",
)
KEYWORD = Rows(
    Keyword,
    """SELECT k.id, k.filter_id, k.keyword, k.whole_word FROM filter_keywords k JOIN filters f ON f.id = k.filter_id
    WHERE f.user_id = $1 AND k.id = $2""",
)
INSERT_KEYWORD = Rows(
    Keyword,
    """INSERT INTO filter_keywords (filter_id, keyword, whole_word)
    SELECT $1, $2, $3 WHERE (SELECT count(*) FROM filter_keywords WHERE filter_id = $1) < $4
    RETURNING id, filter_id, keyword, whole_word""",
)
UPDATE_KEYWORD = Rows(
    Keyword,
    """UPDATE filter_keywords SET keyword = $3, whole_word = $4 WHERE filter_id = $1 AND id = $2
    RETURNING id, filter_id, keyword, whole_word""",
)
DELETE_KEYWORD = Command("DELETE FROM filter_keywords WHERE filter_id = $1 AND id = $2")
THOUGHTS = Rows(
    FilteredThought,
    "SELECT id, filter_id, thought_id FROM filter_thoughts WHERE filter_id = ANY($1::uuid[]) ORDER BY id",
)
THOUGHT = Rows(
    FilteredThought,
    """SELECT s.id, s.filter_id, s.thought_id FROM filter_thoughts s JOIN filters f ON f.id = s.filter_id
    WHERE f.user_id = $1 AND s.id = $2""",
)
INSERT_THOUGHT = Rows(
    FilteredThought,
    """INSERT INTO filter_thoughts (filter_id, thought_id)
    SELECT $1, $2 WHERE (SELECT count(*) FROM filter_thoughts WHERE filter_id = $1) < $3
    ON CONFLICT (filter_id, thought_id) DO UPDATE SET filter_id = excluded.filter_id
    RETURNING id, filter_id, thought_id""",
)
DELETE_THOUGHT = Command("DELETE FROM filter_thoughts WHERE filter_id = $1 AND id = $2")
VERSION = Value(int, "SELECT filters_version FROM users WHERE id = $1")


async def list_filters(db: Connection, user_id: UUID) -> list[Filter]:
    """List somebody's filters, the oldest first."""
    return await OF_OWNER.all(db, user_id)


async def find_filter(db: Connection, user_id: UUID, filter_id: UUID) -> Filter | None:
    """Find a filter of somebody's own, and hold it until the transaction ends."""
    return await ONE.first(db, user_id, filter_id)


async def list_keywords(db: Connection, filter_ids: Sequence[UUID]) -> list[Keyword]:
    """List the keywords of filters."""
    return await KEYWORDS.all(db, filter_ids) if filter_ids else []


async def list_thoughts(db: Connection, filter_ids: Sequence[UUID]) -> list[FilteredThought]:
    """List the thoughts that filters name."""
    return await THOUGHTS.all(db, filter_ids) if filter_ids else []


async def raise_version(db: Connection, user_id: UUID) -> None:
    """Take note that somebody's filters changed, and tell their apps."""
    await RAISE_VERSION.run(db, user_id)
    tell(db, Changed("filters_changed", [user_id]))
