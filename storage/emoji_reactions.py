"""Emoji reactions: any number of different ones from each person on each thought, up to a limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class EmojiReaction:
    """A row of emoji_reactions."""

    user_id: UUID
    thought_id: UUID
    name: str
    url: str | None
    ap_id: str | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many reacted to a thought, or an announcement, with the same emoji, and whether the viewer is one of them.

    `name` is the emoji itself, a shortcode of ours, or `shortcode@host`, the last two with the picture's address.
    """

    about_id: UUID
    name: str
    url: str | None
    count: int
    mine: bool


COLUMNS = "user_id, thought_id, name, url, ap_id"
INSERT = Command(
    """INSERT INTO emoji_reactions (user_id, thought_id, name, url, ap_id) SELECT $1, $2, $3, $4, $5
    WHERE (SELECT count(*) FROM emoji_reactions WHERE user_id = $1 AND thought_id = $2) < $6
    ON CONFLICT DO NOTHING"""
)
DELETE = Rows(
    EmojiReaction,
    "DELETE FROM emoji_reactions WHERE user_id = $1 AND thought_id = $2 AND name = $3 RETURNING {columns}",
    columns=COLUMNS,
)
BY_AP_ID = Rows(
    EmojiReaction, "SELECT {columns} FROM emoji_reactions WHERE user_id = $1 AND ap_id = $2 LIMIT 1", columns=COLUMNS
)
COUNT = Command("UPDATE thoughts SET reactions_count = greatest(0, reactions_count + $2) WHERE id = $1")
TALLIES = Rows(
    Tally,
    """SELECT x.thought_id AS about_id, x.name, max(x.url) AS url, count(*)::integer AS count,
        coalesce(bool_or(x.user_id = $1), false) AS mine
    FROM emoji_reactions x JOIN users u ON u.id = x.user_id AND u.state = 'active'
    WHERE x.thought_id = ANY($2::uuid[]) GROUP BY x.thought_id, x.name
    ORDER BY x.thought_id, count(*) DESC, min(x.created_at)""",
)
PICTURE = Value(str, "SELECT url FROM emoji_reactions WHERE thought_id = $1 AND name = $2 AND url IS NOT NULL LIMIT 1")
OF_THOUGHT = Rows(
    EmojiReaction,
    """SELECT x.user_id, x.thought_id, x.name, x.url, x.ap_id
    FROM emoji_reactions x JOIN users u ON u.id = x.user_id AND u.state = 'active'
    WHERE x.thought_id = $1 ORDER BY x.id DESC LIMIT $2""",
)
BY_PEOPLE = Rows(
    EmojiReaction,
    """SELECT {columns} FROM emoji_reactions
    WHERE thought_id = ANY($1::uuid[]) AND user_id = ANY($2::uuid[]) ORDER BY id DESC""",
    columns=COLUMNS,
)
HAS_ANY = Value(bool, "SELECT EXISTS (SELECT FROM emoji_reactions WHERE user_id = $1 AND thought_id = $2)")
STANDS = Value(bool, "SELECT EXISTS (SELECT FROM emoji_reactions WHERE user_id = $1 AND ap_id = $2)")


async def insert_reaction(db: Connection, new: EmojiReaction, *, most: int) -> bool:
    """React and count; False when this was done before, or the person reacted in `most` ways already."""
    if not await INSERT.run(db, new.user_id, new.thought_id, new.name, new.url, new.ap_id, most):
        return False
    await COUNT.run(db, new.thought_id, 1)
    return True


async def delete_reaction(db: Connection, person_id: UUID, thought_id: UUID, name: str) -> EmojiReaction | None:
    """Take a reaction back; None when there was none."""
    gone = await DELETE.first(db, person_id, thought_id, name)
    if gone is not None:
        await COUNT.run(db, thought_id, -1)
    return gone


async def list_tallies(db: Connection, viewer: UUID | None, thought_ids: Sequence[UUID]) -> dict[UUID, list[Tally]]:
    """Tell how these thoughts were reacted to, the most frequent emoji first."""
    found: dict[UUID, list[Tally]] = {}
    for tally in await TALLIES.all(db, viewer, thought_ids) if thought_ids else []:
        found.setdefault(tally.about_id, []).append(tally)
    return found
