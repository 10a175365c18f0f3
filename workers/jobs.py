"""Every job of a worker, by the name it has in Redis."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from federation.actions import background, cards, letters, pushing, trends, uploads
from federation.inbound.drain import InboxDrain
from storage import cards as links
from storage import deliveries, fetches, inbox, mails, media, pushes
from workers import periodic
from workers.deliveries import DeliveryDrain
from workers.inboxes import present_inbox
from workers.outcomes import Lane
from workers.registry import Drain, OneAtATime, Periodic

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from federation.services import Services
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Jobs:
    """What a worker can do, by the names that the jobs have in Redis."""

    drains: Sequence[Drain]
    periodic: Sequence[Periodic]


@asynccontextmanager
async def open_jobs(services: Services) -> AsyncIterator[Jobs]:
    """Make the jobs of this process; at the end of the block, deliveries under way may still finish."""
    lanes = [
        DeliveryDrain(
            lane,
            database=services.database,
            network=services.network,
            keyring=services.keyring,
            refresh_inbox=partial(present_inbox, services.reader),
            wake=services.wake,
            now=services.now,
        )
        for lane in Lane
    ]
    # Without a mail server letters wait, and nobody is woken for them.
    with_mail = letters.are_sent(services.settings)
    drains = [
        *(Drain(f"drain_deliveries_{lane.lane.label}", partial(_lane_has_due, lane.lane), lane.run) for lane in lanes),
        Drain("drain_inbox", inbox.has_due, InboxDrain(services).run),
        Drain("drain_fetches", fetches.has_due, OneAtATime(partial(background.drain, services))),
        Drain("drain_links", links.has_due, OneAtATime(partial(cards.drain, services))),
        Drain("drain_uploads", media.has_due, OneAtATime(partial(uploads.drain, services))),
        Drain("drain_pushes", pushes.has_due, OneAtATime(partial(pushing.drain, services))),
        *([Drain("drain_mails", mails.has_due, OneAtATime(partial(letters.drain, services)))] if with_mail else ()),
    ]
    rounds = [
        Periodic("sweep", periodic.SWEEP_EVERY_S, partial(periodic.sweep, services)),
        Periodic("polls", periodic.POLLS_EVERY_S, OneAtATime(partial(periodic.look_after_polls, services))),
        Periodic("scheduled", periodic.SCHEDULED_EVERY_S, OneAtATime(partial(periodic.publish_scheduled, services))),
        Periodic("trends", periodic.TRENDS_EVERY_S, OneAtATime(partial(trends.refresh_trends, services))),
        Periodic("announcements", periodic.ANNOUNCEMENTS_EVERY_S, partial(periodic.look_after_announcements, services)),
        Periodic("stale_actors", periodic.STALE_EVERY_S, partial(periodic.ask_for_stale_actors, services)),
        Periodic("sanitise_again", periodic.RETENTION_EVERY_S, OneAtATime(partial(periodic.sanitise_again, services))),
        Periodic("retention", periodic.RETENTION_EVERY_S, OneAtATime(partial(periodic.apply_retention, services))),
    ]
    try:
        yield Jobs(drains, rounds)
    finally:
        for lane in lanes:
            await lane.stop()


async def _lane_has_due(lane: Lane, db: Connection) -> bool:
    return await deliveries.has_due(db, lane.label)
