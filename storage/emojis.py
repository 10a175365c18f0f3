"""Custom emojis: those of this server, and those seen in what others sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from storage.query import Command, Rows

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class CustomEmoji:
    """A row of custom_emojis."""

    id: UUID
    shortcode: str
    category: str
    url: str
    visible_in_picker: bool
    enabled: bool
    copied_from: str | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class RemoteEmoji:
    """An emoji of another server; `taken`: a shortcode that this server has too."""

    host: str
    shortcode: str
    url: str
    taken: bool


COLUMNS = "e.id, e.shortcode, e.category, e.url, e.visible_in_picker, e.enabled, e.copied_from, e.updated_at"
ENABLED = Rows(
    CustomEmoji,
    "SELECT {columns} FROM custom_emojis e WHERE e.enabled ORDER BY e.category, e.shortcode LIMIT $1",
    columns=COLUMNS,
)
ENABLED_NAMED = Rows(
    CustomEmoji,
    "SELECT {columns} FROM custom_emojis e WHERE e.enabled AND e.shortcode = ANY($1::text[])",
    columns=COLUMNS,
)
PAGE = Rows(
    CustomEmoji,
    """SELECT {columns} FROM custom_emojis e
    WHERE e.shortcode > $1 AND ($2 = '' OR strpos(lower(e.shortcode), lower($2)) > 0)
    ORDER BY e.shortcode LIMIT $3""",
    columns=COLUMNS,
)
BY_SHORTCODE = Rows(
    CustomEmoji, "SELECT {columns} FROM custom_emojis e WHERE e.shortcode = $1 AND e.enabled", columns=COLUMNS
)
BY_ID = Rows(CustomEmoji, "SELECT {columns} FROM custom_emojis e WHERE e.id = $1", columns=COLUMNS)
INSERT = Rows(
    CustomEmoji,
    """INSERT INTO custom_emojis AS e (shortcode, category, url, copied_from) VALUES ($1, $2, $3, $4)
    ON CONFLICT (shortcode) DO NOTHING RETURNING {columns}""",
    columns=COLUMNS,
)
UPDATE = Rows(
    CustomEmoji,
    """UPDATE custom_emojis e SET category = $2, visible_in_picker = $3, enabled = $4, updated_at = now()
    WHERE e.id = $1 RETURNING {columns}""",
    columns=COLUMNS,
)
DELETE = Rows(CustomEmoji, "DELETE FROM custom_emojis e WHERE e.id = $1 RETURNING {columns}", columns=COLUMNS)
NOTE_REMOTE = Command(
    """INSERT INTO remote_emojis AS r (host, shortcode, url)
    SELECT $1, x.shortcode, x.url FROM unnest($2::text[], $3::text[]) AS x (shortcode, url) ORDER BY x.shortcode
    ON CONFLICT (host, shortcode) DO UPDATE SET url = excluded.url, seen_at = now()
    WHERE r.url <> excluded.url OR r.seen_at < now() - interval '1 day'"""
)
REMOTE_PAGE = Rows(
    RemoteEmoji,
    """SELECT r.host, r.shortcode, r.url, EXISTS (
        SELECT FROM custom_emojis e WHERE e.shortcode = r.shortcode) AS taken
    FROM remote_emojis r
    WHERE (r.host, r.shortcode) > ($1, $2) AND ($3 = '' OR r.host = $3)
        AND ($4 = '' OR strpos(lower(r.shortcode), lower($4)) > 0) AND NOT host_is_blocked(r.host)
    ORDER BY r.host, r.shortcode LIMIT $5""",
)
REMOTE = Rows(
    RemoteEmoji,
    """SELECT r.host, r.shortcode, r.url, EXISTS (
        SELECT FROM custom_emojis e WHERE e.shortcode = r.shortcode) AS taken
    FROM remote_emojis r WHERE r.host = $1 AND r.shortcode = $2""",
)


async def list_enabled(db: Connection, *, limit: int) -> list[CustomEmoji]:
    """List what people here may write, by category."""
    return await ENABLED.all(db, limit)


async def find_named(db: Connection, shortcodes: Sequence[str]) -> list[CustomEmoji]:
    """Find those of these shortcodes that people here may write."""
    return await ENABLED_NAMED.all(db, shortcodes) if shortcodes else []


async def list_emojis(db: Connection, *, after: str, text: str, limit: int) -> list[CustomEmoji]:
    """List a page of this server's emojis by shortcode."""
    return await PAGE.all(db, after, text, limit)


async def insert_emoji(
    db: Connection, shortcode: str, category: str, url: str, *, copied_from: str | None
) -> CustomEmoji | None:
    """Add an emoji; None when its shortcode is taken."""
    return await INSERT.first(db, shortcode, category, url, copied_from)


async def update_emoji(
    db: Connection, emoji_id: UUID, category: str, *, visible_in_picker: bool, enabled: bool
) -> CustomEmoji | None:
    """Change how an emoji is offered; None when there is none."""
    return await UPDATE.first(db, emoji_id, category, visible_in_picker, enabled)


async def delete_emoji(db: Connection, emoji_id: UUID) -> CustomEmoji | None:
    """Delete an emoji; None when there is none."""
    return await DELETE.first(db, emoji_id)


async def note_remote(db: Connection, host: str, urls: Mapping[str, str]) -> None:
    """Remember emojis of another server, so that they can be copied."""
    if urls:
        await NOTE_REMOTE.run(db, host, list(urls), list(urls.values()))


async def list_remote(db: Connection, *, after: tuple[str, str], host: str, text: str, limit: int) -> list[RemoteEmoji]:
    """List a page of other servers' emojis, by host and shortcode."""
    return await REMOTE_PAGE.all(db, *after, host, text, limit)


async def find_remote(db: Connection, host: str, shortcode: str) -> RemoteEmoji | None:
    """Find an emoji of another server."""
    return await REMOTE.first(db, host, shortcode)
