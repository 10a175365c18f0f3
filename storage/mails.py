"""Letters to our people, and the links in them. A link's secret is made when its letter is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter under our lease."""

    id: UUID
    user_id: UUID
    kind: str
    address: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Link:
    """The letter whose link somebody opened."""

    id: UUID
    user_id: UUID
    kind: str
    address: str


INSERT = Command(
    """INSERT INTO mails (user_id, kind, address) SELECT $1, $2, $3
    WHERE NOT EXISTS (SELECT FROM mails WHERE user_id = $1 AND kind = $2 AND address = $3
        AND state IN ('pending', 'sent') AND created_at > now() - $4::interval)"""
)
CLAIM = Rows(
    Letter,
    """WITH picked AS (
        SELECT id FROM mails
        WHERE state = 'pending' AND due_at <= now() AND (leased_until IS NULL OR leased_until < now())
        ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
    UPDATE mails m SET lease = $1, leased_until = now() + $2::interval FROM picked WHERE m.id = picked.id
    RETURNING m.id, m.user_id, m.kind, m.address, m.attempts""",
)
SET_TOKEN = Command("UPDATE mails SET token_hash = $3 WHERE id = $1 AND lease = $2 AND state = 'pending'")
MARK_SENT = Command(
    """UPDATE mails SET state = 'sent', sent_at = now(), lease = NULL, leased_until = NULL
    WHERE id = $1 AND lease = $2 AND state = 'pending'"""
)
MARK_RETRY = Command(
    """UPDATE mails SET attempts = attempts + 1, due_at = $3, attempt_log = attempt_log || $4::jsonb,
        lease = NULL, leased_until = NULL
    WHERE id = $1 AND lease = $2 AND state = 'pending'"""
)
MARK_DEAD = Command(
    """WITH died AS (
        UPDATE mails SET state = 'dead', attempts = attempts + 1, attempt_log = attempt_log || $7::jsonb,
            lease = NULL, leased_until = NULL
        WHERE id = $1 AND lease = $2 AND state = 'pending' RETURNING id, user_id, kind, attempt_log)
    INSERT INTO failed_events (kind, source_id, host, subject, error_class, last_status, answer, attempts)
    SELECT 'mail', died.id, $3, 'Mail ' || replace(died.kind, '_', ' ') || ' to @' || u.username, $4, $5, $6,
        died.attempt_log
    FROM died JOIN users u ON u.id = died.user_id ON CONFLICT DO NOTHING"""
)
HAS_DUE = Value(
    bool,
    """SELECT EXISTS (SELECT FROM mails
        WHERE state = 'pending' AND due_at <= now() AND (leased_until IS NULL OR leased_until < now()))""",
)
LINK = Rows(
    Link,
    """SELECT id, user_id, kind, address FROM mails
    WHERE token_hash = $1 AND kind = ANY($2::text[]) AND state IN ('pending', 'sent')
        AND created_at > now() - $3::interval""",
)
LINK_LOCKED = Rows(
    Link,
    """SELECT id, user_id, kind, address FROM mails
    WHERE token_hash = $1 AND kind = ANY($2::text[]) AND state IN ('pending', 'sent')
        AND created_at > now() - $3::interval FOR UPDATE""",
)
# One link opened, the others of its kind are worthless.
USE = Command(
    """UPDATE mails SET state = 'used', lease = NULL, leased_until = NULL
    WHERE user_id = $1 AND kind = $2 AND state IN ('pending', 'sent')"""
)
DELETE_ALL_OF = Command("DELETE FROM mails WHERE user_id = $1")


async def request(db: Connection, user_id: UUID, kind: str, address: str, *, pause: timedelta = timedelta(0)) -> bool:
    """Have a letter sent soon; False when such a one was asked for within the pause."""
    return bool(await INSERT.run(db, user_id, kind, address, pause))


async def claim(db: Connection, *, lease: UUID, lease_for: timedelta, limit: int) -> list[Letter]:
    """Lease due letters."""
    return await CLAIM.all(db, lease, lease_for, limit)


async def set_token(db: Connection, letter_id: UUID, lease: UUID, token_hash: bytes) -> bool:
    """Note the hash of the link that the letter is about to carry; False when the lease is lost."""
    return bool(await SET_TOKEN.run(db, letter_id, lease, token_hash))


async def mark_sent(db: Connection, letter_id: UUID, lease: UUID) -> None:
    """Note that the mail server took a letter."""
    await MARK_SENT.run(db, letter_id, lease)


async def mark_retry(db: Connection, letter_id: UUID, lease: UUID, due_at: datetime, attempt: dict[str, Any]) -> None:
    """Make a letter due again."""
    await MARK_RETRY.run(db, letter_id, lease, due_at, attempt)


async def mark_dead(
    db: Connection, letter_id: UUID, lease: UUID, *, host: str, error_class: str, attempt: dict[str, Any]
) -> None:
    """Give a letter up, with a dead letter of the other kind."""
    await MARK_DEAD.run(
        db, letter_id, lease, host, error_class, attempt["status"], attempt["error"][:1024], attempt
    )  # fmt: skip


async def has_due(db: Connection) -> bool:
    """Tell whether a letter waits to be sent."""
    return await HAS_DUE.one(db)


async def find_link(db: Connection, token_hash: bytes, kinds: list[str], *, lasts: timedelta) -> Link | None:
    """Find the letter of a link that still works."""
    return await LINK.first(db, token_hash, kinds, lasts)


async def use_link(db: Connection, token_hash: bytes, kinds: list[str], *, lasts: timedelta) -> Link | None:
    """Take a link that still works, once, and with it all others of its kind."""
    link = await LINK_LOCKED.first(db, token_hash, kinds, lasts)
    if link is not None:
        await USE.run(db, link.user_id, link.kind)
    return link


async def delete_all(db: Connection, user_id: UUID) -> None:
    """Forget the letters to somebody."""
    await DELETE_ALL_OF.run(db, user_id)
