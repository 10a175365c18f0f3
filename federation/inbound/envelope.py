"""What a handler gets beside the activity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from storage import people
from storage.people import Person

if TYPE_CHECKING:
    from federation.services import Services


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who signed an activity, and the owner of the personal inbox it came to, if it was one."""

    signer: Person
    addressee: UUID | None = None


async def find_ours(services: Services, ap_id: str) -> Person | None:
    """Find an active person of ours by actor id; the instance actor is not one."""
    async with services.database.connection() as db:
        person = await people.find_by_ap_id(db, ap_id)
    if person is None or person.is_remote or person.state != "active" or person.actor_type == "Application":
        return None
    return person
