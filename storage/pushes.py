"""Web Push: subscriptions of apps, and what is still to be sent to them."""

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
class Subscription:
    """Where an app wants to be told of what."""

    id: UUID
    token_id: UUID
    user_id: UUID
    endpoint: str
    p256dh: bytes
    auth: bytes
    standard: bool
    sealed_token: bytes
    alerts: list[str]
    policy: str


@dataclass(frozen=True, slots=True)
class Push:
    """A notification on its way to an app, under our lease."""

    id: UUID
    subscription_id: UUID
    notification_id: UUID
    attempts: int


COLUMNS = "s.id, s.token_id, s.user_id, s.endpoint, s.p256dh, s.auth, s.standard, s.sealed_token, s.alerts, s.policy"
# A new one in place of the token's old one; an endpoint belongs to whoever subscribed it last.
DELETE_OLD = Command("DELETE FROM push_subscriptions WHERE token_id = $1 OR (user_id = $2 AND endpoint = $3)")
INSERT = Rows(
    Subscription,
    """INSERT INTO push_subscriptions AS s
        (token_id, user_id, endpoint, p256dh, auth, standard, sealed_token, alerts, policy)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING {columns}""",
    columns=COLUMNS,
)
UPDATE = Rows(
    Subscription,
    """UPDATE push_subscriptions s SET alerts = coalesce($2::text[], s.alerts), policy = coalesce($3, s.policy)
    WHERE s.token_id = $1 RETURNING {columns}""",
    columns=COLUMNS,
)
OF_TOKEN = Rows(Subscription, "SELECT {columns} FROM push_subscriptions s WHERE s.token_id = $1", columns=COLUMNS)
DELETE_OF_TOKEN = Command("DELETE FROM push_subscriptions WHERE token_id = $1")
DELETE = Command("DELETE FROM push_subscriptions WHERE id = $1")
DELETE_ALL_OF = Command("DELETE FROM push_subscriptions WHERE user_id = $1")
# Ends with its token, and with its person.
LIVE = Rows(
    Subscription,
    """SELECT {columns} FROM push_subscriptions s JOIN users u ON u.id = s.user_id AND u.state = 'active'
    WHERE s.id = $1 AND (EXISTS (SELECT FROM access_tokens x WHERE x.id = s.token_id AND x.revoked_at IS NULL)
        OR EXISTS (SELECT FROM api_keys k WHERE k.id = s.token_id AND k.revoked_at IS NULL))""",
    columns=COLUMNS,
)
CLAIM = Rows(
    Push,
    """WITH picked AS (
        SELECT id FROM pushes WHERE due_at <= now() AND (leased_until IS NULL OR leased_until < now())
        ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
    UPDATE pushes p SET lease = $1, leased_until = now() + $2::interval FROM picked WHERE p.id = picked.id
    RETURNING p.id, p.subscription_id, p.notification_id, p.attempts""",
)
HAS_DUE = Value(
    bool,
    """SELECT EXISTS (SELECT FROM pushes
        WHERE due_at <= now() AND (leased_until IS NULL OR leased_until < now()))""",
)
DONE = Command("DELETE FROM pushes WHERE id = $1 AND lease = $2")
RETRY = Command(
    """UPDATE pushes SET attempts = attempts + 1, due_at = $3, lease = NULL, leased_until = NULL
    WHERE id = $1 AND lease = $2"""
)


async def put_subscription(
    db: Connection,
    token_id: UUID,
    user_id: UUID,
    endpoint: str,
    keys: tuple[bytes, bytes],
    *,
    standard: bool,
    sealed_token: bytes,
    alerts: Sequence[str],
    policy: str,
) -> Subscription:
    """Store a token's subscription in place of the one before."""
    await DELETE_OLD.run(db, token_id, user_id, endpoint)
    return await INSERT.one(db, token_id, user_id, endpoint, *keys, standard, sealed_token, list(alerts), policy)


async def change_subscription(
    db: Connection, token_id: UUID, alerts: Sequence[str] | None, policy: str | None
) -> Subscription | None:
    """Change what a token's subscription tells of; None when it has none."""
    return await UPDATE.first(db, token_id, None if alerts is None else list(alerts), policy)


async def find_subscription(db: Connection, token_id: UUID) -> Subscription | None:
    """Find a token's subscription."""
    return await OF_TOKEN.first(db, token_id)


async def find_live(db: Connection, subscription_id: UUID) -> Subscription | None:
    """Find a subscription whose token is good and whose person is active."""
    return await LIVE.first(db, subscription_id)


async def delete_of_token(db: Connection, token_id: UUID) -> None:
    """End a token's subscription, if there is one."""
    await DELETE_OF_TOKEN.run(db, token_id)


async def delete_subscription(db: Connection, subscription_id: UUID) -> None:
    """End a subscription, and what was on its way there."""
    await DELETE.run(db, subscription_id)


async def delete_all(db: Connection, user_id: UUID) -> None:
    """End every subscription of somebody, with what is still to be pushed to it."""
    await DELETE_ALL_OF.run(db, user_id)


async def claim(db: Connection, *, lease: UUID, lease_for: timedelta, limit: int) -> list[Push]:
    """Lease due pushes."""
    return await CLAIM.all(db, lease, lease_for, limit)


async def has_due(db: Connection) -> bool:
    """Tell whether something waits to be pushed."""
    return await HAS_DUE.one(db)


async def mark_done(db: Connection, push_id: UUID, lease: UUID) -> None:
    """Forget a push that is done, or given up."""
    await DONE.run(db, push_id, lease)


async def mark_retry(db: Connection, push_id: UUID, lease: UUID, due_at: datetime) -> None:
    """Make a push due again."""
    await RETRY.run(db, push_id, lease, due_at)
