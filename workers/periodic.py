"""Jobs that come round: forgotten hosts, what has been kept long enough, actors not read for a while."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from federation.actions import announcing, polls, scheduling
from federation.actions.files import evict_copies, expire_uploads
from federation.actions.resanitise import resanitise
from storage import deliveries, fetches, remote_actors, retention
from workers.outcomes import HOST_SLOTS

if TYPE_CHECKING:
    from federation.services import Services

_log = structlog.get_logger(__name__)

SWEEP_EVERY_S = 60
STALE_EVERY_S = 10 * 60
RETENTION_EVERY_S = 3600
POLLS_EVERY_S = 5
SCHEDULED_EVERY_S = 5
TRENDS_EVERY_S = 5 * 60
ANNOUNCEMENTS_EVERY_S = 15

_STALE_AFTER = timedelta(days=7)
_STALE_AT_ONCE = 100
_BATCH = 1000
# A run works off so many batches of a rule; the next one goes on.
_MOST_BATCHES = 100


async def sweep(services: Services) -> None:
    """Wake what was forgotten."""
    async with services.database.transaction() as db:
        forgotten = await deliveries.sweep(db, slots=HOST_SLOTS)
    if forgotten:
        _log.warning("hosts had been forgotten", count=forgotten)
        services.wake()


async def ask_for_stale_actors(services: Services) -> None:
    """Have connected actors read again that were not read for a week."""
    async with services.database.transaction() as db:
        stale = await remote_actors.list_stale(db, _STALE_AFTER, limit=_STALE_AT_ONCE)
        await fetches.request(db, "actor", [actor.ap_url for actor in stale])
    if stale:
        services.wake()


async def look_after_polls(services: Services) -> None:
    """Tell of polls that have ended, and of votes."""
    await polls.close_ended(services)
    await polls.tell_changes(services)


async def publish_scheduled(services: Services) -> None:
    """Publish the thoughts whose time has come."""
    await scheduling.publish_due(services)


async def look_after_announcements(services: Services) -> None:
    """Publish announcements that are due, and take down those that are over."""
    published, ended = await announcing.keep_times(services)
    if published or ended:
        _log.info("announcements", published=published, ended=ended)


async def apply_retention(services: Services) -> None:
    """Delete what has been kept long enough, batch by batch."""
    older_than = timedelta(days=services.settings.remote_retention_days)
    for name in retention.BATCHES:
        for _ in range(_MOST_BATCHES):
            async with services.database.transaction() as db:
                if await retention.run_batch(db, name, limit=_BATCH) < _BATCH:
                    break
    for _ in range(_MOST_BATCHES):
        async with services.database.transaction() as db:
            if await retention.purge_remote_thoughts(db, older_than, limit=_BATCH) < _BATCH:
                break
    await expire_uploads(services)
    await evict_copies(services)


async def sanitise_again(services: Services) -> None:
    """Bring remote HTML up to the present sanitiser, after an update that changed it."""
    for _ in range(_MOST_BATCHES):
        if not await resanitise(services):
            break
