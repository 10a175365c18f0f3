"""Rosters: pages of people that are keyed by the tie, not by the person: followers, likers, blocked and the like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.profiles import hides_connections, list_cached
from federation.errors import NotFound
from storage import people, reactions, relations, thoughts
from storage.people import Person
from storage.relations import Connected, Muted

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.entries import Page


@dataclass(frozen=True, slots=True)
class Roster:
    """A page of people, newest tie first; `cursors` are the ties' ids. `until` says when a mute ends, if it does."""

    people: list[Person]
    cursors: list[UUID]
    until: dict[UUID, datetime] = field(default_factory=dict)


async def make_roster(db: Connection, ties: Sequence[Connected | Muted]) -> Roster:
    """Read the people that ties lead to."""
    found = await people.find_shown(db, [tie.person_id for tie in ties])
    return Roster(
        people=[found[tie.person_id] for tie in ties if tie.person_id in found], cursors=[tie.cursor for tie in ties]
    )


async def get_connected(
    services: Services, viewer: Person | None, person: Person, direction: str, page: Page
) -> Roster:
    """Return a page of a person's `followers` or `following`; nobody when they hide that from the viewer.

    The first page of a remote person's also has those whom we know from their own server's list.
    """
    if hides_connections(person, viewer):
        return Roster([], [])
    lister = {"followers": relations.list_followers, "following": relations.list_following}[direction]
    async with services.database.connection() as db:
        ties = await lister(db, person.id, before=page.older_than, after=page.newer_than, limit=page.limit)
        roster = await make_roster(db, ties)
        if person.is_remote and page.older_than is None and page.newer_than is None:
            known = {one.id for one in roster.people}
            elsewhere = await list_cached(db, person, direction, known=known)
            roster.people.extend(elsewhere[: max(0, page.limit - len(roster.people))])
    return roster


async def get_requests(services: Services, viewer: Person, page: Page) -> Roster:
    """Return a page of those who ask to follow the viewer."""
    async with services.database.connection() as db:
        ties = await relations.list_followers(
            db, viewer.id, state="pending", before=page.older_than, after=page.newer_than, limit=page.limit
        )
        return await make_roster(db, ties)


async def get_blocked(services: Services, viewer: Person, page: Page) -> Roster:
    """Return a page of whom the viewer blocks."""
    async with services.database.connection() as db:
        return await make_roster(
            db,
            await relations.list_blocked(
                db, viewer.id, before=page.older_than, after=page.newer_than, limit=page.limit
            ),
        )


async def get_muted(services: Services, viewer: Person, page: Page) -> Roster:
    """Return a page of whom the viewer mutes, with the end of each mute that has one."""
    async with services.database.connection() as db:
        ties = await relations.list_muted(
            db, viewer.id, before=page.older_than, after=page.newer_than, limit=page.limit
        )
        roster = await make_roster(db, ties)
    roster.until.update({tie.person_id: tie.expires_at for tie in ties if tie.expires_at is not None})
    return roster


async def get_reacted(services: Services, viewer: Person | None, entry_id: UUID, reaction: str, page: Page) -> Roster:
    """Return a page of who liked (`likes`) or boosted (`boosts`) a thought that the viewer may see."""
    lister = {"likes": reactions.list_liked_by, "boosts": reactions.list_boosted_by}[reaction]
    async with services.database.connection() as db:
        thought = await thoughts.find_visible_by_entry(db, viewer.id if viewer else None, entry_id)
        if thought is None:
            raise NotFound("This thought is gone, or not yours to see.")
        ties = await lister(db, thought.id, before=page.older_than, after=page.newer_than, limit=page.limit)
        return await make_roster(db, ties)
