"""What people sign in with: passwords and addresses of letters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signing in needs."""

    id: UUID
    username: str
    email: str | None
    password_hash: str | None
    role: str
    state: str
    needs_approval: bool
    needs_confirmation: bool
    created_by_app: UUID | None


CREDENTIALS = Rows(
    Credentials,
    """SELECT id, username, email, password_hash, role, state, needs_approval, needs_confirmation,
        created_by_app FROM users
    WHERE NOT is_remote AND actor_type <> 'Application' AND (lower(username) = lower($1) OR lower(email) = lower($1))
    ORDER BY (lower(username) = lower($1)) DESC LIMIT 1""",
)
CREDENTIALS_BY_ID = Rows(
    Credentials,
    """SELECT id, username, email, password_hash, role, state, needs_approval, needs_confirmation, created_by_app
    FROM users WHERE id = $1 AND NOT is_remote""",
)
UPDATE_PASSWORD = Command("UPDATE users SET password_hash = $2 WHERE id = $1 AND NOT is_remote AND state <> 'deleted'")
# Another account's address leaves everything as it is.
UPDATE_EMAIL = Command(
    """UPDATE users SET email = $2 WHERE id = $1 AND NOT is_remote AND NOT EXISTS (
        SELECT FROM users o WHERE lower(o.email) = lower($2) AND NOT o.is_remote AND o.id <> $1)"""
)
EMAIL_IS_TAKEN = Value(
    bool,
    """SELECT EXISTS (SELECT FROM users WHERE lower(email) = lower($2) AND NOT is_remote AND id <> $1)""",
)


async def find_credentials(db: Connection, account: str) -> Credentials | None:
    """Find a local person's credentials by username or e-mail address."""
    return await CREDENTIALS.first(db, account)
