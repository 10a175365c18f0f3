"""Collections: people whom somebody recommends (FEP-7aa9); shown, made, changed, and filled with consent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.acting import acting
from federation.actions.distributing import send_collection, send_end, send_item, send_removal
from federation.actions.featuring import agreement_of, ask_for_consent, may_feature
from federation.actions.preferences import check_language
from federation.errors import Forbidden, Invalid, NotFound
from federation.protocol.quote_policy import Permission
from federation.protocol.text import normalise_source, normalise_tag
from storage import collections, fetches, notifications, people, tags, thoughts
from storage.collections import Collection, Facts, Item

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.people import Person

MOST_COLLECTIONS = 10
MOST_PEOPLE = 25
MAX_NAME = 40
MAX_DESCRIPTION = 100
FRESH_FOR = timedelta(days=1)
_NOT_YOURS = "This action is not allowed"
_GONE = "This collection is gone."


@dataclass(frozen=True, slots=True)
class CollectionForm:
    """What somebody says of a collection of theirs; a hashtag with or without `#`."""

    name: str
    description: str = ""
    language: str | None = None
    tag: str = ""
    sensitive: bool = False
    discoverable: bool = False


@dataclass(frozen=True, slots=True)
class Shelf:
    """Collections with who is in them and who owns them, as far as the viewer may see it."""

    collections: list[Collection]
    items: dict[UUID, list[Item]]
    people: dict[UUID, Person] = field(default_factory=dict)


def form_of(found: Collection) -> CollectionForm:
    """Return what a collection says, for changing some of it."""
    return CollectionForm(
        found.name, found.description, found.language, found.tag or "", found.sensitive, found.discoverable
    )


def _checked(form: CollectionForm) -> Facts:
    name = " ".join(normalise_source(form.name).split())
    description = normalise_source(form.description).strip()
    if not name:
        raise Invalid("A collection needs a name.", field="name", code="ERR_BLANK")
    if len(name) > MAX_NAME:
        raise Invalid(f"The name may have {MAX_NAME} characters.", field="name", code="ERR_TOO_LONG")
    if len(description) > MAX_DESCRIPTION:
        raise Invalid(
            f"The description may have {MAX_DESCRIPTION} characters.", field="description", code="ERR_TOO_LONG"
        )
    typed = form.tag.strip()
    tag = normalise_tag(typed) if typed else None
    if typed and tag is None:
        raise Invalid("That is not a hashtag.", field="tag_name")
    return Facts(name, description, check_language(form.language), tag, form.sensitive, form.discoverable)


# --- Reading ---------------------------------------------------------------------------------------


async def read_shelf(
    db: Connection, viewer: Person | None, found: list[Collection], *, with_people: bool = False
) -> Shelf:
    """Read who is in collections that the viewer may see."""
    items: dict[UUID, list[Item]] = {one.id: [] for one in found}
    for item in await collections.list_items(db, viewer.id if viewer else None, list(items)):
        items[item.collection_id].append(item)
    if not with_people:
        return Shelf(found, items)
    featured = [item.person_id for of_one in items.values() for item in of_one if item.person_id is not None]
    return Shelf(found, items, await people.find_people(db, [*(one.user_id for one in found), *featured]))


async def get_collection(services: Services, viewer: Person | None, collection_id: UUID) -> Shelf:
    """Return a collection with everybody in it; what its own server said long ago is asked for anew."""
    async with services.database.connection() as db:
        found = await _find(db, viewer, collection_id)
        shelf = await read_shelf(db, viewer, [found], with_people=True)
    if found.is_remote and services.now() - found.fetched_at > FRESH_FOR:
        async with services.database.transaction() as db:
            await fetches.request(db, "collection", [found.ap_id])
        services.wake()
    return shelf


async def _find(db: Connection, viewer: Person | None, collection_id: UUID) -> Collection:
    found = (await collections.list_shown(db, viewer.id if viewer else None, [collection_id])).get(collection_id)
    if found is None:
        raise NotFound(_GONE)
    return found


async def get_collections_of(
    services: Services, viewer: Person | None, owner: Person, *, limit: int, offset: int = 0, with_people: bool = False
) -> Shelf:
    """Return what stands on a person's profile, newest first; to themselves all that they have."""
    async with services.database.connection() as db:
        found = await collections.OF_OWNER.all(db, viewer.id if viewer else None, owner.id, limit, offset)
        return await read_shelf(db, viewer, found, with_people=with_people)


async def get_collections_featuring(
    services: Services, viewer: Person | None, person: Person, *, limit: int, offset: int = 0, with_people: bool = False
) -> Shelf:
    """Return the collections that a person is in, newest first."""
    async with services.database.connection() as db:
        found = await collections.FEATURING.all(db, viewer.id if viewer else None, person.id, limit, offset)
        return await read_shelf(db, viewer, found, with_people=with_people)


# --- Owners ----------------------------------------------------------------------------------------


async def make_collection(
    services: Services, owner: Person, form: CollectionForm, featured: Sequence[UUID] = ()
) -> Shelf:
    """Make a collection of these people: all of them or nothing. Raises what `add_person` raises."""
    facts = _checked(form)
    wanted = list(dict.fromkeys(featured))
    if len(wanted) > MOST_PEOPLE:
        raise Invalid(f"There is room for {MOST_PEOPLE} people.", field="account_ids")
    async with acting(services, owner) as db:
        if await collections.COUNT_OF_OWNER.one(db, owner.id) >= MOST_COLLECTIONS:
            raise Invalid(f"You have {MOST_COLLECTIONS} collections. Delete one first.")
        await _coin(db, facts)
        collection_id = await thoughts.new_id(db, services.now())
        found = await collections.insert_collection(
            db, collection_id, owner.id, facts,
            ap_id=services.urls.collection(collection_id),
            url=services.urls.collection_page(owner.username, collection_id),
        )  # fmt: skip
        known = await people.find_people(db, wanted)
        placed = [await _place(db, services, owner, found, known.get(one)) for one in wanted]
        await send_collection(db, services, owner, found, "Add")
        for item, person in placed:
            if person.is_remote:
                await ask_for_consent(db, services, owner, found, item, person=person)
        shelf = await read_shelf(db, owner, [found], with_people=True)
    services.wake()
    return shelf


async def _coin(db: Connection, facts: Facts) -> None:
    if facts.tag is not None:
        await tags.COIN.one(db, facts.tag)


async def _own(db: Connection, owner: Person, collection_id: UUID) -> Collection:
    """Return a collection of somebody's own, held until the transaction ends."""
    found = await collections.find_collection(db, collection_id, lock=True)
    if found is None:
        raise NotFound(_GONE)
    if found.user_id != owner.id:
        await _find(db, owner, collection_id)
        raise Forbidden(_NOT_YOURS)
    return found


async def edit_collection(services: Services, owner: Person, collection_id: UUID, form: CollectionForm) -> Shelf:
    """Change what a collection says; those in it are told when it is more than where it stands."""
    facts = _checked(form)
    async with acting(services, owner) as db:
        before = await _own(db, owner, collection_id)
        await _coin(db, facts)
        found = await collections.update_collection(db, collection_id, facts)
        if form_of(found) != form_of(before):
            await tell_of_change(db, before, found)
            await send_collection(db, services, owner, found, "Update", was_shown=before.discoverable)
        shelf = await read_shelf(db, owner, [found], with_people=True)
    services.wake()
    return shelf


async def tell_of_change(db: Connection, before: Collection, found: Collection) -> None:
    """Notify our people in a collection that says something else now."""
    if (before.name, before.description, before.sensitive, before.tag) == (
        found.name, found.description, found.sensitive, found.tag,
    ):  # fmt: skip
        return
    featured = await collections.LOCAL_FEATURED.all(db, found.id)
    await notifications.notify_of_collection(db, featured, "collection_update", found.user_id, found.id)


async def delete_collection(services: Services, owner: Person, collection_id: UUID) -> None:
    """Delete a collection for good."""
    async with acting(services, owner) as db:
        found = await _own(db, owner, collection_id)
        await send_end(db, services, owner, found)
        await thoughts.bury(db, found.ap_id, owner.ap_id)
        await collections.DELETE.run(db, collection_id)
    services.wake()


async def take_down(services: Services, collection_id: UUID) -> None:
    """Delete anybody's collection, for moderators; a remote one does not come back. Quiet when it is gone."""
    async with services.database.transaction() as db:
        found = await collections.find_collection(db, collection_id, lock=True)
        owner = await people.find_person(db, found.user_id) if found is not None else None
        if found is None or owner is None:
            return
        if not owner.is_remote:
            await send_end(db, services, owner, found)
        await thoughts.bury(db, found.ap_id, owner.ap_id)
        await collections.DELETE.run(db, collection_id)
    services.wake()


async def cover(services: Services, collection_id: UUID) -> None:
    """Call anybody's collection sensitive, for moderators. Quiet when it is gone, or was before."""
    async with services.database.transaction() as db:
        before = await collections.find_collection(db, collection_id, lock=True)
        owner = await people.find_person(db, before.user_id) if before is not None else None
        if before is None or owner is None or before.sensitive:
            return
        await collections.COVER.run(db, collection_id)
        if not owner.is_remote:
            await collections.TOUCH.run(db, collection_id)
            found = replace(before, sensitive=True, updated_at=services.now())
            await tell_of_change(db, before, found)
            await send_collection(db, services, owner, found, "Update")
    services.wake()


async def add_person(services: Services, owner: Person, collection_id: UUID, person_id: UUID | None) -> Item:
    """Put somebody into a collection: ours at once if they let themselves be featured, others are asked.

    Raises `Forbidden` for who does not want that, or when one of the two blocks the other.
    """
    async with acting(services, owner) as db:
        found = await _own(db, owner, collection_id)
        if person_id is None:
            raise Invalid("`account_id` parameter is missing", field="account_id")
        if await collections.COUNT_ITEMS.one(db, collection_id) >= MOST_PEOPLE:
            raise Invalid(f"There is room for {MOST_PEOPLE} people.", field="account_id")
        person = (await people.find_people(db, [person_id])).get(person_id)
        item, person = await _place(db, services, owner, found, person)
        await collections.TOUCH.run(db, collection_id)
        if person.is_remote:
            await ask_for_consent(db, services, owner, found, item, person=person)
        else:
            await send_item(db, services, owner, found, item, stamp=item.stamp)
    services.wake()
    return item


async def _place(
    db: Connection, services: Services, owner: Person, found: Collection, person: Person | None
) -> tuple[Item, Person]:
    """Give somebody a place, agreed to at once by our own people."""
    if person is None or person.state == "deleted":
        raise NotFound("There is no such person here.")
    stamp = None
    if person.is_remote:
        if await may_feature(db, owner, person) not in (Permission.AUTOMATIC, Permission.MANUAL):
            raise Forbidden(f"{person.handle} does not want to be in collections, or not in yours.")
    else:
        stamp = await agreement_of(db, services, owner, person, found.ap_id)
        if stamp is None:
            raise Forbidden(f"{person.handle} does not want to be in collections, or not in yours.")
    item_id = await thoughts.new_id(db, services.now())
    item = await collections.INSERT_ITEM.first(
        db, item_id, found.id, services.urls.collection_item(found.id, item_id), person.id, person.ap_id,
        "pending" if person.is_remote else "accepted", stamp,
    )  # fmt: skip
    if item is None:
        raise Invalid(f"{person.handle} is in this collection already.", field="account_id")
    if not person.is_remote:
        await notifications.notify_of_collection(db, [person.id], "added_to_collection", owner.id, found.id)
    return item, person


async def remove_person(services: Services, owner: Person, collection_id: UUID, item_id: UUID) -> None:
    """Take somebody out of a collection of one's own."""
    async with acting(services, owner) as db:
        found = await _own(db, owner, collection_id)
        item = await collections.ITEM.first(db, collection_id, item_id)
        if item is None or item.state not in ("pending", "accepted"):
            raise NotFound("Nobody stands there in this collection.")
        await collections.DELETE_ITEM.run(db, item_id)
        await collections.TOUCH.run(db, collection_id)
        if item.person_id is not None:
            await notifications.withdraw_collection(db, item.person_id, collection_id)
        await send_removal(db, services, owner, found, item)
    services.wake()
