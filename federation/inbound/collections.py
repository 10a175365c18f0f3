"""Collections of people from other servers, their wish to feature ours, and their answers to ours (FEP-7aa9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.actions.featuring import answer_request, request_was_answered, stamp_was_withdrawn
from federation.actions.receive_collection import receive_collection, receive_end, receive_item, receive_removal
from federation.actions.tags import receive_featured_tag
from federation.errors import Gone, Invalid, NotFound, Permanent, Rejected
from federation.inbound.envelope import find_ours
from federation.protocol.documents import one_id
from federation.protocol.featured import hashtag_names, parse_featured_collection, parse_featured_item
from federation.remote.documents import fetch_exactly
from storage import collections, remote_actors

if TYPE_CHECKING:
    from federation.inbound.envelope import Envelope
    from federation.protocol.activities import Accept, Add, FeatureRequest, Reference, Reject, Remove
    from federation.services import Services


async def on_feature_request(services: Services, envelope: Envelope, activity: FeatureRequest) -> str:
    """Answer somebody who wants to put one of ours into a collection."""
    person = await find_ours(services, activity.object)
    if person is None:
        return "asks to feature nobody of ours"
    if activity.id is None or activity.instrument.id is None:
        return "does not say where"
    await _know(services, envelope, activity.instrument)
    return await answer_request(services, envelope.signer, activity.id, person, activity.instrument.id)


async def _know(services: Services, envelope: Envelope, instrument: Reference) -> None:
    """Store the collection that a request is about, unless we have it; what is not the signer's stays unknown."""
    async with services.database.connection() as db:
        if await collections.BY_AP_ID.first(db, instrument.id) is not None:
            return
    try:
        document = instrument.document or await fetch_exactly(
            services.network, instrument.id or "", services.reader.signer
        )
        await receive_collection(services, envelope.signer, parse_featured_collection(document))
    except (NotFound, Gone, Permanent, Rejected, Invalid):
        return


async def on_answer(services: Services, envelope: Envelope, activity: Accept | Reject, stamp: str | None) -> bool:
    """Take note of what became of our request to feature somebody; False when there was none."""
    document = activity.object.document or {}
    about = (activity.object.object, one_id(document.get("instrument")))
    return await request_was_answered(services, envelope.signer, activity.object.id, about, stamp)


async def on_end_of_consent(services: Services, envelope: Envelope, stamp: str) -> bool:
    """Take note that a consent was taken back; False when it is none that we know."""
    return await stamp_was_withdrawn(services, envelope.signer, stamp)


async def on_collection(services: Services, envelope: Envelope, reference: Reference) -> str:
    """Take over a collection of the signer's, new or changed."""
    if reference.document is None:
        raise Rejected("The activity carries no collection.")
    try:
        remote = parse_featured_collection(reference.document)
    except Invalid as exc:
        raise Rejected(f"The collection cannot be used: {exc.message}") from exc
    return await receive_collection(services, envelope.signer, remote)


async def on_item(services: Services, envelope: Envelope, activity: Add) -> str:
    """Take over that somebody stands in a collection of the signer's."""
    item = parse_featured_item(activity.object.document, activity.target)
    if item is None:
        return "adds nobody"
    return await receive_item(services, envelope.signer, activity.target, item)


async def on_hashtag(services: Services, envelope: Envelope, activity: Add | Remove, *, shown: bool) -> str:
    """Take over which hashtags the signer's profile shows."""
    names = hashtag_names([activity.object.document], most=1)
    wire = await _wire(services, envelope)
    if wire is None or activity.target not in (wire.featured_url, wire.featured_tags_url) or not names:
        return "shows no hashtag on a profile"
    await receive_featured_tag(services, envelope.signer, names[0], shown=shown)
    return ""


async def on_removal(services: Services, envelope: Envelope, activity: Remove) -> str:
    """Take a collection from the signer's profile, or somebody out of it."""
    gone = activity.object.id
    wire = await _wire(services, envelope)
    if gone is not None and wire is not None and wire.collections_url == activity.target:
        ended = await receive_end(services, envelope.signer, gone, for_good=False)
        return "" if ended else "removes nothing that we have"
    if gone is not None and await receive_removal(services, envelope.signer, activity.target, gone):
        return ""
    return "removes nothing that we act upon"


async def _wire(services: Services, envelope: Envelope) -> remote_actors.RemoteActor | None:
    async with services.database.connection() as db:
        return await remote_actors.find_remote_actor(db, envelope.signer.id)
