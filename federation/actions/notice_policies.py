"""From whom somebody wants to hear; and asking for, letting through or discarding what was kept apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.acting import acting
from federation.actions.timelines import Shown, show
from federation.errors import Invalid, NotFound
from storage import entries, notification_policies, people
from storage.notification_policies import Kept, Policy
from storage.people import Person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.entries import Page

VERDICTS = ("accept", "filter", "drop")
RULES = tuple(field.name for field in fields(Policy))


@dataclass(frozen=True, slots=True)
class PolicyNow:
    """A policy, and how much it keeps apart at present."""

    policy: Policy
    requests: int
    notifications: int


@dataclass(frozen=True, slots=True)
class Requests:
    """People of whom something is kept apart, with the last thought that it is about."""

    kept: list[Kept]
    people: dict[UUID, Person]
    shown: Shown


async def get_policy(services: Services, person: Person) -> PolicyNow:
    """Return a person's policy."""
    async with services.database.connection() as db:
        return await _now(db, person, await notification_policies.find_policy(db, person.id))


async def _now(db: Connection, person: Person, policy: Policy) -> PolicyNow:
    return PolicyNow(
        policy,
        await notification_policies.COUNT_KEPT_PEOPLE.one(db, person.id),
        await notification_policies.COUNT_KEPT.one(db, person.id),
    )


async def change_policy(services: Services, person: Person, changes: Mapping[str, str]) -> PolicyNow:
    """Change some rules of a person's policy; it holds for what comes from now on."""
    for rule, verdict in changes.items():
        if rule not in RULES or verdict not in VERDICTS:
            raise Invalid("A rule accepts, filters or drops.", field=rule)
    async with acting(services, person) as db:
        policy = replace(await notification_policies.find_policy(db, person.id), **changes)
        await notification_policies.SET_POLICY.run(db, person.id, *(getattr(policy, rule) for rule in RULES))
        return await _now(db, person, policy)


async def get_requests(services: Services, person: Person, page: Page, *, details: bool = False) -> Requests:
    """Return a page of those of whom something is kept apart."""
    async with services.database.connection() as db:
        return await _requests(db, person, await notification_policies.list_kept(db, person.id, page), details=details)


async def get_request(services: Services, person: Person, from_id: UUID) -> Requests:
    """Return what is kept apart of one person; `NotFound` when there is nothing."""
    async with services.database.connection() as db:
        kept = await notification_policies.KEPT_OF.all(db, person.id, from_id)
        if not kept:
            raise NotFound("Nothing is kept apart of them.")
        return await _requests(db, person, kept, details=True)


async def _requests(db: Connection, person: Person, kept: list[Kept], *, details: bool) -> Requests:
    ids = [one.last_thought_id for one in kept if one.last_thought_id is not None]
    shown = await show(db, person, await entries.list_visible_entries(db, person.id, ids), details=details)
    return Requests(kept, await people.find_people(db, [one.actor_id for one in kept]), shown)


async def accept_requests(services: Services, person: Person, from_ids: Sequence[UUID]) -> None:
    """Let through what was kept apart of these people, and what comes of them from now on."""
    async with acting(services, person) as db:
        await notification_policies.release(db, person.id, from_ids)


async def dismiss_requests(services: Services, person: Person, from_ids: Sequence[UUID]) -> None:
    """Discard what was kept apart of these people; what comes later is kept apart again."""
    async with acting(services, person) as db:
        await notification_policies.DISCARD.run(db, person.id, from_ids)
