"""What other servers may read of our people's collections and of the hashtags that they show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from federation.actions.documents import find_local, raise_if_deleted
from federation.errors import NotFound
from federation.protocol.collections import collection
from federation.protocol.featured import hashtag
from storage import collections, people, tags
from storage.collections import Collection, Item

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.people import Person

_MOST = 80


async def get_collections_document(services: Services, username: str) -> dict[str, Any]:
    """Return the collections that stand on a person's profile, whole."""
    async with services.database.connection() as db:
        person = await find_local(db, username)
        found = await collections.OF_OWNER.all(db, None, person.id, _MOST, 0)
        items = await collections.list_items(db, None, [one.id for one in found])
    render = services.render.collections
    written = [
        render.collection(person, one, [item for item in items if item.collection_id == one.id], context=False)
        for one in found
    ]
    document = collection(services.urls.collections(person.username), total=len(written))
    return {**document, "@context": render.context, "attributedTo": person.ap_id, "orderedItems": written}


async def get_collection_document(services: Services, collection_id: UUID) -> dict[str, Any]:
    """Return a collection of one of ours with those who agreed."""
    async with services.database.connection() as db:
        found, owner = await _find(db, services, collection_id)
        items = await collections.list_items(db, None, [found.id])
    return services.render.collections.collection(owner, found, items)


async def get_item_document(services: Services, collection_id: UUID, item_id: UUID) -> dict[str, Any]:
    """Return the place in a collection of somebody who agreed."""
    async with services.database.connection() as db:
        found, _ = await _find(db, services, collection_id)
        items: list[Item] = await collections.list_items(db, None, [found.id])
    item = next((one for one in items if one.id == item_id), None)
    if item is None:
        raise NotFound("Nobody stands there in this collection.")
    return services.render.collections.item(found, item, item.stamp)


async def find_collection_page(services: Services, collection_id: UUID) -> str:
    """Return the page for people of a collection of one of ours."""
    async with services.database.connection() as db:
        found, _ = await _find(db, services, collection_id)
    return found.url


async def _find(db: Connection, services: Services, collection_id: UUID) -> tuple[Collection, Person]:
    found = (await collections.list_shown(db, None, [collection_id])).get(collection_id)
    owner = await people.find_person(db, found.user_id) if found is not None else None
    if found is None or owner is None or owner.is_remote:
        await raise_if_deleted(db, services.urls.collection(collection_id))
        raise NotFound("There is no such collection here.")
    return found, owner


async def get_featured_tags_document(services: Services, username: str) -> dict[str, Any]:
    """Return the hashtags that a person shows on their profile."""
    urls = services.urls
    async with services.database.connection() as db:
        person = await find_local(db, username)
        shown = await tags.FEATURED.all(db, person.id)
    document = collection(urls.featured_tags(person.username), total=len(shown), ordered=False)
    items = [hashtag(one.name, urls.tagged(person.username, one.name)) for one in shown]
    return {**document, "items": items}
