"""What remote thoughts quote: noted when they come, looked into in the background."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import structlog

from federation.actions.consent import holds
from federation.actions.quote_consent import is_revoked
from federation.errors import Gone, NotFound, Permanent, Rejected
from federation.protocol.ids import same_origin
from federation.protocol.stamps import QUOTE, Stamp
from storage import notifications, people, quotes, thoughts
from storage.quotes import Quote

if TYPE_CHECKING:
    from federation.protocol.objects import Quote as Quoting
    from federation.services import Services
    from storage.database import Connection
    from storage.people import Person
    from storage.thoughts import Thought

log = structlog.get_logger()

Store = Callable[["Services", str], Awaitable["Thought | None"]]
"""Finds a remote thought by its id, or reads and stores it."""


async def find_quoted(db: Connection, quoting: Quoting | None) -> Thought | None:
    """Find what a remote thought quotes, if it is known: its first address counts."""
    return await thoughts.find_by_ap_id(db, quoting.urls[0]) if quoting is not None else None


async def note_quote(
    db: Connection, services: Services, author: Person, thought: Thought, quoting: Quoting, *, quoted: Thought | None
) -> bool:
    """Store what a remote thought quotes; return whether there is something to look into.

    One's own thoughts need no consent, and ours to quotes of our people is known here.
    """
    url, stamp, state = quoting.urls[0], quoting.authorization, "pending"
    ours = services.urls.is_ours(url)
    if ours:
        known = await quotes.AUTHORIZATION_OF.first(db, quoted.id, thought.ap_id) if quoted is not None else None
        agreed = known is not None and known.quoter_id == author.id and not await is_revoked(db, services, known)
        stamp = services.urls.quote_authorization(known.id) if known is not None and agreed else None
        state = "accepted" if agreed else "pending"
    elif quoted is not None and quoted.user_id == author.id:
        state = "accepted"
    await quotes.insert_quote(
        db,
        Quote(
            thought_id=thought.id,
            user_id=author.id,
            quoted_id=quoted.id if quoted is not None else None,
            quoted_user_id=quoted.user_id if quoted is not None else None,
            quoted_ap_id=url,
            state=state,
            legacy=quoting.legacy,
            request_ap_id=None,
            stamp=stamp,
        ),
    )
    if state == "accepted" and ours and quoted is not None:
        await notifications.notify(db, [quoted.user_id], "quote", author.id, thought.id)
    return state == "pending" and not ours and (stamp is not None or same_origin(url, author.ap_id))


async def take_quote(
    db: Connection, services: Services, author: Person, thought: Thought, quoting: Quoting | None
) -> bool:
    """Take over what an Update says of a quote: often its author's consent, which came later, or its end.

    Returns whether there is something to look into.
    """
    if quoting is None:
        return False
    quote = await quotes.find_quote(db, thought.id, lock=True)
    if quote is None:
        await quotes.SET_HAS_QUOTE.one(db, thought.id, True)
        quoted = await find_quoted(db, quoting)
        return await note_quote(db, services, author, thought, quoting, quoted=quoted)
    if quote.quoted_ap_id != quoting.urls[0] or services.urls.is_ours(quote.quoted_ap_id):
        return False
    if quote.state == "accepted" and quote.quoted_user_id != author.id and quoting.authorization is None:
        await quotes.settle(db, quote, "pending", None)
        return False
    if quote.state != "pending" or quoting.authorization in (None, quote.stamp):
        return False
    await quotes.SET_STAMP.run(db, thought.id, quoting.authorization, quoting.legacy)
    return True


async def look_into_quote(services: Services, ap_id: str, *, store: Store) -> None:
    """Read what a remote thought quotes and the consent to it, and settle the quote.

    Raises `Temporary` when a server is away; what cannot be had otherwise leaves the quote as it is.
    """
    async with services.database.connection() as db:
        thought = await thoughts.find_by_ap_id(db, ap_id)
        quote = await quotes.find_quote(db, thought.id) if thought is not None and thought.has_quote else None
        author = await people.find_person(db, thought.user_id) if thought is not None else None
    if thought is None or quote is None or author is None or not author.is_remote or quote.state != "pending":
        return
    try:
        quoted = await store(services, quote.quoted_ap_id)
        agreed = quoted is not None and (
            quoted.user_id == author.id or await _is_agreed(services, quote, thought, quoted)
        )
    except (NotFound, Gone, Permanent, Rejected) as exc:
        log.info("quote.not_settled", quoting=ap_id, reason=exc.message)
        return
    if quoted is None:
        return
    async with services.database.transaction() as db:
        if await thoughts.keep_thought(db, quoted.id) is None:
            return
        await quotes.CONNECT.run(db, thought.id, quoted.id, quoted.user_id)
        present = await quotes.find_quote(db, thought.id, lock=True)
        if agreed and present is not None and (present.state, present.stamp) == ("pending", quote.stamp):
            await quotes.settle(db, present, "accepted", present.stamp)


async def _is_agreed(services: Services, quote: Quote, thought: Thought, quoted: Thought) -> bool:
    """Read a consent from the server of the quoted thought's author; it must name them and both thoughts."""
    async with services.database.connection() as db:
        author = await people.find_person(db, quoted.user_id)
    if author is None or quote.stamp is None:
        return False
    return await holds(services, Stamp(QUOTE, quote.stamp, author.ap_id, thought.ap_id, quoted.ap_id))
