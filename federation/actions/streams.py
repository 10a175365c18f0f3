"""What streams tell to whom: read by ids when something happened, by the rules of the timelines."""

from __future__ import annotations

from collections.abc import Collection, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.filtering import filter_for
from federation.actions.notices import Notices, get_notification
from federation.actions.timelines import Shown, show
from federation.errors import NotFound
from storage import entries, people, streams, tokens
from storage.people import Person

if TYPE_CHECKING:
    from federation.protocol.filtering import Match
    from federation.services import Services
    from storage.entries import Entry
    from storage.news import EntriesGone, Notified

Holders = dict[UUID, set[UUID]]
"""Which people and lists have something on their timeline, by its id."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Whom this process speaks to: people at their home timeline, and lists."""

    people: Set[UUID] = field(default_factory=frozenset)
    lists: Set[UUID] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Told:
    """Entries ready to be shown to nobody in particular, and who holds them."""

    shown: Shown
    holders: Holders


@dataclass(frozen=True, slots=True)
class Notice:
    """A person's notification, ready to be shown to them."""

    viewer: Person
    notices: Notices


async def read_entries(services: Services, entry_ids: Collection[UUID], listening: Listening) -> Told:
    """Read new entries, and who of the listeners holds them. What is gone already is left out."""
    async with services.database.connection() as db:
        shown = await show(db, None, await entries.list_of_thoughts(db, list(entry_ids)), details=True)
        found = await streams.list_held(db, listening.people, listening.lists, entry_ids)
    return Told(shown, _holders(found))


async def read_edited(services: Services, thought_ids: Collection[UUID], listening: Listening) -> Told:
    """Read edited thoughts, and who of the listeners holds them, also as boosts."""
    async with services.database.connection() as db:
        shown = await show(db, None, await entries.list_of_thoughts(db, list(thought_ids)), details=True)
        found = await streams.list_held_thoughts(db, listening.people, listening.lists, thought_ids)
    return Told(shown, _holders(found))


async def find_viewers(services: Services, viewers: Collection[UUID], entry_ids: Collection[UUID]) -> Holders:
    """Find who of these people may see which of these entries outside their own timelines."""
    async with services.database.connection() as db:
        return _holders(await streams.list_visible_to(db, viewers, entry_ids))


async def find_filtered(
    services: Services, listeners: Collection[UUID], shown: Shown
) -> dict[UUID, dict[UUID, tuple[Match, ...]]]:
    """Find what of these entries, and of what they quote, falls under whose filters: of those who have any."""
    about = {entry.thought.id: entry.thought for entry in shown.entries}
    about |= {one.entry.thought.id: one.entry.thought for one in shown.quotes.values() if one.entry is not None}
    async with services.database.connection() as db:
        versions = await streams.list_filtering(db, listeners)
        found = await filter_for(db, versions, about.values())
    return {person_id: matches for person_id, matches in found.items() if matches}


async def find_bereaved(services: Services, gone: EntriesGone, listening: Listening) -> Holders:
    """Find which of the listeners may have held which of the deleted entries."""
    async with services.database.connection() as db:
        found = await streams.list_reading(db, listening.people, listening.lists, set(gone.user_ids))
    readers = _holders(found)
    named = set(gone.mentioned)
    return {
        entry_id: readers.get(owner, set()) | ((named | {owner}) & listening.people)
        for entry_id, owner in zip(gone.entry_ids, gone.user_ids, strict=True)
    }  # fmt: skip


async def read_notices(services: Services, news: Notified, listeners: Collection[UUID]) -> list[Notice]:
    """Read the notifications of one event, each as its owner may see it; those taken back are left out."""
    async with services.database.connection() as db:
        found = await streams.list_notifications(db, listeners, news)
        viewers = await people.find_people(db, [pair.holder_id for pair in found])
    notices = []
    for pair in found:
        viewer = viewers.get(pair.holder_id)
        if viewer is None:
            continue
        try:
            notices.append(Notice(viewer, await get_notification(services, viewer, pair.about_id)))
        except NotFound:
            continue
    return notices


async def read_people(services: Services, ids: Collection[UUID]) -> list[Person]:
    """Read who listens."""
    async with services.database.connection() as db:
        return list((await people.find_people(db, list(ids))).values())


async def find_dead(services: Services, hashes: Collection[bytes]) -> set[bytes]:
    """Find which of these tokens and sessions (by hash) speak for nobody any more."""
    async with services.database.connection() as db:
        return set(hashes) - set(await tokens.list_live(db, hashes))


def is_answer(entry: Entry) -> bool:
    """Tell whether a thought answers somebody else, and so stays off the public timelines."""
    thought = entry.thought
    return thought.reply_to_ap_id is not None and thought.reply_to_user_id != thought.user_id


def _holders(pairs: list[streams.Pair]) -> Holders:
    holders: Holders = {}
    for pair in pairs:
        holders.setdefault(pair.about_id, set()).add(pair.holder_id)
    return holders
