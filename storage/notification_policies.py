"""From whom people want to hear, and what their policy keeps apart until they ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.database import Connection
    from storage.entries import Page


@dataclass(frozen=True, slots=True)
class Policy:
    """A row of notification_policies: accept, filter or drop what comes from whom. The defaults are the table's."""

    for_not_following: str = "accept"
    for_not_followers: str = "accept"
    for_new_accounts: str = "accept"
    for_private_mentions: str = "accept"
    for_limited_accounts: str = "filter"


@dataclass(frozen=True, slots=True)
class Kept:
    """What the policy keeps apart of one person; `last_id` is the newest notification, and keys the page."""

    actor_id: UUID
    count: int
    last_id: UUID
    first_at: datetime
    last_at: datetime
    last_thought_id: UUID | None


COLUMNS = "for_not_following, for_not_followers, for_new_accounts, for_private_mentions, for_limited_accounts"
POLICY = Rows(Policy, "SELECT {columns} FROM notification_policies WHERE user_id = $1", columns=COLUMNS)
SET_POLICY = Command(
    """INSERT INTO notification_policies (user_id, for_not_following, for_not_followers, for_new_accounts,
        for_private_mentions, for_limited_accounts)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (user_id) DO UPDATE SET for_not_following = excluded.for_not_following,
        for_not_followers = excluded.for_not_followers, for_new_accounts = excluded.for_new_accounts,
        for_private_mentions = excluded.for_private_mentions, for_limited_accounts = excluded.for_limited_accounts"""
)
_KEPT = """SELECT k.actor_id, k.count, k.last_id, k.first_at, k.last_at, k.last_thought_id FROM (
        SELECT n.actor_id, count(*) AS count, (array_agg(n.id ORDER BY n.id DESC))[1] AS last_id,
            min(n.created_at) AS first_at, max(n.created_at) AS last_at,
            (array_agg(n.thought_id ORDER BY n.id DESC) FILTER (WHERE n.thought_id IS NOT NULL))[1] AS last_thought_id
        FROM notifications n JOIN users u ON u.id = n.actor_id AND u.state = 'active'
        WHERE n.user_id = $1 AND n.filtered {only} GROUP BY n.actor_id) k"""
KEPT = Rows(
    Kept,
    _KEPT
    + """
    WHERE k.last_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND k.last_id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
    ORDER BY k.last_id DESC LIMIT $4""",
    only="",
)
KEPT_OF = Rows(Kept, _KEPT, only="AND n.actor_id = $2")
COUNT_KEPT = Value(
    int, "SELECT count(*) FROM (SELECT FROM notifications WHERE user_id = $1 AND filtered LIMIT 10000) x"
)
COUNT_KEPT_PEOPLE = Value(
    int,
    """SELECT count(DISTINCT actor_id) FROM (
        SELECT actor_id FROM notifications WHERE user_id = $1 AND filtered LIMIT 10000) x""",
)
PERMIT = Command(
    """INSERT INTO notification_permissions (user_id, from_id) SELECT $1, id FROM users WHERE id = ANY($2::uuid[])
    ON CONFLICT DO NOTHING"""
)
RELEASE = Command(
    "UPDATE notifications SET filtered = false WHERE user_id = $1 AND filtered AND actor_id = ANY($2::uuid[])"
)
DISCARD = Command("DELETE FROM notifications WHERE user_id = $1 AND filtered AND actor_id = ANY($2::uuid[])")


async def find_policy(db: Connection, user_id: UUID) -> Policy:
    """Find somebody's policy, or what holds without one."""
    return await POLICY.first(db, user_id) or Policy()


async def list_kept(db: Connection, user_id: UUID, page: Page) -> list[Kept]:
    """List a page of the people of whom something is kept apart, the newest first."""
    return await KEPT.all(db, user_id, page.older_than, page.newer_than, page.limit)


async def release(db: Connection, user_id: UUID, people: Sequence[UUID]) -> None:
    """Let what was kept apart of these people through, and what comes of them from now on."""
    await PERMIT.run(db, user_id, people)
    await RELEASE.run(db, user_id, people)
