"""Create, Update and Delete from other servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.actions.receive_collection import receive_end
from federation.actions.receive_thought import receive_deletion, receive_edit, receive_thought
from federation.actions.votes import receive_vote
from federation.errors import Rejected
from federation.inbound import collections, quotes
from federation.inbound.actors import delete_actor, update_actor
from federation.inbound.collections import on_collection
from federation.inbound.envelope import Envelope
from federation.protocol.activities import ACTOR_TYPES
from federation.protocol.featured import COLLECTION
from federation.protocol.objects import RemoteThought, Tombstone, parse_object
from federation.protocol.stamps import FEATURE, QUOTE
from federation.remote.objects import fetch_thought
from storage import people

if TYPE_CHECKING:
    from federation.protocol.activities import Create, Delete, Reference, Update
    from federation.services import Services


async def on_create(services: Services, envelope: Envelope, activity: Create) -> str:
    """Store new thoughts of the signer."""
    ignored = []
    for reference in activity.objects:
        thought = await _read(services, envelope, reference, activity)
        if thought is None:
            ignored.append("is deleted already")
        elif thought.vote is not None and not thought.content_html.strip():
            if problem := await receive_vote(
                services, envelope.signer, thought.vote.question, thought.vote.choice
            ):  # fmt: skip
                ignored.append(problem)
        else:
            received = await receive_thought(
                services, envelope.signer, thought, arriving=True, addressee=envelope.addressee
            )  # fmt: skip
            if received.ignored:
                ignored.append(received.ignored)
    return "; ".join(ignored)


async def on_update(services: Services, envelope: Envelope, activity: Update) -> str:
    """Take over an edit of a thought or of the signer's own profile."""
    if activity.object.type in ACTOR_TYPES or activity.object.id == envelope.signer.ap_id:
        return await update_actor(services, envelope.signer)
    if activity.object.type == COLLECTION:
        return await on_collection(services, envelope, activity.object)
    thought = await _read(services, envelope, activity.object, activity)
    if thought is None:
        return "is deleted already"
    received = await receive_edit(services, envelope.signer, thought, addressee=envelope.addressee)
    if received.ignored == "unknown":
        received = await receive_thought(
            services, envelope.signer, thought, arriving=True, addressee=envelope.addressee
        )  # fmt: skip
    return received.ignored


async def on_delete(services: Services, envelope: Envelope, activity: Delete) -> str:
    """Delete a thought of the signer, or the signer."""
    if activity.object.id == envelope.signer.ap_id:
        return await delete_actor(services, envelope.signer)
    if activity.object.id is None:
        return "deletes nothing"
    async with services.database.connection() as db:
        if await people.find_by_ap_id(db, activity.object.id) is not None:
            return "deletes somebody else"
    return await _delete(services, envelope, activity.object.id, activity.object)


async def _delete(services: Services, envelope: Envelope, gone: str, reference: Reference) -> str:
    """Delete what is neither the signer nor anybody else."""
    signer = envelope.signer
    if reference.type in (QUOTE, FEATURE):
        return "" if await _ends_consent(services, envelope, gone) else "takes back what we do not have"
    if reference.type == COLLECTION:
        return "" if await receive_end(services, signer, gone, for_good=True) else "deletes what we do not have"
    problem = await receive_deletion(services, signer, gone)
    # Named by its id alone, a consent or a collection looks like any other object.
    unnamed = problem != "" and reference.document is None
    if unnamed and (await receive_end(services, signer, gone, for_good=True)):
        return ""
    return "" if unnamed and await _ends_consent(services, envelope, gone) else problem


async def _ends_consent(services: Services, envelope: Envelope, stamp: str) -> bool:
    return await quotes.on_end_of_consent(services, envelope, stamp) or await collections.on_end_of_consent(
        services, envelope, stamp
    )


async def _read(
    services: Services, envelope: Envelope, reference: Reference, activity: Create | Update
) -> RemoteThought | None:
    """Return the thought that an activity carries or names, checked to be the signer's; None for a tombstone."""
    if reference.document is None:
        if reference.id is None:
            raise Rejected("The activity carries nothing.")
        thought, author = await fetch_thought(services.reader, reference.id)
        if author.id != envelope.signer.id:
            raise Rejected("The object is attributed to somebody else.")
        return thought
    found = parse_object(reference.document, to=activity.to, cc=activity.cc)
    if isinstance(found, Tombstone):
        return None
    if found.attributed_to != envelope.signer.ap_id:
        raise Rejected("The object is attributed to somebody else.")
    return found
