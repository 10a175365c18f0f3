"""Background reading: actors to refresh, profiles to fill, parents of replies, all bounded."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import structlog

from federation.actions.people import get_person_by_ap_id
from federation.actions.reactions import boost_thought
from federation.actions.receive_collection import read_collection, receive_collection
from federation.actions.receive_quote import look_into_quote
from federation.actions.receive_thought import receive_deletion, receive_edit, receive_thought
from federation.actions.search import store_fetched
from federation.actions.verify_links import verify_links
from federation.errors import Gone, Temporary, ThoughtsError
from federation.remote.actors import refresh_actor
from federation.remote.collections import FilledProfile, fill_profile
from federation.remote.failures import classify
from federation.remote.objects import fetch_thought
from storage import fetches, people, reactions, tags, thoughts
from storage.errors import DatabaseUnavailable
from storage.fetches import Fetch
from storage.people import Person

if TYPE_CHECKING:
    from federation.protocol.activities import Announce
    from federation.services import Services
    from storage.thoughts import Thought

log = structlog.get_logger()

BATCH = 16
LEASE = timedelta(minutes=5)
FETCH_TIMEOUT_S = 120
PAUSES_S = (60, 600, 3600, 6 * 3600)
# Parents of parents that one reply may make us read.
DEEPEST = 30


async def drain(services: Services) -> int:
    """Read everything that is due; return how much that was."""
    count = 0
    while True:
        lease = uuid4()
        async with services.database.transaction() as db:
            batch = await fetches.claim(db, lease=lease, lease_for=LEASE, limit=BATCH)
        if not batch:
            return count
        count += len(batch)
        async with asyncio.TaskGroup() as tasks:
            for fetch in batch:
                tasks.create_task(_run(services, fetch))


async def _run(services: Services, fetch: Fetch) -> None:
    """Read one thing; temporary trouble is tried again, then it is a dead letter. Never raises but for the database."""
    try:
        async with asyncio.timeout(FETCH_TIMEOUT_S):
            await _read(services, fetch)
    except Temporary as exc:
        await _trouble(services, fetch, str(classify(exc)), exc.message, status=exc.status, answer=exc.body)
    except TimeoutError:
        await _trouble(services, fetch, "timeout", "Reading took too long.")
    except ThoughtsError as exc:
        log.info("fetch.refused", kind=fetch.kind, url=fetch.url, reason=exc.message)
        await _done(services, fetch)
    except DatabaseUnavailable:
        raise
    except Exception as exc:  # the process edge: one bad document must not stop the others
        log.exception("fetch.crash", kind=fetch.kind, url=fetch.url)
        await _trouble(services, fetch, "crash", f"{type(exc).__name__} while reading; see the log.")
    else:
        await _done(services, fetch)


async def _done(services: Services, fetch: Fetch) -> None:
    async with services.database.transaction() as db:
        await fetches.delete_fetch(db, fetch.id)


async def _trouble(
    services: Services, fetch: Fetch, error_class: str, error: str, *, status: int | None = None, answer: str = ""
) -> None:
    now = services.now()
    attempt = {"at": now.isoformat(), "status": status, "error": error}
    async with services.database.transaction() as db:
        if fetch.attempts < len(PAUSES_S):
            due_at = now + timedelta(seconds=PAUSES_S[fetch.attempts])
            await fetches.mark_retry(db, fetch.id, due_at, attempt)
        else:
            await fetches.mark_dead(
                db, fetch.id, error_class=error_class, status=status, answer=answer, attempt=attempt
            )  # fmt: skip


async def _read(services: Services, fetch: Fetch) -> None:
    match fetch.kind:
        case "actor":
            await refresh_actor(services.reader, fetch.url)
        case "profile":
            await fill(services, await get_person_by_ap_id(services, fetch.url))
        case "links":
            await verify_links(services, await get_person_by_ap_id(services, fetch.url))
        case "collection":
            await read_collection(services, fetch.url)
        case "thought":
            await _read_thought(services, fetch)


async def _read_thought(services: Services, fetch: Fetch) -> None:
    """Read a thought that something here refers to, and then what it answers, up to a depth.

    One that we have already is read for a change or deletion that somebody forwarded.
    """
    await look_into_quote(services, fetch.url, store=_store_quoted)
    try:
        remote, author = await fetch_thought(services.reader, fetch.url)
    except Gone:
        async with services.database.connection() as db:
            known = await thoughts.find_by_ap_id(db, fetch.url)
            owner = await people.find_person(db, known.user_id) if known is not None else None
        if owner is not None and owner.is_remote:
            await receive_deletion(services, owner, fetch.url)
        return
    if author.state != "active":
        return
    received = await receive_edit(services, author, remote, fetched=True)
    if received.ignored == "unknown":
        received = await receive_thought(services, author, remote, arriving=False)
    thought = received.thought
    if thought is not None and thought.reply_to is None and remote.in_reply_to and fetch.depth < DEEPEST:
        async with services.database.transaction() as db:
            await fetches.request(db, "thought", [remote.in_reply_to], depth=fetch.depth + 1)
        services.wake()


async def _store_quoted(services: Services, url: str) -> Thought | None:
    """Find or read what a thought quotes; what that quotes in turn is left alone."""
    async with services.database.connection() as db:
        known = await thoughts.find_by_ap_id(db, url)
    if known is not None:
        return known
    remote, author = await fetch_thought(services.reader, url)
    if author.state != "active":
        return None
    return (await receive_thought(services, author, remote, arriving=False, into_quotes=False)).thought


async def fill(services: Services, person: Person) -> None:
    """Fill a remote profile: counts, connections, pins, the newest thoughts and boosts."""
    if not person.is_remote:
        return
    filled = await fill_profile(services.reader, person)
    for remote in filled.thoughts:
        await receive_thought(services, person, remote, arriving=False)
    for url in filled.unread:
        await _quietly(services, url)
    for boost in filled.boosts:
        if boost.object.id is not None and boost.id is not None:
            known = await _quietly(services, boost.object.id)
            if known is not None:
                await boost_quietly(services, person, known.id, boost.id, boost)
    await _pin(services, person, filled.featured)
    await _curate(services, person, filled)


async def _curate(services: Services, person: Person, filled: FilledProfile) -> None:
    """Take over a remote person's collections, and the hashtags that their profile shows."""
    for collection in filled.collections:
        if collection.attributed_to == person.ap_id:
            await receive_collection(services, person, collection)
    async with services.database.transaction() as db:
        await fetches.request(db, "collection", filled.unread_collections)
        if filled.tags is not None:
            await tags.replace_featured(db, person.id, filled.tags)
    services.wake()


async def boost_quietly(services: Services, person: Person, thought_id: UUID, ap_id: str, boost: Announce) -> None:
    """Store a boost from an outbox; what may not be boosted is left out."""
    try:
        await boost_thought(services, person, thought_id, visibility=boost.visibility, ap_id=ap_id, at=boost.published)
    except ThoughtsError as exc:
        log.info("profile.boost_refused", boost=ap_id, reason=exc.message)


async def _quietly(services: Services, url: str) -> Thought | None:
    """Return a thought, read if need be; None when it cannot be had: a profile is shown without it."""
    async with services.database.connection() as db:
        known = await thoughts.find_by_ap_id(db, url)
    if known is not None:
        return known
    try:
        remote, _ = await fetch_thought(services.reader, url)
        return await store_fetched(services, remote)
    except ThoughtsError as exc:
        log.info("profile.thought_refused", url=url, reason=exc.message)
        return None


async def _pin(services: Services, person: Person, featured: tuple[str, ...]) -> None:
    """Take over what a remote person pinned, first to last."""
    for url in reversed(featured):
        thought = await _quietly(services, url)
        if thought is not None and thought.user_id == person.id:
            async with services.database.transaction() as db:
                await reactions.insert_pin(db, person.id, thought.id, most=20)
