"""Announcements: what admins tell everybody here; who put one away, and how people reacted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from storage.emoji_reactions import Tally
from storage.news import Announced, AnnouncementReacted, Changed, tell
from storage.query import Command, Rows, Value
from storage.visibility import VISIBLE

if TYPE_CHECKING:
    from storage.database import Connection

MOST_PUBLISHED = 100


@dataclass(frozen=True, slots=True)
class Announcement:
    """A row of announcements; `dismissed` by whoever looks."""

    id: UUID
    source: str
    content: str
    page_html: str
    mentions: list[UUID]
    thought_ids: list[UUID]
    tags: list[str]
    emojis: list[dict[str, Any]]
    starts_at: datetime | None
    ends_at: datetime | None
    all_day: bool
    scheduled_at: datetime | None
    published: bool
    published_at: datetime | None
    updated_at: datetime
    dismissed: bool


@dataclass(frozen=True, slots=True)
class NewAnnouncement:
    """What is stored of an announcement that is written, or written anew."""

    source: str
    content: str
    page_html: str
    mentions: list[UUID]
    thought_ids: list[UUID]
    tags: list[str]
    emojis: list[dict[str, Any]]
    starts_at: datetime | None
    ends_at: datetime | None
    all_day: bool
    scheduled_at: datetime | None


@dataclass(frozen=True, slots=True)
class LinkedThought:
    """A thought that everybody may see, and its page."""

    id: UUID
    url: str


_OWN = """a.id, a.source, a.content, a.page_html, a.mentions, a.thought_ids, a.tags, a.emojis, a.starts_at, a.ends_at,
    a.all_day, a.scheduled_at, a.published, a.published_at, a.updated_at, """
COLUMNS = _OWN + "false AS dismissed"
_SEEN_BY = """EXISTS (SELECT FROM announcement_dismissals d
        WHERE d.announcement_id = a.id AND d.user_id = $1)"""


def _announcements(sql: str) -> Rows[Announcement]:
    return Rows(Announcement, sql, columns=COLUMNS)


# By the day they tell of, as Mastodon sorts them.
PUBLISHED = Rows(
    Announcement,
    """SELECT {outer} FROM (
        SELECT {own}{seen} AS dismissed FROM announcements a
        WHERE a.published AND ($2 OR NOT {seen}) ORDER BY a.id DESC LIMIT $3) x
    ORDER BY coalesce(x.starts_at, x.published_at), x.id""",
    own=_OWN,
    outer=_OWN.replace("a.", "x.") + "x.dismissed",
    seen=_SEEN_BY,
)
PAGE = _announcements(
    """SELECT {columns} FROM announcements a
    WHERE a.id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') ORDER BY a.id DESC LIMIT $2"""
)
ONE = _announcements("SELECT {columns} FROM announcements a WHERE a.id = $1")
# Whoever changes or reacts waits for whoever does so already.
LOCKED = _announcements("SELECT {columns} FROM announcements a WHERE a.id = $1 FOR NO KEY UPDATE")
INSERT = _announcements(
    """INSERT INTO announcements AS a (source, content, page_html, mentions, thought_ids, tags, emojis,
        starts_at, ends_at, all_day, scheduled_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING {columns}"""
)
UPDATE = _announcements(
    """UPDATE announcements a SET source = $2, content = $3, page_html = $4, mentions = $5, thought_ids = $6,
        tags = $7, emojis = $8, starts_at = $9, ends_at = $10, all_day = $11,
        scheduled_at = CASE WHEN NOT a.published THEN $12::timestamptz END, updated_at = now()
    WHERE a.id = $1 RETURNING {columns}"""
)
PUBLISH = Value(
    UUID,
    """UPDATE announcements SET published = true, published_at = $2, scheduled_at = NULL, updated_at = now()
    WHERE id = $1 AND NOT published RETURNING id""",
)
UNPUBLISH = Value(
    UUID, "UPDATE announcements SET published = false, updated_at = now() WHERE id = $1 AND published RETURNING id"
)
DELETE = Rows(Announcement, "DELETE FROM announcements a WHERE a.id = $1 RETURNING {columns}", columns=COLUMNS)
PUBLISH_DUE = Value(
    UUID,
    """UPDATE announcements SET published = true, published_at = $1, scheduled_at = NULL, updated_at = now()
    WHERE scheduled_at <= $1 AND NOT published RETURNING id""",
)
# The last day of what is all day counts as a whole.
END_PAST = Value(
    UUID,
    """UPDATE announcements SET published = false, updated_at = now()
    WHERE published AND ends_at + CASE WHEN all_day THEN interval '1 day' ELSE interval '0' END <= $1 RETURNING id""",
)
DISMISS = Command(
    """INSERT INTO announcement_dismissals (user_id, announcement_id)
    SELECT $1, id FROM announcements WHERE id = $2 AND published ON CONFLICT DO NOTHING"""
)
KINDS_BESIDE = Value(
    int,
    "SELECT count(DISTINCT name)::integer FROM announcement_reactions WHERE announcement_id = $1 AND name <> $2",
)
REACT = Command(
    """INSERT INTO announcement_reactions (announcement_id, user_id, name, url) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING"""
)
UNREACT = Command("DELETE FROM announcement_reactions WHERE announcement_id = $1 AND user_id = $2 AND name = $3")
TALLIES = Rows(
    Tally,
    """SELECT r.announcement_id AS about_id, r.name, max(r.url) AS url, count(*)::integer AS count,
        coalesce(bool_or(r.user_id = $1), false) AS mine
    FROM announcement_reactions r WHERE r.announcement_id = ANY($2::uuid[]) GROUP BY r.announcement_id, r.name
    ORDER BY r.announcement_id, min(r.created_at), r.name""",
)
# $1 is NULL: what a stranger may see everybody may.
LINKED = Rows(
    LinkedThought,
    """SELECT t.id, t.url FROM thoughts t
    WHERE (t.id = ANY($2::uuid[]) OR t.ap_id = ANY($3::text[]) OR t.url = ANY($3::text[])) AND {visible}
    ORDER BY t.id LIMIT 1000""",
    visible=VISIBLE,
)


async def list_published(db: Connection, viewer: UUID | None, *, with_dismissed: bool) -> list[Announcement]:
    """List what stands, by the day it tells of."""
    return await PUBLISHED.all(db, viewer, with_dismissed, MOST_PUBLISHED)


async def list_announcements(db: Connection, *, before: UUID | None, limit: int) -> list[Announcement]:
    """List all of them, newest first."""
    return await PAGE.all(db, before, limit)


async def list_linked(db: Connection, ids: Sequence[UUID], urls: Sequence[str] = ()) -> list[LinkedThought]:
    """List those of these thoughts, named by id or address, that everybody may see."""
    return await LINKED.all(db, None, list(ids), list(urls)) if ids or urls else []


async def find_announcement(db: Connection, announcement_id: UUID, *, lock: bool = False) -> Announcement | None:
    """Find an announcement; locked against others who change it."""
    return await (LOCKED if lock else ONE).first(db, announcement_id)


async def insert_announcement(db: Connection, new: NewAnnouncement) -> Announcement:
    """Store an announcement, unpublished."""
    return await INSERT.one(db, *_values(new))


async def update_announcement(db: Connection, announcement_id: UUID, new: NewAnnouncement) -> Announcement | None:
    """Write an announcement anew; a published one is told again and keeps no moment of publication ahead."""
    changed = await UPDATE.first(db, announcement_id, *_values(new))
    if changed is not None and changed.published:
        tell(db, Announced(announcement_id))
    return changed


def _values(new: NewAnnouncement) -> tuple[Any, ...]:
    return (
        new.source, new.content, new.page_html, new.mentions, new.thought_ids, new.tags, new.emojis,
        new.starts_at, new.ends_at, new.all_day, new.scheduled_at,
    )  # fmt: skip


async def mark_published(db: Connection, announcement_id: UUID, at: datetime) -> bool:
    """Publish an announcement and tell everybody; False when it stands already."""
    if await PUBLISH.get(db, announcement_id, at) is None:
        return False
    tell(db, Announced(announcement_id))
    return True


async def mark_unpublished(db: Connection, announcement_id: UUID) -> bool:
    """Take an announcement down; False when it does not stand."""
    if await UNPUBLISH.get(db, announcement_id) is None:
        return False
    _tell_gone(db, announcement_id)
    return True


async def delete_announcement(db: Connection, announcement_id: UUID) -> Announcement | None:
    """Delete an announcement; None when there is none."""
    gone = await DELETE.first(db, announcement_id)
    if gone is not None and gone.published:
        _tell_gone(db, announcement_id)
    return gone


async def keep_times(db: Connection, now: datetime) -> tuple[int, int]:
    """Publish what is due and take down what is over, each once; return how many of each."""
    due = await PUBLISH_DUE.all(db, now)
    for one in due:
        tell(db, Announced(one))
    over = await END_PAST.all(db, now)
    for one in over:
        _tell_gone(db, one)
    return len(due), len(over)


def _tell_gone(db: Connection, announcement_id: UUID) -> None:
    tell(db, Changed("announcement.delete", [], str(announcement_id)))


async def insert_reaction(db: Connection, announcement_id: UUID, user_id: UUID, name: str, url: str | None) -> None:
    """React; quiet when this was done before."""
    if await REACT.run(db, announcement_id, user_id, name, url):
        tell(db, AnnouncementReacted(announcement_id, name))


async def delete_reaction(db: Connection, announcement_id: UUID, user_id: UUID, name: str) -> bool:
    """Take a reaction back; False when there was none."""
    if not await UNREACT.run(db, announcement_id, user_id, name):
        return False
    tell(db, AnnouncementReacted(announcement_id, name))
    return True


async def list_tallies(db: Connection, viewer: UUID | None, ids: Sequence[UUID]) -> dict[UUID, list[Tally]]:
    """Tell how these announcements were reacted to, the first emoji first."""
    found: dict[UUID, list[Tally]] = {}
    for tally in await TALLIES.all(db, viewer, list(ids)) if ids else []:
        found.setdefault(tally.about_id, []).append(tally)
    return found
