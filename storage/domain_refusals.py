"""Servers that single people want nothing to do with; those that the admin refuses are in storage.moderation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from storage.people import COLUMNS, Person
from storage.query import Command, Rows

if TYPE_CHECKING:
    from storage.database import Connection
    from storage.entries import Page


@dataclass(frozen=True, slots=True)
class Refusal:
    """A server in somebody's list, with the id that the page is keyed by."""

    id: UUID
    domain: str


INSERT = Command("INSERT INTO user_domain_blocks (user_id, domain) VALUES ($1, $2) ON CONFLICT DO NOTHING")
DELETE = Command("DELETE FROM user_domain_blocks WHERE user_id = $1 AND domain = $2")
PAGE = Rows(
    Refusal,
    """SELECT id, domain FROM user_domain_blocks WHERE user_id = $1
        AND id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
    ORDER BY id DESC LIMIT $4""",
)
FOLLOWED_THERE = Rows(
    Person,
    """SELECT {columns} FROM follows f JOIN users u ON u.id = f.following_id
    WHERE f.follower_id = $1 AND u.domain = $2 LIMIT $3""",
    columns=COLUMNS,
)
FOLLOWING_FROM_THERE = Rows(
    Person,
    """SELECT {columns} FROM follows f JOIN users u ON u.id = f.follower_id
    WHERE f.following_id = $1 AND u.domain = $2 LIMIT $3""",
    columns=COLUMNS,
)
FORGET_NOTIFICATIONS = Command(
    "DELETE FROM notifications n USING users u WHERE n.user_id = $1 AND u.id = n.actor_id AND u.domain = $2"
)


async def list_refusals(db: Connection, user_id: UUID, page: Page) -> list[Refusal]:
    """List a page of the servers that somebody refuses, the newest first."""
    return await PAGE.all(db, user_id, page.older_than, page.newer_than, page.limit)
