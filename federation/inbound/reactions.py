"""Like, Announce, Add, Remove and Undo from other servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.actions.emoji_reactions import receive_reaction, undo_reaction
from federation.actions.follows import unfollow_person
from federation.actions.reactions import boost_thought, like_thought, unboost_thought, unlike_thought
from federation.actions.search import store_fetched
from federation.inbound import collections
from federation.inbound.actors import undo_block
from federation.inbound.envelope import Envelope
from federation.inbound.follows import undo_follow
from federation.protocol.documents import one_id
from federation.protocol.featured import COLLECTION, ITEM
from federation.remote.objects import fetch_thought
from storage import boosts, people, reactions, relations, remote_actors, thoughts

if TYPE_CHECKING:
    from federation.protocol.activities import Add, Announce, Like, Reference, Remove, Undo
    from federation.services import Services
    from storage.thoughts import Thought

_MOST_REMOTE_PINS = 20


async def _known(services: Services, ap_id: str | None) -> Thought | None:
    if ap_id is None:
        return None
    async with services.database.connection() as db:
        return await thoughts.find_by_ap_id(db, ap_id)


async def on_like(services: Services, envelope: Envelope, activity: Like) -> str:
    """Count a like or a reaction; an emoji sent as Like is both, as its sender meant servers without reactions."""
    thought = await _known(services, activity.object)
    if thought is None:
        return "likes what we do not have"
    if activity.type == "Like":
        await like_thought(services, envelope.signer, thought.id, ap_id=activity.id)
    problem = "reacts with nothing"
    if activity.reaction is not None:
        problem = await receive_reaction(
            services, envelope.signer, thought.id, activity.reaction, ap_id=activity.id
        )  # fmt: skip
    return "" if activity.type == "Like" else problem


async def on_announce(services: Services, envelope: Envelope, activity: Announce) -> str:
    """Count a boost, reading the boosted thought from its own server when somebody here follows the booster."""
    wanted = _boosted(activity.object)
    if wanted is None:
        return "boosts nothing that can be shown"
    thought = await _known(services, wanted)
    if thought is None:
        if services.urls.is_ours(wanted):
            return "boosts a thought that we never had"
        async with services.database.connection() as db:
            followed = await relations.HAS_LOCAL_FOLLOWER.get(db, envelope.signer.id)
        if not followed:
            return "concerns nobody here"
        remote, _ = await fetch_thought(services.reader, wanted)
        thought = await store_fetched(services, remote)
    if thought is None:
        return "boosts what may not be shown"
    if activity.object.type == "Create" and thought.reply_to_ap_id is not None:
        return "is a group's copy of a comment"
    now = services.now()
    at = min(activity.published or now, now)
    await boost_thought(services, envelope.signer, thought.id, visibility=activity.visibility, ap_id=activity.id, at=at)
    return ""


def _boosted(reference: Reference) -> str | None:
    """Return the id of what is boosted; a group (FEP-1b12) announces the whole Create, whose object it is."""
    if reference.document is None or "object" not in reference.document:
        return reference.id
    return one_id(reference.document.get("object")) if reference.type == "Create" else None


async def on_undo(services: Services, envelope: Envelope, activity: Undo) -> str:
    """Undo a Follow, Like, Announce or Block of the signer; by its id when it is not embedded."""
    inner = activity.object
    if inner.type == "Follow" and inner.object is not None:
        return await undo_follow(services, envelope, inner.object)
    if inner.type == "Block" and inner.object is not None:
        return await undo_block(services, envelope, inner.object)
    if inner.type in ("Like", "EmojiReact"):
        gone = await undo_reaction(services, envelope.signer, inner.id)
        if inner.type == "EmojiReact":
            return "" if gone else "undoes no reaction that we know"
    thought = await _known(services, inner.object)
    if inner.type == "Like" and thought is not None:
        await unlike_thought(services, envelope.signer, thought.id)
        return ""
    if inner.type == "Announce" and thought is not None:
        await unboost_thought(services, envelope.signer, thought.id)
        return ""
    return await _undo_by_id(services, envelope, inner.id)


async def _undo_by_id(services: Services, envelope: Envelope, ap_id: str | None) -> str:
    if ap_id is None:
        return "undoes nothing that we know"
    signer = envelope.signer
    async with services.database.connection() as db:
        boost = await boosts.find_boost(db, ap_id)
        like = await reactions.LIKE_BY_AP_ID.first(db, signer.id, ap_id)
        follow = await relations.find_follow_by_ap_id(db, ap_id)
        followed = await people.find_person(db, follow.following_id) if follow is not None else None
    if boost is not None and boost.user_id == signer.id:
        await unboost_thought(services, signer, boost.thought_id)
    elif like is not None:
        await unlike_thought(services, signer, like.thought_id)
    elif follow is not None and followed is not None and follow.follower_id == signer.id:
        await unfollow_person(services, signer, followed)
    elif not await undo_reaction(services, signer, ap_id):
        return "undoes nothing that we know"
    return ""


async def on_add(services: Services, envelope: Envelope, activity: Add) -> str:
    """Take over a pin: to the signer's own featured collection, of their own thought; or what stands in collections."""
    if activity.object.type == COLLECTION:
        return await collections.on_collection(services, envelope, activity.object)
    if activity.object.type == ITEM:
        return await collections.on_item(services, envelope, activity)
    if activity.object.type == "Hashtag":
        return await collections.on_hashtag(services, envelope, activity, shown=True)
    thought = await _pinnable(services, envelope, activity)
    if thought is None:
        return "adds nothing that we act upon"
    async with services.database.transaction() as db:
        await reactions.insert_pin(db, envelope.signer.id, thought.id, most=_MOST_REMOTE_PINS)
    return ""


async def on_remove(services: Services, envelope: Envelope, activity: Remove) -> str:
    """Take over an unpin, or what leaves a profile or a collection."""
    if activity.object.type == "Hashtag":
        return await collections.on_hashtag(services, envelope, activity, shown=False)
    thought = await _pinnable(services, envelope, activity)
    if thought is None:
        return await collections.on_removal(services, envelope, activity)
    async with services.database.transaction() as db:
        await reactions.delete_pin(db, envelope.signer.id, thought.id)
    return ""


async def _pinnable(services: Services, envelope: Envelope, activity: Add | Remove) -> Thought | None:
    thought = await _known(services, activity.object.id)
    async with services.database.connection() as db:
        wire = await remote_actors.find_remote_actor(db, envelope.signer.id)
    if thought is None or wire is None or wire.featured_url != activity.target:
        return None
    return thought if thought.user_id == envelope.signer.id else None
