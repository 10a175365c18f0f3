"""Follows, blocks and mutes: what people are to each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Follow:
    """A row of follows."""

    follower_id: UUID
    following_id: UUID
    state: str
    ap_id: str
    show_boosts: bool
    notify: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a person is here: pending, active, suspended or deleted."""

    person_id: UUID
    state: str


@dataclass(frozen=True, slots=True)
class Block:
    """A row of blocks."""

    blocker_id: UUID
    blocked_id: UUID
    ap_id: str | None


@dataclass(frozen=True, slots=True)
class Relation:
    """What the viewer and another person are to each other."""

    person_id: UUID
    following: bool
    requested: bool
    show_boosts: bool
    notify: bool
    followed_by: bool
    requested_by: bool
    blocking: bool
    blocked_by: bool
    muting: bool
    muting_notifications: bool
    endorsed: bool
    muting_expires_at: datetime | None
    languages: list[str] | None
    note: str
    domain_blocking: bool


@dataclass(frozen=True, slots=True)
class Connected:
    """A person in a list of people, with the id that the page is keyed by."""

    cursor: UUID
    person_id: UUID


@dataclass(frozen=True, slots=True)
class Muted:
    """A person in the list of whom somebody muted, and until when."""

    cursor: UUID
    person_id: UUID
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Familiar:
    """Somebody's follower whom the viewer follows."""

    person_id: UUID
    familiar_id: UUID


FOLLOW_COLUMNS = "follower_id, following_id, state, ap_id, show_boosts, notify"
# A repeated follow takes over the newer id, so that the Accept answers the request that is alive.
UPSERT_FOLLOW = Rows(
    Follow,
    """INSERT INTO follows (follower_id, following_id, state, ap_id) VALUES ($1, $2, $3, $4)
    ON CONFLICT (follower_id, following_id) DO UPDATE SET ap_id = excluded.ap_id
    RETURNING {columns}""",
    columns=FOLLOW_COLUMNS,
)
FOLLOW = Rows(
    Follow,
    "SELECT {columns} FROM follows WHERE follower_id = $1 AND following_id = $2",
    columns=FOLLOW_COLUMNS,
)
FOLLOW_BY_AP_ID = Rows(Follow, "SELECT {columns} FROM follows WHERE ap_id = $1", columns=FOLLOW_COLUMNS)
ACCEPT_FOLLOW = Rows(
    Follow,
    """UPDATE follows SET state = 'accepted' WHERE follower_id = $1 AND following_id = $2 AND state = 'pending'
    RETURNING {columns}""",
    columns=FOLLOW_COLUMNS,
)
DELETE_FOLLOW = Rows(
    Follow,
    "DELETE FROM follows WHERE follower_id = $1 AND following_id = $2 RETURNING {columns}",
    columns=FOLLOW_COLUMNS,
)
SET_FOLLOW_OPTIONS = Command(
    """UPDATE follows SET show_boosts = coalesce($3, show_boosts), notify = coalesce($4, notify),
        languages = CASE WHEN $5::text[] IS NULL THEN languages ELSE nullif($5, '{}') END
    WHERE follower_id = $1 AND following_id = $2"""
)
# Whatever two people become to each other is decided by one of them at a time. NO KEY: rows that only
# refer to them, which others write meanwhile, are not in the way.
LOCK_PAIR = Rows(Standing, "SELECT id, state FROM users WHERE id IN ($1, $2) ORDER BY id FOR NO KEY UPDATE")
COUNT_FOLLOW = Command(
    """UPDATE users SET
        following_count = greatest(0, following_count + CASE WHEN id = $1 THEN $3::int ELSE 0 END),
        followers_count = greatest(0, followers_count + CASE WHEN id = $2 THEN $3::int ELSE 0 END)
    WHERE id IN (SELECT id FROM users WHERE id IN ($1, $2) ORDER BY id FOR NO KEY UPDATE)"""
)
FOLLOWERS = Rows(
    Connected,
    """SELECT f.id AS cursor, f.follower_id AS person_id FROM follows f JOIN users u ON u.id = f.follower_id
    WHERE f.following_id = $1 AND f.state = $2 AND u.state = 'active'
        AND f.id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND f.id > coalesce($5::uuid, '00000000-0000-0000-0000-000000000000')
    ORDER BY f.id DESC LIMIT $4""",
)
FOLLOWING = Rows(
    Connected,
    """SELECT f.id AS cursor, f.following_id AS person_id FROM follows f JOIN users u ON u.id = f.following_id
    WHERE f.follower_id = $1 AND f.state = $2 AND u.state = 'active'
        AND f.id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND f.id > coalesce($5::uuid, '00000000-0000-0000-0000-000000000000')
    ORDER BY f.id DESC LIMIT $4""",
)
COUNT_REQUESTS = Value(int, "SELECT count(*) FROM follows WHERE following_id = $1 AND state = 'pending'")
HAS_LOCAL_FOLLOWER = Value(
    bool,
    """SELECT EXISTS (SELECT FROM follows f JOIN users u ON u.id = f.follower_id
        WHERE f.following_id = $1 AND f.state = 'accepted' AND NOT u.is_remote)""",
)
IS_FOLLOWING = Value(
    bool,
    """SELECT EXISTS (SELECT FROM follows
        WHERE follower_id = $1 AND following_id = $2 AND state = 'accepted')""",
)
# Inboxes of remote followers, shared ones collapsed.
FOLLOWER_INBOXES = Value(
    str,
    """SELECT DISTINCT coalesce(r.shared_inbox_url, r.inbox_url) FROM follows f
    JOIN remote_actors r ON r.user_id = f.follower_id
    WHERE f.following_id = $1 AND f.state = 'accepted' AND r.gone_at IS NULL""",
)
INBOXES_OF = Value(
    str,
    """SELECT DISTINCT coalesce(shared_inbox_url, inbox_url) FROM remote_actors
    WHERE user_id = ANY($1::uuid[]) AND gone_at IS NULL""",
)
INSERT_BLOCK = Command("INSERT INTO blocks (blocker_id, blocked_id, ap_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
DELETE_BLOCK = Rows(
    Block,
    "DELETE FROM blocks WHERE blocker_id = $1 AND blocked_id = $2 RETURNING blocker_id, blocked_id, ap_id",
)
EITHER_BLOCKS = Value(
    bool,
    """SELECT EXISTS (SELECT FROM blocks WHERE (blocker_id = $1 AND blocked_id = $2)
            OR (blocker_id = $2 AND blocked_id = $1))
        OR EXISTS (SELECT FROM user_domain_blocks d JOIN users o ON o.domain = d.domain
            WHERE (d.user_id = $1 AND o.id = $2) OR (d.user_id = $2 AND o.id = $1))""",
)
BLOCKS = Value(bool, "SELECT EXISTS (SELECT FROM blocks WHERE blocker_id = $1 AND blocked_id = $2)")
BLOCKED = Rows(
    Connected,
    """SELECT b.id AS cursor, b.blocked_id AS person_id FROM blocks b JOIN users u ON u.id = b.blocked_id
    WHERE b.blocker_id = $1 AND u.state = 'active' AND ($2::uuid IS NULL OR b.id < $2)
        AND ($4::uuid IS NULL OR b.id > $4)
    ORDER BY b.id DESC LIMIT $3""",
)
UPSERT_MUTE = Command(
    """INSERT INTO mutes (muter_id, muted_id, hide_notifications, expires_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (muter_id, muted_id) DO UPDATE
        SET hide_notifications = excluded.hide_notifications, expires_at = excluded.expires_at"""
)
DELETE_MUTE = Command("DELETE FROM mutes WHERE muter_id = $1 AND muted_id = $2")
MUTED = Rows(
    Muted,
    """SELECT m.id AS cursor, m.muted_id AS person_id, m.expires_at FROM mutes m JOIN users u ON u.id = m.muted_id
    WHERE m.muter_id = $1 AND u.state = 'active' AND (m.expires_at IS NULL OR m.expires_at > now())
        AND ($2::uuid IS NULL OR m.id < $2) AND ($4::uuid IS NULL OR m.id > $4)
    ORDER BY m.id DESC LIMIT $3""",
)
# Whom the viewer follows of those who follow each of these people.
FAMILIAR = Rows(
    Familiar,
    """SELECT o.id AS person_id, k.familiar_id FROM users o
        CROSS JOIN LATERAL (
            SELECT f.following_id AS familiar_id, r.id FROM follows f
                JOIN follows r ON r.follower_id = f.following_id AND r.following_id = o.id
                JOIN users u ON u.id = f.following_id AND u.state = 'active' AND NOT u.hide_collections
            WHERE f.follower_id = $1 AND f.state = 'accepted' AND r.state = 'accepted'
                AND o.id <> $1 AND f.following_id <> o.id
            ORDER BY r.id DESC LIMIT $3) k
    WHERE o.id = ANY($2::uuid[]) AND NOT o.hide_collections
    ORDER BY o.id, k.id DESC""",
)
SET_NOTE = Command(
    """INSERT INTO account_notes (user_id, person_id, note) VALUES ($1, $2, $3)
    ON CONFLICT (user_id, person_id) DO UPDATE SET note = excluded.note"""
)
DELETE_NOTE = Command("DELETE FROM account_notes WHERE user_id = $1 AND person_id = $2")
MUTE_THREAD = Command("INSERT INTO thread_mutes (user_id, conversation_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
UNMUTE_THREAD = Command("DELETE FROM thread_mutes WHERE user_id = $1 AND conversation_id = $2")
RELATIONS = Rows(
    Relation,
    """SELECT o.id,
        coalesce(f.state = 'accepted', false), coalesce(f.state = 'pending', false),
        coalesce(f.show_boosts, false), coalesce(f.notify, false),
        coalesce(r.state = 'accepted', false), coalesce(r.state = 'pending', false),
        EXISTS (SELECT FROM blocks b WHERE b.blocker_id = $1 AND b.blocked_id = o.id),
        EXISTS (SELECT FROM blocks b WHERE b.blocker_id = o.id AND b.blocked_id = $1),
        m.muter_id IS NOT NULL, coalesce(m.hide_notifications, false),
        EXISTS (SELECT FROM top_friends x WHERE x.user_id = $1 AND x.friend_id = o.id),
        m.expires_at AS muting_expires_at, f.languages, coalesce(n.note, '') AS note,
        EXISTS (SELECT FROM user_domain_blocks d JOIN users u ON u.domain = d.domain
            WHERE d.user_id = $1 AND u.id = o.id) AS domain_blocking
    FROM unnest($2::uuid[]) AS o (id)
    LEFT JOIN follows f ON f.follower_id = $1 AND f.following_id = o.id
    LEFT JOIN follows r ON r.follower_id = o.id AND r.following_id = $1
    LEFT JOIN mutes m ON m.muter_id = $1 AND m.muted_id = o.id AND (m.expires_at IS NULL OR m.expires_at > now())
    LEFT JOIN account_notes n ON n.user_id = $1 AND n.person_id = o.id
    WHERE EXISTS (SELECT FROM users u WHERE u.id = o.id AND ($3 OR u.state <> 'suspended'))""",
)


async def lock_pair(db: Connection, one: UUID, other: UUID) -> dict[UUID, str]:
    """Keep others from changing what two people are to each other until the transaction ends; take it first.

    Returns the state of each, which stays as well.
    """
    return {standing.person_id: standing.state for standing in await LOCK_PAIR.all(db, one, other)}


async def upsert_follow(db: Connection, follower_id: UUID, following_id: UUID, *, state: str, ap_id: str) -> Follow:
    """Ask to follow, or renew the id of a follow that exists; its state then stays."""
    return await UPSERT_FOLLOW.one(db, follower_id, following_id, state, ap_id)


async def find_follow(db: Connection, follower_id: UUID, following_id: UUID) -> Follow | None:
    """Find a follow in either state."""
    return await FOLLOW.first(db, follower_id, following_id)


async def find_follow_by_ap_id(db: Connection, ap_id: str) -> Follow | None:
    """Find a follow by the id of its activity."""
    return await FOLLOW_BY_AP_ID.first(db, ap_id)


async def mark_accepted(db: Connection, follower_id: UUID, following_id: UUID) -> bool:
    """Turn a pending follow into an accepted one and count it; False when there was none pending."""
    if await ACCEPT_FOLLOW.first(db, follower_id, following_id) is None:
        return False
    await COUNT_FOLLOW.run(db, follower_id, following_id, 1)
    return True


async def delete_follow(db: Connection, follower_id: UUID, following_id: UUID) -> Follow | None:
    """End a follow or a request, and count it; None when there was none."""
    gone = await DELETE_FOLLOW.first(db, follower_id, following_id)
    if gone is not None and gone.state == "accepted":
        await COUNT_FOLLOW.run(db, follower_id, following_id, -1)
    return gone


async def set_follow_options(
    db: Connection,
    follower_id: UUID,
    following_id: UUID,
    *,
    show_boosts: bool | None,
    notify: bool | None,
    languages: Sequence[str] | None,
) -> None:
    """Choose whether boosts show, whether each thought notifies, and the languages read, [] for every one.

    None leaves as it is.
    """
    await SET_FOLLOW_OPTIONS.run(db, follower_id, following_id, show_boosts, notify, languages)


async def list_followers(
    db: Connection,
    person_id: UUID,
    *,
    state: str = "accepted",
    before: UUID | None = None,
    after: UUID | None = None,
    limit: int = 40,
) -> list[Connected]:
    """List followers (or those who asked to follow), newest first."""
    return await FOLLOWERS.all(db, person_id, state, before, limit, after)


async def list_following(
    db: Connection,
    person_id: UUID,
    *,
    state: str = "accepted",
    before: UUID | None = None,
    after: UUID | None = None,
    limit: int = 40,
) -> list[Connected]:
    """List whom a person follows, newest first."""
    return await FOLLOWING.all(db, person_id, state, before, limit, after)


async def list_blocked(
    db: Connection, person_id: UUID, *, before: UUID | None = None, after: UUID | None = None, limit: int = 40
) -> list[Connected]:
    """List whom a person blocks, newest first."""
    return await BLOCKED.all(db, person_id, before, limit, after)


async def list_muted(
    db: Connection, person_id: UUID, *, before: UUID | None = None, after: UUID | None = None, limit: int = 40
) -> list[Muted]:
    """List whom a person mutes at present, newest first."""
    return await MUTED.all(db, person_id, before, limit, after)


async def list_inboxes(db: Connection, people: Sequence[UUID]) -> list[str]:
    """List the (shared) inboxes of the remote ones among these people."""
    return await INBOXES_OF.all(db, people) if people else []


async def insert_block(db: Connection, blocker_id: UUID, blocked_id: UUID, ap_id: str | None) -> bool:
    """Block; False when blocked before."""
    return bool(await INSERT_BLOCK.run(db, blocker_id, blocked_id, ap_id))


async def delete_block(db: Connection, blocker_id: UUID, blocked_id: UUID) -> Block | None:
    """Unblock; None when there was no block."""
    return await DELETE_BLOCK.first(db, blocker_id, blocked_id)


async def either_blocks(db: Connection, one: UUID, other: UUID) -> bool:
    """Tell whether one of two people blocks the other, or the server of the other."""
    return bool(await EITHER_BLOCKS.get(db, one, other))


async def upsert_mute(
    db: Connection, muter_id: UUID, muted_id: UUID, *, hide_notifications: bool, expires_at: datetime | None
) -> None:
    """Mute, or change how."""
    await UPSERT_MUTE.run(db, muter_id, muted_id, hide_notifications, expires_at)


async def delete_mute(db: Connection, muter_id: UUID, muted_id: UUID) -> None:
    """Unmute, if muted."""
    await DELETE_MUTE.run(db, muter_id, muted_id)


async def list_relations(
    db: Connection, viewer: UUID, people: Sequence[UUID], *, with_suspended: bool = True
) -> dict[UUID, Relation]:
    """Tell what the viewer is to each of these people, and they to the viewer; unknown ids are left out."""
    if not people:
        return {}
    return {relation.person_id: relation for relation in await RELATIONS.all(db, viewer, people, with_suspended)}


async def list_familiar(db: Connection, viewer: UUID, people: Sequence[UUID], *, limit: int) -> list[Familiar]:
    """List who of those that the viewer follows follows each of these people, `limit` for each.

    Nobody who keeps to themselves whom they follow, or who follows them, is told of by it.
    """
    return await FAMILIAR.all(db, viewer, people, limit)


async def set_note(db: Connection, user_id: UUID, person_id: UUID, note: str) -> None:
    """Keep a note about a person, or with nothing in it, none."""
    if note:
        await SET_NOTE.run(db, user_id, person_id, note)
    else:
        await DELETE_NOTE.run(db, user_id, person_id)
