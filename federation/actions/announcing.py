"""Announcements as admins write them: at once, as drafts, or to be published at their time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from federation.actions.administration import check_admin
from federation.actions.people import find_mentioned, mention_targets
from federation.actions.written_emojis import find_written
from federation.errors import Conflict, Invalid, NotFound
from federation.protocol.ids import LocalThought
from federation.protocol.own_links import with_own_links
from federation.protocol.text import (
    count_characters,
    excess,
    find_links,
    find_mentions,
    find_tags,
    normalise_source,
    render_source,
)
from storage import announcements, moderation
from storage.announcements import Announcement, NewAnnouncement

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.people import Person

MOST_CHARS: Final = 5000
_MOST_LINKS: Final = 20
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AnnouncementDraft:
    """What an admin typed: from when to when it tells of, and when it is to be published without anybody's help."""

    source: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    all_day: bool = False
    scheduled_at: datetime | None = None


async def write_announcement(
    services: Services, admin: Person, draft: AnnouncementDraft, *, publish: bool
) -> Announcement:
    """Store an announcement, and with `publish` tell everybody of it. Raises `Invalid` naming the field."""
    new = await _compose(services, admin, draft)
    async with services.database.transaction() as db:
        written = await announcements.insert_announcement(db, await _with_emojis(db, new))
        await moderation.insert_audit(db, admin.id, "write announcement", str(written.id), {"text": new.source[:100]})
        if publish:
            await _publish(db, services, admin, written)
    return written


async def edit_announcement(
    services: Services, admin: Person, announcement_id: UUID, draft: AnnouncementDraft
) -> Announcement:
    """Write an announcement anew; everybody is told of a published one's new form. Raises `NotFound`, `Invalid`."""
    new = await _compose(services, admin, draft)
    async with services.database.transaction() as db:
        changed = await announcements.update_announcement(db, announcement_id, await _with_emojis(db, new))
        if changed is None:
            raise NotFound("There is no such announcement.")
        await moderation.insert_audit(db, admin.id, "edit announcement", str(changed.id), {"text": new.source[:100]})
    return changed


async def publish_announcement(services: Services, admin: Person, announcement_id: UUID) -> None:
    """Tell everybody of an announcement now. Raises `NotFound`, `Conflict` for one that stands or is over."""
    check_admin(admin)
    async with services.database.transaction() as db:
        await _publish(db, services, admin, await _get(db, announcement_id, lock=True))


async def _publish(db: Connection, services: Services, admin: Person, announcement: Announcement) -> None:
    now = services.now()
    end = announcement.ends_at + _DAY * announcement.all_day if announcement.ends_at is not None else None
    if end is not None and end <= now:
        raise Conflict("What it tells of is over.", field="ends_at")
    if not await announcements.mark_published(db, announcement.id, now):
        raise Conflict("It is published already.")
    await moderation.insert_audit(db, admin.id, "publish announcement", str(announcement.id))


async def unpublish_announcement(services: Services, admin: Person, announcement_id: UUID) -> None:
    """Take an announcement down; who put it away and how people reacted is kept. Quiet for one that does not stand."""
    check_admin(admin)
    async with services.database.transaction() as db:
        await _get(db, announcement_id)
        if await announcements.mark_unpublished(db, announcement_id):
            await moderation.insert_audit(db, admin.id, "take down announcement", str(announcement_id))


async def delete_announcement(services: Services, admin: Person, announcement_id: UUID) -> None:
    """Delete an announcement with its reactions."""
    check_admin(admin)
    async with services.database.transaction() as db:
        gone = await announcements.delete_announcement(db, announcement_id)
        if gone is None:
            raise NotFound("There is no such announcement.")
        await moderation.insert_audit(
            db, admin.id, "delete announcement", str(gone.id), {"text": gone.source[:100]}
        )  # fmt: skip


async def get_announcement(services: Services, admin: Person, announcement_id: UUID) -> Announcement:
    """Return an announcement, published or not."""
    check_admin(admin)
    async with services.database.connection() as db:
        return await _get(db, announcement_id)


async def list_announcements(
    services: Services, admin: Person, *, before: UUID | None = None, limit: int
) -> list[Announcement]:
    """List a page of all announcements, newest first."""
    check_admin(admin)
    async with services.database.connection() as db:
        return await announcements.list_announcements(db, before=before, limit=limit)


async def keep_times(services: Services) -> tuple[int, int]:
    """Publish what is due and take down what is over; return how many of each."""
    async with services.database.transaction() as db:
        return await announcements.keep_times(db, services.now())


async def _get(db: Connection, announcement_id: UUID, *, lock: bool = False) -> Announcement:
    found = await announcements.find_announcement(db, announcement_id, lock=lock)
    if found is None:
        raise NotFound("There is no such announcement.")
    return found


async def _compose(services: Services, admin: Person, draft: AnnouncementDraft) -> NewAnnouncement:
    """Check what was typed and render it, looking up whom it mentions and which thoughts it links to."""
    check_admin(admin)
    source, origin = normalise_source(draft.source), services.settings.origin
    if not source:
        raise Invalid("Write something first.", field="source")
    length = count_characters(source)
    if length > MOST_CHARS:
        raise Invalid(f"That is {excess(length, MOST_CHARS)} too long; {MOST_CHARS} fit.", field="source")
    draft = _checked_times(draft)
    found = await find_mentioned(services, find_mentions(source), author=admin)
    mentioned = list({person.id: person for person in found.values()}.values())
    links = find_links(source)[:_MOST_LINKS]
    ours = [ref.id for link in links if isinstance(ref := services.urls.parse_local(link), LocalThought)]
    async with services.database.connection() as db:
        linked = await announcements.list_linked(db, ours, links)
    content = render_source(source, mention_targets(found), origin=origin)
    return NewAnnouncement(
        source=source,
        content=content,
        page_html=with_own_links(content, mentioned, origin=origin),
        mentions=[person.id for person in mentioned],
        thought_ids=[one.id for one in linked],
        tags=[tag.name for tag in find_tags(source)],
        emojis=[],
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
        all_day=draft.all_day,
        scheduled_at=draft.scheduled_at,
    )


async def _with_emojis(db: Connection, new: NewAnnouncement) -> NewAnnouncement:
    return replace(new, emojis=await find_written(db, new.source))


def _checked_times(draft: AnnouncementDraft) -> AnnouncementDraft:
    starts_at, ends_at = draft.starts_at, draft.ends_at
    if starts_at is None and ends_at is None:
        return replace(draft, all_day=False)
    if starts_at is None:
        raise Invalid("Say when it begins, too.", field="starts_at")
    if ends_at is None:
        raise Invalid("Say when it ends, too.", field="ends_at")
    if draft.all_day:
        starts_at, ends_at = _midnight(starts_at), _midnight(ends_at)
    if ends_at < starts_at or (ends_at == starts_at and not draft.all_day):
        raise Invalid("It ends before it begins.", field="ends_at")
    if draft.scheduled_at is not None and draft.scheduled_at >= ends_at + _DAY * draft.all_day:
        raise Invalid("It would be over by then.", field="scheduled_at")
    return replace(draft, starts_at=starts_at, ends_at=ends_at)


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
