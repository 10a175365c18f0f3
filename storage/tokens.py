"""Bearer tokens: of apps for people, of apps alone, and personal API keys."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A personal API key, without its secret."""

    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None
    last_used_from: str


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a bearer token speaks for, in which version of their row (storage/kept.py), and what it may do."""

    token_id: UUID
    user_id: UUID | None
    app_id: UUID | None
    scopes: list[str]
    is_api_key: bool
    last_used_at: datetime | None
    xmin: int | None
    ctid: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to be. `family`: the grant that it and all its successors come from."""

    token_hash: bytes
    user_id: UUID | None
    app_id: UUID | None
    scopes: Sequence[str]
    refresh_hash: bytes | None = None
    family: UUID | None = None


@dataclass(frozen=True, slots=True)
class Refreshable:
    """The token that a refresh token came with; `is_fresh` while a repeated request may be a lost answer's."""

    id: UUID
    user_id: UUID | None
    app_id: UUID | None
    scopes: list[str]
    family: UUID
    revoked: bool
    is_fresh: bool


INSERT_API_KEY = Value(UUID, "INSERT INTO api_keys (user_id, key_hash, name) VALUES ($1, $2, $3) RETURNING id")
API_KEYS = Rows(
    ApiKey,
    """SELECT id, name, created_at, last_used_at, last_used_from FROM api_keys
    WHERE user_id = $1 AND revoked_at IS NULL ORDER BY id DESC LIMIT 100""",
)
REVOKE_API_KEY = Command("UPDATE api_keys SET revoked_at = now() WHERE user_id = $1 AND id = $2 AND revoked_at IS NULL")
INSERT = Value(
    datetime,
    """INSERT INTO access_tokens (token_hash, user_id, app_id, scopes, refresh_hash, family)
    VALUES ($1, $2, $3, $4, $5, coalesce($6, gen_random_uuid())) RETURNING created_at""",
)
BEARER = Rows(
    Bearer,
    """SELECT x.id, x.user_id, x.app_id, x.scopes, x.is_api_key, x.last_used_at, u.xmin, u.ctid FROM (
        SELECT id, user_id, app_id, scopes, false AS is_api_key, last_used_at FROM access_tokens
            WHERE token_hash = $1 AND revoked_at IS NULL
        UNION ALL
        SELECT id, user_id, NULL, ARRAY['read', 'write', 'follow', 'push'], true, last_used_at FROM api_keys
            WHERE key_hash = $1 AND revoked_at IS NULL) x LEFT JOIN users u ON u.id = x.user_id""",
)
# Of tokens, keys and sessions alike, those that still speak for an active person.
LIVE = Value(
    bytes,
    """SELECT x.hash FROM (
        SELECT token_hash AS hash, user_id FROM access_tokens
            WHERE token_hash = ANY($1::bytea[]) AND revoked_at IS NULL
        UNION ALL SELECT key_hash, user_id FROM api_keys WHERE key_hash = ANY($1) AND revoked_at IS NULL
        UNION ALL SELECT token_hash, user_id FROM sessions WHERE token_hash = ANY($1) AND expires_at > now()
    ) x JOIN users u ON u.id = x.user_id WHERE u.state = 'active' AND NOT u.disabled""",
)
WAS_REVOKED = Value(
    bool,
    """SELECT EXISTS (SELECT FROM access_tokens WHERE token_hash = $1 AND revoked_at IS NOT NULL)
        OR EXISTS (SELECT FROM api_keys WHERE key_hash = $1 AND revoked_at IS NOT NULL)""",
)
# Whoever uses a token is here this week.
_WAS_HERE = """WITH used AS (
        UPDATE {table} SET last_used_at = now(), last_used_from = $2
        WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute') RETURNING user_id)
    INSERT INTO active_weeks (week, user_id)
    SELECT date_trunc('week', now() AT TIME ZONE 'UTC')::date, user_id FROM used WHERE user_id IS NOT NULL
    ON CONFLICT DO NOTHING"""
TOUCH = Command(_WAS_HERE, table="access_tokens")
TOUCH_API_KEY = Command(_WAS_HERE, table="api_keys")
REFRESHABLE = Rows(
    Refreshable,
    """SELECT id, user_id, app_id, scopes, family, revoked_at IS NOT NULL AS revoked,
        coalesce(revoked_at > now() - interval '1 minute', true) AS is_fresh
    FROM access_tokens WHERE refresh_hash = $1 FOR UPDATE""",
)
FAMILY_IN_USE = Value(
    bool,
    """SELECT EXISTS (SELECT FROM access_tokens WHERE family = $1 AND revoked_at IS NULL AND last_used_at IS NOT NULL)
        OR NOT EXISTS (SELECT FROM access_tokens WHERE family = $1 AND revoked_at IS NULL)""",
)
REVOKE_FAMILY = Command("UPDATE access_tokens SET revoked_at = now() WHERE family = $1 AND revoked_at IS NULL")
# A refresh token may be given back too; both names lead to the same row.
REVOKE_OF_APP = Command(
    """UPDATE access_tokens SET revoked_at = now()
    WHERE (token_hash = $1 OR refresh_hash = $1) AND app_id = $2 AND revoked_at IS NULL"""
)
BELONGS_TO_OTHER = Value(
    bool,
    """SELECT EXISTS (SELECT FROM access_tokens
        WHERE (token_hash = $1 OR refresh_hash = $1) AND app_id IS DISTINCT FROM $2)""",
)
REVOKE_BETWEEN = Command(
    "UPDATE access_tokens SET revoked_at = now() WHERE user_id = $1 AND app_id = $2 AND revoked_at IS NULL"
)
REVOKE_ALL_OF = Command("UPDATE access_tokens SET revoked_at = now() WHERE user_id = $1 AND revoked_at IS NULL")
REVOKE_API_KEYS_OF = Command("UPDATE api_keys SET revoked_at = now() WHERE user_id = $1 AND revoked_at IS NULL")
DELETE_API_KEYS_OF = Command("DELETE FROM api_keys WHERE user_id = $1")
DELETE_ALL_OF = Command("DELETE FROM access_tokens WHERE user_id = $1")


async def list_live(db: Connection, hashes: Collection[bytes]) -> list[bytes]:
    """List which of these hashes are those of live tokens, keys and sessions of active people."""
    return await LIVE.all(db, list(hashes)) if hashes else []


async def insert_api_key(db: Connection, user_id: UUID, key_hash: bytes, name: str) -> UUID:
    """Store a new key's hash."""
    return await INSERT_API_KEY.one(db, user_id, key_hash, name)


async def list_api_keys(db: Connection, user_id: UUID) -> list[ApiKey]:
    """List a person's live keys."""
    return await API_KEYS.all(db, user_id)


async def revoke_api_key(db: Connection, user_id: UUID, key_id: UUID) -> bool:
    """Revoke one of a person's keys; False when there is none such."""
    return bool(await REVOKE_API_KEY.run(db, user_id, key_id))


async def insert_token(db: Connection, new: NewToken) -> datetime:
    """Store a new token's hashes; return when that was."""
    return await INSERT.one(
        db, new.token_hash, new.user_id, new.app_id, list(new.scopes), new.refresh_hash, new.family
    )  # fmt: skip


async def find_bearer(db: Connection, token_hash: bytes) -> Bearer | None:
    """Find whom a bearer token or API key speaks for."""
    return await BEARER.first(db, token_hash)


async def was_revoked(db: Connection, token_hash: bytes) -> bool:
    """Tell whether a token was good once."""
    return await WAS_REVOKED.one(db, token_hash)


async def touch_bearer(db: Connection, bearer: Bearer, address: str) -> None:
    """Note that a token was used and from which address prefix, at most once a minute."""
    await (TOUCH_API_KEY if bearer.is_api_key else TOUCH).run(db, bearer.token_id, address)


async def find_refreshable(db: Connection, refresh_hash: bytes) -> Refreshable | None:
    """Find the token that a refresh token came with, and keep others from refreshing it meanwhile."""
    return await REFRESHABLE.first(db, refresh_hash)


async def family_is_in_use(db: Connection, family: UUID) -> bool:
    """Tell whether the newest token of a grant was used, or is revoked itself."""
    return await FAMILY_IN_USE.one(db, family)


async def revoke_family(db: Connection, family: UUID) -> None:
    """Revoke all that came from one grant."""
    await REVOKE_FAMILY.run(db, family)


async def revoke_of_app(db: Connection, token_hash: bytes, app_id: UUID) -> None:
    """Revoke a token of an app by it or its refresh token."""
    await REVOKE_OF_APP.run(db, token_hash, app_id)


async def belongs_to_other(db: Connection, token_hash: bytes, app_id: UUID) -> bool:
    """Tell whether a token is somebody else's than this app's."""
    return await BELONGS_TO_OTHER.one(db, token_hash, app_id)


async def revoke_between(db: Connection, user_id: UUID, app_id: UUID) -> bool:
    """Revoke what an app may do for somebody; False when that was nothing."""
    return bool(await REVOKE_BETWEEN.run(db, user_id, app_id))


async def revoke_all(db: Connection, user_id: UUID) -> None:
    """Revoke every token and key of a person."""
    await REVOKE_ALL_OF.run(db, user_id)
    await REVOKE_API_KEYS_OF.run(db, user_id)


async def delete_all(db: Connection, user_id: UUID) -> None:
    """Delete every token and key of a person."""
    await DELETE_ALL_OF.run(db, user_id)
    await DELETE_API_KEYS_OF.run(db, user_id)
