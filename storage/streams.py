"""Who of those that listen right now may see what just happened: each a set query over ids."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from storage.query import Rows
from storage.visibility import ENTRY_VISIBLE, NOT_HIDDEN, NOT_SILENCED, VISIBLE

if TYPE_CHECKING:
    from storage.database import Connection
    from storage.news import Notified


@dataclass(frozen=True, slots=True)
class Pair:
    """Who holds something (a person in their home timeline, or a list of theirs), and what."""

    holder_id: UUID
    about_id: UUID


@dataclass(frozen=True, slots=True)
class Filtering:
    """Somebody who filters, and the version of their filters."""

    user_id: UUID
    version: int


# The predicates have aliases of their own: ours are longer.
_SEEN = f"({ENTRY_VISIBLE} AND {NOT_HIDDEN})"
_AT_HOME = _SEEN.replace("$1", "held.user_id")
_ON_LIST = _SEEN.replace("$1", "owned.user_id")

# $1 listening people, $2 lists listened to, $3 the entries.
HELD = Rows(
    Pair,
    """SELECT held.user_id AS holder_id, e.id AS about_id
    FROM home_entries held JOIN entries e ON e.id = held.entry_id JOIN thoughts t ON t.id = e.thought_id
    WHERE held.user_id = ANY($1::uuid[]) AND held.entry_id = ANY($3::uuid[]) AND {at_home}
    UNION ALL SELECT held.list_id, e.id
    FROM list_entries held JOIN lists owned ON owned.id = held.list_id
        JOIN entries e ON e.id = held.entry_id JOIN thoughts t ON t.id = e.thought_id
    WHERE held.list_id = ANY($2::uuid[]) AND held.entry_id = ANY($3) AND {on_list}""",
    at_home=_AT_HOME,
    on_list=_ON_LIST,
)
# Where a thought stands as itself or as a boost.
HELD_THOUGHTS = Rows(
    Pair,
    """SELECT held.user_id AS holder_id, t.id AS about_id
    FROM entries e JOIN home_entries held ON held.entry_id = e.id JOIN thoughts t ON t.id = e.thought_id
    WHERE held.user_id = ANY($1::uuid[]) AND e.thought_id = ANY($3::uuid[]) AND {at_home}
    UNION SELECT held.list_id, t.id
    FROM entries e JOIN list_entries held ON held.entry_id = e.id JOIN lists owned ON owned.id = held.list_id
        JOIN thoughts t ON t.id = e.thought_id
    WHERE held.list_id = ANY($2::uuid[]) AND e.thought_id = ANY($3) AND {on_list}""",
    at_home=_AT_HOME,
    on_list=_ON_LIST,
)
VISIBLE_TO = Rows(
    Pair,
    """SELECT watcher.id AS holder_id, e.id AS about_id FROM unnest($1::uuid[]) AS watcher (id)
        CROSS JOIN entries e JOIN thoughts t ON t.id = e.thought_id
    WHERE e.id = ANY($2::uuid[]) AND {seen}""",
    seen=f"({VISIBLE} AND {NOT_HIDDEN} AND {NOT_SILENCED})".replace("$1", "watcher.id"),
)
FILTERING = Rows(
    Filtering,
    "SELECT id AS user_id, filters_version AS version FROM users WHERE id = ANY($1::uuid[]) AND filters_version > 0",
)
# $3 those whose entries are gone: who would have had them.
READING = Rows(
    Pair,
    """SELECT follower_id AS holder_id, following_id AS about_id FROM follows
    WHERE follower_id = ANY($1::uuid[]) AND following_id = ANY($3::uuid[]) AND state = 'accepted'
    UNION ALL SELECT list_id, person_id FROM list_members
    WHERE list_id = ANY($2::uuid[]) AND person_id = ANY($3)""",
)
NOTIFICATIONS = Rows(
    Pair,
    """SELECT user_id AS holder_id, id AS about_id FROM notifications
    WHERE user_id = ANY($1::uuid[]) AND type = $2 AND actor_id = $3 AND thought_id IS NOT DISTINCT FROM $4
        AND collection_id IS NOT DISTINCT FROM $5""",
)


async def list_filtering(db: Connection, people: Collection[UUID]) -> dict[UUID, int]:
    """List who of these people has, or had, filters, with their present version."""
    return {one.user_id: one.version for one in await FILTERING.all(db, list(people))} if people else {}


async def list_held(
    db: Connection, people: Collection[UUID], lists: Collection[UUID], entry_ids: Collection[UUID]
) -> list[Pair]:
    """List which of these people and lists have which of these entries on their timelines."""
    return await HELD.all(db, list(people), list(lists), list(entry_ids))


async def list_held_thoughts(
    db: Connection, people: Collection[UUID], lists: Collection[UUID], thought_ids: Collection[UUID]
) -> list[Pair]:
    """List which of these people and lists have which of these thoughts, as themselves or boosted."""
    return await HELD_THOUGHTS.all(db, list(people), list(lists), list(thought_ids))


async def list_visible_to(db: Connection, viewers: Collection[UUID], entry_ids: Collection[UUID]) -> list[Pair]:
    """List who of these people may see which entries, and has not hidden their authors."""
    return await VISIBLE_TO.all(db, list(viewers), list(entry_ids))


async def list_reading(
    db: Connection, people: Collection[UUID], lists: Collection[UUID], authors: Collection[UUID]
) -> list[Pair]:
    """List who of these people follows, and which of these lists hold, whom of the authors."""
    return await READING.all(db, list(people), list(lists), list(authors))


async def list_notifications(db: Connection, people: Collection[UUID], news: Notified) -> list[Pair]:
    """List the notifications that these people got of one event."""
    return await NOTIFICATIONS.all(db, list(people), news.type, news.actor_id, news.thought_id, news.collection_id)
