"""Markers: how far somebody has read, so that another app begins there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.acting import acting
from federation.errors import Invalid
from storage import markers, notifications
from storage.markers import Marker

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

TIMELINES = ("home", "notifications")
MAX_ID = 64


async def get_markers(services: Services, person: Person, timelines: Sequence[str]) -> list[Marker]:
    """Return a person's markers of these timelines, those that there are."""
    async with services.database.connection() as db:
        return await markers.list_markers(db, person.id, timelines)


async def set_markers(services: Services, person: Person, wanted: Mapping[str, str]) -> list[Marker]:
    """Move markers; notifications up to theirs count as read."""
    for timeline, last_read_id in wanted.items():
        if timeline not in TIMELINES or not last_read_id or len(last_read_id) > MAX_ID:
            raise Invalid("A marker says the id that was read last.", field=timeline)
    async with acting(services, person) as db:
        moved = [await markers.set_marker(db, person.id, timeline, wanted[timeline]) for timeline in sorted(wanted)]
        up_to = _as_id(wanted.get("notifications"))
        if up_to is not None:
            await notifications.mark_read(db, person.id, up_to)
    return moved


def _as_id(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text is not None and len(text) == 36 else None
    except ValueError:
        return None
