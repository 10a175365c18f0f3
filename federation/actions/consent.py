"""Consent that anybody can check, to quotes and to being featured: requests answered, stamps read and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, UUID, uuid5

from federation.actions.outgoing import Audience, between, send
from federation.protocol.stamps import Stamp, confirms
from federation.remote.documents import fetch_exactly
from storage import activities, relations, thoughts

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.people import Person


def _answer_id(giver: Person, asker: Person, request_id: str) -> UUID:
    # Made from what it answers: an answer is sent once, though nothing else may remember it.
    return uuid5(NAMESPACE_URL, f"{giver.ap_id} answers {asker.ap_id} {request_id}")


async def was_answered(db: Connection, giver: Person, asker: Person, request_id: str) -> bool:
    """Tell whether one of our people answered a request already."""
    return await activities.find_activity(db, _answer_id(giver, asker, request_id)) is not None


async def answer(
    db: Connection, services: Services, giver: Person, asker: Person, request: dict[str, str], *, stamp: str | None
) -> None:
    """Accept (with a stamp) or reject the request of a remote person, in the transaction that decides it."""
    kind = "Reject" if stamp is None else "Accept"
    await send(
        db, services, giver, kind,
        lambda ap_id: services.render.answer_request(kind, ap_id, actor=giver.ap_id, request=request, stamp=stamp),
        ordering_key=between(giver, asker),
        audience=Audience(inboxes=await relations.list_inboxes(db, [asker.id])),
        activity_id=_answer_id(giver, asker, request["id"]),
    )  # fmt: skip


async def is_withdrawn(db: Connection, stamp: str) -> bool:
    """Tell whether one of our people took a consent back."""
    return await thoughts.find_tombstone(db, stamp) is not None


async def withdraw(db: Connection, services: Services, giver: Person, stamp: Stamp, *, inboxes: Sequence[str]) -> None:
    """Take a consent of one of ours back for good, and tell these inboxes."""
    await thoughts.bury(db, stamp.id, giver.ap_id)
    await send(
        db, services, giver, "Delete",
        lambda ap_id: services.render.revoke_stamp(ap_id, stamp),
        ordering_key=stamp.id,
        audience=Audience(inboxes=inboxes),
        public=True,
    )  # fmt: skip


async def holds(services: Services, stamp: Stamp) -> bool:
    """Read a consent from the server of whoever gave it; it must name them and both sides.

    Raises what reading documents raises: `Temporary` when that server is away.
    """
    if not stamp.may_hold:
        return False
    return confirms(await fetch_exactly(services.network, stamp.id, services.reader.signer), stamp)
