"""Collections of remote people: counts, pins, connections and newest thoughts, a bounded first look."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from federation.errors import Gone, Invalid, NotFound, RemoteError
from federation.protocol.activities import Announce, Create, Reference, parse_activity
from federation.protocol.collections import CollectionDocument, parse_collection
from federation.protocol.documents import one_id, type_of
from federation.protocol.featured import RemoteCollection, hashtag_names, parse_featured_collection
from federation.protocol.ids import acceptable
from federation.protocol.objects import RemoteThought, Tombstone, parse_object
from federation.remote.documents import malformed, read_document
from federation.remote.reader import Reader
from storage import remote_actors
from storage.people import Person

_OUTBOX_ITEMS = 20
_FEATURED_ITEMS = 20
_CONNECTIONS = 40
_COLLECTIONS = 20
_TAGS = 10
_PAGES = 2


@dataclass(frozen=True, slots=True)
class Listing:
    """The beginning of a collection; `total` is its owner's claim, None when unsaid."""

    total: int | None
    items: tuple[str | dict[str, Any], ...]

    def ids(self) -> tuple[str, ...]:
        """Return the distinct ids of the items."""
        found = (acceptable(one_id(item)) for item in self.items)
        return tuple(dict.fromkeys(item for item in found if item))


@dataclass(frozen=True, slots=True)
class FilledProfile:
    """What a first look at a remote person found, newest first.

    `thoughts` were embedded and are this person's own; `unread` are ids of theirs still to be fetched;
    `boosts` are theirs, of anybody's thoughts. `collections` of people were embedded, `unread_collections` are still
    to be fetched; `tags` are the hashtags that they show, None when that is not known.
    """

    featured: tuple[str, ...]
    thoughts: tuple[RemoteThought, ...]
    boosts: tuple[Announce, ...]
    unread: tuple[str, ...]
    collections: tuple[RemoteCollection, ...]
    unread_collections: tuple[str, ...]
    tags: list[str] | None


async def fill_profile(reader: Reader, person: Person) -> FilledProfile:
    """Read a remote person's collections; store counts and connections, and return the rest.

    What cannot be read now stays as it was: one bad list is no reason to show nothing at all.
    """
    async with reader.database.connection() as db:
        actor = await remote_actors.find_remote_actor(db, person.id)
    if actor is None:
        raise NotFound("This person is not a remote one.")
    async with asyncio.TaskGroup() as tasks:
        reading = [
            tasks.create_task(_maybe_listed(reader, url, most))
            for url, most in (
                (actor.outbox_url, _OUTBOX_ITEMS),
                (actor.featured_url, _FEATURED_ITEMS),
                (actor.followers_url, _CONNECTIONS),
                (actor.following_url, _CONNECTIONS),
                (actor.collections_url, _COLLECTIONS),
                (actor.featured_tags_url, _TAGS),
            )
        ]
    outbox, featured, followers, following, collections, tags = (task.result() for task in reading)
    async with reader.database.transaction() as db:
        await remote_actors.set_counts(
            db, person.id, followers=_total(followers), following=_total(following), thoughts=_total(outbox)
        )
        for direction, listing in (("followers", followers), ("following", following)):
            if listing is not None:
                await remote_actors.replace_connections(db, person.id, direction, listing.ids(), listing.total)
        await remote_actors.mark_filled(db, person.id)
    found = _sorted_out(person, featured or Listing(None, ()), outbox or Listing(None, ()))
    embedded, unread = _collections_in(collections or Listing(None, ()))
    return replace(
        found,
        collections=embedded,
        unread_collections=unread,
        tags=hashtag_names(tags.items, most=_TAGS) if tags is not None else None,
    )


def _collections_in(listing: Listing) -> tuple[tuple[RemoteCollection, ...], tuple[str, ...]]:
    """Return the embedded collections of people, which are of the server that lists them, and the ids of others."""
    embedded: list[RemoteCollection] = []
    for item in listing.items:
        try:
            if isinstance(item, dict):
                embedded.append(parse_featured_collection(item))
        except Invalid:
            continue
    return tuple(embedded), tuple(item for item in listing.items if isinstance(item, str))


async def read_listing(reader: Reader, url: str, *, most: int) -> Listing:
    """Return the first items of a collection, from at most three requests, all to its own server.

    Embedded items of other servers come as bare ids (`parse_collection`).
    """
    page = await _read_page(reader, url)
    total = page.total
    items = list(page.items)
    step = None if items else page.first_page or page.first
    for _ in range(_PAGES):
        step = step or page.next
        if step is None or len(items) >= most:
            break
        page = await _read_page(reader, step) if isinstance(step, str) else step
        items += page.items
        step = None
    return Listing(total, tuple(items[:most]))


async def _read_page(reader: Reader, url: str) -> CollectionDocument:
    found = await read_document(reader.network, url, reader.signer)
    try:
        return parse_collection(found.json, url=found.url)
    except Invalid as exc:
        raise malformed(url, exc) from exc


async def _maybe_listed(reader: Reader, url: str | None, most: int) -> Listing | None:
    try:
        return await read_listing(reader, url, most=most) if url else None
    except (RemoteError, NotFound, Gone):
        return None


def _total(listing: Listing | None) -> int | None:
    return listing.total if listing else None


def _sorted_out(person: Person, featured: Listing, outbox: Listing) -> FilledProfile:
    thoughts: list[RemoteThought] = []
    boosts: list[Announce] = []
    unread: list[str] = []
    for item in outbox.items:
        match _read_item(item, person.ap_id):
            case RemoteThought() as thought:
                thoughts.append(thought)
            case Announce() as boost:
                boosts.append(boost)
            case str(thought_id):
                unread.append(thought_id)
    return FilledProfile(featured.ids(), tuple(thoughts), tuple(boosts), tuple(unread), (), (), None)


def _read_item(item: str | dict[str, Any], owner: str) -> RemoteThought | Announce | str | None:
    """Return what an outbox item stands for; None for what is not the owner's or not to be shown."""
    if isinstance(item, str):
        return item
    try:
        if type_of(item, ("Create", "Announce")) not in ("Create", "Announce"):
            return _own(item, owner)
        activity = parse_activity(item)
        match activity:
            case Announce(actor=actor) if actor == owner:
                return activity
            case Create(actor=actor, objects=(Reference(document=document, id=thought_id), *_)) if actor == owner:
                return _own(document, owner) if document else thought_id
    except Invalid:
        pass
    return None


def _own(document: dict[str, Any], owner: str) -> RemoteThought | None:
    """Return an embedded thought of the owner: on the owner's server, as is the page it came with."""
    thought = parse_object(document)
    return None if isinstance(thought, Tombstone) or thought.attributed_to != owner else thought
