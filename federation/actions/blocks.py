"""Blocking and muting, people and threads."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.acting import acting
from federation.actions.featuring import part_from_collections
from federation.actions.outgoing import send_to
from federation.errors import Invalid, NotFound
from storage import lists, notifications, relations, thoughts
from storage.people import Person
from storage.query import Command

if TYPE_CHECKING:
    from federation.services import Services


async def block_person(services: Services, blocker: Person, blocked: Person, *, ap_id: str | None = None) -> None:
    """Block somebody, once: follows in both directions end, both vanish from each other's home and notifications.

    `ap_id` is the Block's when a remote person does it; ours is sent, so that their server keeps to it too.
    """
    if blocker.id == blocked.id:
        raise Invalid("You cannot block yourself.")
    async with services.database.transaction() as db:
        standing = await relations.lock_pair(db, blocker.id, blocked.id)
        if standing.get(blocker.id) != "active" or standing.get(blocked.id, "deleted") == "deleted":
            raise NotFound("This account is gone.")
        block_id = ap_id or services.urls.activity(await thoughts.new_id(db, services.now()))
        if not await relations.insert_block(db, blocker.id, blocked.id, block_id):
            return
        for follower, following in ((blocker, blocked), (blocked, blocker)):
            await relations.delete_follow(db, follower.id, following.id)
            await lists.leave_timelines(db, follower.id, following.id)
        await notifications.withdraw_between(db, blocker.id, blocked.id)
        await part_from_collections(db, services, blocker, blocked)
        if blocked.is_remote and not blocker.is_remote:
            await send_to(
                db, services, blocker, "Block",
                lambda _: services.render.block(block_id, blocker.ap_id, blocked.ap_id),
                to=blocked,
            )  # fmt: skip
    services.wake()


async def unblock_person(services: Services, blocker: Person, blocked: Person) -> None:
    """Unblock somebody; quiet when they are not blocked. Follows do not come back by themselves."""
    async with services.database.transaction() as db:
        gone = await relations.delete_block(db, blocker.id, blocked.id)
        if gone is None:
            return
        if blocked.is_remote and not blocker.is_remote and gone.ap_id is not None:
            block = services.render.block(gone.ap_id, blocker.ap_id, blocked.ap_id)
            await send_to(
                db, services, blocker, "Undo",
                lambda ap_id: services.render.undo(ap_id, block),
                to=blocked,
            )  # fmt: skip
    services.wake()


async def mute_person(
    services: Services, muter: Person, muted: Person, *, hide_notifications: bool = True, lasts: timedelta | None = None
) -> None:
    """Mute somebody; they do not learn of it."""
    if muter.id == muted.id:
        raise Invalid("You cannot mute yourself.")
    expires_at = services.now() + lasts if lasts else None
    async with acting(services, muter) as db:
        await relations.upsert_mute(
            db, muter.id, muted.id, hide_notifications=hide_notifications, expires_at=expires_at
        )  # fmt: skip


async def unmute_person(services: Services, muter: Person, muted: Person) -> None:
    """Unmute somebody; quiet when they are not muted."""
    async with services.database.transaction() as db:
        await relations.delete_mute(db, muter.id, muted.id)


async def mute_thread(services: Services, person: Person, thought_id: UUID) -> None:
    """Hear no more of a thread that a thought belongs to: no notifications of what is said or done in it."""
    await _turn_thread(services, person, thought_id, relations.MUTE_THREAD)


async def unmute_thread(services: Services, person: Person, thought_id: UUID) -> None:
    """Hear of a thread again; quiet when it is not muted."""
    await _turn_thread(services, person, thought_id, relations.UNMUTE_THREAD)


async def _turn_thread(services: Services, person: Person, thought_id: UUID, how: Command) -> None:
    async with acting(services, person) as db:
        thought = await thoughts.find_visible_by_entry(db, person.id, thought_id)
        if thought is None:
            raise NotFound("This thought is gone, or not yours to see.")
        await how.run(db, person.id, thought.conversation_id)
