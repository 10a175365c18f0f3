"""Outgoing activities, rendered once, and the fan-out that turns them into deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from storage import instances
from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class NewActivity:
    """An activity to be stored and sent."""

    id: UUID
    ap_id: str
    user_id: UUID
    type: str
    ordering_key: str
    thought_id: UUID | None
    target_id: UUID | None
    public: bool
    payload: bytes


@dataclass(frozen=True, slots=True)
class Activity:
    """A row of activities."""

    id: UUID
    seq: int
    ap_id: str
    user_id: UUID
    type: str
    ordering_key: str
    thought_id: UUID | None
    target_id: UUID | None
    public: bool
    payload: bytes | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Creation:
    """The id of the Create that published a thought."""

    thought_id: UUID
    ap_id: str


COLUMNS = """a.id, a.seq, a.ap_id, a.user_id, a.type, a.ordering_key, a.thought_id, a.target_id, a.public,
    a.payload, a.created_at"""
INSERT = Value(
    int,
    """INSERT INTO activities (id, ap_id, user_id, type, ordering_key, thought_id, target_id, public, payload)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING seq""",
)
BY_ID = Rows(Activity, "SELECT {columns} FROM activities a WHERE a.id = $1", columns=COLUMNS)
LATEST_OF_THOUGHT = Rows(
    Activity,
    "SELECT {columns} FROM activities a WHERE a.thought_id = $1 AND a.type = $2 ORDER BY a.seq DESC LIMIT 1",
    columns=COLUMNS,
)
CREATES = Rows(
    Creation,
    "SELECT thought_id, ap_id FROM activities WHERE thought_id = ANY($1::uuid[]) AND type = 'Create' ORDER BY seq DESC",
)
INSERT_FANOUT = Command(
    """INSERT INTO fanouts (activity_id, activity_seq, ordering_key, to_followers, inboxes)
    VALUES ($1, $2, $3, $4, $5)"""
)
# The oldest fan-outs, but never one that has an earlier one for the same object: rows of a later
# activity must not exist before those of the earlier one, or a drain could send them first.
CLAIM_FANOUTS = Value(
    UUID,
    """SELECT f.activity_id FROM fanouts f
    WHERE NOT EXISTS (SELECT FROM fanouts e WHERE e.ordering_key = f.ordering_key AND e.activity_seq < f.activity_seq)
    ORDER BY f.activity_seq LIMIT $1 FOR UPDATE SKIP LOCKED""",
)
# One row per inbox, shared inboxes collapsed; hosts that the admin blocks get nothing. DISTINCT and LIMIT fix the
# order of the joins: at will, and without statistics, each follower met every activity of the author, or every actor.
EXPAND = Value(
    str,
    """WITH picked AS MATERIALIZED (
        SELECT f.activity_id, f.activity_seq, f.ordering_key, f.to_followers, f.inboxes, a.user_id
        FROM fanouts f JOIN activities a ON a.id = f.activity_id WHERE f.activity_id = ANY($1::uuid[])),
    wanted AS (
        SELECT p.activity_id, near.inbox_url FROM picked p CROSS JOIN LATERAL (
            SELECT DISTINCT coalesce(r.shared_inbox_url, r.inbox_url) AS inbox_url
            FROM follows w CROSS JOIN LATERAL (
                SELECT a.shared_inbox_url, a.inbox_url, a.gone_at FROM remote_actors a
                WHERE a.user_id = w.follower_id LIMIT 1) r
            WHERE w.following_id = p.user_id AND w.state = 'accepted' AND r.gone_at IS NULL) near
        WHERE p.to_followers
        UNION
        SELECT p.activity_id, unnest(p.inboxes) FROM picked p),
    hosted AS (
        SELECT activity_id, inbox_url, lower(split_part(split_part(inbox_url, '://', 2), '/', 1)) AS host FROM wanted)
    INSERT INTO deliveries (activity_id, activity_seq, sender_id, inbox_url, host, ordering_key)
    SELECT p.activity_id, p.activity_seq, p.user_id, h.inbox_url, h.host, p.ordering_key
    FROM hosted h JOIN picked p ON p.activity_id = h.activity_id
    WHERE NOT host_is_refused(h.host)
    ON CONFLICT (activity_id, inbox_url) DO NOTHING
    RETURNING host""",
)
DELETE_FANOUTS = Command("DELETE FROM fanouts WHERE activity_id = ANY($1::uuid[])")
PENDING_FANOUTS = Value(bool, "SELECT EXISTS (SELECT FROM fanouts)")
# Everyone who may hold a copy: whoever was sent something about it, liked, boosted or answered it.
INBOXES_HOLDING = Value(
    str,
    """SELECT d.inbox_url FROM activities a JOIN deliveries d ON d.activity_id = a.id WHERE a.thought_id = $1
    UNION
    SELECT coalesce(r.shared_inbox_url, r.inbox_url) FROM remote_actors r WHERE r.gone_at IS NULL AND r.user_id IN (
        SELECT user_id FROM likes WHERE thought_id = $1
        UNION SELECT user_id FROM entries WHERE thought_id = $1 AND kind = 'boost'
        UNION SELECT user_id FROM quotes WHERE quoted_id = $1
        UNION SELECT user_id FROM thoughts WHERE reply_to = $1)""",
)
INBOXES_REACHED_BY = Value(
    str,
    """SELECT DISTINCT d.inbox_url FROM deliveries d WHERE d.sender_id = $1
    UNION
    SELECT coalesce(r.shared_inbox_url, r.inbox_url) FROM remote_actors r
    WHERE r.gone_at IS NULL AND r.user_id IN (
        SELECT follower_id FROM follows WHERE following_id = $1
        UNION SELECT following_id FROM follows WHERE follower_id = $1)""",
)
# Purging a thought purges its stored bytes, but for the Delete that says so.
FORGET_PAYLOADS = Command("UPDATE activities SET payload = NULL WHERE thought_id = $1 AND type <> 'Delete'")


async def insert_activity(db: Connection, new: NewActivity, *, to_followers: bool, inboxes: Sequence[str]) -> None:
    """Store an activity and the fan-out that will deliver it; the same transaction holds its effect."""
    seq = await INSERT.one(
        db, new.id, new.ap_id, new.user_id, new.type, new.ordering_key, new.thought_id, new.target_id, new.public,
        new.payload,
    )  # fmt: skip
    if to_followers or inboxes:
        await INSERT_FANOUT.run(db, new.id, seq, new.ordering_key, to_followers, list(inboxes))


async def find_activity(db: Connection, activity_id: UUID) -> Activity | None:
    """Find an activity by id."""
    return await BY_ID.first(db, activity_id)


async def find_latest_of_thought(db: Connection, thought_id: UUID, kind: str) -> Activity | None:
    """Find the newest activity of a type about a thought."""
    return await LATEST_OF_THOUGHT.first(db, thought_id, kind)


async def find_creates(db: Connection, thought_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Tell the id of the (first) Create of each of these thoughts."""
    return {one.thought_id: one.ap_id for one in await CREATES.all(db, thought_ids)}


async def expand_fanouts(db: Connection, *, limit: int) -> int:
    """Turn waiting fan-outs into deliveries and wake their hosts; return how many fan-outs that were.

    Runs in the caller's transaction: after a crash they wait again, and nothing is written twice.
    """
    claimed = await CLAIM_FANOUTS.all(db, limit)
    if claimed:
        hosts = await EXPAND.all(db, claimed)
        await DELETE_FANOUTS.run(db, claimed)
        await instances.wake(db, hosts)
    return len(claimed)


async def has_fanouts(db: Connection) -> bool:
    """Tell whether a fan-out is waiting."""
    return await PENDING_FANOUTS.one(db)


async def list_inboxes_holding(db: Connection, thought_id: UUID) -> list[str]:
    """List the inboxes of everyone who may hold a copy of a thought."""
    return await INBOXES_HOLDING.all(db, thought_id)


async def list_inboxes_reached_by(db: Connection, person_id: UUID) -> list[str]:
    """List the inboxes of everyone who may hold something of a person."""
    return await INBOXES_REACHED_BY.all(db, person_id)


async def forget_payloads(db: Connection, thought_id: UUID) -> None:
    """Purge the stored bytes of a deleted thought's activities."""
    await FORGET_PAYLOADS.run(db, thought_id)
