"""Lists: people whom somebody reads apart from the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.acting import acting
from federation.actions.rosters import Roster, make_roster
from federation.actions.timelines import Shown, show
from federation.errors import Invalid, NotFound
from storage import entries, homes, lists
from storage.lists import PersonList

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.entries import Page
    from storage.people import Person

MOST_LISTS = 50
MAX_TITLE = 255
REPLIES_POLICIES = ("list", "followed", "none")


@dataclass(frozen=True, slots=True)
class ListForm:
    """What somebody says of a list; `replies_policy`: which answers to others show."""

    title: str
    replies_policy: str = "list"
    exclusive: bool = False


def _checked(form: ListForm) -> ListForm:
    title = " ".join(form.title.split())
    if not title:
        raise Invalid("A list needs a name.", field="title")
    if len(title) > MAX_TITLE:
        raise Invalid(f"The name may have {MAX_TITLE} characters.", field="title")
    if form.replies_policy not in REPLIES_POLICIES:
        raise Invalid("The policy for replies is followed, list or none.", field="replies_policy")
    return ListForm(title, form.replies_policy, form.exclusive)


async def get_lists(services: Services, owner: Person) -> list[PersonList]:
    """Return somebody's lists, the oldest first."""
    async with services.database.connection() as db:
        return await lists.list_lists(db, owner.id)


async def get_list(services: Services, owner: Person, list_id: UUID) -> PersonList:
    """Return a list of somebody's own; those of others are not there."""
    async with services.database.connection() as db:
        return await _find(db, owner, list_id)


async def _find(db: Connection, owner: Person, list_id: UUID) -> PersonList:
    found = await lists.find_list(db, owner.id, list_id)
    if found is None:
        raise NotFound("You have no such list.")
    return found


async def make_list(services: Services, owner: Person, form: ListForm) -> PersonList:
    """Make an empty list."""
    form = _checked(form)
    async with acting(services, owner) as db:
        made = await lists.insert_list(
            db, owner.id, form.title, form.replies_policy, exclusive=form.exclusive, most=MOST_LISTS
        )
    if made is None:
        raise Invalid(f"You have {MOST_LISTS} lists. Delete one first.")
    return made


async def change_list(services: Services, owner: Person, list_id: UUID, form: ListForm) -> PersonList:
    """Rename a list or change its rules; its members leave the owner's home when it becomes exclusive, or return."""
    form = _checked(form)
    async with acting(services, owner) as db:
        before = await _find(db, owner, list_id)
        changed = await lists.UPDATE.first(db, owner.id, list_id, form.title, form.replies_policy, form.exclusive)
        if changed is None:
            raise NotFound("You have no such list.")
        if before.exclusive != changed.exclusive:
            members = await lists.ALL_MEMBERS.all(db, list_id)
            await _settle_home(db, owner, members, away=changed.exclusive)
    return changed


async def delete_list(services: Services, owner: Person, list_id: UUID) -> None:
    """Delete a list; those who were read there alone come home again."""
    async with services.database.transaction() as db:
        found = await _find(db, owner, list_id)
        members = await lists.ALL_MEMBERS.all(db, list_id)
        await lists.DELETE.first(db, owner.id, list_id)
        if found.exclusive:
            await _settle_home(db, owner, members, away=False)


async def _settle_home(db: Connection, owner: Person, people: Sequence[UUID], *, away: bool) -> None:
    """Take people's entries out of the owner's home, or bring the latest of them back; never the owner's own."""
    others = [person_id for person_id in people if person_id != owner.id]
    if away:
        await homes.leave_home(db, owner.id, others)
    else:
        await homes.backfill_home(db, owner.id, others)


async def get_members(services: Services, owner: Person, list_id: UUID, page: Page) -> Roster:
    """Return a page of a list's members, the newest first."""
    async with services.database.connection() as db:
        await _find(db, owner, list_id)
        return await make_roster(db, await lists.list_members(db, list_id, page))


async def add_to_list(services: Services, owner: Person, list_id: UUID, people: Sequence[UUID]) -> None:
    """Put people on a list: those whom the owner follows or asked to follow, and the owner.

    All or none: raises `NotFound` when one of them is nobody the owner follows, `Invalid` when one is on it.
    """
    async with acting(services, owner) as db:
        found = await _find(db, owner, list_id)
        wanted = set(people)
        if await lists.ARE_MEMBERS.all(db, list_id, list(wanted)):
            raise Invalid("Account has already been taken")
        added = await lists.add_members(db, found, list(wanted))
        if len(added) != len(wanted):
            raise NotFound("You can only put those on a list whom you follow.")
        if found.exclusive:
            await _settle_home(db, owner, added, away=True)


async def remove_from_list(services: Services, owner: Person, list_id: UUID, people: Sequence[UUID]) -> None:
    """Take people off a list; quiet about who is not on it."""
    async with services.database.transaction() as db:
        found = await _find(db, owner, list_id)
        removed = await lists.remove_members(db, found, people)
        if removed and found.exclusive:
            await _settle_home(db, owner, removed, away=False)


async def get_lists_with(services: Services, owner: Person, person: Person) -> list[PersonList]:
    """Return those of the owner's lists that a person is on."""
    async with services.database.connection() as db:
        return await lists.list_lists_with(db, owner.id, person.id)


async def get_list_timeline(
    services: Services, owner: Person, list_id: UUID, page: Page, *, details: bool = False
) -> Shown:
    """Return a page of what the people on a list say."""
    async with services.database.connection() as db:
        await _find(db, owner, list_id)
        found = await entries.list_listed(db, owner.id, list_id, page)
        return await show(db, owner, found, receipts=not details, details=details)
