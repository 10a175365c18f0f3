"""How much this server is used, and whom to write to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from federation.actions.overview import About, get_about
from federation.actions.site import House, get_house, has_terms
from storage import people

if TYPE_CHECKING:
    from federation.services import Services

_MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Usage:
    """What the page about this place says, how many were here within a month, and whether there are terms."""

    about: About
    active_month: int
    house: House
    has_terms: bool


async def get_usage(services: Services) -> Usage:
    """Count what is here. Reads whole indexes: keep the answer for a while."""
    about, house, terms = await get_about(services), await get_house(services), await has_terms(services)
    async with services.database.connection() as db:
        return Usage(about, await people.COUNT_ACTIVE_SINCE.one(db, services.now() - _MONTH), house, terms)
