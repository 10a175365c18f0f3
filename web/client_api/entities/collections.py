"""Collection, CollectionItem and CollectionWithAccounts."""

from __future__ import annotations

from typing import Any

from federation.actions.collections import Shelf
from storage.collections import Collection, Item
from web.client_api.entities.accounts import account
from web.client_api.entities.site import Site, moment


def collection_item(item: Item) -> dict[str, Any]:
    """Write somebody's place in a collection."""
    written = {"id": str(item.id), "state": item.state, "created_at": moment(item.created_at)}
    return written if item.person_id is None else written | {"account_id": str(item.person_id)}


def collection(site: Site, shelf: Shelf, found: Collection) -> dict[str, Any]:
    """Write a collection with the places that the viewer sees."""
    items = shelf.items[found.id]
    return {
        "id": str(found.id),
        "uri": found.ap_id,
        "url": found.url,
        "account_id": str(found.user_id),
        "name": found.name,
        "description": found.description,
        "language": found.language,
        "local": not found.is_remote,
        "sensitive": found.sensitive,
        "discoverable": found.discoverable,
        "tag": {"name": found.tag, "url": site.tag(found.tag)} if found.tag is not None else None,
        "item_count": len(items),
        "items": [collection_item(item) for item in items],
        "created_at": moment(found.created_at),
        "updated_at": moment(found.updated_at),
    }


def collection_with_accounts(site: Site, shelf: Shelf) -> dict[str, Any]:
    """Write a collection, its owner and everybody in it."""
    found = shelf.collections[0]
    shown = dict.fromkeys([found.user_id, *(item.person_id for item in shelf.items[found.id])])
    return {
        "collection": collection(site, shelf, found),
        "accounts": [account(site, shelf.people[one]) for one in shown if one in shelf.people],
    }
