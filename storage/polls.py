"""Polls: their options, tallies and votes; a poll has the id of its thought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from storage.news import ThoughtEdited, tell
from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection

OBJECT_TYPE = "Question"
"""The object type of every thought that has a poll, and of no other: who reads polls looks at this first."""


@dataclass(frozen=True, slots=True)
class Poll:
    """A row of polls, with what the viewer chose."""

    thought_id: UUID
    options: list[str]
    tallies: list[int]
    voters_count: int | None
    multiple: bool
    hide_totals: bool
    expires_at: datetime | None
    closed_at: datetime | None
    own_votes: list[int]

    @property
    def closed(self) -> bool:
        """Whether its end was told; a poll may be past its end a moment earlier."""
        return self.closed_at is not None

    def has_ended(self, now: datetime) -> bool:
        """Tell whether nobody may vote any more."""
        return self.closed or (self.expires_at is not None and self.expires_at <= now)


@dataclass(frozen=True, slots=True)
class NewPoll:
    """What a poll is made of; `tallies` come with remote ones."""

    options: Sequence[str]
    multiple: bool
    hide_totals: bool
    expires_at: datetime | None
    tallies: Sequence[int]
    voters_count: int | None
    closed_at: datetime | None = None


COLUMNS = """p.thought_id, p.options, p.tallies, p.voters_count, p.multiple, p.hide_totals, p.expires_at, p.closed_at,
    ARRAY(SELECT v.choice::integer FROM poll_votes v WHERE v.thought_id = p.thought_id AND v.user_id = $1
        ORDER BY v.choice) AS own_votes"""
OF_THOUGHTS = Rows(Poll, "SELECT {columns} FROM polls p WHERE p.thought_id = ANY($2::uuid[])", columns=COLUMNS)
LOCKED = Rows(Poll, "SELECT {columns} FROM polls p WHERE p.thought_id = $2 FOR UPDATE", columns=COLUMNS)
INSERT = Command(
    """INSERT INTO polls (thought_id, options, multiple, hide_totals, expires_at, tallies, voters_count, closed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"""
)
DELETE = Command("DELETE FROM polls WHERE thought_id = $1")
# A poll that ends later than it did is open again, and its new end will be told.
RESCHEDULE = Command(
    """UPDATE polls SET hide_totals = $2, expires_at = $3,
        closed_at = CASE WHEN $3 > now() THEN NULL ELSE closed_at END
    WHERE thought_id = $1"""
)
SET_TALLIES = Command(
    """UPDATE polls SET tallies = $2, voters_count = $3, expires_at = $4, fetched_at = now(),
        closed_at = CASE WHEN $4 > now() THEN NULL ELSE closed_at END
    WHERE thought_id = $1"""
)
INSERT_VOTES = Value(
    int,
    """INSERT INTO poll_votes (thought_id, user_id, choice) SELECT $1, $2, unnest($3::smallint[])
    ON CONFLICT DO NOTHING RETURNING choice::integer""",
)
COUNT_VOTES = Command(
    """UPDATE polls SET
        tallies = ARRAY(SELECT tally + (place - 1 = ANY($2::integer[]))::integer
            FROM unnest(tallies) WITH ORDINALITY AS x (tally, place) ORDER BY place),
        voters_count = voters_count + $3,
        changed_at = CASE WHEN $4 THEN coalesce(changed_at, now()) END
    WHERE thought_id = $1"""
)
LOCAL_VOTERS = Value(
    UUID,
    """SELECT DISTINCT v.user_id FROM poll_votes v JOIN users u ON u.id = v.user_id
    WHERE v.thought_id = $1 AND NOT u.is_remote""",
)
VOTER_INBOXES = Value(
    str,
    """SELECT DISTINCT coalesce(r.shared_inbox_url, r.inbox_url) FROM poll_votes v
        JOIN remote_actors r ON r.user_id = v.user_id
    WHERE v.thought_id = $1 AND r.gone_at IS NULL""",
)
ENDED = Value(
    UUID, "SELECT thought_id FROM polls WHERE closed_at IS NULL AND expires_at <= now() ORDER BY expires_at LIMIT $1"
)
# Whoever does it first tells of the end.
CLOSE = Command(
    """UPDATE polls SET closed_at = now(), changed_at = NULL
    WHERE thought_id = $1 AND closed_at IS NULL AND expires_at <= now()"""
)
CHANGED = Value(
    UUID, "SELECT thought_id FROM polls WHERE changed_at <= now() - $1::interval ORDER BY changed_at LIMIT $2"
)
TAKE_CHANGE = Command("UPDATE polls SET changed_at = NULL WHERE thought_id = $1 AND changed_at <= now() - $2::interval")
# Asked for at most once in a while, by whoever comes first; after its end once more.
CLAIM_STALE = Value(
    str,
    """UPDATE polls p SET fetched_at = now() FROM thoughts t JOIN users u ON u.id = t.user_id
    WHERE t.id = p.thought_id AND p.thought_id = ANY($1::uuid[]) AND u.is_remote
        AND p.fetched_at < now() - $2::interval AND (p.expires_at IS NULL OR p.fetched_at < p.expires_at)
    RETURNING t.ap_id""",
)


async def list_polls(db: Connection, viewer: UUID | None, thought_ids: Sequence[UUID]) -> dict[UUID, Poll]:
    """Return the polls of these thoughts."""
    return {poll.thought_id: poll for poll in await OF_THOUGHTS.all(db, viewer, thought_ids)} if thought_ids else {}


async def find_poll(db: Connection, viewer: UUID | None, thought_id: UUID, *, lock: bool = False) -> Poll | None:
    """Find a poll; `lock` holds its row until the transaction ends."""
    if lock:
        return await LOCKED.first(db, viewer, thought_id)
    return (await list_polls(db, viewer, [thought_id])).get(thought_id)


async def insert_poll(db: Connection, thought_id: UUID, new: NewPoll) -> None:
    """Give a thought its poll."""
    await INSERT.run(
        db, thought_id, list(new.options), new.multiple, new.hide_totals, new.expires_at, list(new.tallies),
        new.voters_count, new.closed_at,
    )  # fmt: skip


async def delete_poll(db: Connection, thought_id: UUID) -> None:
    """Take a poll away, with its votes."""
    await DELETE.run(db, thought_id)


async def reschedule(db: Connection, thought_id: UUID, *, hide_totals: bool, expires_at: datetime | None) -> None:
    """Change what may be changed while the votes stay."""
    await RESCHEDULE.run(db, thought_id, hide_totals, expires_at)


async def set_tallies(
    db: Connection, thought_id: UUID, tallies: Sequence[int], voters_count: int | None, expires_at: datetime | None
) -> None:
    """Take over what a remote poll's own server counts."""
    tell(db, ThoughtEdited(thought_id))
    await SET_TALLIES.run(db, thought_id, list(tallies), voters_count, expires_at)


async def insert_votes(db: Connection, poll: Poll, person_id: UUID, choices: Sequence[int], *, ours: bool) -> None:
    """Store and count somebody's votes, those that are new; the tallies of `ours` are to be told to others."""
    stored = await INSERT_VOTES.all(db, poll.thought_id, person_id, choices)
    if stored:
        await COUNT_VOTES.run(db, poll.thought_id, stored, int(not poll.own_votes), ours)


async def list_ended(db: Connection, *, limit: int) -> list[UUID]:
    """List polls past their end, of which nobody was told yet."""
    return await ENDED.all(db, limit)


async def close(db: Connection, thought_id: UUID) -> bool:
    """Close a poll that has ended; False when somebody else did."""
    return bool(await CLOSE.run(db, thought_id))


async def list_changed(db: Connection, quiet: timedelta, *, limit: int) -> list[UUID]:
    """List polls whose votes have waited so long to be told to others."""
    return await CHANGED.all(db, quiet, limit)


async def take_change(db: Connection, thought_id: UUID, quiet: timedelta) -> bool:
    """Take it on oneself to tell of a poll's votes; False when somebody else did."""
    return bool(await TAKE_CHANGE.run(db, thought_id, quiet))


async def claim_stale(db: Connection, thought_ids: Sequence[UUID], older_than: timedelta) -> list[str]:
    """Return the addresses of those remote polls that should be read again, and count them as read."""
    return await CLAIM_STALE.all(db, thought_ids, older_than) if thought_ids else []
