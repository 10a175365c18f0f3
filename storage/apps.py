"""Apps, and the codes that people grant them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Application:
    """A registered app, without its secret."""

    id: UUID
    client_id: str
    name: str
    website: str | None
    redirect_uris: list[str]
    scopes: list[str]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewApplication:
    """An app to be."""

    client_id: str
    secret_hash: bytes
    name: str
    website: str | None
    redirect_uris: Sequence[str]
    scopes: Sequence[str]


@dataclass(frozen=True, slots=True)
class NewCode:
    """What a person grants."""

    code_hash: bytes
    app_id: UUID
    user_id: UUID
    redirect_uri: str
    scopes: Sequence[str]
    code_challenge: str | None


@dataclass(frozen=True, slots=True)
class Code:
    """A grant; `used` and `expired` say whether it is still worth a token."""

    id: UUID
    app_id: UUID
    user_id: UUID
    redirect_uri: str
    scopes: list[str]
    code_challenge: str | None
    used: bool
    expired: bool


@dataclass(frozen=True, slots=True)
class AuthorisedApp:
    """An app that may act for somebody: what all its tokens may do together, and their use."""

    id: UUID
    name: str
    website: str | None
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    last_used_from: str


COLUMNS = "a.id, a.client_id, a.name, a.website, a.redirect_uris, a.scopes, a.created_at"

INSERT = Rows(
    Application,
    """INSERT INTO apps AS a (client_id, secret_hash, name, website, redirect_uris, scopes)
    VALUES ($1, $2, $3, $4, $5, $6) RETURNING {columns}""",
    columns=COLUMNS,
)
BY_ID = Rows(Application, "SELECT {columns} FROM apps a WHERE a.id = $1", columns=COLUMNS)
BY_CLIENT_ID = Rows(Application, "SELECT {columns} FROM apps a WHERE a.client_id = $1", columns=COLUMNS)
SECRET_HASH = Value(bytes, "SELECT secret_hash FROM apps WHERE id = $1")
AUTHORISED = Rows(
    AuthorisedApp,
    """SELECT a.id, a.name, a.website, t.scopes, t.created_at, t.last_used_at, t.last_used_from
    FROM (
        SELECT x.app_id, array_agg(DISTINCT scope) AS scopes, min(x.created_at) AS created_at,
            max(x.last_used_at) AS last_used_at,
            (array_agg(x.last_used_from ORDER BY x.last_used_at DESC NULLS LAST))[1] AS last_used_from
        FROM access_tokens x CROSS JOIN unnest(x.scopes) AS scope
        WHERE x.user_id = $1 AND x.app_id IS NOT NULL AND x.revoked_at IS NULL GROUP BY x.app_id
    ) t JOIN apps a ON a.id = t.app_id
    ORDER BY t.created_at DESC LIMIT 200""",
)
INSERT_CODE = Command(
    """INSERT INTO authorization_codes (code_hash, app_id, user_id, redirect_uri, scopes, code_challenge, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, now() + $7::interval)"""
)
CODE = Rows(
    Code,
    """SELECT id, app_id, user_id, redirect_uri, scopes, code_challenge, used_at IS NOT NULL AS used,
        expires_at <= now() AS expired
    FROM authorization_codes WHERE code_hash = $1 FOR UPDATE""",
)
USE_CODE = Command("UPDATE authorization_codes SET used_at = now() WHERE id = $1")
DELETE_CODES = Command("DELETE FROM authorization_codes WHERE user_id = $1 AND ($2::uuid IS NULL OR app_id = $2)")


async def insert_app(db: Connection, new: NewApplication) -> Application:
    """Store a new app."""
    return await INSERT.one(
        db, new.client_id, new.secret_hash, new.name, new.website, list(new.redirect_uris), list(new.scopes)
    )


async def find_app(db: Connection, app_id: UUID) -> Application | None:
    """Find an app."""
    return await BY_ID.first(db, app_id)


async def find_client(db: Connection, client_id: str) -> Application | None:
    """Find an app by what it calls itself."""
    return await BY_CLIENT_ID.first(db, client_id)


async def find_secret_hash(db: Connection, app_id: UUID) -> bytes | None:
    """Return the hash of an app's secret."""
    return await SECRET_HASH.get(db, app_id)


async def list_authorised(db: Connection, user_id: UUID) -> list[AuthorisedApp]:
    """List the apps that may act for somebody, newest first."""
    return await AUTHORISED.all(db, user_id)


async def insert_code(db: Connection, new: NewCode, *, lasts: timedelta) -> None:
    """Store the hash of a code."""
    await INSERT_CODE.run(
        db, new.code_hash, new.app_id, new.user_id, new.redirect_uri, list(new.scopes), new.code_challenge, lasts
    )


async def find_code(db: Connection, code_hash: bytes) -> Code | None:
    """Find a grant and keep it from being used by anybody else in this transaction."""
    return await CODE.first(db, code_hash)


async def mark_code_used(db: Connection, code_id: UUID) -> None:
    """Make a code worthless; who held it stays known, so that a second use is seen."""
    await USE_CODE.run(db, code_id)


async def delete_codes(db: Connection, user_id: UUID, *, app_id: UUID | None = None) -> None:
    """Forget what somebody granted, to one app or to all."""
    await DELETE_CODES.run(db, user_id, app_id)
