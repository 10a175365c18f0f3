"""Collections and their pages: those of others, bounded, and ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from federation.errors import Invalid
from federation.protocol.documents import AS, as_list, count, one_id, type_of
from federation.protocol.ids import acceptable, same_origin

ITEMS_LIMIT = 1_000

_TYPES = frozenset({"Collection", "OrderedCollection", "CollectionPage", "OrderedCollectionPage"})


@dataclass(frozen=True, slots=True)
class CollectionDocument:
    """A collection or one of its pages; embedded items are of the server that sent it.

    `first` and `next` lie on the origin of the collection, or are None: a walk never leaves its server.
    """

    id: str | None
    total: int | None
    items: tuple[str | dict[str, Any], ...]
    first: str | None
    first_page: CollectionDocument | None
    next: str | None
    attributed_to: str | None

    def item_ids(self) -> tuple[str, ...]:
        """Return the distinct ids of the items."""
        found = (acceptable(one_id(item)) for item in self.items)
        return tuple(dict.fromkeys(item for item in found if item))


def parse_collection(document: dict[str, Any], *, url: str, items_limit: int = ITEMS_LIMIT) -> CollectionDocument:
    """Read a collection or one of its pages, fetched from `url`; raise `Invalid` if it is neither.

    An embedded object of another server than `url`'s is cut down to its id (FEP-fe34).
    """
    return _parse(document, url, items_limit, nested=True)


def _parse(document: dict[str, Any], url: str, items_limit: int, *, nested: bool) -> CollectionDocument:
    if type_of(document, _TYPES) not in _TYPES:
        raise Invalid("The document is not a collection.")
    listed = [*as_list(document.get("orderedItems")), *as_list(document.get("items"))]
    trusted = (_trusted(item, url) for item in listed[:items_limit])
    first = document.get("first")
    inlined = first if nested and isinstance(first, dict) and type_of(first, _TYPES) in _TYPES else None
    return CollectionDocument(
        id=acceptable(one_id(document.get("id"))),
        total=count(document.get("totalItems")),
        items=tuple(item for item in trusted if item is not None),
        first=_near(first, url),
        first_page=_parse(inlined, url, items_limit, nested=False) if inlined else None,
        next=_near(document.get("next"), url),
        attributed_to=acceptable(one_id(document.get("attributedTo"))),
    )


def _trusted(item: Any, url: str) -> str | dict[str, Any] | None:
    if isinstance(item, dict):
        item_id = one_id(item)
        # Hashtags in featuredTags and the like have no id of their own: part of the page.
        return item if not item_id or same_origin(item_id, url) else acceptable(item_id)
    return acceptable(item) if isinstance(item, str) else None


def _near(value: Any, url: str) -> str | None:
    found = one_id(value)
    return found if found is not None and same_origin(found, url) else None


def collection(collection_id: str, *, total: int, first: str | None = None, ordered: bool = True) -> dict[str, Any]:
    """Return a collection of ours; without `first` readers take its items for hidden."""
    document: dict[str, Any] = {
        "@context": AS,
        "id": collection_id,
        "type": "OrderedCollection" if ordered else "Collection",
        "totalItems": total,
    }
    if first is not None:
        document["first"] = first
    return document


def page(
    page_id: str,
    *,
    part_of: str,
    items: Sequence[Any],
    next_page: str | None = None,
    previous_page: str | None = None,
    ordered: bool = True,
) -> dict[str, Any]:
    """Return one page of a collection of ours."""
    document: dict[str, Any] = {
        "@context": AS,
        "id": page_id,
        "type": "OrderedCollectionPage" if ordered else "CollectionPage",
        "partOf": part_of,
    }
    if next_page is not None:
        document["next"] = next_page
    if previous_page is not None:
        document["prev"] = previous_page
    document["orderedItems" if ordered else "items"] = list(items)
    return document
