"""Accounts for those who look after this place: lists with what only they may know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.reports import check_moderator
from federation.errors import Forbidden
from storage import administration
from storage.administration import Facts, SeenFrom, Wanted
from storage.people import Person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.entries import Page


@dataclass(frozen=True, slots=True)
class Dossier:
    """A person with what only those who look after this place know."""

    person: Person
    facts: Facts | None
    seen_from: Sequence[SeenFrom]


def check_admin(person: Person) -> None:
    """Raise `Forbidden` unless somebody is an admin."""
    if person.role != "admin":
        raise Forbidden("This is for admins.")


async def list_dossiers(services: Services, moderator: Person, wanted: Wanted, page: Page) -> list[Dossier]:
    """List a page of accounts."""
    check_moderator(moderator)
    async with services.database.connection() as db:
        found = await administration.list_accounts(db, wanted, page)
    return list((await get_dossiers(services, moderator, found)).values())


async def get_dossiers(services: Services, moderator: Person, found: Sequence[Person]) -> dict[UUID, Dossier]:
    """Return what is known of these people."""
    check_moderator(moderator)
    ids = [person.id for person in found]
    async with services.database.connection() as db:
        facts = await administration.find_facts(db, ids)
        seen = await administration.list_seen_from(db, ids)
    by_person: dict[UUID, list[SeenFrom]] = {}
    for one in seen:
        by_person.setdefault(one.user_id, []).append(one)
    return {
        person.id: Dossier(person, facts.get(person.id), by_person.get(person.id, ())) for person in found
    }  # fmt: skip
