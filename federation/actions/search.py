"""Search over people and thoughts, and resolving what somebody pasted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from federation.actions.people import get_person
from federation.actions.receive_thought import receive_thought
from federation.actions.timelines import Shown, show
from federation.errors import Gone, NotFound, RemoteError
from federation.protocol.handles import Handle
from federation.protocol.ids import LocalActor, LocalThought, is_id
from federation.protocol.objects import RemoteThought
from federation.protocol.text import normalise_tag
from federation.remote.actors import find_or_fetch_actor
from federation.remote.discovery import resolve_url
from storage import people, search, thoughts
from storage.entries import Entry, Page
from storage.people import Person
from storage.thoughts import Thought

if TYPE_CHECKING:
    from federation.services import Services

MAX_QUERY_CHARS = 2048


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found; `problem` says why something pasted could not be resolved."""

    people: list[Person]
    shown: Shown
    tags: list[str]
    problem: str = ""


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


async def _known(services: Services, viewer: Person | None, query: str) -> Person | Thought | None:
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


async def _resolve(services: Services, viewer: Person | None, query: str) -> Person | Thought | None:
    """Return the person or thought that a pasted handle or address means; None when it is neither."""
    if is_id(query):
        return await resolve_address(services, viewer, query)
    handle = Handle.parse(query) if "@" in query.removeprefix("@") else None
    return await get_person(services, handle, viewer=viewer) if handle is not None else None


async def resolve_address(services: Services, viewer: Person | None, url: str) -> Person | Thought | None:
    """Return the person or thought at an address, reading it from its server when a viewer asks."""
    found = await _local(services, viewer, url)
    if found is not None or viewer is None or services.urls.is_ours(url):
        return found
    remote = await resolve_url(services.reader, url)
    if isinstance(remote, Person):
        return remote if _is_here(remote) else None
    thought = await store_fetched(services, remote)
    if thought is None:
        return None
    async with services.database.connection() as db:
        return await thoughts.find_visible(db, viewer.id, thought.id)


async def store_fetched(services: Services, remote: RemoteThought) -> Thought | None:
    """Store a thought that was read from its own server, with its author."""
    author = await find_or_fetch_actor(services.reader, remote.attributed_to)
    if author.state != "active":
        return None
    return (await receive_thought(services, author, remote, arriving=False)).thought


def _is_here(person: Person) -> bool:
    """Tell whether a person may be found: neither suspended, pending or deleted, nor the server's own actor."""
    return person.state == "active" and (person.is_remote or person.actor_type != "Application")


async def _local(services: Services, viewer: Person | None, url: str) -> Person | Thought | None:
    async with services.database.connection() as db:
        match services.urls.parse_local(url):
            case LocalActor(username):
                person = await people.find_by_handle(db, username, None)
                return person if person is not None and _is_here(person) else None
            case LocalThought(thought_id):
                return await thoughts.find_visible(db, viewer.id if viewer else None, thought_id)
        thought = await thoughts.find_visible_by_url(db, viewer.id if viewer else None, url)
        if thought is not None:
            return thought
        person = await people.find_by_ap_id(db, url)
        return person if person is not None and _is_here(person) else None
