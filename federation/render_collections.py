"""Rows to ActivityPub JSON: collections of people, who stands in them, and the activities that tell of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from federation.protocol.addressing import PUBLIC
from federation.protocol.documents import moment
from federation.protocol.featured import COLLECTION, CONTEXT, REQUEST, featured_item, hashtag
from federation.protocol.ids import Urls
from federation.protocol.stamps import CONTEXT as STAMP_CONTEXT
from storage.collections import Collection, Item
from storage.people import Person


class CollectionRenderer:
    """Renders the collections of our people (FEP-7aa9)."""

    context = CONTEXT

    def __init__(self, urls: Urls) -> None:
        self.urls = urls

    def collection(
        self, owner: Person, found: Collection, items: Sequence[Item], *, context: bool = True
    ) -> dict[str, Any]:
        """Render a collection with those of `items` who agreed."""
        agreed = [item for item in items if item.state == "accepted"]
        document: dict[str, Any] = {"@context": CONTEXT} if context else {}
        document |= {
            "id": found.ap_id,
            "type": COLLECTION,
            "url": found.url,
            "attributedTo": owner.ap_id,
            "name": found.name,
            "sensitive": found.sensitive,
            "discoverable": found.discoverable,
            "published": moment(found.created_at),
            "updated": moment(found.updated_at),
            "totalItems": len(agreed),
            "orderedItems": [self.item(found, item, item.stamp, context=False) for item in agreed],
        }
        if found.language is not None:
            document["summaryMap"] = {found.language: found.description}
        else:
            document["summary"] = found.description
        if found.tag is not None:
            document["topic"] = hashtag(found.tag, self.urls.tag(found.tag))
        return document

    def item(self, found: Collection, item: Item, stamp: str | None, *, context: bool = True) -> dict[str, Any]:
        """Render somebody's place in a collection."""
        item_id = item.ap_id or self.urls.collection_item(found.id, item.id)
        return featured_item(
            item_id, person=item.person_ap_id, stamp=stamp, published=moment(item.created_at), context=context
        )

    def about(
        self, kind: str, activity_id: str, owner: Person, found: Collection, items: Sequence[Item]
    ) -> dict[str, Any]:
        """Render the Add (to what stands on the owner's profile) or Update of a collection."""
        document = self._activity(kind, activity_id, owner.ap_id, self.collection(owner, found, items, context=False))
        return document if kind == "Update" else {**document, "target": self.urls.collections(owner.username)}

    def add_item(
        self, activity_id: str, owner: str, found: Collection, item: Item, stamp: str | None
    ) -> dict[str, Any]:
        """Render the Add of somebody to a collection."""
        document = self._activity("Add", activity_id, owner, self.item(found, item, stamp, context=False))
        return {**document, "target": found.ap_id}

    def hashtag(self, kind: str, activity_id: str, owner: Person, name: str) -> dict[str, Any]:
        """Render the Add or Remove of a hashtag that a profile shows."""
        shown = hashtag(name, self.urls.tagged(owner.username, name))
        return {
            **self._activity(kind, activity_id, owner.ap_id, shown),
            "target": self.urls.featured(owner.username),
        }

    def remove(self, activity_id: str, owner: str, gone: str, target: str) -> dict[str, Any]:
        """Render the Remove of a collection from a profile, or of a place from a collection."""
        return {**self._activity("Remove", activity_id, owner, gone), "target": target}

    def request(self, activity_id: str, owner: str, person: str, collection_id: str) -> dict[str, Any]:
        """Render the wish to feature somebody."""
        document = self._activity(REQUEST, activity_id, owner, person, to=person)
        return {**document, "@context": STAMP_CONTEXT, "instrument": collection_id}

    @staticmethod
    def _activity(kind: str, activity_id: str, actor: str, inner: Any, *, to: str = PUBLIC) -> dict[str, Any]:
        return {"@context": CONTEXT, "id": activity_id, "type": kind, "actor": actor, "to": [to], "object": inner}
