"""How people prove who they are: sessions, lockouts, invites; and idempotency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from storage.people import COLUMNS as PERSON_COLUMNS
from storage.people import Person
from storage.query import Command, Joined, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser."""

    id: UUID
    user_id: UUID
    user_agent: str
    address: str
    created_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Resumed:
    """What a session's cookie tells: which session it is, whose, and how their thoughts start out.

    `unposted`: something they scheduled could not be published.
    """

    id: UUID
    last_seen_at: datetime
    visibility: str
    language: str
    sensitive: bool
    quote_policy: str
    unposted: bool
    person: Person


@dataclass(frozen=True, slots=True)
class Failures:
    """Failed sign-ins of an account from one place."""

    failures: int
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class Invite:
    """A code that lets somebody sign up."""

    id: UUID
    code: str
    max_uses: int
    uses: int
    created_at: datetime
    expires_at: datetime | None


INSERT_SESSION = Command(
    """WITH began AS (
        INSERT INTO sessions (user_id, token_hash, user_agent, address, expires_at)
        VALUES ($1, $2, $3, $4, now() + $5::interval))
    INSERT INTO active_weeks (week, user_id) VALUES (date_trunc('week', now() AT TIME ZONE 'UTC')::date, $1)
    ON CONFLICT DO NOTHING"""
)
# Reading a session also slides it, at most once in five minutes.
SESSION = Joined(
    Resumed,
    Person,
    """SELECT s.id, s.last_seen_at, coalesce(p.visibility, 'public') AS visibility,
        coalesce(p.language, '') AS language, coalesce(p.sensitive, false) AS sensitive,
        coalesce(p.quote_policy, 'public') AS quote_policy,
        EXISTS (SELECT FROM scheduled_thoughts x WHERE x.user_id = s.user_id AND x.problem <> '') AS unposted, {person}
    FROM sessions s JOIN users u ON u.id = s.user_id LEFT JOIN preferences p ON p.user_id = u.id
    WHERE s.token_hash = $1 AND s.expires_at > now() AND u.state = 'active'
        AND NOT u.disabled""",
    person=PERSON_COLUMNS,
)
TOUCH_SESSION = Command(
    """WITH used AS (
        UPDATE sessions SET last_seen_at = now(), expires_at = now() + $2::interval
        WHERE id = $1 AND last_seen_at < now() - interval '5 minutes' RETURNING user_id)
    INSERT INTO active_weeks (week, user_id) SELECT date_trunc('week', now() AT TIME ZONE 'UTC')::date, user_id
    FROM used ON CONFLICT DO NOTHING"""
)
SESSIONS = Rows(
    Session,
    """SELECT id, user_id, user_agent, address, created_at, last_seen_at FROM sessions
    WHERE user_id = $1 AND expires_at > now() ORDER BY id DESC LIMIT 100""",
)
DELETE_SESSION = Command("DELETE FROM sessions WHERE user_id = $1 AND id = $2")
DELETE_OTHER_SESSIONS = Command("DELETE FROM sessions WHERE user_id = $1 AND ($2::uuid IS NULL OR id <> $2)")
DELETE_SESSIONS_OF = Command("DELETE FROM sessions WHERE user_id = $1")
DELETE_IDEMPOTENCY_KEYS_OF = Command("DELETE FROM idempotency_keys WHERE user_id = $1")
FAILURES = Rows(Failures, "SELECT failures, locked_until FROM sign_in_failures WHERE account = $1 AND address = $2")
# An attempt counts as failed until it is found right, so that those made at once count too. They count for an
# hour; from the fifth on the lock doubles from one minute to an hour. While it lasts nothing is counted.
COUNT_ATTEMPT = Rows(
    Failures,
    """INSERT INTO sign_in_failures AS f (account, address, failures) VALUES ($1, $2, 1)
    ON CONFLICT (account, address) DO UPDATE SET
        failures = CASE WHEN f.updated_at < now() - interval '1 hour' THEN 1 ELSE f.failures + 1 END,
        locked_until = CASE WHEN f.updated_at >= now() - interval '1 hour' AND f.failures + 1 >= $3
            THEN now() + least(interval '1 minute' * power(2, least(f.failures + 1 - $3, 6)), interval '1 hour') END,
        updated_at = now()
    WHERE f.locked_until IS NULL OR f.locked_until <= now()
    RETURNING failures, locked_until""",
)
FORGET_FAILURES = Command("DELETE FROM sign_in_failures WHERE account = $1 AND address = $2")
INSERT_INVITE = Command(
    "INSERT INTO invites (code, created_by, max_uses, expires_at) VALUES ($1, $2, $3, now() + $4::interval)"
)
INVITES = Rows(
    Invite,
    """SELECT id, code, max_uses, uses, created_at, expires_at FROM invites
    WHERE created_by = $1 AND uses < max_uses AND (expires_at IS NULL OR expires_at > now())
    ORDER BY id DESC LIMIT 100""",
)
USE_INVITE = Command(
    """UPDATE invites SET uses = uses + 1
    WHERE code = $1 AND uses < max_uses AND (expires_at IS NULL OR expires_at > now())
        AND EXISTS (SELECT FROM users u WHERE u.id = created_by AND u.state = 'active')"""
)
DELETE_INVITE = Command("DELETE FROM invites WHERE created_by = $1 AND id = $2")
INSERT_IDEMPOTENCY_KEY = Command(
    "INSERT INTO idempotency_keys (user_id, key, thought_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
)
MOVE_IDEMPOTENCY_KEY = Command("UPDATE idempotency_keys SET thought_id = $3 WHERE user_id = $1 AND thought_id = $2")
IDEMPOTENT_THOUGHT = Value(UUID, "SELECT thought_id FROM idempotency_keys WHERE user_id = $1 AND key = $2")


async def insert_session(
    db: Connection, user_id: UUID, token_hash: bytes, *, user_agent: str, address: str, lasts: timedelta
) -> None:
    """Start a session."""
    await INSERT_SESSION.run(db, user_id, token_hash, user_agent, address, lasts)


async def find_session(db: Connection, token_hash: bytes) -> Resumed | None:
    """Find a live session and the active person whose it is."""
    return await SESSION.first(db, token_hash)


async def touch_session(db: Connection, session_id: UUID, lasts: timedelta) -> None:
    """Slide a session's end, at most once in five minutes."""
    await TOUCH_SESSION.run(db, session_id, lasts)


async def list_sessions(db: Connection, user_id: UUID) -> list[Session]:
    """List a person's sessions, newest first."""
    return await SESSIONS.all(db, user_id)


async def delete_session(db: Connection, user_id: UUID, session_id: UUID) -> bool:
    """End one of a person's sessions; False when it is not theirs."""
    return bool(await DELETE_SESSION.run(db, user_id, session_id))


async def delete_sessions(db: Connection, user_id: UUID, *, but: UUID | None = None) -> None:
    """End all of a person's sessions, but one."""
    await DELETE_OTHER_SESSIONS.run(db, user_id, but)


async def delete_all(db: Connection, user_id: UUID) -> None:
    """Delete every session of a person, and what their requests left."""
    for command in (DELETE_SESSIONS_OF, DELETE_IDEMPOTENCY_KEYS_OF):
        await command.run(db, user_id)


async def find_failures(db: Connection, account: str, address: str) -> Failures | None:
    """Find the failed sign-ins of an account from an address prefix."""
    return await FAILURES.first(db, account, address)


async def count_attempt(db: Connection, account: str, address: str, *, lock_from: int) -> bool:
    """Count an attempt to sign in; from the `lock_from`th within an hour on, further ones are refused: False."""
    return await COUNT_ATTEMPT.first(db, account, address, lock_from) is not None


async def forget_failures(db: Connection, account: str, address: str) -> None:
    """Forget the attempts after one that was right."""
    await FORGET_FAILURES.run(db, account, address)


async def insert_invite(db: Connection, code: str, created_by: UUID, *, max_uses: int, lasts: timedelta) -> None:
    """Store a new invite."""
    await INSERT_INVITE.run(db, code, created_by, max_uses, lasts)


async def list_invites(db: Connection, created_by: UUID) -> list[Invite]:
    """List the invites that a person made."""
    return await INVITES.all(db, created_by)


async def delete_invite(db: Connection, created_by: UUID, invite_id: UUID) -> bool:
    """Delete one of a person's invites; False when it is not theirs."""
    return bool(await DELETE_INVITE.run(db, created_by, invite_id))


async def use_invite(db: Connection, code: str) -> bool:
    """Use an invite once; False when it does not exist, is used up or expired."""
    return bool(await USE_INVITE.run(db, code))


async def claim_idempotency_key(db: Connection, user_id: UUID, key: str, thought_id: UUID) -> bool:
    """Bind a key to a thought in its transaction; False when another thought has it already."""
    return bool(await INSERT_IDEMPOTENCY_KEY.run(db, user_id, key, thought_id))


async def move_idempotency_key(db: Connection, user_id: UUID, scheduled_id: UUID, thought_id: UUID) -> None:
    """Bind the key that made a schedule to the thought that came of it."""
    await MOVE_IDEMPOTENCY_KEY.run(db, user_id, scheduled_id, thought_id)


async def find_idempotent_thought(db: Connection, user_id: UUID, key: str) -> UUID | None:
    """Find the thought, or the schedule of one, that an Idempotency-Key made."""
    return await IDEMPOTENT_THOUGHT.get(db, user_id, key)
