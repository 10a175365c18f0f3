"""Following: ask, accept, reject, end; the same rules for our people and for remote ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, UUID, uuid5

from federation.actions.outgoing import send_to
from federation.actions.preferences import check_language
from federation.errors import Forbidden, Invalid, NotFound
from storage import activities, lists, notifications, relations, thoughts
from storage.people import Person
from storage.relations import Follow

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection

MOST_LANGUAGES = 50


async def follow_person(
    services: Services,
    follower: Person,
    target: Person,
    *,
    ap_id: str | None = None,
    show_boosts: bool | None = None,
    notify: bool | None = None,
    languages: Sequence[str] | None = None,
) -> Follow:
    """Follow somebody, or ask to when they are locked or remote; `ap_id` is the Follow's when it came from outside.

    With `languages`, only what they say in these is read, [] is every language; None leaves options as they are.

    Idempotent: following again changes the options only, and a remote follower's repeated request is answered
    again. Raises `Invalid` for oneself, `Forbidden` when one of the two blocks the other.
    """
    _check(follower, target, languages or ())
    async with services.database.transaction() as db:
        await _lock_willing(db, follower, target)
        known = await relations.find_follow(db, follower.id, target.id)
        if known is None or ap_id is not None:
            follow = await relations.upsert_follow(
                db, follower.id, target.id, state="pending",
                ap_id=ap_id or services.urls.activity(await thoughts.new_id(db, services.now())),
            )  # fmt: skip
        else:
            follow = known
        if any(option is not None for option in (show_boosts, notify, languages)):
            await relations.set_follow_options(
                db, follower.id, target.id, show_boosts=show_boosts, notify=notify, languages=languages
            )  # fmt: skip
        if target.is_remote:
            if known is None:
                await _send_follow(db, services, follower, target, follow)
        elif known is not None and follow.state == "accepted":
            # Unless it is the same Follow, processed again because the worker that did it died.
            if known.ap_id != follow.ap_id:
                await _answer(db, services, "Accept", follow, follower=follower, target=target)
        elif target.locked:
            await notifications.notify(db, [target.id], "follow_request", follower.id)
        else:
            follow = await _accept(db, services, follower, target, follow)
    services.wake()
    return follow


async def _lock_willing(db: Connection, follower: Person, target: Person) -> None:
    """Lock two people of whom one may follow the other; raise when one of them is gone or blocks the other."""
    standing = await relations.lock_pair(db, follower.id, target.id)
    if [standing.get(one.id) for one in (follower, target)] != ["active", "active"]:
        raise NotFound("There is nobody to follow here.")
    if await relations.either_blocks(db, follower.id, target.id):
        raise Forbidden(f"You cannot follow {target.handle}: one of you blocks the other.")


def _check(follower: Person, target: Person, languages: Sequence[str]) -> None:
    if follower.id == target.id:
        raise Invalid("You cannot follow yourself.")
    if len(languages) > MOST_LANGUAGES:
        raise Invalid(f"Choose at most {MOST_LANGUAGES} languages.", field="languages")
    for language in languages:
        check_language(language)
    if target.state != "active" or (target.actor_type == "Application" and not target.is_remote):
        raise NotFound("There is nobody to follow here.")


async def _accept(db: Connection, services: Services, follower: Person, target: Person, follow: Follow) -> Follow:
    """Accept a pending follow of one of ours, with everything that follows from it."""
    if await relations.mark_accepted(db, follower.id, target.id):
        await notifications.withdraw(db, target.id, "follow_request", follower.id)
        await notifications.notify(db, [target.id], "follow", follower.id)
        if not follower.is_remote:
            await lists.enter_timelines(db, follower.id, target.id)
    await _answer(db, services, "Accept", follow, follower=follower, target=target)
    return await relations.find_follow(db, follower.id, target.id) or follow


async def accept_follow(services: Services, target: Person, follower: Person) -> None:
    """Accept a request to follow `target`, one of ours; `NotFound` when there is none."""
    async with services.database.transaction() as db:
        await relations.lock_pair(db, follower.id, target.id)
        follow = await relations.find_follow(db, follower.id, target.id)
        if follow is None:
            raise NotFound(f"{follower.handle} no longer asks to follow you.")
        await _accept(db, services, follower, target, follow)
    services.wake()


async def reject_follow(services: Services, target: Person, follower: Person) -> None:
    """Reject a request to follow `target`, one of ours, or remove a follower; quiet when there is none."""
    async with services.database.transaction() as db:
        await relations.lock_pair(db, follower.id, target.id)
        follow = await relations.delete_follow(db, follower.id, target.id)
        if follow is None:
            return
        await lists.leave_timelines(db, follower.id, target.id)
        await notifications.withdraw(db, target.id, "follow_request", follower.id)
        await notifications.withdraw(db, target.id, "follow", follower.id)
        await _answer(db, services, "Reject", follow, follower=follower, target=target)
    services.wake()


async def refuse_follow(services: Services, target: Person, follower: Person, ap_id: str) -> None:
    """Answer a Follow that the rules forbid with a Reject, so that the other server stops waiting.

    Once: the id of the Reject is made from what it answers, since a refused Follow leaves no other trace.
    """
    activity_id = uuid5(NAMESPACE_URL, f"{target.ap_id} rejects {follower.ap_id} {ap_id}")
    async with services.database.transaction() as db:
        await relations.lock_pair(db, follower.id, target.id)
        if await activities.find_activity(db, activity_id) is not None:
            return
        follow = Follow(follower.id, target.id, "pending", ap_id, show_boosts=True, notify=False)
        await _answer(
            db, services, "Reject", follow, follower=follower, target=target, activity_id=activity_id
        )  # fmt: skip
    services.wake()


async def unfollow_person(services: Services, follower: Person, target: Person) -> None:
    """End a follow or take a request back; quiet when there is none."""
    async with services.database.transaction() as db:
        await relations.lock_pair(db, follower.id, target.id)
        follow = await relations.delete_follow(db, follower.id, target.id)
        if follow is None:
            return
        await lists.leave_timelines(db, follower.id, target.id)
        await notifications.withdraw(db, target.id, "follow", follower.id)
        await notifications.withdraw(db, target.id, "follow_request", follower.id)
        if target.is_remote and not follower.is_remote:
            inner = services.render.follow(follow.ap_id, follower.ap_id, target.ap_id)
            await send_to(
                db, services, follower, "Undo",
                lambda ap_id: services.render.undo(ap_id, inner),
                to=target,
            )  # fmt: skip
    services.wake()


async def follow_was_accepted(services: Services, follower: Person, target: Person) -> bool:
    """Take note that a remote person accepted a request of one of ours; False when there was none."""
    async with services.database.transaction() as db:
        await relations.lock_pair(db, follower.id, target.id)
        if not await relations.mark_accepted(db, follower.id, target.id):
            return False
        await lists.enter_timelines(db, follower.id, target.id)
    return True


async def follow_was_rejected(services: Services, follower: Person, target: Person) -> bool:
    """Take note that a remote person rejected a request of one of ours, or removed them; False when there was none."""
    async with services.database.transaction() as db:
        await relations.lock_pair(db, follower.id, target.id)
        if await relations.delete_follow(db, follower.id, target.id) is None:
            return False
        await lists.leave_timelines(db, follower.id, target.id)
    return True


async def _send_follow(db: Connection, services: Services, follower: Person, target: Person, follow: Follow) -> None:
    await send_to(
        db, services, follower, "Follow",
        lambda _: services.render.follow(follow.ap_id, follower.ap_id, target.ap_id),
        to=target,
    )  # fmt: skip


async def _answer(
    db: Connection,
    services: Services,
    kind: str,
    follow: Follow,
    *,
    follower: Person,
    target: Person,
    activity_id: UUID | None = None,
) -> None:
    """Send Accept or Reject to a remote follower of one of ours."""
    if not follower.is_remote or target.is_remote:
        return
    await send_to(
        db, services, target, kind,
        lambda ap_id: services.render.answer_follow(
            kind, ap_id, actor=target.ap_id, follower=follower.ap_id, follow_id=follow.ap_id
        ),
        to=follower,
        activity_id=activity_id,
    )  # fmt: skip
