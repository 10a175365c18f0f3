"""Thoughts that are published later: scheduled, changed, cancelled, and published once when their time comes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from federation.actions import letters
from federation.actions.acting import acting
from federation.actions.attaching import Attachable, take_uploads
from federation.actions.poll_drafts import PollDraft
from federation.actions.publish_thought import Checked, Draft, check_draft, look_around, publish_thought
from federation.errors import Conflict, Invalid, NotFound, Temporary, ThoughtsError, Unauthenticated
from storage import access, logins, mails, media, people, scheduled, thoughts
from storage.errors import DatabaseUnavailable
from storage.media import Media
from storage.scheduled import Scheduled

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.entries import Page
    from storage.people import Person
    from storage.thoughts import Thought

log = structlog.get_logger()

SOONEST = timedelta(minutes=5)
LATEST = timedelta(days=5 * 366)
MOST, MOST_A_DAY = 300, 25
# What a cancelled schedule carried can be attached to something else for so long.
_KEPT = timedelta(days=1)
_AT_ONCE = 8
_MOST_BATCHES = 20
_PAUSE = timedelta(minutes=1)
_MOST_ATTEMPTS = 5
_LETTER_PAUSE = timedelta(hours=6)
_OUR_FAULT = "Something went wrong on our side. Please post it now, or choose another time."
_NOT_ACTIVE = "Your account was not active when its time came."


@dataclass(frozen=True, slots=True)
class Agenda:
    """What somebody has scheduled, and the uploads that wait with it."""

    items: list[Scheduled]
    media: dict[UUID, Media]


async def schedule_thought(services: Services, author: Person, draft: Draft, at: datetime) -> Scheduled:
    """Keep a draft to be published then; it must be fit to be published already, and its uploads wait with it.

    With an Idempotency-Key that was used before, return the schedule it made. Raises `Invalid` naming the field,
    `NotFound` for what it answers or quotes, or when what the key made has been posted meanwhile.
    """
    _check_time(services, at)
    checked = await check_draft(services, author, draft)
    async with acting(services, author) as db:
        scheduled_id = await thoughts.new_id(db, services.now())
        if draft.idempotency_key is not None and not await access.claim_idempotency_key(
            db, author.id, draft.idempotency_key, scheduled_id
        ):
            return await _made_before(db, author, draft.idempotency_key)
        await _check_load(db, author, at)
        decided = await _settle(db, services, author, checked, holder=scheduled_id)
        made = await scheduled.insert(db, scheduled_id, author.id, at, _stored(decided))
        await _hold(db, made, decided)
    return made


async def change_scheduled(
    services: Services, author: Person, scheduled_id: UUID, *, at: datetime | None = None, draft: Draft | None = None
) -> Scheduled:
    """Change when, or what, is to be published; what is None stays. What was stuck waits for its time again."""
    before = await get_scheduled(services, author, scheduled_id)
    due = before.scheduled_at if at is None else at
    if at is not None or before.problem:
        _check_time(services, due)
    checked = await check_draft(services, author, _kept(before, draft)) if draft is not None else None
    async with acting(services, author) as db:
        if at is not None:
            await _check_load(db, author, at, but=before.id)
        decided = draft_of(before)
        if checked is not None:
            decided = await _settle(db, services, author, checked, holder=before.id)
        changed = await scheduled.change(db, before, due, _stored(decided))
        if changed is None:
            raise Conflict("This has been posted, changed or cancelled meanwhile.")
        await _hold(db, changed, decided)
    return changed


async def cancel_scheduled(services: Services, author: Person, scheduled_id: UUID) -> None:
    """Throw a scheduled thought away; its uploads stay for a day."""
    async with acting(services, author) as db:
        if await scheduled.find(db, author.id, scheduled_id) is None:
            raise NotFound("This is not scheduled any more.")
        await media.hold(db, scheduled_id, [], keep_for=_KEPT)
        await scheduled.delete(db, author.id, scheduled_id)


async def post_now(services: Services, author: Person, scheduled_id: UUID) -> Thought:
    """Publish a scheduled thought at once; what hinders it is raised, and it stays."""
    before = await get_scheduled(services, author, scheduled_id)
    return await publish_thought(services, author, draft_of(before), schedule=before)


async def get_scheduled(services: Services, author: Person, scheduled_id: UUID) -> Scheduled:
    """Return one of somebody's scheduled thoughts."""
    async with services.database.connection() as db:
        found = await scheduled.find(db, author.id, scheduled_id)
    if found is None:
        raise NotFound("This is not scheduled any more.")
    return found


async def get_agenda(services: Services, author: Person, page: Page | None = None) -> Agenda:
    """Return a page of what somebody has scheduled, the newest first, or all of it by its time."""
    async with services.database.connection() as db:
        if page is None:
            items = await scheduled.list_by_time(db, author.id, limit=MOST)
        else:
            items = await scheduled.list_page(db, author.id, page)
        return Agenda(items, await _media_of(db, author, items))


async def get_media_of(services: Services, author: Person, one: Scheduled) -> dict[UUID, Media]:
    """Return the uploads that wait with a scheduled thought."""
    async with services.database.connection() as db:
        return await _media_of(db, author, [one])


async def _media_of(db: Connection, author: Person, items: list[Scheduled]) -> dict[UUID, Media]:
    ids = [carried.id for one in items for carried in draft_of(one).media]
    return {found.id: found for found in await media.list_own(db, author.id, ids)}


async def has_scheduled(services: Services, author: Person) -> bool:
    """Tell whether somebody has scheduled anything."""
    async with services.database.connection() as db:
        return await scheduled.has_any(db, author.id)


# --- Rules -----------------------------------------------------------------------------------------


def _check_time(services: Services, at: datetime) -> None:
    now = services.now()
    if at < now + SOONEST:
        raise Invalid("The time must be five minutes from now at least.", field="scheduled_at")
    if at > now + LATEST:
        raise Invalid("The time must be within the next five years.", field="scheduled_at")


async def _check_load(db: Connection, author: Person, at: datetime, *, but: UUID | None = None) -> None:
    load = await scheduled.find_load(db, author.id, at, but=but)
    if load.total >= MOST:
        raise Invalid(f"At most {MOST} thoughts can be scheduled.", field="scheduled_at")
    if load.on_day >= MOST_A_DAY:
        raise Invalid(f"At most {MOST_A_DAY} thoughts can be scheduled for one day.", field="scheduled_at")


async def _settle(db: Connection, services: Services, author: Person, checked: Checked, *, holder: UUID) -> Draft:
    """Return the draft as it will be published, having looked at all it needs."""
    around = await look_around(db, author, checked)
    await take_uploads(db, services, author, checked.draft.media, holder=holder)
    return replace(checked.draft, visibility=around.visibility)


async def _hold(db: Connection, one: Scheduled, draft: Draft) -> None:
    await media.hold(db, one.id, [carried.id for carried in draft.media], keep_for=_KEPT)


def _kept(before: Scheduled, draft: Draft) -> Draft:
    """Return a changed draft with what its author cannot change."""
    known = draft_of(before)
    return replace(draft, reply_to=known.reply_to, quote=known.quote, app_id=known.app_id, idempotency_key=None)


async def _made_before(db: Connection, author: Person, key: str) -> Scheduled:
    made = await access.find_idempotent_thought(db, author.id, key)
    found = await scheduled.find(db, author.id, made) if made is not None else None
    if found is None:
        raise NotFound("What this Idempotency-Key scheduled has been posted or cancelled.")
    return found


# --- Publishing ------------------------------------------------------------------------------------


async def publish_due(services: Services) -> int:
    """Publish everything whose time has come; return how much that was.

    Several workers may do so at once, and be killed at any moment: a schedule ends in the transaction that publishes.
    """
    count = 0
    for _ in range(_MOST_BATCHES):
        async with services.database.connection() as db:
            batch = await scheduled.list_due(db, limit=_AT_ONCE)
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(_publish(services, one)) for one in batch]
        count += sum(task.result() for task in running)
        if len(batch) < _AT_ONCE:
            break
    return count


async def _publish(services: Services, one: Scheduled) -> bool:
    """Publish one; what hinders it is kept for its author. Never raises but for the database."""
    try:
        async with services.database.connection() as db:
            author = await people.find_person(db, one.user_id)
        if author is None or author.disabled:
            await _tell_problem(services, one, _NOT_ACTIVE)
            return False
        await publish_thought(services, author, draft_of(one), schedule=one)
    except Conflict:
        return False  # another worker was quicker, or its author
    except Unauthenticated:
        await _tell_problem(services, one, _NOT_ACTIVE)
    except Temporary as exc:
        await _put_off(services, one, exc.message)
    except ThoughtsError as exc:
        await _tell_problem(services, one, exc.message)
    except DatabaseUnavailable:
        raise
    except Exception:  # the process edge: one odd draft must not stop the others
        log.exception("scheduled.crash", scheduled=str(one.id))
        await _put_off(services, one, _OUR_FAULT)
    else:
        return True
    return False


async def _put_off(services: Services, one: Scheduled, problem: str) -> None:
    if one.attempts >= _MOST_ATTEMPTS:
        await _tell_problem(services, one, problem)
        return
    async with services.database.transaction() as db:
        await scheduled.put_off(db, one, _PAUSE * 2**one.attempts)


async def _tell_problem(services: Services, one: Scheduled, problem: str) -> None:
    """Keep what cannot be published, with the reason; its author is told on every page, and by a letter."""
    async with services.database.transaction() as db:
        stuck = await scheduled.mark_stuck(db, one, problem)
        credentials = await logins.CREDENTIALS_BY_ID.first(db, one.user_id)
        if stuck and credentials is not None and credentials.email and letters.are_sent(services.settings):
            await mails.request(db, one.user_id, "unposted", credentials.email, pause=_LETTER_PAUSE)
    services.wake()


# --- Drafts as they are stored ---------------------------------------------------------------------


def _stored(draft: Draft) -> dict[str, Any]:
    poll = draft.poll
    return {
        "source": draft.source,
        "visibility": draft.visibility,
        "summary": draft.summary,
        "sensitive": bool(draft.sensitive),
        "language": draft.language,
        "reply_to": _text(draft.reply_to),
        "quote": _text(draft.quote),
        "quote_policy": draft.quote_policy,
        "app_id": _text(draft.app_id),
        "idempotency_key": draft.idempotency_key,
        "media": [str(one.id) for one in draft.media],
        "poll": None
        if poll is None
        else {
            "options": list(poll.options),
            "expires_in_s": poll.expires_in_s,
            "multiple": poll.multiple,
            "hide_totals": poll.hide_totals,
        },
    }


def draft_of(one: Scheduled) -> Draft:
    """Return the draft of a scheduled thought."""
    kept = one.draft
    poll = kept["poll"]
    return Draft(
        source=kept["source"],
        visibility=kept["visibility"],
        summary=kept["summary"],
        sensitive=kept["sensitive"],
        # Decided: none is none.
        language=kept["language"] or "",
        reply_to=_id(kept["reply_to"]),
        quote=_id(kept["quote"]),
        quote_policy=kept["quote_policy"],
        app_id=_id(kept["app_id"]),
        idempotency_key=kept["idempotency_key"],
        media=tuple(Attachable(UUID(carried)) for carried in kept["media"]),
        poll=None if poll is None else PollDraft(**{**poll, "options": tuple(poll["options"])}),
    )


def _text(known: UUID | None) -> str | None:
    return None if known is None else str(known)


def _id(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
