"""What other servers may read of ours: actors, thoughts, activities and collections as documents."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from federation.actions.outgoing import all_note_parts, note_parts
from federation.errors import Gone, NotFound
from federation.protocol import collections, nodeinfo
from federation.protocol.handles import Handle, is_local_username
from federation.protocol.ids import LocalActor, LocalInstanceActor
from federation.protocol.webfinger import (
    ResourceUrl,
    account_jrd,
    instance_actor_jrd,
    parse_resource,
    server_jrd,
)
from federation.settings import Registration
from storage import activities, entries, people, preferences, relations, thoughts
from storage.people import Person

if TYPE_CHECKING:
    from federation.render import NoteParts
    from federation.services import Services
    from storage.database import Connection
    from storage.entries import Entry

OUTBOX_PAGE = 20
COLLECTION_PAGE = 100
_ACTIVE_MONTH_DAYS, _ACTIVE_HALF_YEAR_DAYS = 30, 180


class Deleted(Gone):
    """Deleted, with the id that its tombstone names."""

    def __init__(self, ap_id: str, deleted_at: datetime | None = None) -> None:
        super().__init__("This was deleted.")
        self.ap_id = ap_id
        self.deleted_at = deleted_at


async def find_local(db: Connection, username: str) -> Person:
    """Return a person of ours; `Deleted` for one who left, `NotFound` for pending and suspended ones."""
    person = await people.find_by_handle(db, username, None) if is_local_username(username) else None
    if person is None or person.actor_type == "Application":
        raise NotFound("There is no such person here.")
    if person.state == "deleted":
        raise Deleted(person.ap_id)
    if person.state != "active":
        raise NotFound("There is no such person here.")
    return person


async def get_actor(services: Services, username: str) -> dict[str, Any]:
    """Return the document of a person of ours."""
    async with services.database.connection() as db:
        person = await find_local(db, username)
        keys = await people.find_actor_keys(db, person.id)
        sites = (await preferences.find_preferences(db, person.id)).attribution_domains
    if keys is None:
        raise NotFound("There is no such person here.")
    return services.render.person(person, keys, sites)


async def get_instance_actor(services: Services) -> dict[str, Any]:
    """Return the document of the actor that signs for the server itself."""
    async with services.database.connection() as db:
        keys = await people.find_actor_keys(db, services.instance_actor_id)
    if keys is None:
        raise NotFound("The instance actor has no keys.")
    return services.render.instance_actor(keys)


async def get_note(services: Services, viewer: UUID | None, thought_id: UUID) -> dict[str, Any]:
    """Return the document of a thought of ours that the viewer (a remote signer or nobody) may see."""
    async with services.database.connection() as db:
        thought = await thoughts.find_visible(db, viewer, thought_id)
        if thought is None:
            await raise_if_deleted(db, services.urls.thought(thought_id))
            raise NotFound("There is no such thought here, or it is not yours to see.")
        author = await people.find_person(db, thought.user_id)
        if author is None or author.is_remote:
            raise NotFound("There is no such thought here, or it is not yours to see.")
        return services.render.note(thought, await note_parts(db, author, thought))


async def find_page_of(services: Services, viewer: UUID | None, thought_id: UUID) -> str:
    """Return the page for people of a thought that the viewer (somebody signed in, or nobody) may see."""
    async with services.database.connection() as db:
        thought = await thoughts.find_visible(db, viewer, thought_id)
        if thought is None:
            await raise_if_deleted(db, services.urls.thought(thought_id))
            raise NotFound("There is no such thought here, or it is not yours to see.")
    return thought.url


async def raise_if_deleted(db: Connection, ap_id: str) -> None:
    """Raise `Deleted` for an id of ours that was deleted."""
    tombstone = await thoughts.find_tombstone(db, ap_id)
    if tombstone is not None:
        raise Deleted(ap_id, tombstone.deleted_at)


async def get_activity(services: Services, viewer: UUID | None, activity_id: UUID) -> bytes:
    """Return a stored activity as it was sent: public ones, and those that concern the viewer."""
    async with services.database.connection() as db:
        activity = await activities.find_activity(db, activity_id)
        sender = await people.find_person(db, activity.user_id) if activity is not None else None
    if sender is None or sender.state not in ("active", "deleted"):
        raise NotFound("There is no such activity here.")
    mine = activity is not None and viewer is not None and activity.target_id == viewer
    if activity is None or not (activity.public or mine):
        raise NotFound("There is no such activity here.")
    if activity.payload is None:  # of what was deleted since, and of whoever left: all but the Delete itself
        raise Deleted(activity.ap_id)
    return activity.payload


async def get_outbox(services: Services, username: str) -> dict[str, Any]:
    """Return the head of an outbox."""
    async with services.database.connection() as db:
        person = await find_local(db, username)
        total = await entries.COUNT_PUBLIC_OF_PERSON.one(db, person.id)
    url = services.urls.outbox(person.username)
    return collections.collection(url, total=total, first=f"{url}?page=true")


async def get_outbox_page(services: Services, username: str, before: UUID | None) -> dict[str, Any]:
    """Return a page of an outbox, newest first: what anybody may see, as Create and Announce."""
    async with services.database.connection() as db:
        person = await find_local(db, username)
        found = await entries.list_public_of_person(db, person.id, before, limit=OUTBOX_PAGE)
        written = [entry.thought for entry in found if entry.kind == "thought"]
        parts = await all_note_parts(db, person, written)
        creates = await activities.find_creates(db, [thought.id for thought in written])
        authors = await people.find_people(db, [entry.thought.user_id for entry in found])
    items = [_outbox_item(services, person, entry, parts=parts, creates=creates, authors=authors) for entry in found]
    url = services.urls.outbox(person.username)
    here = f"{url}?page=true" + (f"&max_id={before}" if before else "")
    more = f"{url}?page=true&max_id={found[-1].id}" if len(found) == OUTBOX_PAGE else None
    return collections.page(here, part_of=url, items=items, next_page=more)


def _outbox_item(
    services: Services,
    person: Person,
    entry: Entry,
    *,
    parts: dict[UUID, NoteParts],
    creates: dict[UUID, str],
    authors: dict[UUID, Person],
) -> dict[str, Any]:
    thought = entry.thought
    if entry.kind == "thought":
        item = services.render.create(creates.get(thought.id, thought.ap_id), thought, parts[thought.id])
    else:
        author = authors[thought.user_id].ap_id
        item = services.render.announce(
            entry.ap_id or "", person, thought, author, entry.created_at, visibility=entry.visibility
        )
    del item["@context"]
    return item


async def get_connections(services: Services, username: str, direction: str) -> dict[str, Any]:
    """Return the head of a followers or following collection."""
    async with services.database.connection() as db:
        person = await find_local(db, username)
    url = f"{person.ap_id}/{direction}"
    total = person.followers_count if direction == "followers" else person.following_count
    return collections.collection(url, total=total, first=None if person.hide_collections else f"{url}?page=true")


async def get_connections_page(
    services: Services, username: str, direction: str, before: UUID | None
) -> dict[str, Any]:
    """Return a page of a followers or following collection: actor ids, newest first."""
    lister = relations.list_followers if direction == "followers" else relations.list_following
    async with services.database.connection() as db:
        person = await find_local(db, username)
        if person.hide_collections:
            raise NotFound("This list is not shown to anybody.")
        found = await lister(db, person.id, before=before, limit=COLLECTION_PAGE)
        known = await people.find_people(db, [one.person_id for one in found])
    url = f"{person.ap_id}/{direction}"
    here = f"{url}?page=true" + (f"&max_id={before}" if before else "")
    more = f"{url}?page=true&max_id={found[-1].cursor}" if len(found) == COLLECTION_PAGE else None
    items = [known[one.person_id].ap_id for one in found if one.person_id in known]
    return collections.page(here, part_of=url, items=items, next_page=more)


async def get_featured(services: Services, username: str) -> dict[str, Any]:
    """Return the pinned thoughts that anybody may see, whole."""
    async with services.database.connection() as db:
        person = await find_local(db, username)
        pinned = await entries.list_pinned(db, None, person.id)
        written = [entry.thought for entry in pinned]
        parts = await all_note_parts(db, person, written)
    notes = [services.render.note(thought, parts[thought.id], context=False) for thought in written]
    document = collections.collection(services.urls.featured(person.username), total=len(notes))
    return {**document, "orderedItems": notes}


async def get_replies(
    services: Services, viewer: UUID | None, thought_id: UUID, *, page: bool, after: UUID | None
) -> dict[str, Any]:
    """Return the replies collection of a thought of ours, or a page of it: ids of public and unlisted ones."""
    async with services.database.connection() as db:
        thought = await thoughts.find_visible(db, viewer, thought_id)
        if thought is None:
            await raise_if_deleted(db, services.urls.thought(thought_id))
            raise NotFound("There is no such thought here, or it is not yours to see.")
        url = services.urls.replies(thought_id)
        if not page:
            return collections.collection(url, total=thought.replies_count, first=f"{url}?page=true", ordered=False)
        found = await thoughts.list_public_replies(db, thought_id, after, limit=COLLECTION_PAGE)
    here = f"{url}?page=true" + (f"&min_id={after}" if after else "")
    more = f"{url}?page=true&min_id={found[-1].id}" if len(found) == COLLECTION_PAGE else None
    return collections.page(here, part_of=url, items=[one.ap_id for one in found], next_page=more, ordered=False)


async def get_jrd(services: Services, resource: str) -> dict[str, Any]:
    """Answer a WebFinger question; raises `Invalid`, `NotFound` or `Deleted`."""
    settings, urls = services.settings, services.urls
    wanted = parse_resource(resource)
    username = ""
    match wanted:
        case ResourceUrl(url):
            local = urls.parse_local(url)
            if url.rstrip("/") == settings.origin:
                return server_jrd(urls)
            if isinstance(local, LocalInstanceActor):
                return instance_actor_jrd(urls, account_domain=settings.account_domain)
            username = local.username if isinstance(local, LocalActor) else ""
        case Handle(handle_name, host) if host in (settings.account_domain, settings.host):
            if handle_name in (settings.account_domain, settings.host):
                return instance_actor_jrd(urls, account_domain=settings.account_domain)
            username = handle_name
    if not username:
        raise NotFound("That is nobody of this server.")
    async with services.database.connection() as db:
        person = await find_local(db, username)
    return account_jrd(urls, username=person.username, account_domain=settings.account_domain)


async def get_nodeinfo(
    services: Services, version: Literal["2.0", "2.1"], software: nodeinfo.Software
) -> dict[str, Any]:
    """Return what NodeInfo tells of this server."""
    now = services.now()
    async with services.database.connection() as db:
        usage = nodeinfo.Usage(
            users=await people.COUNT_LOCAL.one(db),
            active_month=await people.COUNT_ACTIVE_SINCE.one(db, now - timedelta(days=_ACTIVE_MONTH_DAYS)),
            active_half_year=await people.COUNT_ACTIVE_SINCE.one(db, now - timedelta(days=_ACTIVE_HALF_YEAR_DAYS)),
            posts=await thoughts.COUNT_LOCAL.one(db),
        )
    return nodeinfo.nodeinfo(
        version,
        software=software,
        usage=usage,
        open_registrations=services.settings.registration is Registration.OPEN,
        metadata={"nodeName": services.settings.account_domain, "federation": {"enabled": True}},
    )
