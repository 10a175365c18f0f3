"""Telling other servers of our people's collections: whole ones and single places in them (FEP-7aa9)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from federation.actions.outgoing import Audience, send
from storage import collections, relations
from storage.collections import Collection, Item

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.people import Person


async def _tell(
    db: Connection,
    services: Services,
    owner: Person,
    found: Collection,
    *,
    kind: str,
    render: Callable[[str], dict[str, Any]],
    also: Sequence[UUID] = (),
    to_followers: bool = False,
) -> None:
    """Send to whom it features or asked, `also` to these people, and if it stands on a profile to the followers."""
    featured = await collections.FEATURED_PEOPLE.all(db, found.id)
    await send(
        db, services, owner, kind, render,
        ordering_key=found.ap_id,
        audience=Audience(found.discoverable or to_followers, await relations.list_inboxes(db, [*featured, *also])),
        public=True,
    )  # fmt: skip


async def send_collection(
    db: Connection, services: Services, owner: Person, found: Collection, kind: str, *, was_shown: bool = False
) -> None:
    """Tell of a collection as it is now: `Add` of a new one, `Update` of a changed one.

    The followers hear of it when it stands on the profile, or did (`was_shown`).
    """
    items = await collections.list_items(db, None, [found.id])
    await _tell(
        db, services, owner, found, kind=kind,
        render=lambda ap_id: services.render.collections.about(kind, ap_id, owner, found, items),
        to_followers=was_shown,
    )  # fmt: skip


async def send_end(
    db: Connection, services: Services, owner: Person, found: Collection, *, also: Sequence[UUID] = ()
) -> None:
    """Tell that a collection is gone, or does not stand on its owner's profile any more."""
    await _tell(
        db, services, owner, found, kind="Remove",
        render=lambda ap_id: services.render.collections.remove(
            ap_id, owner.ap_id, found.ap_id, services.urls.collections(owner.username)
        ),
        also=also,
    )  # fmt: skip


async def send_item(
    db: Connection, services: Services, owner: Person, found: Collection, item: Item, *, stamp: str | None
) -> None:
    """Tell that somebody stands in a collection now."""
    await _tell(
        db, services, owner, found, kind="Add",
        render=lambda ap_id: services.render.collections.add_item(ap_id, owner.ap_id, found, item, stamp),
    )  # fmt: skip


async def send_removal(db: Connection, services: Services, owner: Person, found: Collection, item: Item) -> None:
    """Tell that somebody, who is told as well, stands in a collection no longer."""
    if item.ap_id is None or item.state != "accepted":
        return
    ap_id_of_item = item.ap_id
    await _tell(
        db, services, owner, found, kind="Remove",
        render=lambda ap_id: services.render.collections.remove(ap_id, owner.ap_id, ap_id_of_item, found.ap_id),
        also=[item.person_id] if item.person_id is not None else [],
    )  # fmt: skip
