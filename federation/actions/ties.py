"""What somebody keeps about people: a note for themselves, a place among top friends, and friends in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.acting import acting
from federation.errors import Invalid
from storage import people, relations
from storage.people import Person

if TYPE_CHECKING:
    from federation.services import Services

MAX_NOTE = 2000
MOST_FAMILIAR = 40


async def set_note(services: Services, person: Person, about: Person, note: str) -> None:
    """Note something down about a person, for nobody else to read; an empty note is none."""
    note = note.strip()
    if len(note) > MAX_NOTE:
        raise Invalid(f"A note may have {MAX_NOTE} characters.", field="comment")
    async with acting(services, person) as db:
        await relations.set_note(db, person.id, about.id, note)


async def add_top_friend(services: Services, person: Person, friend: Person) -> None:
    """Give a person whom one follows the first free place among one's top friends; quiet when they have one."""
    async with acting(services, person) as db:
        await relations.lock_pair(db, person.id, person.id)
        known = (await relations.list_relations(db, person.id, [friend.id]))[friend.id]
        if not known.following:
            raise Invalid(f"Follow {friend.handle} first: top friends are people you follow.")
        if not known.endorsed and not await people.ADD_TOP_FRIEND.run(db, person.id, friend.id):
            raise Invalid("All places among your top friends are taken. Make room first.")


async def remove_top_friend(services: Services, person: Person, friend: Person) -> None:
    """Take a person from one's top friends; quiet when they are not among them."""
    async with acting(services, person) as db:
        await people.REMOVE_TOP_FRIEND.run(db, person.id, friend.id)


async def get_familiar(services: Services, viewer: Person, ids: Sequence[UUID]) -> dict[UUID, list[Person]]:
    """Return, for each of these people, whom the viewer follows of their followers."""
    async with services.database.connection() as db:
        ties = await relations.list_familiar(db, viewer.id, ids, limit=MOST_FAMILIAR)
        found = await people.find_people(db, list({tie.familiar_id for tie in ties}))
    return {
        one: [found[tie.familiar_id] for tie in ties if tie.person_id == one and tie.familiar_id in found]
        for one in ids
    }
