"""Quoting: who may quote what, and what a new thought of ours says of the one it quotes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.outgoing import Audience, note_parts, send
from federation.errors import Invalid, NotFound
from federation.protocol.quote_policy import CHOICES, Permission, depends_on_follows, permission
from storage import notifications, people, quotes, relations, thoughts
from storage.quotes import Quote

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.people import Person
    from storage.relations import Relation
    from storage.thoughts import Thought


@dataclass(frozen=True, slots=True)
class Quotable:
    """What somebody is about to quote, and its author."""

    thought: Thought
    author: Person


def permission_for(viewer: Person | None, thought: Thought, relation: Relation | None) -> Permission:
    """Tell what quoting a thought that the viewer may see comes to."""
    if viewer is None:
        return Permission.DENIED
    return permission(
        thought.quote_policy,
        visibility=thought.visibility,
        own=viewer.id == thought.user_id,
        follows=relation is not None and relation.following,
        followed=relation is not None and relation.followed_by,
    )


async def may_quote(db: Connection, person: Person, thought: Thought) -> Permission:
    """Tell what quoting a thought that a person may see comes to, asking who follows whom if that matters."""
    relation = None
    if depends_on_follows(thought.quote_policy):
        relation = (await relations.list_relations(db, person.id, [thought.user_id])).get(thought.user_id)
    return permission_for(person, thought, relation)


async def get_quotable(db: Connection, person: Person, thought_id: UUID) -> Quotable:
    """Return what a person wants to quote; what they may not quote looks like what is not there."""
    thought = await thoughts.find_visible(db, person.id, thought_id, keep=True)
    author = await people.find_person(db, thought.user_id) if thought is not None else None
    if thought is None or author is None or await may_quote(db, person, thought) is Permission.DENIED:
        raise NotFound("The thought that you quote is gone, or not yours to quote.")
    return Quotable(thought, author)


def visibility_beside(quoted: Quotable, visibility: str, author: Person, mentioned: Iterable[Person]) -> str:
    """Return the visibility of a thought that quotes: not wider than what it quotes, nobody quoted unawares."""
    if visibility == "direct" and quoted.author.id not in {author.id, *(one.id for one in mentioned)}:
        raise Invalid("In a direct thought you can only quote the people you mention.", field="visibility")
    private = quoted.thought.visibility == "followers" and visibility in ("public", "unlisted")
    return "followers" if private else visibility


def policy_of(choice: str | None, visibility: str) -> int:
    """Return the policy of a new thought; nobody else can quote what is not for everybody."""
    wanted = choice or "public"
    if wanted not in CHOICES:
        raise Invalid("Quoting is for public, followers or nobody.", field="quote_approval_policy")
    return int(CHOICES[wanted]) if visibility in ("public", "unlisted") else 0


async def attach_quote(db: Connection, services: Services, author: Person, thought: Thought, quoted: Quotable) -> None:
    """Note what a new thought quotes; ours are agreed to at once, by a consent that anybody can check."""
    own, remote = quoted.author.id == author.id, quoted.author.is_remote
    stamp = None
    if not own and not remote:
        authorization = await quotes.authorize(db, quoted.thought.id, author.id, thought.ap_id)
        stamp = services.urls.quote_authorization(authorization.id)
    await quotes.insert_quote(
        db,
        Quote(
            thought_id=thought.id,
            user_id=author.id,
            quoted_id=quoted.thought.id,
            quoted_user_id=quoted.author.id,
            quoted_ap_id=quoted.thought.ap_id,
            state="pending" if remote else "accepted",
            legacy=False,
            request_ap_id=None,
            stamp=stamp,
        ),
    )
    if not own:
        await notifications.notify(db, [quoted.author.id], "quote", author.id, thought.id)


async def ask_for_consent(
    db: Connection, services: Services, author: Person, thought: Thought, quoted: Quotable
) -> None:
    """Ask the server of a remote thought's author, after the Create, whether it may be quoted."""
    parts = await note_parts(db, author, thought)
    request = await send(
        db, services, author, "QuoteRequest",
        lambda ap_id: services.render.quote_request(ap_id, thought, parts, quoted.author.ap_id),
        ordering_key=thought.ap_id,
        audience=Audience(inboxes=await relations.list_inboxes(db, [quoted.author.id])),
        thought_id=thought.id, target_id=quoted.author.id,
    )  # fmt: skip
    await quotes.SET_REQUEST.run(db, thought.id, request)
