"""Follow, Accept and Reject from other servers, and the Undo of a Follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.actions.follows import (
    follow_person,
    follow_was_accepted,
    follow_was_rejected,
    refuse_follow,
    unfollow_person,
)
from federation.errors import Forbidden, NotFound
from federation.inbound import collections, quotes
from federation.inbound.envelope import Envelope, find_ours
from storage import people, relations

if TYPE_CHECKING:
    from federation.protocol.activities import Accept, Follow, Reference, Reject
    from federation.services import Services
    from storage.people import Person


_REQUESTS = ("QuoteRequest", "FeatureRequest")


async def on_follow(services: Services, envelope: Envelope, activity: Follow) -> str:
    """Let somebody follow one of ours, or answer that they may not."""
    async with services.database.connection() as db:
        target = await people.find_by_ap_id(db, activity.object)
        if target is None or target.is_remote or activity.id is None:
            return "follows nobody here"
        known = await relations.find_follow_by_ap_id(db, activity.id)
    if known is not None and (known.follower_id, known.following_id) != (envelope.signer.id, target.id):
        return "has the id of another follow"
    try:
        await follow_person(services, envelope.signer, target, ap_id=activity.id)
    except (Forbidden, NotFound) as exc:
        if target.state == "active":
            await refuse_follow(services, target, envelope.signer, activity.id)
        return exc.message
    return ""


async def on_accept(services: Services, envelope: Envelope, activity: Accept) -> str:
    """Take note that our request was accepted; nobody can be made to follow, or be quoted, without one."""
    if activity.object.type in _REQUESTS:
        return await _on_consent(services, envelope, activity, activity.result) if activity.result else "has no stamp"
    follower = await _follower(services, envelope, activity.object)
    if follower is not None and await follow_was_accepted(services, follower, envelope.signer):
        return ""
    if activity.result is not None and activity.object.document is None:
        return await _on_consent(services, envelope, activity, activity.result)
    return "accepts nothing that we asked for"


async def on_reject(services: Services, envelope: Envelope, activity: Reject) -> str:
    """Take note that our request was rejected, or that one of ours is a follower no more."""
    if activity.object.type in _REQUESTS:
        return await _on_consent(services, envelope, activity, None)
    follower = await _follower(services, envelope, activity.object)
    if follower is not None and await follow_was_rejected(services, follower, envelope.signer):
        return ""
    if activity.object.document is None:
        return await _on_consent(services, envelope, activity, None)
    return "rejects nothing that we asked for"


async def _on_consent(services: Services, envelope: Envelope, activity: Accept | Reject, stamp: str | None) -> str:
    """Take note of an answer to our wish to quote or feature somebody; Mastodon names it by its id alone."""
    if activity.object.type != "FeatureRequest" and await quotes.on_answer(services, envelope, activity, stamp):
        return ""
    if activity.object.type != "QuoteRequest" and await collections.on_answer(services, envelope, activity, stamp):
        return ""
    return "answers nothing that we asked for"


async def undo_follow(services: Services, envelope: Envelope, target_ap_id: str) -> str:
    """End a follow of one of ours."""
    target = await find_ours(services, target_ap_id)
    if target is None:
        return "undoes a follow of nobody here"
    await unfollow_person(services, envelope.signer, target)
    return ""


async def _follower(services: Services, envelope: Envelope, answered: Reference) -> Person | None:
    """Return the one of ours whose Follow is answered: by its id first, else by who it says followed."""
    async with services.database.connection() as db:
        if answered.id is not None:
            follow = await relations.find_follow_by_ap_id(db, answered.id)
            if follow is not None and follow.following_id == envelope.signer.id:
                return await people.find_person(db, follow.follower_id)
    return await find_ours(services, answered.actor) if answered.actor is not None else None
