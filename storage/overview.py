"""What admins look at: counts, rates by the hour, and accounts with what only admins may know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from storage.people import COLUMNS, Person
from storage.query import Rows, Value
from storage.search import literal_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Summary:
    """How large the place is, for anybody."""

    people: int
    thoughts: int
    hosts: int


@dataclass(frozen=True, slots=True)
class Attention:
    """What waits for an admin: dead letters, people who ask to join, reports."""

    failed: int
    pending_people: int
    open_reports: int
    waiting_trends: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """What is on its way, and since when the oldest of it waits."""

    due: int
    oldest_due_at: datetime | None
    hosts_troubled: int


@dataclass(frozen=True, slots=True)
class Hour:
    """What one hour brought; `age` counts hours back, 0 is the running one."""

    age: int
    delivered: int
    received: int
    failed: int


@dataclass(frozen=True, slots=True)
class Account:
    """What only admins know of a person."""

    user_id: UUID
    email: str | None
    sign_up_reason: str
    seen_at: datetime | None


SUMMARY = Rows(
    Summary,
    """SELECT
        (SELECT count(*) FROM users
            WHERE NOT is_remote AND actor_type <> 'Application' AND state = 'active') AS people,
        (SELECT count(*) FROM entries WHERE kind = 'thought' AND NOT is_remote) AS thoughts,
        (SELECT count(*) FROM instances) AS hosts""",
)
ATTENTION = Rows(
    Attention,
    """SELECT (SELECT count(*) FROM failed_events WHERE resolution IS NULL) AS failed,
        (SELECT count(*) FROM users WHERE NOT is_remote AND state = 'pending') AS pending_people,
        (SELECT count(*) FROM reports WHERE action_taken_at IS NULL) AS open_reports,
        CASE WHEN is_switched_on('trends') AND NOT is_switched_on('trendable_by_default') THEN
            (SELECT count(*) FROM trending_tags r JOIN tags g ON g.id = r.tag_id WHERE g.reviewed_at IS NULL)
            + (SELECT count(*) FROM trending_thoughts r JOIN thoughts t ON t.id = r.thought_id
                WHERE t.trendable IS NULL)
            + (SELECT count(*) FROM trending_cards r JOIN preview_cards c ON c.id = r.card_id
                LEFT JOIN publishers p ON p.host = c.host WHERE c.trendable IS NULL AND p.trendable IS NULL)
            ELSE 0 END AS waiting_trends""",
)
TRAFFIC = Rows(
    Traffic,
    """SELECT (SELECT count(*) FROM deliveries WHERE state = 'pending') AS due,
        (SELECT min(created_at) FROM deliveries WHERE state = 'pending') AS oldest_due_at,
        (SELECT count(*) FROM instances WHERE down_since IS NOT NULL) AS hosts_troubled""",
)
HOURS = Rows(
    Hour,
    """SELECT h.age,
        (SELECT count(*) FROM deliveries d WHERE d.state <> 'pending' AND d.state = 'delivered'
            AND d.finished_at >= h.begins AND d.finished_at < h.ends) AS delivered,
        (SELECT count(*) FROM inbox_activities i
            WHERE i.received_at >= h.begins AND i.received_at < h.ends) AS received,
        (SELECT count(*) FROM failed_events x WHERE x.died_at >= h.begins AND x.died_at < h.ends) AS failed
    FROM (SELECT age, date_trunc('hour', now()) - age * interval '1 hour' AS begins,
            date_trunc('hour', now()) - (age - 1) * interval '1 hour' AS ends
        FROM generate_series(0, 23) AS age) h
    ORDER BY h.age DESC""",
)
_ACCOUNTS = """u.actor_type <> 'Application' AND u.is_remote = ($1::text = 'remote') AND u.state <> 'deleted'
    AND ($1 IN ('', 'remote') OR u.state = $1)
    AND ($2::text = '' OR (u.username || ' ' || u.display_name) ILIKE '%' || $2 || '%')"""
PEOPLE = Rows(
    Person,
    """SELECT {columns} FROM users u WHERE {accounts}
        AND u.id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    ORDER BY u.id DESC LIMIT $4""",
    columns=COLUMNS,
    accounts=_ACCOUNTS,
)
COUNT_PEOPLE = Value(int, "SELECT count(*) FROM users u WHERE {accounts}", accounts=_ACCOUNTS)
ACCOUNTS = Rows(
    Account,
    """SELECT u.id AS user_id, u.email, u.sign_up_reason,
        (SELECT max(s.last_seen_at) FROM sessions s WHERE s.user_id = u.id) AS seen_at
    FROM users u WHERE u.id = ANY($1::uuid[])""",
)
ADMINS = Rows(
    Person,
    """SELECT {columns} FROM users u
    WHERE NOT u.is_remote AND u.role = 'admin' AND u.state = 'active' ORDER BY u.id LIMIT 20""",
    columns=COLUMNS,
)


async def find_accounts(db: Connection, ids: Sequence[UUID]) -> dict[UUID, Account]:
    """Find what only admins know of these people."""
    return {account.user_id: account for account in await ACCOUNTS.all(db, ids)} if ids else {}


async def list_people(db: Connection, state: str, text: str, *, before: UUID | None, limit: int) -> list[Person]:
    """List accounts newest first; `state` is active, pending, suspended, remote, or empty for all local ones."""
    return await PEOPLE.all(db, state, literal_pattern(text), before, limit)


async def count_people(db: Connection, state: str, text: str) -> int:
    """Count such accounts."""
    return await COUNT_PEOPLE.one(db, state, literal_pattern(text))
