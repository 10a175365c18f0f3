"""Collections of people from rows to what templates show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from web.presenting.people import person_view
from web.view_models import CollectionView, PlaceView

if TYPE_CHECKING:
    from uuid import UUID

    from federation.actions.collections import Shelf
    from storage.collections import Collection, Item
    from storage.people import Person


def collection_view(
    found: Collection, owner: Person, items: Sequence[Item], people: Mapping[UUID, Person], viewer: Person | None = None
) -> CollectionView:
    """Return a collection as a line or its page shows it."""
    return CollectionView(
        id=str(found.id),
        url=f"/@{quote(owner.handle, safe='@:')}/collections/{found.id}",
        name=found.name,
        description=found.description,
        owner=person_view(owner),
        language=found.language,
        tag=found.tag,
        sensitive=found.sensitive,
        discoverable=found.discoverable,
        is_own=viewer is not None and viewer.id == owner.id,
        remote_url=found.url if found.is_remote else None,
        places=tuple(
            PlaceView(str(item.id), person_view(people[item.person_id]), waiting=item.state == "pending")
            for item in items
            if item.person_id is not None and item.person_id in people
        ),
    )


def shelf_views(shelf: Shelf, viewer: Person | None) -> tuple[CollectionView, ...]:
    """Return collections that were read with their people."""
    return tuple(
        collection_view(found, shelf.people[found.user_id], shelf.items[found.id], shelf.people, viewer)
        for found in shelf.collections
        if found.user_id in shelf.people
    )
