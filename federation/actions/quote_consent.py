"""Consent to quotes: given, asked for, refused and taken back (FEP-044f)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.acting import acting
from federation.actions.consent import answer, is_withdrawn, was_answered, withdraw
from federation.actions.note_updates import send_update
from federation.actions.publish_thought import author_of
from federation.actions.quoting import may_quote, policy_of
from federation.errors import Forbidden, NotFound
from federation.protocol.ids import same_origin
from federation.protocol.quote_policy import Permission
from federation.protocol.stamps import stamp_document
from storage import activities, notifications, quotes, relations, thoughts
from storage.quotes import Authorization, Quote

if TYPE_CHECKING:
    from typing import Any

    from federation.services import Services
    from storage.database import Connection
    from storage.people import Person
    from storage.thoughts import Thought

_GONE = "This thought is gone, or not yours to see."


async def set_quote_policy(services: Services, person: Person, thought_id: UUID, choice: str) -> Thought:
    """Change who may quote one's own thought from now on, and tell everyone who may hold a copy."""
    async with acting(services, person) as db:
        thought = await thoughts.find_thought(db, thought_id, lock=True)
        if thought is None:
            raise NotFound(_GONE)
        if thought.user_id != person.id:
            raise Forbidden("Only its author says who may quote a thought.")
        policy = policy_of(choice, thought.visibility)
        if policy == thought.quote_policy:
            return thought
        changed = await quotes.SET_POLICY.one(db, thought_id, policy)
        await send_update(db, services, person, changed)
    services.wake()
    return changed


# --- Others quote us -------------------------------------------------------------------------------


async def answer_request(
    services: Services, quoter: Person, request_id: str, quoted_id: UUID, quoting_ap_id: str, *, quotes_it: bool
) -> str:
    """Accept or reject a remote person's request to quote a thought of ours; return why it gets no answer.

    `quotes_it`: what they wrote was read and quotes exactly that. Consent that was taken back is not given again.
    """
    async with services.database.transaction() as db:
        thought = await thoughts.find_visible(db, quoter.id, quoted_id, keep=True)
        if thought is None or thought.visibility not in ("public", "unlisted"):
            return "asks to quote what it may not see"
        author = await author_of(db, thought)
        welcome = quotes_it and await may_quote(db, quoter, thought) is Permission.AUTOMATIC
        known = await quotes.AUTHORIZATION_OF.first(db, thought.id, quoting_ap_id)
        if known is not None and (known.quoter_id != quoter.id or await is_revoked(db, services, known)):
            welcome = False
        if await was_answered(db, author, quoter, request_id):
            return ""
        stamp = None
        if welcome:
            authorization = await quotes.authorize(db, thought.id, quoter.id, quoting_ap_id)
            stamp = services.urls.quote_authorization(authorization.id)
            await _accept_known(db, thought, author, quoting_ap_id, stamp)
        request = {
            "type": "QuoteRequest",
            "id": request_id,
            "actor": quoter.ap_id,
            "object": thought.ap_id,
            "instrument": quoting_ap_id,
        }
        await answer(db, services, author, quoter, request, stamp=stamp)
    services.wake()
    return "" if welcome else "asked to quote, and was refused"


async def _accept_known(db: Connection, thought: Thought, author: Person, quoting_ap_id: str, stamp: str) -> None:
    """Accept the quote of a thought that came before its request."""
    row = await quotes.BY_QUOTING.first(db, quoting_ap_id, thought.id)
    quote = await quotes.find_quote(db, row.thought_id, lock=True) if row is not None else None
    if quote is not None and quote.state != "accepted":
        await quotes.settle(db, quote, "accepted", stamp)
        await notifications.notify(db, [author.id], "quote", quote.user_id, quote.thought_id)


async def is_revoked(db: Connection, services: Services, authorization: Authorization) -> bool:
    """Tell whether a consent was taken back."""
    return await is_withdrawn(db, services.urls.quote_authorization(authorization.id))


async def revoke_quote(services: Services, person: Person, quoted_id: UUID, quoting_id: UUID) -> Thought:
    """Take back the consent to a quote of one's own thought, and tell everyone who may show it."""
    async with acting(services, person) as db:
        quoted = await thoughts.find_visible(db, person.id, quoted_id, keep=True)
        if quoted is None:
            raise NotFound(_GONE)
        if quoted.user_id != person.id:
            raise Forbidden("Only the author of the quoted thought can do that.")
        quoting = await thoughts.find_visible(db, person.id, quoting_id, keep=True)
        quote = await quotes.find_quote(db, quoting_id, lock=True)
        if quoting is None or quote is None or quote.quoted_id != quoted.id:
            raise NotFound("This thought does not quote yours.")
        if quote.state == "revoked":
            return quoting
        await quotes.settle(db, quote, "revoked", None)
        await notifications.withdraw(db, person.id, "quote", quoting.user_id, quoting.id)
        await _withdraw_stamp(db, services, person, quoted, quoting)
    services.wake()
    return quoting


async def _withdraw_stamp(
    db: Connection, services: Services, person: Person, quoted: Thought, quoting: Thought
) -> None:
    author = await author_of(db, quoting)
    authorization = await quotes.AUTHORIZATION_OF.first(db, quoted.id, quoting.ap_id)
    if authorization is not None:
        stamp = services.render.quote_stamp(authorization, person.ap_id)
        holding = await activities.list_inboxes_holding(db, quoting.id)
        inboxes = [*holding, *await relations.list_inboxes(db, [author.id])]
        await withdraw(db, services, person, stamp, inboxes=inboxes)
    if not author.is_remote:
        await send_update(db, services, author, quoting)


async def get_authorization(services: Services, viewer: UUID | None, authorization_id: UUID) -> dict[str, Any]:
    """Return the document of a consent that stands, to whoever may see what is quoted."""
    async with services.database.connection() as db:
        found = await quotes.AUTHORIZATION.first(db, authorization_id)
        thought = await thoughts.find_visible(db, viewer, found.quoted_id) if found is not None else None
        if found is None or thought is None or await is_revoked(db, services, found):
            raise NotFound("There is no such consent.")
        author = await author_of(db, thought)
    return stamp_document(services.render.quote_stamp(found, author.ap_id))


# --- We quote others -------------------------------------------------------------------------------


async def request_was_answered(
    services: Services, author: Person, request: str | None, quoted: tuple[str | None, str | None], stamp: str | None
) -> bool:
    """Take note of what a remote author answered; with a `stamp` they agreed. False: nobody here had asked.

    The request is known by its id, or by what it was about: (quoted, quoting).
    """
    if stamp is not None and not same_origin(stamp, author.ap_id):
        return False
    async with services.database.transaction() as db:
        found = await _asked(db, request, quoted)
        if found is None or found.quoted_user_id != author.id or found.request_ap_id is None:
            return False
        if found.quoted_id is not None:
            await thoughts.keep_thought(db, found.quoted_id)
        quote = await quotes.find_quote(db, found.thought_id, lock=True)
        if quote is None or quote.state == "revoked" or (quote.state == "accepted" and quote.stamp == stamp):
            return quote is not None
        refused = "rejected" if quote.state == "pending" else "revoked"
        await quotes.settle(db, quote, refused if stamp is None else "accepted", stamp)
        await _tell_of(db, services, quote.thought_id)
    services.wake()
    return True


async def _asked(db: Connection, request: str | None, quoted: tuple[str | None, str | None]) -> Quote | None:
    if request is not None and (found := await quotes.BY_REQUEST.first(db, request)) is not None:
        return found
    of, by = quoted
    thought = await thoughts.find_by_ap_id(db, of) if of is not None else None
    return await quotes.BY_QUOTING.first(db, by, thought.id) if thought is not None and by is not None else None


async def stamp_was_withdrawn(services: Services, author: Person, stamp: str) -> bool:
    """Take note that a remote author took a consent back; False when no quote here had it."""
    async with services.database.transaction() as db:
        rows = await quotes.BY_STAMP.all(db, stamp, author.id)
        for row in rows:
            quote = await quotes.find_quote(db, row.thought_id, lock=True)
            if quote is not None and quote.stamp == stamp:
                await quotes.settle(db, quote, "revoked", None)
                await _tell_of(db, services, quote.thought_id)
    if rows:
        services.wake()
    return bool(rows)


async def _tell_of(db: Connection, services: Services, thought_id: UUID) -> None:
    """Send a thought of ours as it is now, with its stamp or without."""
    thought = await thoughts.find_thought(db, thought_id)
    author = await author_of(db, thought) if thought is not None else None
    if thought is not None and author is not None and not author.is_remote:
        await send_update(db, services, author, thought)
