"""QuoteRequest from other servers, what they answer to ours, and the end of a consent (FEP-044f)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.actions.quote_consent import answer_request, request_was_answered, stamp_was_withdrawn
from federation.errors import Invalid, Rejected
from federation.protocol.documents import one_id
from federation.protocol.objects import RemoteThought, parse_object
from federation.remote.objects import fetch_thought
from storage import people, thoughts

if TYPE_CHECKING:
    from federation.inbound.envelope import Envelope
    from federation.protocol.activities import Accept, QuoteRequest, Reject
    from federation.services import Services


async def on_quote_request(services: Services, envelope: Envelope, activity: QuoteRequest) -> str:
    """Answer somebody who wants to quote one of ours."""
    async with services.database.connection() as db:
        quoted = await thoughts.find_by_ap_id(db, activity.object)
        author = await people.find_person(db, quoted.user_id) if quoted is not None else None
    if quoted is None or author is None or author.is_remote or author.state != "active":
        return "asks to quote nothing of ours"
    if activity.id is None or activity.instrument.id is None:
        return "does not say what quotes"
    quoting = await _quoting(services, envelope, activity)
    quotes_it = quoting is not None and quoting.quote is not None and quoting.quote.urls[0] == quoted.ap_id
    return await answer_request(
        services, envelope.signer, activity.id, quoted.id, activity.instrument.id, quotes_it=quotes_it
    )


async def _quoting(services: Services, envelope: Envelope, activity: QuoteRequest) -> RemoteThought | None:
    """Return what quotes, as the request carries it or its server shows it; None when it is not the signer's."""
    instrument = activity.instrument
    if instrument.document is None:
        remote, author = await fetch_thought(services.reader, instrument.id or "")
        return remote if author.id == envelope.signer.id else None
    try:
        found = parse_object(instrument.document, to=activity.to, cc=activity.cc)
    except Invalid as exc:
        raise Rejected(f"What quotes cannot be read: {exc.message}") from exc
    mine = isinstance(found, RemoteThought) and found.attributed_to == envelope.signer.ap_id
    return found if mine and isinstance(found, RemoteThought) else None


async def on_answer(services: Services, envelope: Envelope, activity: Accept | Reject, stamp: str | None) -> bool:
    """Take note of what became of our request to quote somebody; False when there was none."""
    document = activity.object.document or {}
    about = (activity.object.object, one_id(document.get("instrument")))
    return await request_was_answered(services, envelope.signer, activity.object.id, about, stamp)


async def on_end_of_consent(services: Services, envelope: Envelope, stamp: str) -> bool:
    """Take note that a consent was taken back; False when it is none that we know."""
    return await stamp_was_withdrawn(services, envelope.signer, stamp)
