"""Conversations: direct thoughts by who takes part in them, with what is unread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.acting import acting
from federation.actions.timelines import Shown, show
from federation.errors import NotFound
from storage import conversations, entries, people
from storage.conversations import Conversation
from storage.people import Person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.entries import Page
    from storage.thoughts import Thought


@dataclass(frozen=True, slots=True)
class Talks:
    """Conversations with their people and last thoughts."""

    conversations: list[Conversation]
    people: dict[UUID, Person]
    shown: Shown


async def get_conversations(services: Services, viewer: Person, page: Page, *, details: bool = False) -> Talks:
    """Return a page of the viewer's conversations, keyed by their last thoughts."""
    async with services.database.connection() as db:
        return await _talks(db, viewer, await conversations.list_conversations(db, viewer.id, page), details=details)


async def _talks(db: Connection, viewer: Person, found: list[Conversation], *, details: bool) -> Talks:
    last = await entries.list_of_thoughts(db, [one.last_thought_id for one in found])
    who = {person_id for one in found for person_id in one.participants}
    return Talks(found, await people.find_people(db, list(who)), await show(db, viewer, last, details=details))


async def _find(db: Connection, viewer: Person, row_id: UUID) -> Conversation:
    found = await conversations.ONE.first(db, viewer.id, row_id)
    if found is None:
        raise NotFound("You have no such conversation.")
    return found


async def mark_read(services: Services, viewer: Person, row_id: UUID) -> Talks:
    """Take note that the viewer read a conversation, and return it."""
    async with acting(services, viewer) as db:
        await _find(db, viewer, row_id)
        await conversations.MARK_READ.run(db, viewer.id, row_id)
        return await _talks(db, viewer, [await _find(db, viewer, row_id)], details=True)


async def mark_thread_read(services: Services, viewer: Person, thought: Thought) -> None:
    """Take note that the viewer looked at a thread, when it is a direct one."""
    if thought.visibility == "direct":
        async with acting(services, viewer) as db:
            await conversations.MARK_THREAD_READ.run(db, viewer.id, thought.conversation_id)


async def find_told(services: Services, viewer: Person, thought_id: UUID) -> Talks:
    """Return the viewer's conversation whose last thought this is, if there is one, for telling them of it."""
    async with services.database.connection() as db:
        return await _talks(db, viewer, await conversations.OF_THOUGHT.all(db, viewer.id, thought_id), details=True)


async def forget_conversation(services: Services, viewer: Person, row_id: UUID) -> None:
    """Take a conversation from the viewer's list; its thoughts stay, and a new one brings it back."""
    async with acting(services, viewer) as db:
        await _find(db, viewer, row_id)
        await conversations.DELETE.run(db, viewer.id, row_id)
