"""Search over people and thoughts, and resolving what somebody pasted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from federation.actions.collections import Shelf, read_shelf
from federation.actions.people import get_person
from federation.actions.receive_collection import receive_collection
from federation.actions.receive_thought import receive_thought
from federation.actions.timelines import Shown, show
from federation.errors import Gone, NotFound, RemoteError
from federation.protocol.featured import RemoteCollection
from federation.protocol.handles import Handle
from federation.protocol.ids import LocalActor, LocalCollection, LocalThought, is_id
from federation.protocol.objects import RemoteThought
from federation.protocol.text import normalise_tag
from federation.remote.actors import find_or_fetch_actor
from federation.remote.discovery import resolve_url
from storage import collections, people, search, thoughts
from storage.collections import Collection
from storage.entries import Entry, Page
from storage.people import Person
from storage.thoughts import Thought

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection

MAX_QUERY_CHARS = 2048


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found; `problem` says why something pasted could not be resolved."""

    people: list[Person]
    shown: Shown
    tags: list[str]
    problem: str = ""
    shelf: Shelf = field(default_factory=lambda: Shelf([], {}))
    """The collection at a pasted address."""


async def search_everything(
    services: Services,
    viewer: Person | None,
    query: str,
    page: Page,
    *,
    resolve: bool,
    offset: int = 0,
    following: bool = False,
    kinds: frozenset[str] = frozenset({"accounts", "statuses", "hashtags"}),
    details: bool = False,
) -> Found:
    """Search; with `resolve` and a viewer, a pasted @user@host or address is asked for over the network."""
    query = query.strip()[:MAX_QUERY_CHARS]
    if not query:
        return Found([], Shown([], {}, {}), [])
    problem = ""
    try:
        pasted = await _resolve(services, viewer, query) if resolve else await _known(services, viewer, query)
    except (RemoteError, NotFound, Gone) as exc:
        pasted, problem = None, exc.message
    if isinstance(pasted, Person):
        return Found([pasted], Shown([], {}, {}), [])
    if isinstance(pasted, Collection):
        async with services.database.connection() as db:
            return Found([], Shown([], {}, {}), [], shelf=await read_shelf(db, viewer, [pasted], with_people=True))
    viewer_id = viewer.id if viewer else None
    async with services.database.connection() as db:
        if isinstance(pasted, Thought):
            entry = Entry(
                pasted.id, "thought", pasted.user_id, pasted.created_at, pasted.ap_id, pasted.visibility, pasted
            )  # fmt: skip
            return Found([], await show(db, viewer, [entry], details=details), [])
        tag = normalise_tag(query)
        only_tag = tag if query.startswith("#") else None
        found: list[Person] = []
        if "accounts" in kinds and only_tag is None:
            text = query.removeprefix("@")
            found = await search.search_people(
                db, viewer_id, text, limit=page.limit, offset=offset, following=following
            )
        entries = []
        if "statuses" in kinds and viewer is not None:
            if only_tag is not None:
                entries = await search.search_tagged(db, viewer_id, only_tag, page)
            else:
                entries = await search.search_thoughts(db, viewer_id, query, page)
        tags = await search.search_tags(db, tag, limit=page.limit) if tag and "hashtags" in kinds else []
        return Found(found, await show(db, viewer, entries, details=details), tags, problem)


Pasted = Person | Thought | Collection
"""What an address may mean."""


async def _known(services: Services, viewer: Person | None, query: str) -> Pasted | None:
    """Return what a pasted address or handle means, without asking anybody."""
    if is_id(query):
        return await _local(services, viewer, query)
    handle = Handle.parse(query) if "@" in query.removeprefix("@") else None
    if handle is None:
        return None
    try:
        return await get_person(services, handle)
    except (NotFound, Gone):
        return None


async def _resolve(services: Services, viewer: Person | None, query: str) -> Pasted | None:
    """Return the person or thought that a pasted handle or address means; None when it is neither."""
    if is_id(query):
        return await resolve_address(services, viewer, query)
    handle = Handle.parse(query) if "@" in query.removeprefix("@") else None
    return await get_person(services, handle, viewer=viewer) if handle is not None else None


async def resolve_address(services: Services, viewer: Person | None, url: str) -> Pasted | None:
    """Return the person, thought or collection at an address, reading it from its server when a viewer asks."""
    found = await _local(services, viewer, url)
    if found is not None or viewer is None or services.urls.is_ours(url):
        return found
    remote = await resolve_url(services.reader, url)
    if isinstance(remote, Person):
        return remote if _is_here(remote) else None
    if isinstance(remote, RemoteCollection):
        return await _store_collection(services, viewer, remote)
    thought = await store_fetched(services, remote)
    if thought is None:
        return None
    async with services.database.connection() as db:
        return await thoughts.find_visible(db, viewer.id, thought.id)


async def _store_collection(services: Services, viewer: Person, remote: RemoteCollection) -> Collection | None:
    """Store a collection that was read from its own server, with its owner."""
    owner = await find_or_fetch_actor(services.reader, remote.attributed_to)
    if not _is_here(owner) or not owner.is_remote:
        return None
    await receive_collection(services, owner, remote)
    async with services.database.connection() as db:
        return await _shown_collection(db, viewer, await collections.BY_AP_ID.first(db, remote.id))


async def _shown_collection(db: Connection, viewer: Person | None, found: Collection | None) -> Collection | None:
    if found is None:
        return None
    return (await collections.list_shown(db, viewer.id if viewer else None, [found.id])).get(found.id)


async def store_fetched(services: Services, remote: RemoteThought) -> Thought | None:
    """Store a thought that was read from its own server, with its author."""
    author = await find_or_fetch_actor(services.reader, remote.attributed_to)
    if author.state != "active":
        return None
    return (await receive_thought(services, author, remote, arriving=False)).thought


def _is_here(person: Person) -> bool:
    """Tell whether a person may be found: neither suspended, pending or deleted, nor the server's own actor."""
    return person.state == "active" and (person.is_remote or person.actor_type != "Application")


async def _local(services: Services, viewer: Person | None, url: str) -> Pasted | None:
    async with services.database.connection() as db:
        match services.urls.parse_local(url):
            case LocalActor(username):
                person = await people.find_by_handle(db, username, None)
                return person if person is not None and _is_here(person) else None
            case LocalThought(thought_id):
                return await thoughts.find_visible(db, viewer.id if viewer else None, thought_id)
            case LocalCollection(collection_id):
                return await _shown_collection(db, viewer, await collections.find_collection(db, collection_id))
        thought = await thoughts.find_visible_by_url(db, viewer.id if viewer else None, url)
        if thought is not None:
            return thought
        person = await people.find_by_ap_id(db, url)
        if person is not None:
            return person if _is_here(person) else None
        return await _shown_collection(db, viewer, await collections.BY_AP_ID.first(db, url))
