"""What is known of stored bytes: uploaded pictures and the cache of remote ones."""

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
    """A cached remote picture; no `content_hash` while the last try failed."""

    url: str
    content_hash: str | None
    content_type: str | None
    fetched_at: datetime


INSERT_FILE = Command(
    """INSERT INTO media_files (content_hash, content_type, size, width, height) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT DO NOTHING"""
)
FILE_TYPE = Value(str, "SELECT content_type FROM media_files WHERE content_hash = $1")
PROXIED = Rows(Proxied, "SELECT url, content_hash, content_type, fetched_at FROM proxied_media WHERE key = $1")
UPSERT_PROXIED = Command(
    """INSERT INTO proxied_media (key, url, content_hash, content_type, size) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (key) DO UPDATE SET content_hash = excluded.content_hash, content_type = excluded.content_type,
        size = excluded.size, fetched_at = now(), used_at = now()"""
)
# Never tried: as far back as can be, so that it counts neither as fresh nor as failed lately.
INSERT_ADDRESSES = Command(
    """INSERT INTO proxied_media (key, url, fetched_at)
    SELECT DISTINCT sha256(convert_to(url, 'UTF8')), url, to_timestamp(0) FROM unnest($1::text[]) AS new (url)
    ON CONFLICT DO NOTHING"""
)
TOUCH_PROXIED = Command(
    "UPDATE proxied_media SET used_at = now() WHERE key = $1 AND used_at < now() - interval '1 day'"
)
# The address stays known, for people whose picture is looked at again.
EVICT = Value(
    str,
    """WITH old AS (
        SELECT key, content_hash FROM proxied_media
        WHERE used_at < now() - $1::interval AND content_hash IS NOT NULL FOR UPDATE),
    emptied AS (
        UPDATE proxied_media p SET content_hash = NULL, content_type = NULL, size = NULL, fetched_at = to_timestamp(0)
        FROM old WHERE p.key = old.key)
    SELECT DISTINCT old.content_hash FROM old
    WHERE NOT EXISTS (SELECT FROM proxied_media p
            WHERE p.content_hash = old.content_hash AND p.used_at >= now() - $1::interval)
        AND NOT EXISTS (SELECT FROM media_files f WHERE f.content_hash = old.content_hash)""",
)


async def insert_file(
    db: Connection, content_hash: str, content_type: str, *, size: int, width: int, height: int
) -> None:
    """Note an uploaded picture, once per content."""
    await INSERT_FILE.run(db, content_hash, content_type, size, width, height)


async def find_file_type(db: Connection, content_hash: str) -> str | None:
    """Find the content type of an uploaded picture."""
    return await FILE_TYPE.get(db, content_hash)


async def find_proxied(db: Connection, key: bytes) -> Proxied | None:
    """Find a cached remote picture by the SHA-256 of its address."""
    return await PROXIED.first(db, key)


async def upsert_proxied(
    db: Connection, key: bytes, url: str, *, content_hash: str | None, content_type: str | None, size: int | None
) -> None:
    """Note a remote picture that was read, or (without hash) could not be."""
    await UPSERT_PROXIED.run(db, key, url, content_hash, content_type, size)


async def touch_proxied(db: Connection, key: bytes) -> None:
    """Note that a cached picture is in use, at most once a day."""
    await TOUCH_PROXIED.run(db, key)


async def insert_addresses(db: Connection, urls: Sequence[str]) -> None:
    """Note where remote people's pictures lie, so that the proxy finds them by key; known ones stay as they are."""
    if urls:
        await INSERT_ADDRESSES.run(db, urls)


async def evict(db: Connection, unused_for: timedelta) -> Sequence[str]:
    """Forget cached pictures that nobody looked at; return the hashes whose bytes can go."""
    return await EVICT.all(db, unused_for)
