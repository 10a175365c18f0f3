"""What admins, and anybody who asks about this place, see of it as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from storage import overview
from storage.errors import LiveUnavailable
from storage.overview import Account, Attention, Hour, Summary, Traffic
from storage.people import Person

if TYPE_CHECKING:
    from federation.services import Services


@dataclass(frozen=True, slots=True)
class About:
    """What the page about this place says."""

    summary: Summary
    admins: list[Person]


@dataclass(frozen=True, slots=True)
class Overview:
    """The health of the server at a glance; 24 hours, oldest first. `redis` is empty while Redis answers."""

    summary: Summary
    traffic: Traffic
    hours: list[Hour]
    redis: str


@dataclass(frozen=True, slots=True)
class Accounts:
    """A page of accounts; `total` counts all that match."""

    people: list[Person]
    known: dict[UUID, Account]
    total: int


async def get_about(services: Services) -> About:
    """Return how large the place is and who looks after it."""
    async with services.database.connection() as db:
        return About(await overview.SUMMARY.one(db), await overview.ADMINS.all(db))


async def get_attention(services: Services) -> Attention:
    """Return how much waits for an admin."""
    async with services.database.connection() as db:
        return await overview.ATTENTION.one(db)


async def get_overview(services: Services) -> Overview:
    """Return the server's health."""
    async with services.database.connection() as db:
        summary = await overview.SUMMARY.one(db)
        traffic = await overview.TRAFFIC.one(db)
        hours = await overview.HOURS.all(db)
    try:
        await services.live.ping()
        redis = ""
    except LiveUnavailable as exc:
        redis = str(exc)
    return Overview(summary, traffic, hours, redis)


async def list_accounts(
    services: Services, *, state: str, text: str, before: UUID | None = None, limit: int = 50
) -> Accounts:
    """List accounts newest first; `state` is active, pending, suspended, remote, or empty for all local ones."""
    async with services.database.connection() as db:
        people = await overview.list_people(db, state, text.strip(), before=before, limit=limit)
        known = await overview.find_accounts(db, [person.id for person in people])
        return Accounts(people, known, await overview.count_people(db, state, text.strip()))
