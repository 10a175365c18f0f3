"""Who has a thought: the report its author sees, with a retry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.dead_letters import retry_letter
from federation.errors import Conflict, Forbidden, NotFound
from storage import deliveries, failed_events, instances, thoughts
from storage.deliveries import HostReceipt, Receipt
from storage.thoughts import Thought

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person


HOSTS_PER_PAGE = 200


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a thought at each server."""

    thought: Thought
    receipt: Receipt
    hosts: list[HostReceipt]


async def get_report(services: Services, author: Person, thought_id: UUID, *, after_host: str = "") -> Report:
    """Return the delivery report of one's own thought, a page of hosts at a time."""
    async with services.database.connection() as db:
        thought = await thoughts.find_visible(db, author.id, thought_id)
        if thought is None:
            raise NotFound("This thought is gone, or not yours to see.")
        if thought.user_id != author.id:
            raise Forbidden("Only its author sees who received a thought.")
        receipts = await deliveries.list_receipts(db, [thought_id])
        hosts = await deliveries.list_report(db, thought_id, after_host=after_host, limit=HOSTS_PER_PAGE)
    return Report(thought, receipts.get(thought_id, Receipt(thought_id, 0, 0, 0)), hosts)


async def retry_deliveries(services: Services, author: Person, thought_id: UUID, *, host: str = "") -> int:
    """Try again now where one's own thought failed or waits, at one host or at all; return how many deliveries.

    The host is probed with its whole backlog. Where the admin paused or blocked a host, everything stays as it is.
    """
    report = await get_report(services, author, thought_id)
    asked = [one for one in report.hosts if host in ("", one.host)]
    async with services.database.transaction() as db:
        withheld = await instances.list_withheld(db, {one.host for one in asked})
        wanted = [one for one in asked if one.host not in withheld]
        waiting = [one.host for one in wanted if one.state == "pending"]
        await instances.release(db, waiting)
    services.wake()
    return len(waiting) + sum(
        [await _retry_dead(services, author, one.delivery_id) for one in wanted if one.state == "dead"]
    )


async def _retry_dead(services: Services, author: Person, delivery_id: UUID) -> int:
    async with services.database.connection() as db:
        event = await failed_events.find_open_for_delivery(db, delivery_id)
    if event is None:
        return 0
    try:
        await retry_letter(services, event, by=author)
    except Conflict:
        return 0
    return 1
