"""Polls as time goes by: shown with fresh tallies, told of when votes came, closed at their end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from federation.actions.note_updates import send_update
from federation.actions.publish_thought import author_of
from federation.actions.receive_thought import receive_edit
from federation.errors import NotFound, ThoughtsError
from federation.remote.objects import fetch_thought
from storage import fetches, notifications, polls, thoughts
from storage.polls import Poll

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.people import Person
    from storage.thoughts import Thought

log = structlog.get_logger()

# Others hear of votes this much later, so that a hundred votes make one message.
TELL_AFTER = timedelta(minutes=3)
STALE_AFTER = timedelta(minutes=1)
MOST_AT_ONCE = 500


async def get_poll(services: Services, viewer: Person | None, poll_id: UUID) -> tuple[Thought, Poll]:
    """Return a poll that the viewer may see; a remote one is read anew for people of ours, once a minute."""
    viewer_id = viewer.id if viewer is not None else None
    async with services.database.connection() as db:
        thought = await thoughts.find_visible(db, viewer_id, poll_id)
        poll = await polls.find_poll(db, viewer_id, poll_id) if thought is not None else None
        stale = await polls.claim_stale(db, [poll_id], STALE_AFTER) if viewer is not None and poll is not None else []
    if stale:
        await _read_again(services, stale[0])
        async with services.database.connection() as db:
            poll = await polls.find_poll(db, viewer_id, poll_id)
    if thought is None or poll is None:
        raise NotFound("This poll is gone, or not yours to see.")
    return thought, poll


async def _read_again(services: Services, ap_id: str) -> None:
    """Read a remote poll's tallies; what its server does not tell now stays as it was."""
    try:
        remote, author = await fetch_thought(services.reader, ap_id)
        await receive_edit(services, author, remote, fetched=True)
    except ThoughtsError as exc:
        log.info("poll.not_read", poll=ap_id, reason=exc.message)


async def ask_for_tallies(services: Services, thought_id: UUID) -> None:
    """Have a remote poll that somebody looks at read again in the background, once a minute at most."""
    async with services.database.transaction() as db:
        stale = await polls.claim_stale(db, [thought_id], STALE_AFTER)
        await fetches.request(db, "thought", stale)
    if stale:
        services.wake()


async def close_ended(services: Services) -> int:
    """Tell author and voters of every poll that has ended, each in one transaction; return how many."""
    async with services.database.connection() as db:
        ended = await polls.list_ended(db, limit=MOST_AT_ONCE)
    count = 0
    for thought_id in ended:
        async with services.database.transaction() as db:
            thought = await thoughts.keep_thought(db, thought_id)
            if thought is not None and await polls.close(db, thought_id):
                await _tell_end(db, services, thought)
                count += 1
    if count:
        services.wake()
    return count


async def _tell_end(db: Connection, services: Services, thought: Thought) -> None:
    author = await author_of(db, thought)
    if author.state != "active":
        return
    voters = await polls.LOCAL_VOTERS.all(db, thought.id)
    await notifications.notify(db, [author.id, *voters], "poll", author.id, thought.id)
    if not author.is_remote:
        await _send_tallies(db, services, thought, author)
    elif voters:
        await fetches.request(db, "thought", [thought.ap_id])


async def tell_changes(services: Services, *, after: timedelta = TELL_AFTER) -> int:
    """Send the tallies of our polls that were voted in a while ago; return of how many."""
    async with services.database.connection() as db:
        changed = await polls.list_changed(db, after, limit=MOST_AT_ONCE)
    count = 0
    for thought_id in changed:
        async with services.database.transaction() as db:
            thought = await thoughts.keep_thought(db, thought_id)
            if thought is not None and await polls.take_change(db, thought_id, after):
                await _send_tallies(db, services, thought, await author_of(db, thought))
                count += 1
    if count:
        services.wake()
    return count


async def _send_tallies(db: Connection, services: Services, thought: Thought, author: Person) -> None:
    """Tell followers and voters: the tallies changed, not the thought."""
    await send_update(db, services, author, thought, also=await polls.VOTER_INBOXES.all(db, thought.id))
