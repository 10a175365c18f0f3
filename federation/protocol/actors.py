"""Actors of other servers, and the keys they publish."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from federation.errors import Invalid
from federation.protocol.activities import ACTOR_TYPES
from federation.protocol.addressing import policy_on
from federation.protocol.attachments import ALT_LIMIT, page_url, picture
from federation.protocol.documents import (
    as_list,
    flag,
    ids,
    objects,
    one_id,
    text,
    timestamp,
    type_of,
)
from federation.protocol.handles import normalise_host
from federation.protocol.ids import is_id, parse_id, same_origin
from federation.protocol.tags import Emoji, emojis

NAME_LIMIT = 2_048
SUMMARY_LIMIT = 20_000
FIELDS_LIMIT = 50
FIELD_LIMIT = 2_047
ALIASES_LIMIT = 256
HOST_LIMIT = 256
KEYS_LIMIT = 10
KEY_TEXT_LIMIT = 16_384

_RFC_9421 = "https://datatracker.ietf.org/doc/html/rfc9421"


@dataclass(frozen=True, slots=True)
class KeyDocument:
    """A public key as published: PEM, or Multikey (FEP-521a)."""

    id: str
    owner: str
    pem: str | None
    multibase: str | None


@dataclass(frozen=True, slots=True)
class Picture:
    """An avatar or header."""

    url: str
    alt: str | None


@dataclass(frozen=True, slots=True)
class Field:
    """A row of the profile; `value_html` is not yet sanitised."""

    name: str
    value_html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteActor:
    """An actor of another server. `summary_html` is not yet sanitised; names are plain text.

    `webfinger` is what the document claims, `user@host`: to be believed only when this document came from
    the actor's own id, and then only after WebFinger agrees. `key_ids` are keys named but not embedded.
    """

    id: str
    type: str
    username: str
    webfinger: str | None
    name: str
    summary_html: str
    url: str
    inbox: str
    shared_inbox: str | None
    outbox: str | None
    followers: str | None
    following: str | None
    featured: str | None
    keys: tuple[KeyDocument, ...]
    key_ids: tuple[str, ...]
    locked: bool
    discoverable: bool
    indexable: bool
    icon: Picture | None
    image: Picture | None
    fields: tuple[Field, ...]
    moved_to: str | None
    also_known_as: tuple[str, ...]
    published: datetime | None
    suspended: bool
    memorial: bool
    emojis: tuple[Emoji, ...]
    implements_rfc9421: bool
    collections: str | None
    featured_tags: str | None
    may_feature: tuple[str, ...]
    may_ask_to_feature: tuple[str, ...]
    attribution_domains: tuple[str, ...]
    """The sites whose pages may name them as author."""


def parse_actor(document: dict[str, Any]) -> RemoteActor:
    """Read a normalised document as an actor; raise `Invalid` naming what is missing or malformed.

    The inbox must lie on the actor's own origin (FEP-fe34): an inbox elsewhere would let anybody aim our
    deliveries, and the health we keep of hosts, at a third party. All other collections, the shared inbox and
    the keys are ignored when they lie elsewhere.
    """
    kind = type_of(document, ACTOR_TYPES)
    if kind not in ACTOR_TYPES:
        raise Invalid("The document is not an actor.")
    found = one_id(document.get("id"))
    if found is None:
        raise Invalid("The actor has no id.")
    actor_id = parse_id(found)
    inbox = _owned(document.get("inbox"), actor_id)
    if inbox is None:
        raise Invalid("The actor has no inbox on its own server.")
    webfinger = _webfinger(document)
    username = text(document.get("preferredUsername"), NAME_LIMIT) or (webfinger or "").partition("@")[0]
    if not username:
        raise Invalid("The actor has no preferredUsername.")
    embedded, named = _keys(document, actor_id)
    page = page_url(document.get("url"))
    return RemoteActor(
        id=actor_id,
        type=kind,
        username=username,
        webfinger=webfinger,
        name=text(document.get("name"), NAME_LIMIT) or "",
        summary_html=text(document.get("summary"), SUMMARY_LIMIT) or "",
        # Threads names a page on another host; as in Mastodon the id stands in.
        url=page if page is not None and same_origin(page, actor_id) else actor_id,
        inbox=inbox,
        shared_inbox=_shared_inbox(document, actor_id),
        outbox=_owned(document.get("outbox"), actor_id),
        followers=_owned(document.get("followers"), actor_id),
        following=_owned(document.get("following"), actor_id),
        featured=_owned(document.get("featured"), actor_id),
        keys=embedded,
        key_ids=named,
        locked=flag(document.get("manuallyApprovesFollowers")),
        discoverable=flag(document.get("discoverable")),
        indexable=flag(document.get("indexable")),
        icon=_picture(document.get("icon")),
        image=_picture(document.get("image")),
        fields=_fields(document.get("attachment")),
        moved_to=next(filter(is_id, ids(document.get("movedTo"), 1)), None),
        also_known_as=tuple(filter(is_id, ids(document.get("alsoKnownAs"), ALIASES_LIMIT))),
        published=timestamp(document.get("published")),
        suspended=flag(document.get("suspended")),
        memorial=flag(document.get("memorial")),
        emojis=emojis(document.get("tag")),
        implements_rfc9421=_implements(document, _RFC_9421),
        collections=_owned(document.get("featuredCollections"), actor_id),
        featured_tags=_owned(document.get("featuredTags"), actor_id),
        may_feature=policy_on(document, "canFeature", "automaticApproval"),
        may_ask_to_feature=policy_on(document, "canFeature", "manualApproval"),
        attribution_domains=_domains(document.get("attributionDomains")),
    )


def parse_key_document(document: dict[str, Any], *, key_id: str) -> KeyDocument:
    """Read what was fetched at a key's URL: the bare key, or an actor that holds it (GoToSocial's stub).

    The answer only claims an owner: believe it after that owner's actor document names the key as well.
    Raises `Invalid` when the document holds no such key.
    """
    if type_of(document, ACTOR_TYPES) in ACTOR_TYPES:
        owner = one_id(document.get("id"))
        held, _named = _keys(document, parse_id(owner)) if owner else ((), ())
    else:
        owner = one_id(document.get("owner")) or one_id(document.get("controller"))
        key = _key(document, parse_id(owner)) if owner else None
        held = (key,) if key else ()
    found = next((key for key in held if key.id == key_id), None)
    if found is None:
        raise Invalid("The document does not hold the key that was asked for.")
    return found


def _keys(document: dict[str, Any], actor_id: str) -> tuple[tuple[KeyDocument, ...], tuple[str, ...]]:
    listed = [
        *as_list(document.get("publicKey"))[:KEYS_LIMIT],
        *as_list(document.get("assertionMethod"))[:KEYS_LIMIT],
    ]
    embedded = [key for item in listed if isinstance(item, dict) and (key := _key(item, actor_id))]
    named = [item for item in listed if isinstance(item, str) and same_origin(item, actor_id)]
    return tuple(embedded), tuple(named)


def _key(item: dict[str, Any], actor_id: str) -> KeyDocument | None:
    """Read one key of this actor; None for keys of others, on other servers, or without material."""
    key_id = one_id(item.get("id"))
    owner = one_id(item.get("owner")) or one_id(item.get("controller"))
    pem = text(item.get("publicKeyPem"), KEY_TEXT_LIMIT)
    multibase = text(item.get("publicKeyMultibase"), KEY_TEXT_LIMIT)
    if key_id is None or owner != actor_id or not same_origin(key_id, actor_id) or not (pem or multibase):
        return None
    return KeyDocument(key_id, owner, pem, multibase)


def _owned(value: Any, actor_id: str) -> str | None:
    url = one_id(value)
    return url if url is not None and same_origin(url, actor_id) else None


def _shared_inbox(document: dict[str, Any], actor_id: str) -> str | None:
    endpoints = next(iter(objects(document.get("endpoints"), 1)), {})
    return _owned(endpoints.get("sharedInbox"), actor_id) or _owned(document.get("sharedInbox"), actor_id)


def _webfinger(document: dict[str, Any]) -> str | None:
    claimed = text(document.get("webfinger"), NAME_LIMIT)
    if claimed is None:
        return None
    handle = claimed.removeprefix("acct:").lstrip("@")
    user, _, host = handle.partition("@")
    return handle if user and host and "@" not in host else None


def _picture(value: Any) -> Picture | None:
    url = picture(value)
    if url is None:
        return None
    item = next(iter(objects(value, 1)), {})
    return Picture(url, text(item.get("summary"), ALT_LIMIT) or text(item.get("name"), ALT_LIMIT))


def _fields(value: Any) -> tuple[Field, ...]:
    rows = (item for item in objects(value) if type_of(item, ("PropertyValue",)) == "PropertyValue")
    named = (
        Field(name, text(item.get("value"), FIELD_LIMIT) or "")
        for item in rows
        if (name := text(item.get("name"), FIELD_LIMIT))
    )
    return tuple(named)[:FIELDS_LIMIT]


def _domains(value: Any) -> tuple[str, ...]:
    named = (
        item.strip() for item in as_list(value)[:ALIASES_LIMIT] if isinstance(item, str) and len(item) <= HOST_LIMIT
    )
    return tuple(dict.fromkeys(host for item in named if (host := normalise_host(item)) is not None))


def _implements(document: dict[str, Any], capability: str) -> bool:
    """Tell whether the actor or its server claims a capability (FEP-844e)."""
    claims = as_list(document.get("implements"))
    for generator in objects(document.get("generator"), 4):
        claims = [*claims, *as_list(generator.get("implements"))]
    named = (item.get("href") or item.get("id") if isinstance(item, dict) else item for item in claims)
    return capability in named
