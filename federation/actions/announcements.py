"""Announcements as people here get them: what stands, putting it away, reacting to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from federation.actions.acting import acting
from federation.actions.written_emojis import find_chosen
from federation.errors import Invalid, NotFound
from storage import announcements, people
from storage.announcements import Announcement, LinkedThought
from storage.emoji_reactions import Tally
from storage.people import Person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection

MOST_REACTIONS: Final = 8
"""How many different emojis there are under an announcement, as at Mastodon."""


@dataclass(frozen=True, slots=True)
class Posted:
    """Announcements with everything that showing them needs."""

    announcements: Sequence[Announcement]
    people: Mapping[UUID, Person]
    thoughts: Mapping[UUID, LinkedThought]
    reactions: Mapping[UUID, Sequence[Tally]]


async def get_posted(services: Services, viewer: Person, *, with_dismissed: bool) -> Posted:
    """Return what stands, by the day it tells of; what the viewer put away only when asked for."""
    async with services.database.connection() as db:
        found = await announcements.list_published(db, viewer.id, with_dismissed=with_dismissed)
        return await _posted(db, viewer.id, found)


async def find_posted(services: Services, announcement_id: UUID) -> Posted:
    """Return an announcement for telling nobody in particular; without it when it does not stand any more."""
    async with services.database.connection() as db:
        found = await announcements.find_announcement(db, announcement_id)
        return await _posted(db, None, [found] if found is not None and found.published else [])


async def find_tally(services: Services, announcement_id: UUID, name: str) -> Tally:
    """Return how many reacted to an announcement with an emoji, who knows with none."""
    async with services.database.connection() as db:
        tallies = (await announcements.list_tallies(db, None, [announcement_id])).get(announcement_id, [])
    return next((one for one in tallies if one.name == name), Tally(announcement_id, name, None, 0, mine=False))


async def _posted(db: Connection, viewer: UUID | None, found: Sequence[Announcement]) -> Posted:
    named = {person_id for one in found for person_id in one.mentions}
    linked = {thought_id for one in found for thought_id in one.thought_ids}
    return Posted(
        found,
        await people.find_people(db, list(named)) if named else {},
        {thought.id: thought for thought in await announcements.list_linked(db, list(linked))},
        await announcements.list_tallies(db, viewer, [one.id for one in found]),
    )


async def dismiss_announcement(services: Services, person: Person, announcement_id: UUID) -> None:
    """Put an announcement away; quiet when this was done before. Raises `NotFound` for one that does not stand."""
    async with acting(services, person) as db:
        await _get_standing(db, announcement_id)
        await announcements.DISMISS.run(db, person.id, announcement_id)


async def react_to_announcement(services: Services, person: Person, announcement_id: UUID, name: str) -> None:
    """React with a Unicode emoji or one of ours, each once. Raises `NotFound`, `Invalid`."""
    async with acting(services, person) as db:
        await _get_standing(db, announcement_id, lock=True)
        chosen = await find_chosen(db, name.strip())
        if chosen is None:
            raise Invalid("That is not an emoji that is known here.", field="name")
        if await announcements.KINDS_BESIDE.one(db, announcement_id, chosen[0]) >= MOST_REACTIONS:
            raise Invalid(f"There are {MOST_REACTIONS} different reactions already: choose one of them.", field="name")
        await announcements.insert_reaction(db, announcement_id, person.id, *chosen)


async def unreact_to_announcement(services: Services, person: Person, announcement_id: UUID, name: str) -> None:
    """Take a reaction back. Raises `NotFound` when there is none."""
    async with acting(services, person) as db:
        await _get_standing(db, announcement_id, lock=True)
        if not await announcements.delete_reaction(db, announcement_id, person.id, name.strip().strip(":")):
            raise NotFound("You did not react so.")


async def _get_standing(db: Connection, announcement_id: UUID, *, lock: bool = False) -> Announcement:
    found = await announcements.find_announcement(db, announcement_id, lock=lock)
    if found is None or not found.published:
        raise NotFound("There is no such announcement.")
    return found
