"""What the viewer is told: notifications and follow requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.collections import Shelf, read_shelf
from federation.actions.timelines import Shown, show
from federation.errors import NotFound
from storage import collections, emoji_reactions, entries, notifications, people, relations, reports
from storage.emoji_reactions import EmojiReaction
from storage.entries import Page
from storage.notifications import Notification
from storage.people import Person
from storage.reports import Report, Strike

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Notices:
    """A page of notifications with the people and thoughts they name."""

    notifications: list[Notification]
    people: dict[UUID, Person]
    shown: Shown
    reactions: dict[tuple[UUID, UUID], EmojiReaction] = field(default_factory=dict)
    """What somebody reacted with last, by thought and person."""
    reports: dict[UUID, Report] = field(default_factory=dict)
    warnings: dict[UUID, Strike] = field(default_factory=dict)
    shelf: Shelf = field(default_factory=lambda: Shelf([], {}))
    """The collections that notifications tell of."""


async def get_notifications(
    services: Services,
    viewer: Person,
    page: Page,
    *,
    types: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
    actor_id: UUID | None = None,
    with_filtered: bool = False,
    details: bool = False,
) -> Notices:
    """Return a page of the viewer's notifications, newest first; `actor_id` picks those that one person caused.

    What the viewer's policy keeps apart comes only `with_filtered`.
    """
    async with services.database.connection() as db:
        found = await notifications.list_notifications(
            db, viewer.id, page, types=types, exclude=exclude, actor_id=actor_id, with_filtered=with_filtered
        )
        return await read_notices(db, viewer, found, details=details)


async def read_notices(db: Connection, viewer: Person, found: list[Notification], *, details: bool) -> Notices:
    """Read the people, thoughts, reports and warnings that notifications tell of."""
    about = list({one.thought_id for one in found if one.thought_id is not None})
    shown = await show(db, viewer, await entries.list_of_thoughts(db, about), details=details)
    reacted = await _reactions(db, shown, found)
    told, warned = await _decisions(db, found)
    curated = await collections.list_shown(
        db, viewer.id, list({one.collection_id for one in found if one.collection_id is not None})
    )
    shelf = await read_shelf(db, viewer, list(curated.values())) if curated else Shelf([], {})
    named = {one.actor_id for one in found} | {one.target_id for one in told.values()}
    return Notices(found, await people.find_shown(db, list(named)), shown, reacted, told, warned, shelf)


async def _decisions(db: Connection, found: Sequence[Notification]) -> tuple[dict[UUID, Report], dict[UUID, Strike]]:
    """Read the reports and warnings that these notifications tell of."""
    return (
        await reports.find_reports(db, {one.report_id for one in found if one.report_id is not None}),
        await reports.find_warnings(db, {one.warning_id for one in found if one.warning_id is not None}),
    )


async def _reactions(
    db: Connection, shown: Shown, found: Sequence[Notification]
) -> dict[tuple[UUID, UUID], EmojiReaction]:
    """Tell with which emoji people reacted, of whom and of what these notifications tell."""
    if not shown.reactions:
        return {}
    who = [one.actor_id for one in found if one.type == "favourite"]
    rows = await emoji_reactions.BY_PEOPLE.all(db, list(shown.reactions), who)
    return {(one.thought_id, one.user_id): one for one in reversed(rows)}


async def get_notification(services: Services, viewer: Person, notification_id: UUID) -> Notices:
    """Return one notification, if it is the viewer's; else `NotFound`."""
    async with services.database.connection() as db:
        found = await notifications.ONE.all(db, viewer.id, notification_id)
        if not found:
            raise NotFound("There is no such notification.")
        return await read_notices(db, viewer, found, details=True)


async def count_unread(services: Services, viewer: Person) -> int:
    """Count the viewer's unread notifications, up to 100."""
    async with services.database.connection() as db:
        return await notifications.count_unread(db, viewer.id)


async def mark_read(services: Services, viewer: Person, up_to: UUID) -> None:
    """Mark notifications as read, up to one."""
    async with services.database.transaction() as db:
        await notifications.mark_read(db, viewer.id, up_to)


async def clear_notifications(services: Services, viewer: Person) -> None:
    """Delete all of the viewer's notifications."""
    async with services.database.transaction() as db:
        await notifications.CLEAR.run(db, viewer.id)


async def dismiss_notification(services: Services, viewer: Person, notification_id: UUID) -> None:
    """Delete one of the viewer's notifications, or raise `NotFound`."""
    async with services.database.transaction() as db:
        if not await notifications.DISMISS.run(db, viewer.id, notification_id):
            raise NotFound("There is no such notification.")


async def count_follow_requests(services: Services, viewer: Person) -> int:
    """Count who asks to follow the viewer."""
    async with services.database.connection() as db:
        return await relations.COUNT_REQUESTS.one(db, viewer.id)


async def list_follow_requests(services: Services, viewer: Person, *, before: UUID | None, limit: int) -> list[Person]:
    """List who asks to follow the viewer, newest first."""
    async with services.database.connection() as db:
        asking = await relations.list_followers(db, viewer.id, state="pending", before=before, limit=limit)
        found = await people.find_people(db, [one.person_id for one in asking])
    return [found[one.person_id] for one in asking if one.person_id in found]
