"""Notifications: one per person, type, actor and thought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from storage.entries import Page
from storage.news import Notified, tell
from storage.query import Command, Rows, Value
from storage.visibility import VISIBLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Waiting:
    """What somebody has not seen: how many notifications, up to 100, and whether there is an announcement."""

    unread: int = 0
    announced: bool = False


@dataclass(frozen=True, slots=True)
class Notification:
    """A row of notifications."""

    id: UUID
    type: str
    actor_id: UUID
    thought_id: UUID | None
    read: bool
    created_at: datetime
    report_id: UUID | None
    warning_id: UUID | None
    collection_id: UUID | None


# Nobody hears of themselves (but of the end of their own poll), nor from whom, nor of which thread they muted;
# remote people hear from their own server.
# Apps that want to be pushed to are found in the same statement; what the policy keeps apart is told to nobody.
_INSERT = """WITH made AS (
    INSERT INTO notifications (user_id, type, actor_id, thought_id, filtered{also})
    SELECT x.id, {type}, {actor}, {thought}, x.verdict = 'filter'{also_value} FROM (
        SELECT u.id, notification_verdict(u.id, {actor}, {type}, {thought}) AS verdict FROM {people}
            AND NOT u.is_remote AND u.state = 'active' AND (u.id <> {actor} OR {type} IN ('poll', 'moderation_warning'))
            AND NOT EXISTS (SELECT FROM blocks b WHERE (b.blocker_id = u.id AND b.blocked_id = {actor})
                OR (b.blocker_id = {actor} AND b.blocked_id = u.id))
            AND NOT EXISTS (SELECT FROM mutes m
                WHERE m.muter_id = u.id AND m.muted_id = {actor} AND m.hide_notifications
                AND (m.expires_at IS NULL OR m.expires_at > now()))
            AND NOT EXISTS (SELECT FROM user_domain_blocks d JOIN users o ON o.domain = d.domain
                WHERE d.user_id = u.id AND o.id = {actor})
            AND NOT EXISTS (SELECT FROM thoughts t JOIN thread_mutes q
                ON q.user_id = u.id AND q.conversation_id = coalesce(t.conversation_id, t.id)
                WHERE t.id = {thought})) x
    WHERE x.verdict <> 'drop'
    ON CONFLICT ON CONSTRAINT notifications_once DO NOTHING RETURNING id, user_id, filtered),
    pushed AS (
        INSERT INTO pushes (subscription_id, notification_id)
        SELECT s.id, made.id FROM made JOIN push_subscriptions s ON s.user_id = made.user_id
        WHERE NOT made.filtered AND {type} = ANY(s.alerts) AND CASE s.policy
            WHEN 'all' THEN true
            WHEN 'followed' THEN EXISTS (SELECT FROM follows f
                WHERE f.follower_id = s.user_id AND f.following_id = {actor} AND f.state = 'accepted')
            WHEN 'follower' THEN EXISTS (SELECT FROM follows f
                WHERE f.follower_id = {actor} AND f.following_id = s.user_id AND f.state = 'accepted')
            ELSE false END)
    SELECT user_id FROM made WHERE NOT filtered"""
_PLAIN = {"also": "", "also_value": ""}
INSERT = Value(
    UUID, _INSERT, people="users u WHERE u.id = ANY($1::uuid[])", type="$2", actor="$3", thought="$4::uuid", **_PLAIN
)  # fmt: skip
# For every post of other servers: without an array, whose length PostgreSQL would plan for each time anew.
INSERT_NAMED = Value(
    UUID,
    _INSERT,
    people="mentions x JOIN users u ON u.id = x.user_id WHERE x.thought_id = $2",
    type="'mention'",
    actor="$1",
    thought="$2",
    **_PLAIN,
)
INSERT_FOLLOWING = Value(
    UUID,
    _INSERT,
    people="""follows f JOIN users u ON u.id = f.follower_id
    WHERE f.following_id = $1 AND f.state = 'accepted' AND f.notify""",
    type="'status'",
    actor="$1",
    thought="$2",
    **_PLAIN,
)
INSERT_FOR_MODERATORS = Value(
    UUID,
    _INSERT,
    people="users u WHERE u.role IN ('moderator', 'admin')",
    type="$1",
    actor="$2",
    thought="NULL::uuid",
    also=", report_id",
    also_value=", $3::uuid",
)
# Of themselves, as far as anybody may know.
INSERT_WARNING = Value(
    UUID,
    _INSERT,
    people="users u WHERE u.id = $1",
    type="'moderation_warning'",
    actor="$1",
    thought="NULL::uuid",
    also=", warning_id",
    also_value=", $2::uuid",
)
INSERT_OF_COLLECTION = Value(
    UUID,
    _INSERT,
    people="users u WHERE u.id = ANY($1::uuid[])",
    type="$2",
    actor="$3",
    thought="NULL::uuid",
    also=", collection_id",
    also_value=", $4::uuid",
)
DELETE_OF_COLLECTION = Command(
    """DELETE FROM notifications WHERE user_id = ANY($1::uuid[]) AND collection_id = $2
        AND ($3::text IS NULL OR type = $3)"""
)
DELETE = Command(
    """DELETE FROM notifications WHERE user_id = $1 AND type = $2 AND actor_id = $3
        AND thought_id IS NOT DISTINCT FROM $4"""
)
DELETE_BETWEEN = Command(
    "DELETE FROM notifications WHERE (user_id = $1 AND actor_id = $2) OR (user_id = $2 AND actor_id = $1)"
)
COLUMNS = """n.id, n.type, n.actor_id, n.thought_id, n.read, n.created_at, n.report_id, n.warning_id,
    n.collection_id"""
# What a notification is about may have become hidden since: then it is not listed. Whether it may be seen belongs to
# the join: under OR, PostgreSQL would look up everybody who is here, once a page, to ask who of them writes.
_PAGE = """SELECT {columns} FROM notifications n JOIN users u ON u.id = n.actor_id
        LEFT JOIN thoughts t ON t.id = n.thought_id AND {visible}
    WHERE n.user_id = $1 AND u.state = 'active' AND (n.thought_id IS NULL OR t.id IS NOT NULL)
        AND n.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND n.id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
        AND ($5::text[] IS NULL OR n.type = ANY($5)) AND ($6::text[] IS NULL OR NOT n.type = ANY($6))
        AND ($7::uuid IS NULL OR n.actor_id = $7) AND ($8 OR NOT n.filtered)
    ORDER BY n.id {order} LIMIT $4"""
NEWEST = Rows(Notification, _PAGE, columns=COLUMNS, visible=VISIBLE, order="DESC")
OLDEST = Rows(Notification, _PAGE, columns=COLUMNS, visible=VISIBLE, order="ASC")
ONE = Rows(
    Notification,
    """SELECT {columns} FROM notifications n JOIN users u ON u.id = n.actor_id
        LEFT JOIN thoughts t ON t.id = n.thought_id AND {visible}
    WHERE n.user_id = $1 AND n.id = $2 AND u.state = 'active' AND (n.thought_id IS NULL OR t.id IS NOT NULL)""",
    columns=COLUMNS,
    visible=VISIBLE,
)
_COUNT_UNREAD = """SELECT count(*) FROM (
        SELECT FROM notifications n JOIN users u ON u.id = n.actor_id
            LEFT JOIN thoughts t ON t.id = n.thought_id AND {visible}
        WHERE n.user_id = $1 AND NOT n.read AND NOT n.filtered AND u.state = 'active'
            AND (n.thought_id IS NULL OR t.id IS NOT NULL)
        LIMIT 100) x"""
COUNT_UNREAD = Value(int, _COUNT_UNREAD, visible=VISIBLE)
WAITING = Rows(
    Waiting,
    """SELECT ({unread}) AS unread, EXISTS (SELECT FROM announcements a
        WHERE a.published AND NOT EXISTS (SELECT FROM announcement_dismissals d
            WHERE d.announcement_id = a.id AND d.user_id = $1)) AS announced""",
    unread=_COUNT_UNREAD,
    visible=VISIBLE,
)
UNREAD = Rows(
    Notification,
    """SELECT {columns} FROM notifications n JOIN users u ON u.id = n.actor_id
        LEFT JOIN thoughts t ON t.id = n.thought_id AND {visible}
    WHERE n.user_id = $1 AND NOT n.read AND NOT n.filtered AND u.state = 'active'
        AND (n.thought_id IS NULL OR t.id IS NOT NULL)
        AND ($2::text[] IS NULL OR n.type = ANY($2)) AND ($3::text[] IS NULL OR NOT n.type = ANY($3))
        AND ($4::uuid IS NULL OR n.actor_id = $4)
    ORDER BY n.id DESC LIMIT $5""",
    columns=COLUMNS,
    visible=VISIBLE,
)
# By ids too, which are times: one range of the index, the exact moment decides at its ends.
IN_SPAN = Rows(
    Notification,
    """SELECT {columns} FROM notifications n JOIN users u ON u.id = n.actor_id
        LEFT JOIN thoughts t ON t.id = n.thought_id AND {visible}
    WHERE n.user_id = $1 AND n.type = $2 AND n.thought_id IS NOT DISTINCT FROM $3
        AND n.id > (SELECT uuid7($4::timestamptz - interval '1 minute'))
        AND n.id < (SELECT uuid7($5::timestamptz + interval '1 minute'))
        AND n.created_at >= $4 AND n.created_at < $5
        AND u.state = 'active' AND (n.thought_id IS NULL OR t.id IS NOT NULL)
    ORDER BY n.id DESC LIMIT $6""",
    columns=COLUMNS,
    visible=VISIBLE,
)
DISMISS_SEVERAL = Command("DELETE FROM notifications WHERE user_id = $1 AND id = ANY($2::uuid[])")
MARK_READ = Command("UPDATE notifications SET read = true WHERE user_id = $1 AND NOT read AND id <= $2")
LOCAL_BOOSTERS = Value(
    UUID,
    """SELECT e.user_id FROM entries e JOIN users u ON u.id = e.user_id
    WHERE e.thought_id = $1 AND e.kind = 'boost' AND NOT u.is_remote""",
)
CLEAR = Command("DELETE FROM notifications WHERE user_id = $1")
DISMISS = Command("DELETE FROM notifications WHERE user_id = $1 AND id = $2")


async def notify(
    db: Connection, people: Sequence[UUID], kind: str, actor_id: UUID, thought_id: UUID | None = None
) -> list[UUID]:
    """Notify those of these people who want to hear of it; return who was told (once only)."""
    told = await INSERT.all(db, people, kind, actor_id, thought_id) if people else []
    return _tell(db, told, kind, actor_id, thought_id)


def _tell(
    db: Connection,
    told: list[UUID],
    kind: str,
    actor_id: UUID,
    thought_id: UUID | None,
    *,
    collection_id: UUID | None = None,
) -> list[UUID]:
    if told:
        tell(db, Notified(told, kind, actor_id, thought_id, collection_id))
    return told


async def notify_named(db: Connection, actor_id: UUID, thought_id: UUID) -> list[UUID]:
    """Notify whom a thought names, as `notify` does."""
    return _tell(db, await INSERT_NAMED.all(db, actor_id, thought_id), "mention", actor_id, thought_id)


async def notify_following(db: Connection, actor_id: UUID, thought_id: UUID) -> list[UUID]:
    """Notify those who follow its author with the bell on of a thought, as `notify` does."""
    return _tell(db, await INSERT_FOLLOWING.all(db, actor_id, thought_id), "status", actor_id, thought_id)


async def notify_moderators(db: Connection, kind: str, actor_id: UUID, report_id: UUID | None = None) -> list[UUID]:
    """Notify those who look after this place, as `notify` does."""
    return _tell(db, await INSERT_FOR_MODERATORS.all(db, kind, actor_id, report_id), kind, actor_id, None)


async def notify_of_collection(
    db: Connection, people: Sequence[UUID], kind: str, owner_id: UUID, collection_id: UUID
) -> list[UUID]:
    """Notify people of a collection that features them, as `notify` does; of its changes, the last one counts."""
    if not people:
        return []
    if kind == "collection_update":
        await DELETE_OF_COLLECTION.run(db, people, collection_id, kind)
    told = await INSERT_OF_COLLECTION.all(db, people, kind, owner_id, collection_id)
    return _tell(db, told, kind, owner_id, None, collection_id=collection_id)


async def withdraw_collection(db: Connection, user_id: UUID, collection_id: UUID) -> None:
    """Take back what somebody was told of a collection."""
    await DELETE_OF_COLLECTION.run(db, [user_id], collection_id, None)


async def notify_warned(db: Connection, person_id: UUID, warning_id: UUID) -> list[UUID]:
    """Notify somebody of what a moderator did."""
    told = await INSERT_WARNING.all(db, person_id, warning_id)
    return _tell(db, told, "moderation_warning", person_id, None)


async def withdraw(db: Connection, user_id: UUID, kind: str, actor_id: UUID, thought_id: UUID | None = None) -> None:
    """Take back a notification of what was undone."""
    await DELETE.run(db, user_id, kind, actor_id, thought_id)


async def withdraw_between(db: Connection, one: UUID, other: UUID) -> None:
    """Take back all notifications that two people caused each other."""
    await DELETE_BETWEEN.run(db, one, other)


async def list_notifications(
    db: Connection,
    user_id: UUID,
    page: Page,
    *,
    types: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
    actor_id: UUID | None = None,
    with_filtered: bool = False,
) -> list[Notification]:
    """List a page of notifications, newest first; `with_filtered` has those kept apart by the policy too."""
    query = OLDEST if page.ascending else NEWEST
    found = await query.all(
        db, user_id, page.older_than, page.newer_than, page.limit, types, exclude, actor_id, with_filtered
    )  # fmt: skip
    return found[::-1] if page.ascending else found


async def list_unread(
    db: Connection,
    user_id: UUID,
    *,
    types: Sequence[str] | None,
    exclude: Sequence[str] | None,
    actor_id: UUID | None,
    limit: int,
) -> list[Notification]:
    """List the newest unread notifications."""
    return await UNREAD.all(db, user_id, types, exclude, actor_id, limit)


async def list_group(
    db: Connection, user_id: UUID, kind: str, thought_id: UUID | None, span: tuple[datetime, datetime], *, limit: int
) -> list[Notification]:
    """List the notifications of a kind, of one thought or of none, that came in a span of time, newest first."""
    return await IN_SPAN.all(db, user_id, kind, thought_id, *span, limit)


async def count_unread(db: Connection, user_id: UUID) -> int:
    """Count unread notifications, up to 100."""
    return await COUNT_UNREAD.get(db, user_id) or 0


async def find_waiting(db: Connection, user_id: UUID) -> Waiting:
    """Say what somebody has not seen yet: one query, for every page there is."""
    return await WAITING.one(db, user_id)


async def mark_read(db: Connection, user_id: UUID, up_to: UUID) -> None:
    """Mark everything up to an id as read."""
    await MARK_READ.run(db, user_id, up_to)
