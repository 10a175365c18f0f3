"""Dead letters: look, retry with the present in view, discard; each action is audited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import orjson

from federation.actions.outgoing import Audience, note_parts, send
from federation.actions.profiles import send_update
from federation.errors import Conflict, NotFound
from federation.protocol.addressing import PUBLIC
from storage import (
    activities,
    emoji_reactions,
    failed_events,
    instances,
    moderation,
    people,
    reactions,
    relations,
    thoughts,
)
from storage.failed_events import DeadDelivery, FailedEvent, Filter

if TYPE_CHECKING:
    from federation.services import Services
    from storage.activities import Activity
    from storage.database import Connection
    from storage.people import Person
    from storage.thoughts import Thought

PAGE = 50
COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class Letters:
    """A page of dead letters; `total` counts all that match."""

    events: list[FailedEvent]
    total: int


@dataclass(frozen=True, slots=True)
class Retried:
    """How a dead letter was resolved, and the hosts that now have something due."""

    resolution: str
    hosts: frozenset[str] = frozenset()


async def list_letters(services: Services, which: Filter, *, before: UUID | None = None, limit: int = PAGE) -> Letters:
    """List dead letters, newest first."""
    async with services.database.connection() as db:
        events = await failed_events.list_failed_events(db, which, before=before, limit=limit)
        return Letters(events, await failed_events.count_failed_events(db, which))


async def get_letter(services: Services, event_id: UUID) -> tuple[FailedEvent, Activity | None]:
    """Return a dead letter, with the activity when it is a delivery's."""
    async with services.database.connection() as db:
        event = await failed_events.find_failed_event(db, event_id)
        if event is None:
            raise NotFound("There is no such dead letter.")
        delivery = await failed_events.find_dead_delivery(db, event.source_id) if event.kind == "delivery" else None
        return event, await activities.find_activity(db, delivery.activity_id) if delivery else None


async def retry_letter(services: Services, event_id: UUID, *, by: Person | None) -> str:
    """Revive a dead letter in the light of the present; return its resolution: retried or superseded.

    One guarded UPDATE decides: a second click raises `Conflict` and changes nothing, and so does a blocked host.
    """
    async with services.database.transaction() as db:
        event = await failed_events.find_failed_event(db, event_id)
        if event is None:
            raise NotFound("There is no such dead letter.")
        retried = await _retry(db, services, event, by)
        await instances.release(db, retried.hosts)
    services.wake()
    return retried.resolution


async def retry_matching(services: Services, which: Filter, *, by: Person | None) -> int:
    """Retry every open dead letter that matches, a page a transaction; return how many."""
    count, before = 0, None
    while True:
        async with services.database.transaction() as db:
            events = await failed_events.list_failed_events(db, which, before=before, limit=PAGE)
            hosts: set[str] = set()
            for event in events:
                try:
                    hosts |= (await _retry(db, services, event, by)).hosts
                except Conflict:
                    continue
                count += 1
            await instances.release(db, hosts)
        services.wake()
        if len(events) < PAGE:
            return count
        before = events[-1].id


async def discard_letter(services: Services, event_id: UUID, *, by: Person | None) -> None:
    """Give a dead letter up for good; `Conflict` when it was resolved before."""
    async with services.database.transaction() as db:
        await _discard(db, event_id, by)


async def discard_matching(services: Services, which: Filter, *, by: Person | None) -> int:
    """Discard every open dead letter that matches; return how many."""
    count, before = 0, None
    while True:
        async with services.database.transaction() as db:
            events = await failed_events.list_failed_events(db, which, before=before, limit=PAGE)
            for event in events:
                try:
                    await _discard(db, event.id, by)
                except Conflict:
                    continue
                count += 1
        if len(events) < PAGE:
            return count
        before = events[-1].id


async def list_error_classes(services: Services) -> list[str]:
    """List the error classes among open dead letters."""
    async with services.database.connection() as db:
        return await failed_events.list_error_classes(db)


def _name(by: Person | None) -> str:
    return COMMAND_LINE if by is None else by.handle


async def _resolve(db: Connection, event_id: UUID, resolution: str, by: Person | None) -> FailedEvent:
    event = await failed_events.resolve(db, event_id, resolution, _name(by))
    if event is None:
        raise Conflict("This dead letter was resolved before.")
    await moderation.insert_audit(db, by.id if by else None, f"dead letter {resolution}", event.subject)
    return event


async def _discard(db: Connection, event_id: UUID, by: Person | None) -> None:
    event = await _resolve(db, event_id, "discarded", by)
    await failed_events.discard(db, event.kind, event.source_id)


async def _retry(db: Connection, services: Services, event: FailedEvent, by: Person | None) -> Retried:
    """Retry one dead letter; the caller releases the hosts of all its letters together."""
    if event.kind == "delivery":
        delivery = await failed_events.find_dead_delivery(db, event.source_id)
        activity = await activities.find_activity(db, delivery.activity_id) if delivery else None
        if delivery is None or activity is None:
            await _resolve(db, event.id, "superseded", by)
            return Retried("superseded")
        if await moderation.is_refused(db, delivery.host):
            raise Conflict(f"{delivery.host} is blocked. Unblock it first, or discard what was meant for it.")
        if not await _still_so(db, activity, delivery):
            await _resolve(db, event.id, "superseded", by)
            await failed_events.supersede_delivery(db, delivery.id)
            await _send_present(db, services, activity, delivery)
            return Retried("superseded")
        await _resolve(db, event.id, "retried", by)
        host = await failed_events.revive_delivery(db, delivery.id)
        return Retried("retried", frozenset({host} if host is not None else ()))
    await _resolve(db, event.id, "retried", by)
    await failed_events.revive(db, event.kind, event.source_id)
    return Retried("retried")


async def _still_so(db: Connection, activity: Activity, delivery: DeadDelivery) -> bool:
    """Tell whether what an activity says is still what it should say, to that inbox."""
    if activity.payload is None:
        return False
    actor, target, thought_id = activity.user_id, activity.target_id, activity.thought_id
    match activity.type:
        case "Create" | "Update" if thought_id is not None:
            newest = await activities.find_latest_of_thought(db, thought_id, "Update")
            current = newest is None or newest.seq <= activity.seq
            thought = await thoughts.find_thought(db, thought_id)
            still = current and thought is not None and await _may_have(db, thought, delivery)
        case "Update":
            still = not await failed_events.HAS_NEWER_PROFILE.one(db, actor, activity.seq)
        case "Accept" | "Reject" if target is not None:
            still = await relations.IS_FOLLOWING.one(db, target, actor) == (activity.type == "Accept")
        case "Undo":
            undone = orjson.loads(activity.payload)["object"]["type"]
            still = not await _stands(db, undone, actor, target, thought_id)
        case "EmojiReact":
            still = await emoji_reactions.STANDS.one(db, actor, orjson.loads(activity.payload)["id"])
        case "Follow" | "Like" | "Announce" | "Block":
            still = await _stands(db, activity.type, actor, target, thought_id)
        case _:
            still = True
    return still


async def _stands(db: Connection, kind: str, actor: UUID, target: UUID | None, thought_id: UUID | None) -> bool:
    """Tell whether what somebody did, and may have undone, is so at present."""
    match kind:
        case "Follow" if target is not None:
            return await relations.find_follow(db, actor, target) is not None
        case "Like" if thought_id is not None:
            return await reactions.IS_LIKED.one(db, actor, thought_id)
        case "Announce" if thought_id is not None:
            return await reactions.IS_BOOSTED.one(db, actor, thought_id)
        case "Block" if target is not None:
            return await relations.BLOCKS.one(db, actor, target)
    return False


async def _may_have(db: Connection, thought: Thought, delivery: DeadDelivery) -> bool:
    """Tell whether an inbox is among those that a thought is for, as far as it is not for everybody."""
    if thought.visibility in ("public", "unlisted"):
        return True
    return await failed_events.IS_ADDRESSED.one(db, thought.id, thought.visibility, delivery.inbox_url)


async def _send_present(db: Connection, services: Services, activity: Activity, delivery: DeadDelivery) -> None:
    """Send what is true now instead of a Create or Update that time went past; what was undone needs nothing."""
    sender = await people.find_person(db, activity.user_id)
    if activity.type not in ("Create", "Update") or sender is None or sender.state == "deleted":
        return
    audience = Audience(inboxes=[delivery.inbox_url])
    if activity.thought_id is None:
        await send_update(db, services, sender, audience=audience)
        return
    thought = await thoughts.find_thought(db, activity.thought_id)
    if thought is None:
        to = [PUBLIC] if activity.public else []
        await send(
            db, services, sender, "Delete",
            lambda ap_id: services.render.delete(ap_id, sender.ap_id, activity.ordering_key, to=to),
            ordering_key=activity.ordering_key, audience=audience, thought_id=activity.thought_id,
            public=activity.public,
        )  # fmt: skip
    elif await _may_have(db, thought, delivery):
        parts = await note_parts(db, sender, thought)
        render = services.render.create if activity.type == "Create" else services.render.update
        await send(
            db, services, sender, activity.type, lambda ap_id: render(ap_id, thought, parts),
            ordering_key=activity.ordering_key, audience=audience, thought_id=thought.id, public=activity.public,
        )  # fmt: skip
