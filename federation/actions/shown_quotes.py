"""What the thoughts of a page quote, as far as the viewer may see it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from federation.protocol.quote_policy import depends_on_follows
from storage import quotes, relations
from storage.entries import Entry, Page
from storage.quotes import Quote
from storage.relations import Relation

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.people import Person
    from storage.thoughts import Thought


@dataclass(frozen=True, slots=True)
class Quoted:
    """What a thought quotes: its entry only where that was agreed to and the viewer may see it."""

    quote: Quote
    entry: Entry | None = None
    hidden: str | None = None
    """How the viewer hides the quoted author: `blocked_account`, `blocked_domain` or `muted_account`."""

    @property
    def state(self) -> str:
        """The state by the client API's names, as it is for the viewer."""
        if self.quote.state != "accepted":
            return self.quote.state
        if self.quote.quoted_id is None:
            return "deleted"
        if self.entry is None:
            return "unauthorized"
        return self.hidden or "accepted"


async def find_shown_quotes(db: Connection, viewer: Person | None, found: Sequence[Entry]) -> dict[UUID, Quoted]:
    """Return what these thoughts quote, by their ids, and one level further what the quoted ones quote.

    Those further ones come without entries. Nothing is asked where nothing is quoted; an old kind of quote that
    was not agreed to is an ordinary link, and left out.
    """
    ids = list({entry.thought.id for entry in found if entry.thought.has_quote})
    if not ids:
        return {}
    rows = await quotes.list_quotes(db, ids)
    wanted = [row.quoted_id for row in rows.values() if row.state == "accepted" and row.quoted_id is not None]
    viewer_id = viewer.id if viewer is not None else None
    seen = await quotes.list_visible(db, viewer_id, wanted)
    authors = list({thought.user_id for thought in seen.values()})
    hidden = await quotes.list_hidden_authors(db, viewer_id, authors) if viewer_id is not None else {}
    shown = {one.thought_id: _quoted(one, seen, hidden) for one in rows.values() if _is_shown(one)}
    further = [thought.id for thought in seen.values() if thought.has_quote and thought.id not in shown]
    for one in (await quotes.list_quotes(db, further)).values():
        if _is_shown(one):
            shown[one.thought_id] = Quoted(one)
    return shown


def _is_shown(quote: Quote) -> bool:
    return quote.state == "accepted" or not quote.legacy


def _quoted(quote: Quote, seen: dict[UUID, Thought], hidden: dict[UUID, str]) -> Quoted:
    thought = seen.get(quote.quoted_id) if quote.state == "accepted" and quote.quoted_id is not None else None
    if thought is None:
        return Quoted(quote)
    entry = Entry(
        thought.id, "thought", thought.user_id, thought.created_at, thought.ap_id, thought.visibility, thought
    )
    return Quoted(quote, entry, hidden.get(thought.user_id))


async def find_relations(db: Connection, viewer: Person | None, found: Iterable[Thought]) -> dict[UUID, Relation]:
    """Return what the viewer is to those authors whose followers, or whom they follow, may quote them."""
    if viewer is None:
        return {}
    asking = {one.user_id for one in found if one.user_id != viewer.id and depends_on_follows(one.quote_policy)}
    return await relations.list_relations(db, viewer.id, list(asking))


async def get_quotes(services: Services, viewer: Person | None, thought_id: UUID, page: Page) -> list[Thought]:
    """Return a page of the thoughts that quote one which the viewer may see, newest first."""
    async with services.database.connection() as db:
        return await quotes.list_quoting(db, viewer.id if viewer is not None else None, thought_id, page)
