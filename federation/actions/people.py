"""Finding people: by handle, by actor id, and over the network when they are not known yet."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from federation.errors import Gone, NotFound, ThoughtsError
from federation.protocol.handles import Handle
from federation.protocol.text import MentionTarget
from federation.remote.actors import find_or_fetch_actor
from federation.remote.discovery import resolve_handle
from storage import fetches, people, relations, remote_actors
from storage.people import Person
from storage.relations import Relation

if TYPE_CHECKING:
    from federation.services import Services

# People whom one thought may make us look up.
_MOST_LOOKUPS = 10
_LOOKUP_TIMEOUT_S = 8.0


def local_part(services: Services, handle: Handle) -> str | None:
    """Return the domain that storage knows a handle by: None when it is ours."""
    ours = (None, services.settings.account_domain, services.settings.host)
    return None if handle.host in ours else handle.host


async def get_person(services: Services, handle: Handle, *, viewer: Person | None = None) -> Person:
    """Return an active person by handle, asking their server when we do not know them.

    Strangers (no viewer) never make us ask: `NotFound` instead. Raises `RemoteError` when their server fails, and
    `Gone` for somebody of ours who left.
    """
    domain = local_part(services, handle)
    async with services.database.connection() as db:
        person = await people.find_by_handle(db, handle.username, domain)
    if person is None and domain is not None and viewer is not None:
        person = await resolve_handle(services.reader, handle)
    if person is None and domain is not None and viewer is None:
        raise NotFound(f"Nobody here knows {handle} yet. Sign in, and their server is asked.")
    if person is not None and person.state == "deleted" and not person.is_remote:
        raise Gone(f"{handle} has deleted this account.")
    if person is None or person.state != "active" or (not person.is_remote and person.actor_type == "Application"):
        raise NotFound(f"There is nobody called {handle} here.")
    return person


async def get_any_person(services: Services, handle: Handle) -> Person:
    """Return a person we know by handle, whatever their state: for admins. The instance actor is nobody."""
    async with services.database.connection() as db:
        person = await people.find_by_handle(db, handle.username, local_part(services, handle))
    if person is None or (not person.is_remote and person.actor_type == "Application"):
        raise NotFound(f"There is nobody called {handle} here.")
    return person


async def get_person_by_id(services: Services, person_id: UUID) -> Person:
    """Return an active person by id."""
    async with services.database.connection() as db:
        person = await people.find_person(db, person_id)
    if person is None or person.state != "active" or (not person.is_remote and person.actor_type == "Application"):
        raise NotFound("There is no such person here.")
    return person


async def get_account(services: Services, person_id: UUID) -> Person:
    """Return a person by id whatever their state, for admins."""
    async with services.database.connection() as db:
        person = await people.find_person(db, person_id)
    if person is None:
        raise NotFound("There is no such account.")
    return person


async def get_people(services: Services, ids: Sequence[UUID]) -> list[Person]:
    """Return the active ones of these people, in the order asked for."""
    async with services.database.connection() as db:
        found = await people.find_people(db, ids)
    return [
        found[one]
        for one in ids
        if one in found and found[one].state == "active"
        if found[one].is_remote or found[one].actor_type != "Application"
    ]


async def get_person_by_ap_id(services: Services, ap_id: str) -> Person:
    """Return a person by actor id, reading their document when we do not know them."""
    async with services.database.connection() as db:
        person = await people.find_by_ap_id(db, ap_id)
    if person is None:
        if services.urls.is_ours(ap_id):
            raise NotFound("There is no such person here.")
        person = await find_or_fetch_actor(services.reader, ap_id)
    return person


async def find_mentioned(services: Services, handles: Sequence[Handle], *, author: Person) -> dict[Handle, Person]:
    """Find whom handles stand for; who cannot be found, or blocks the author, stays plain text."""
    wanted = {handle: local_part(services, handle) for handle in handles}
    async with services.database.connection() as db:
        known = await people.find_by_handles(db, [(handle.username, domain) for handle, domain in wanted.items()])
    by_handle = {(person.username.lower(), person.domain): person for person in known}
    found: dict[Handle, Person] = {}
    unknown: list[Handle] = []
    for handle, domain in wanted.items():
        person = by_handle.get((handle.username.lower(), domain))
        if person is not None:
            found[handle] = person
        elif domain is not None:
            unknown.append(handle)
    lookups = await asyncio.gather(*(_look_up(services, handle) for handle in unknown[:_MOST_LOOKUPS]))
    found.update({handle: person for handle, person in zip(unknown, lookups, strict=False) if person is not None})
    async with services.database.connection() as db:
        related = await relations.list_relations(db, author.id, [person.id for person in found.values()])
    return {
        handle: person
        for handle, person in found.items()
        if person.actor_type != "Application" or person.is_remote
        if person.id not in related or not related[person.id].blocked_by
    }


def mention_targets(found: Mapping[Handle, Person]) -> dict[Handle, MentionTarget]:
    """Return what the handles of a text are written as."""
    return {
        handle: MentionTarget(person.profile_url, Handle(person.username, handle.host))
        for handle, person in found.items()
    }  # fmt: skip


async def _look_up(services: Services, handle: Handle) -> Person | None:
    try:
        async with asyncio.timeout(_LOOKUP_TIMEOUT_S):
            return await resolve_handle(services.reader, handle)
    except (ThoughtsError, TimeoutError):
        return None


async def get_relation(services: Services, viewer: Person, person: Person) -> Relation:
    """Tell what the viewer and a person are to each other."""
    return (await get_relations(services, viewer, [person.id]))[person.id]


async def get_relations(
    services: Services, viewer: Person, ids: Sequence[UUID], *, with_suspended: bool = False
) -> dict[UUID, Relation]:
    """Tell what the viewer and each of these people are to each other."""
    async with services.database.connection() as db:
        return await relations.list_relations(db, viewer.id, ids, with_suspended=with_suspended)


async def refresh_in_background(services: Services, person: Person) -> bool:
    """Ask for a remote profile to be read again when what we have is old; return whether it never was read in full."""
    if not person.is_remote:
        return False
    async with services.database.transaction() as db:
        actor = await remote_actors.find_remote_actor(db, person.id)
        if actor is None or actor.gone_at is not None:
            return False
        if actor.filled_at is None or (services.now() - actor.filled_at).total_seconds() > 3600:
            await fetches.request(db, "profile", [person.ap_id])
    services.wake()
    return actor.filled_at is None
