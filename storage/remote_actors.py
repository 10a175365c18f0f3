"""Wire data of remote actors: inboxes, keys, when they were read; and their cached connections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class RemoteActor:
    """A row of remote_actors."""

    user_id: UUID
    ap_url: str
    host: str
    inbox_url: str
    shared_inbox_url: str | None
    outbox_url: str | None
    followers_url: str | None
    following_url: str | None
    featured_url: str | None
    moved_to: str | None
    also_known_as: list[str]
    fetched_at: datetime
    filled_at: datetime | None
    gone_at: datetime | None
    collections_url: str | None
    featured_tags_url: str | None


@dataclass(frozen=True, slots=True)
class NewRemoteActor:
    """A remote actor's wire data, just read."""

    user_id: UUID
    ap_url: str
    username: str
    display_name: str
    avatar_url: str | None
    host: str
    inbox_url: str
    shared_inbox_url: str | None
    outbox_url: str | None
    followers_url: str | None
    following_url: str | None
    featured_url: str | None
    moved_to: str | None
    also_known_as: list[str]
    collections_url: str | None = None
    featured_tags_url: str | None = None
    attribution_domains: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RemoteKey:
    """A verification key with who owns it."""

    key_id: str
    user_id: UUID
    owner_ap_id: str
    owner_state: str
    host: str
    algorithm: str
    public_key: bytes
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """Whether a key's host is refused, and the state of its owner; None when the key is not stored."""

    refused: bool
    owner_state: str | None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that an actor's document lists."""

    key_id: str
    algorithm: str
    public_key: bytes


COLUMNS = """r.user_id, r.ap_url, r.host, r.inbox_url, r.shared_inbox_url, r.outbox_url, r.followers_url,
    r.following_url, r.featured_url, r.moved_to, r.also_known_as, r.fetched_at, r.filled_at, r.gone_at,
    r.collections_url, r.featured_tags_url"""
BY_USER = Rows(RemoteActor, "SELECT {columns} FROM remote_actors r WHERE r.user_id = $1", columns=COLUMNS)
BY_AP_URL = Rows(RemoteActor, "SELECT {columns} FROM remote_actors r WHERE r.ap_url = $1", columns=COLUMNS)
BY_INBOX = Rows(
    RemoteActor,
    """SELECT {columns} FROM remote_actors r
    WHERE r.host = $1 AND (r.inbox_url = $2 OR r.shared_inbox_url = $2) ORDER BY r.fetched_at LIMIT 1""",
    columns=COLUMNS,
)
UPSERT = Command(
    """INSERT INTO remote_actors AS r (user_id, ap_url, username, display_name, avatar_url, host, inbox_url,
        shared_inbox_url, outbox_url, followers_url, following_url, featured_url, moved_to, also_known_as,
        collections_url, featured_tags_url, attribution_domains)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
    ON CONFLICT (ap_url) DO UPDATE SET
        username = excluded.username, display_name = excluded.display_name, avatar_url = excluded.avatar_url,
        inbox_url = excluded.inbox_url, shared_inbox_url = excluded.shared_inbox_url,
        outbox_url = excluded.outbox_url, followers_url = excluded.followers_url,
        following_url = excluded.following_url, featured_url = excluded.featured_url,
        moved_to = excluded.moved_to, also_known_as = excluded.also_known_as,
        collections_url = excluded.collections_url, featured_tags_url = excluded.featured_tags_url,
        attribution_domains = excluded.attribution_domains, fetched_at = now(), gone_at = NULL"""
)
MARK_GONE = Command("UPDATE remote_actors SET gone_at = now() WHERE user_id = $1 AND gone_at IS NULL")
MARK_FILLED = Command("UPDATE remote_actors SET filled_at = now() WHERE user_id = $1")
STALE = Rows(
    RemoteActor,
    """SELECT {columns} FROM remote_actors r
    WHERE r.fetched_at < now() - $1::interval AND r.gone_at IS NULL
        AND EXISTS (SELECT FROM follows f WHERE f.follower_id = r.user_id OR f.following_id = r.user_id)
    ORDER BY r.fetched_at LIMIT $2""",
    columns=COLUMNS,
)
KEY = Rows(
    RemoteKey,
    """SELECT k.key_id, k.user_id, u.ap_id, u.state, r.host, k.algorithm, k.public_key, k.fetched_at
    FROM remote_keys k JOIN users u ON u.id = k.user_id JOIN remote_actors r ON r.user_id = k.user_id
    WHERE k.key_id = $1""",
)
KEY_STANDING = Rows(
    KeyStanding,
    """SELECT host_is_refused($1) AS refused, (
        SELECT u.state FROM remote_keys k JOIN users u ON u.id = k.user_id WHERE k.key_id = $2) AS owner_state""",
)
UPSERT_KEYS = Command(
    """INSERT INTO remote_keys (key_id, user_id, algorithm, public_key)
    SELECT key_id, $1, algorithm, public_key
    FROM unnest($2::text[], $3::text[], $4::bytea[]) AS new (key_id, algorithm, public_key)
    ON CONFLICT (key_id) DO UPDATE SET user_id = excluded.user_id, algorithm = excluded.algorithm,
        public_key = excluded.public_key, fetched_at = now()"""
)
# A key that the document no longer lists is revoked.
DELETE_KEYS_EXCEPT = Command("DELETE FROM remote_keys WHERE user_id = $1 AND NOT key_id = ANY($2::text[])")
DELETE_CONNECTIONS = Command("DELETE FROM remote_actor_connections WHERE user_id = $1 AND direction = $2")
INSERT_CONNECTIONS = Command(
    """INSERT INTO remote_actor_connections (user_id, direction, position, ap_id, total)
    SELECT $1, $2, place, ap_id, $4 FROM unnest($3::text[]) WITH ORDINALITY AS new (ap_id, place)"""
)
CONNECTIONS = Value(
    str,
    """SELECT ap_id FROM remote_actor_connections WHERE user_id = $1 AND direction = $2
    ORDER BY position LIMIT $3""",
)
SET_COUNTS = Command(
    """UPDATE users SET followers_count = coalesce($2, followers_count),
        following_count = coalesce($3, following_count), thoughts_count = coalesce($4, thoughts_count)
    WHERE id = $1 AND is_remote"""
)


async def find_remote_actor(db: Connection, user_id: UUID) -> RemoteActor | None:
    """Find the wire data of a remote person."""
    return await BY_USER.first(db, user_id)


async def find_by_ap_url(db: Connection, ap_url: str) -> RemoteActor | None:
    """Find the wire data of an actor id."""
    return await BY_AP_URL.first(db, ap_url)


async def find_by_inbox(db: Connection, host: str, inbox_url: str) -> RemoteActor | None:
    """Find an actor whose personal or shared inbox this is: the one read longest ago."""
    return await BY_INBOX.first(db, host, inbox_url)


async def upsert_remote_actor(db: Connection, new: NewRemoteActor, keys: Sequence[NewKey]) -> None:
    """Store what an actor's document says, with exactly the keys that it lists."""
    await UPSERT.run(
        db, new.user_id, new.ap_url, new.username, new.display_name, new.avatar_url, new.host, new.inbox_url,
        new.shared_inbox_url, new.outbox_url, new.followers_url, new.following_url, new.featured_url,
        new.moved_to, new.also_known_as, new.collections_url, new.featured_tags_url,
        new.attribution_domains,
    )  # fmt: skip
    ids = [key.key_id for key in keys]
    await DELETE_KEYS_EXCEPT.run(db, new.user_id, ids)
    await UPSERT_KEYS.run(db, new.user_id, ids, [key.algorithm for key in keys], [key.public_key for key in keys])


async def mark_gone(db: Connection, user_id: UUID) -> None:
    """Remember that an actor answered 410."""
    await MARK_GONE.run(db, user_id)


async def mark_filled(db: Connection, user_id: UUID) -> None:
    """Remember that an actor's outbox and collections were read."""
    await MARK_FILLED.run(db, user_id)


async def list_stale(db: Connection, older_than: timedelta, *, limit: int) -> list[RemoteActor]:
    """List connected actors that were not read for a while."""
    return await STALE.all(db, older_than, limit)


async def find_key_standing(db: Connection, key_id: str, host: str) -> KeyStanding:
    """Tell whether who signs with this key may talk to us at all, as of now."""
    return await KEY_STANDING.one(db, host, key_id)


async def find_key(db: Connection, key_id: str) -> RemoteKey | None:
    """Find a verification key by its id."""
    return await KEY.first(db, key_id)


async def replace_connections(
    db: Connection, user_id: UUID, direction: str, ap_ids: Sequence[str], total: int | None
) -> None:
    """Store a freshly read follower or following list of a remote person."""
    await DELETE_CONNECTIONS.run(db, user_id, direction)
    await INSERT_CONNECTIONS.run(db, user_id, direction, ap_ids, total)


async def list_connections(db: Connection, user_id: UUID, direction: str, *, limit: int) -> list[str]:
    """List the cached actor ids of a remote person's followers or followings."""
    return await CONNECTIONS.all(db, user_id, direction, limit)


async def set_counts(
    db: Connection, user_id: UUID, *, followers: int | None, following: int | None, thoughts: int | None
) -> None:
    """Store the counts that a remote person's server claims; None leaves ours."""
    await SET_COUNTS.run(db, user_id, followers, following, thoughts)
