"""How much this server is used, and whom to write to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from storage import instances, people, thoughts
from storage.people import Person

if TYPE_CHECKING:
    from federation.services import Services


@dataclass(frozen=True, slots=True)
class Usage:
    """Numbers of our own people and thoughts, of known hosts, and the first admin, if there is one."""

    people: int
    active_month: int
    thoughts: int
    hosts: int
    contact: Person | None


async def get_usage(services: Services) -> Usage:
    """Count what is here. Reads whole indexes: keep the answer for a while."""
    async with services.database.connection() as db:
        return Usage(
            people=await people.COUNT_LOCAL.one(db),
            active_month=await people.COUNT_ACTIVE_SINCE.one(db, services.now() - timedelta(days=30)),
            thoughts=await thoughts.COUNT_LOCAL.one(db),
            hosts=await instances.count_instances(db),
            contact=await people.FIRST_ADMIN.first(db),
        )
