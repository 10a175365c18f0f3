"""Collections of people as documents (FEP-7aa9): those of others, bounded, and ours; hashtags that profiles show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from federation.errors import Invalid
from federation.protocol.attachments import page_url
from federation.protocol.documents import AS, as_list, author_id, flag, one_id, text, timestamp, type_of
from federation.protocol.ids import acceptable, parse_id, same_origin
from federation.protocol.text import normalise_tag

COLLECTION: Final = "FeaturedCollection"
ITEM: Final = "FeaturedItem"
AUTHORIZATION: Final = "FeatureAuthorization"
REQUEST: Final = "FeatureRequest"

ITEMS_LIMIT: Final = 150
NAME_LIMIT: Final = 256
DESCRIPTION_LIMIT: Final = 2_048
_LANGUAGE_LIMIT: Final = 35

_FEP = "https://w3id.org/fep/7aa9#"
CONTEXT: Final[list[Any]] = [
    AS,
    {
        "toot": "http://joinmastodon.org/ns#",
        "discoverable": "toot:discoverable",
        "sensitive": "as:sensitive",
        "Hashtag": "as:Hashtag",
        COLLECTION: _FEP + COLLECTION,
        ITEM: _FEP + ITEM,
        "topic": {"@id": _FEP + "topic", "@type": "@id"},
        "featuredObject": {"@id": _FEP + "featuredObject", "@type": "@id"},
        "featureAuthorization": {"@id": _FEP + "featureAuthorization", "@type": "@id"},
    },
]


@dataclass(frozen=True, slots=True)
class RemoteItem:
    """Somebody in a collection of another server; `stamp` is a claim until it was read from their server."""

    id: str | None
    person: str
    stamp: str | None
    published: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteCollection:
    """A collection of another server; `description_html` is not yet sanitised, each person is in it once."""

    id: str
    attributed_to: str
    url: str
    name: str
    description_html: str
    language: str | None
    topic: str | None
    sensitive: bool
    discoverable: bool
    items: tuple[RemoteItem, ...]
    published: datetime | None
    updated: datetime | None


def parse_featured_collection(document: dict[str, Any]) -> RemoteCollection:
    """Read a normalised document as a collection of people; raise `Invalid` naming what is missing."""
    if type_of(document, (COLLECTION,)) != COLLECTION:
        raise Invalid("The document is not a collection of people.")
    found = one_id(document.get("id"))
    owner = author_id(document)
    name = " ".join((text(document.get("name"), NAME_LIMIT) or "").split())
    if found is None or owner is None or not same_origin(owner, found):
        raise Invalid("The collection has no id on its owner's server.")
    if not name:
        raise Invalid("The collection has no name.")
    language, description = _description(document)
    page = page_url(document.get("url"))
    listed = [*as_list(document.get("orderedItems")), *as_list(document.get("items"))][:ITEMS_LIMIT]
    items = {item.person: item for one in listed if (item := parse_featured_item(one, found)) is not None}
    return RemoteCollection(
        id=parse_id(found),
        attributed_to=owner,
        url=page if page is not None and same_origin(page, found) else found,
        name=name,
        description_html=description,
        language=language,
        topic=_topic(document),
        sensitive=flag(document.get("sensitive")),
        discoverable=flag(document.get("discoverable")),
        items=tuple(items.values()),
        published=timestamp(document.get("published")),
        updated=timestamp(document.get("updated")),
    )


def parse_featured_item(value: Any, collection_id: str) -> RemoteItem | None:
    """Read somebody in a collection; None for what is not a person there, or claims to be from another server.

    A stamp that is not on the person's own server proves nothing (FEP-7aa9): it is left out.
    """
    if type_of(value, (ITEM,)) != ITEM:
        return None
    person = acceptable(one_id(value.get("featuredObject")))
    item_id = acceptable(one_id(value.get("id")))
    if person is None or (item_id is not None and not same_origin(item_id, collection_id)):
        return None
    stamp = acceptable(one_id(value.get("featureAuthorization")))
    proves = stamp is not None and same_origin(stamp, person)
    return RemoteItem(item_id, person, stamp if proves else None, timestamp(value.get("published")))


def hashtag_names(items: Sequence[Any], *, most: int) -> list[str]:
    """Return the normalised names of the hashtags among the items of a `featuredTags` collection."""
    named = ((text(one.get("name"), NAME_LIMIT) or "").strip() for one in items if type_of(one) == "Hashtag")
    return list(dict.fromkeys(name for one in named if (name := normalise_tag(one))))[:most]


def _description(document: dict[str, Any]) -> tuple[str | None, str]:
    by_language = document.get("summaryMap")
    if isinstance(by_language, dict):
        for language, words in by_language.items():
            if isinstance(words, str) and len(language) <= _LANGUAGE_LIMIT:
                return language, words[:DESCRIPTION_LIMIT]
    return None, text(document.get("summary"), DESCRIPTION_LIMIT) or ""


def _topic(document: dict[str, Any]) -> str | None:
    topic = next((one for one in as_list(document.get("topic")) if isinstance(one, dict)), {})
    return normalise_tag((text(topic.get("name"), NAME_LIMIT) or "").strip())


def featured_item(
    item_id: str, *, person: str, stamp: str | None, published: str, context: bool = False
) -> dict[str, Any]:
    """Write somebody in a collection of ours."""
    document: dict[str, Any] = {"@context": CONTEXT} if context else {}
    document |= {"id": item_id, "type": ITEM, "featuredObject": person, "published": published}
    return document if stamp is None else {**document, "featureAuthorization": stamp}


def hashtag(name: str, href: str) -> dict[str, Any]:
    """Write a hashtag."""
    return {"type": "Hashtag", "name": f"#{name}", "href": href}
