"""What is known of a thought that arrives from another server, read at once before it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from storage.query import Rows

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where a thought that arrives meets what is here: itself, its author, and what it answers."""

    known_id: UUID | None
    deleted: bool
    author_state: str
    author_refused: bool
    followers_url: str | None
    following_url: str | None
    author_followed: bool
    parent_id: UUID | None
    parent_author_id: UUID | None
    parent_concerns_us: bool


# A neighbour on the same server may have announced the deletion of what is not theirs: only the author's counts.
ARRIVAL = Rows(
    Arrival,
    """SELECT k.id, x.ap_id IS NOT NULL, u.state, coalesce(host_is_refused(r.host), false),
        r.followers_url, r.following_url, {author_followed}, p.id, p.user_id AS parent_author_id,
        p.id IS NOT NULL AND (NOT a.is_remote OR {parent_followed})
    FROM users u LEFT JOIN remote_actors r ON r.user_id = u.id
    LEFT JOIN thoughts k ON k.ap_id = $2
    LEFT JOIN tombstones x ON x.ap_id = $2 AND x.owner_ap_id = u.ap_id
    LEFT JOIN thoughts p ON p.ap_id = $3
    LEFT JOIN users a ON a.id = p.user_id
    WHERE u.id = $1""",
    author_followed="""EXISTS (SELECT FROM follows f JOIN users o ON o.id = f.follower_id
            WHERE f.following_id = u.id AND f.state = 'accepted' AND NOT o.is_remote)""",
    parent_followed="""EXISTS (SELECT FROM follows f JOIN users o ON o.id = f.follower_id
            WHERE f.following_id = p.user_id AND f.state = 'accepted' AND NOT o.is_remote)""",
)


async def find_arrival(db: Connection, author_id: UUID, ap_id: str, reply_to: str | None) -> Arrival | None:
    """Read what is known of a thought by its author, its id and the id of what it answers; None without the author."""
    return await ARRIVAL.first(db, author_id, ap_id, reply_to)
