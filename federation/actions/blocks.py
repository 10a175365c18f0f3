"""Blocking and muting."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from federation.actions.acting import acting
from federation.actions.outgoing import send_to
from federation.errors import Invalid, NotFound
from storage import lists, notifications, relations, thoughts
from storage.people import Person

if TYPE_CHECKING:
    from federation.services import Services

LISTED = 200


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


async def list_hidden(services: Services, person: Person) -> tuple[list[Person], list[Person]]:
    """List whom a person blocks and whom they mute."""
    async with services.database.connection() as db:
        blocked = await relations.BLOCKED_PEOPLE.all(db, person.id, LISTED)
        muted = await relations.MUTED_PEOPLE.all(db, person.id, LISTED)
    return blocked, muted
