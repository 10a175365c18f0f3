"""Wanting nothing to do with a whole server, as one person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.actions.acting import acting
from federation.actions.follows import reject_follow, unfollow_person
from federation.actions.people import local_part
from federation.errors import Invalid
from federation.protocol.handles import Handle
from storage import domain_refusals

if TYPE_CHECKING:
    from federation.services import Services
    from storage.domain_refusals import Refusal
    from storage.entries import Page
    from storage.people import Person

_AT_ONCE = 100


def _domain(services: Services, text: str) -> str:
    """Return a domain as handles there carry it; raise `Invalid` for none, and for ours."""
    handle = Handle.parse(f"somebody@{text.strip().removeprefix('@')}")
    if handle is None or handle.host is None:
        raise Invalid("That is not the name of a server.", field="domain")
    domain = local_part(services, handle)
    if domain is None:
        raise Invalid("That is this server itself.", field="domain")
    return domain


async def refuse_domain(services: Services, person: Person, text: str) -> None:
    """Hear and see no more of a server: follows in both directions end, its people vanish from what one reads.

    Idempotent: who follows in between is refused already, and a repetition ends what an interruption left.
    """
    domain = _domain(services, text)
    async with acting(services, person) as db:
        await domain_refusals.INSERT.run(db, person.id, domain)
        await domain_refusals.FORGET_NOTIFICATIONS.run(db, person.id, domain)
    for query, end in (
        (domain_refusals.FOLLOWED_THERE, unfollow_person),
        (domain_refusals.FOLLOWING_FROM_THERE, reject_follow),
    ):
        while True:
            async with services.database.connection() as db:
                found = await query.all(db, person.id, domain, _AT_ONCE)
            for other in found:
                await end(services, person, other)
            if len(found) < _AT_ONCE:
                break


async def accept_domain(services: Services, person: Person, text: str) -> None:
    """See a server again; quiet when it is not refused. Follows do not come back by themselves."""
    domain = _domain(services, text)
    async with acting(services, person) as db:
        await domain_refusals.DELETE.run(db, person.id, domain)


async def get_refused(services: Services, person: Person, page: Page) -> list[Refusal]:
    """Return a page of the servers that a person refuses."""
    async with services.database.connection() as db:
        return await domain_refusals.list_refusals(db, person.id, page)
