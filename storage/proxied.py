"""Copies of remote media: which addresses we show, and what was found there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Proxied:
    """A remote medium; no `content_hash` while there is no copy. A `preview_hash` is always of WebP."""

    url: str
    kind: str
    content_hash: str | None
    content_type: str | None
    size: int | None
    preview_hash: str | None
    preview_size: int | None
    fetched_at: datetime


BY_KEY = Rows(
    Proxied,
    """SELECT url, kind, content_hash, content_type, size, preview_hash, preview_size, fetched_at
    FROM proxied_media WHERE key = $1 AND NOT media_is_refused(host)
        AND NOT media_is_refused(substring(lower(url) FROM '^https?://([^/?#]+)'))""",
)
UPDATE = Command(
    """UPDATE proxied_media SET content_hash = $2, content_type = $3, size = $4, preview_hash = $5, preview_size = $6,
        fetched_at = now(), used_at = now()
    WHERE key = $1"""
)
# Never tried: as far back as can be, so that it counts neither as fresh nor as failed lately.
INSERT_ADDRESSES = Command(
    """INSERT INTO proxied_media AS p (key, url, kind, fetched_at, host)
    SELECT DISTINCT sha256(convert_to(url, 'UTF8')), url, $2, to_timestamp(0), $3 FROM unnest($1::text[]) AS new (url)
    ON CONFLICT (key) DO UPDATE SET used_at = greatest(p.used_at, now()), host = excluded.host
        WHERE p.used_at = to_timestamp(0) OR (p.host = '' AND excluded.host <> '')"""
)
TOUCH = Command("UPDATE proxied_media SET used_at = now() WHERE key = $1 AND used_at < now() - interval '1 day'")
FORGET_OF_DOMAIN = Command(
    """UPDATE proxied_media SET used_at = now() - interval '1 year'
    WHERE content_hash IS NOT NULL AND used_at > now() - interval '1 year' AND EXISTS (
        SELECT FROM (VALUES (host), (substring(lower(url) FROM '^https?://([^/?#]+)'))) AS at (host)
        WHERE $1 IN (at.host, split_part(at.host, ':', 1))
            OR right(split_part(at.host, ':', 1), length($1) + 1) = '.' || $1)"""
)
# The address of a person's picture stays known, for when it is looked at again; those of thoughts that are gone go.
EVICT = Value(
    str,
    """WITH old AS (
        SELECT key, content_hash, preview_hash, used_at = to_timestamp(0) AS gone FROM proxied_media
        WHERE used_at < now() - $1::interval AND (content_hash IS NOT NULL OR used_at = to_timestamp(0))
        LIMIT $2 FOR UPDATE SKIP LOCKED),
    emptied AS (
        UPDATE proxied_media p SET content_hash = NULL, content_type = NULL, size = NULL, preview_hash = NULL,
            preview_size = NULL, fetched_at = to_timestamp(0)
        FROM old WHERE p.key = old.key AND NOT old.gone),
    forgotten AS (DELETE FROM proxied_media p USING old WHERE p.key = old.key AND old.gone)
    SELECT DISTINCT h.hash FROM old CROSS JOIN LATERAL (VALUES (old.content_hash), (old.preview_hash)) AS h (hash)
    WHERE h.hash IS NOT NULL AND NOT EXISTS (
        SELECT FROM proxied_media p WHERE (p.content_hash = h.hash OR p.preview_hash = h.hash)
            AND p.key NOT IN (SELECT key FROM old))""",
)


async def find_proxied(db: Connection, key: bytes) -> Proxied | None:
    """Find a remote medium by the SHA-256 of its address; None for those of servers whose media are refused."""
    return await BY_KEY.first(db, key)


async def mark_read(db: Connection, key: bytes, copy: Proxied | None) -> None:
    """Note the copy that was made of a remote medium, or (None) that it could not be read."""
    found = (None,) * 5 if copy is None else (
        copy.content_hash, copy.content_type, copy.size, copy.preview_hash, copy.preview_size,
    )  # fmt: skip
    await UPDATE.run(db, key, *found)


async def touch(db: Connection, key: bytes) -> None:
    """Note that a copy is in use, at most once a day."""
    await TOUCH.run(db, key)


async def insert_addresses(db: Connection, urls: Sequence[str], kind: str, host: str = "") -> None:
    """Note where things that we show lie, so that the proxy finds them by key; known ones stay as they are.

    `host`: whose they are, wherever they lie; the first one counts.
    """
    if urls:
        await INSERT_ADDRESSES.run(db, urls, kind, host)


async def forget_of_domain(db: Connection, domain: str) -> None:
    """Let the copies of a domain's media go with those that nobody looks at any more."""
    await FORGET_OF_DOMAIN.run(db, domain)


async def evict(db: Connection, unused_for: timedelta, *, limit: int) -> Sequence[str]:
    """Forget a batch of copies that nobody looked at; return the hashes whose bytes can go."""
    return await EVICT.all(db, unused_for, limit)
