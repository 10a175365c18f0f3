"""Finding people to follow: suggestions for one, and the directory for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.actions.acting import acting
from storage import people, suggestions
from storage.people import Person

if TYPE_CHECKING:
    from federation.services import Services


async def get_suggestions(services: Services, viewer: Person, *, limit: int) -> list[tuple[Person, str]]:
    """Return whom the viewer may want to follow, each with why."""
    async with services.database.connection() as db:
        found = await suggestions.list_suggested(db, viewer.id, limit=limit)
        who = await people.find_people(db, [one.person_id for one in found])
    return [(who[one.person_id], one.source) for one in found if one.person_id in who]


async def dismiss_suggestion(services: Services, viewer: Person, person: Person) -> None:
    """Suggest somebody no more."""
    async with acting(services, viewer) as db:
        await suggestions.DISMISS.run(db, viewer.id, person.id)


async def get_directory(services: Services, *, newest: bool, local: bool, limit: int, offset: int) -> list[Person]:
    """Return a page of those who want to be found: the newest, or those who spoke last."""
    async with services.database.connection() as db:
        return await suggestions.list_directory(db, newest=newest, local=local, limit=limit, offset=offset)
