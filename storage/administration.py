"""Accounts as those who look after this place see them: filtered lists, and what only they know."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from storage.entries import Page
from storage.people import COLUMNS, Person
from storage.query import Rows

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which accounts to list; what is None or empty does not matter."""

    is_remote: bool | None = None
    state: str | None = None
    silenced: bool | None = None
    sensitised: bool | None = None
    disabled: bool | None = None
    staff: bool = False
    username: str = ""
    display_name: str = ""
    email: str = ""
    domain: str = ""
    address: str = ""
    """A prefix as sessions keep it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an account beside its profile."""

    user_id: UUID
    email: str | None
    needs_approval: bool
    needs_confirmation: bool
    sign_up_reason: str
    created_by_app: UUID | None


@dataclass(frozen=True, slots=True)
class SeenFrom:
    """Where somebody came from, as far as it is kept."""

    user_id: UUID
    address: str
    used_at: datetime


_PAGE = """SELECT {columns} FROM users u
    WHERE u.actor_type <> 'Application' AND u.state <> 'deleted'
        AND u.id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND u.id > coalesce($2::uuid, '00000000-0000-0000-0000-000000000000')
        AND ($4::boolean IS NULL OR u.is_remote = $4) AND ($5::text IS NULL OR u.state = $5)
        AND ($6::boolean IS NULL OR u.silenced = $6) AND ($7::boolean IS NULL OR u.sensitised = $7)
        AND ($8::boolean IS NULL OR u.disabled = $8)
        AND (NOT $9::boolean OR (u.role <> 'user' AND NOT u.is_remote))
        AND ($10::text = '' OR starts_with(lower(u.username), lower($10)))
        AND ($11::text = '' OR starts_with(lower(u.display_name), lower($11)))
        AND ($12::text = '' OR lower(u.email) = lower($12)) AND ($13::text = '' OR u.domain = lower($13))
        AND ($14::text = '' OR EXISTS (SELECT FROM sessions s WHERE s.user_id = u.id AND s.address = $14))
    ORDER BY u.id {order} LIMIT $3"""
NEWEST = Rows(Person, _PAGE, columns=COLUMNS, order="DESC")
OLDEST = Rows(Person, _PAGE, columns=COLUMNS, order="ASC")
FACTS = Rows(
    Facts,
    """SELECT id AS user_id, email, needs_approval, needs_confirmation, sign_up_reason, created_by_app
    FROM users WHERE id = ANY($1::uuid[])""",
)
SEEN_FROM = Rows(
    SeenFrom,
    """SELECT user_id, address, max(last_seen_at) AS used_at FROM sessions
    WHERE user_id = ANY($1::uuid[]) AND address <> '' GROUP BY user_id, address ORDER BY 3 DESC LIMIT 1000""",
)


async def list_accounts(db: Connection, wanted: Wanted, page: Page) -> list[Person]:
    """List a page of accounts, newest first."""
    query = OLDEST if page.ascending else NEWEST
    found = await query.all(
        db, page.older_than, page.newer_than, page.limit, wanted.is_remote, wanted.state, wanted.silenced,
        wanted.sensitised, wanted.disabled, wanted.staff, wanted.username, wanted.display_name, wanted.email,
        wanted.domain, wanted.address,
    )  # fmt: skip
    return found[::-1] if page.ascending else found


async def find_facts(db: Connection, ids: Collection[UUID]) -> dict[UUID, Facts]:
    """Find what is known of these accounts."""
    return {one.user_id: one for one in await FACTS.all(db, list(ids))} if ids else {}


async def list_seen_from(db: Connection, ids: Collection[UUID]) -> list[SeenFrom]:
    """List where these people came from, the latest first."""
    return await SEEN_FROM.all(db, list(ids)) if ids else []
