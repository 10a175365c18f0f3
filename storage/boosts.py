"""Boosts: entries that lead to somebody else's thought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from storage.news import EntriesGone, EntryMade, tell
from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to be written."""

    id: UUID
    user_id: UUID
    thought_id: UUID
    kind: str
    visibility: str
    is_remote: bool
    is_reply: bool
    ap_id: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Boost:
    """A boost, without the thought that it leads to."""

    id: UUID
    user_id: UUID
    thought_id: UUID
    kind: str
    ap_id: str | None
    visibility: str


INSERT = Command(
    """INSERT INTO entries (id, user_id, thought_id, kind, visibility, is_remote, is_reply, ap_id, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING"""
)
BOOST_OF = Value(UUID, "SELECT id FROM entries WHERE user_id = $1 AND thought_id = $2 AND kind = 'boost'")
BOOST_BY_AP_ID = Rows(
    Boost, "SELECT id, user_id, thought_id, kind, ap_id, visibility FROM entries WHERE ap_id = $1 AND kind = 'boost'"
)
DELETE_BOOST = Rows(
    Boost,
    """DELETE FROM entries WHERE user_id = $1 AND thought_id = $2 AND kind = 'boost'
    RETURNING id, user_id, thought_id, kind, ap_id, visibility""",
)
COUNT_BOOST = Command("UPDATE thoughts SET boosts_count = greatest(0, boosts_count + $2) WHERE id = $1")


async def insert_boost(db: Connection, new: NewEntry) -> bool:
    """Insert a boost and count it; False when this person boosted it before."""
    if not await INSERT.run(
        db, new.id, new.user_id, new.thought_id, new.kind, new.visibility, new.is_remote, new.is_reply,
        new.ap_id, new.created_at,
    ):  # fmt: skip
        return False
    tell(db, EntryMade(new.id))
    await COUNT_BOOST.run(db, new.thought_id, 1)
    return True


async def delete_boost(db: Connection, person_id: UUID, thought_id: UUID) -> Boost | None:
    """Take a boost back; None when there was none."""
    gone = await DELETE_BOOST.first(db, person_id, thought_id)
    if gone is not None:
        await COUNT_BOOST.run(db, thought_id, -1)
        tell(db, EntriesGone([gone.id], [person_id], [], [], public=False, is_remote=False, has_media=False))
    return gone


async def find_boost(db: Connection, ap_id: str) -> Boost | None:
    """Find a boost by the id of its Announce."""
    return await BOOST_BY_AP_ID.first(db, ap_id)


async def find_boost_of(db: Connection, person_id: UUID, thought_id: UUID) -> UUID | None:
    """Find the entry of somebody's boost of a thought."""
    return await BOOST_OF.get(db, person_id, thought_id)
