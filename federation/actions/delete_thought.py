"""Deleting a thought."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.outgoing import Audience, note_parts, send
from federation.actions.publish_thought import author_of
from federation.errors import Forbidden, NotFound
from storage import activities, media, moderation, people, thoughts
from storage.thoughts import Thought

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.people import Person

_KEPT = timedelta(days=1)


async def delete_thought(services: Services, person: Person, thought_id: UUID, *, keep_media: bool = False) -> Thought:
    """Delete one's own thought, or as a moderator anybody's; return what it was.

    With `keep_media` its uploads stay for a day, to be attached to what is written instead.

    A local one leaves a tombstone (410), its stored activities lose their bytes, and everyone who may hold
    a copy gets a Delete. A remote one goes from here only.
    """
    async with services.database.transaction() as db:
        known = await thoughts.find_thought(db, thought_id)
        # Its author first, as whoever else locks both.
        if known is not None:
            await people.hold(db, known.user_id)
        thought = await thoughts.find_thought(db, thought_id, lock=True)
        if thought is None:
            raise NotFound("This thought is gone already.")
        author = await author_of(db, thought)
        own = thought.user_id == person.id
        if not own and person.role == "user":
            raise Forbidden("You can only delete your own thoughts.")
        if not author.is_remote:
            await _send_delete(db, services, author, thought)
        if not own:
            await moderation.insert_audit(db, person.id, "delete thought", thought.ap_id, {"author": author.handle})
        if keep_media and own:
            await media.detach(db, thought.id, keep_for=_KEPT)
        await thoughts.delete_thought(db, thought, author.ap_id)
    services.wake()
    return thought


async def _send_delete(db: Connection, services: Services, author: Person, thought: Thought) -> None:
    parts = await note_parts(db, author, thought)
    to, cc = services.render.audience(thought, parts)
    inboxes = await activities.list_inboxes_holding(db, thought.id)
    await activities.forget_payloads(db, thought.id)
    await send(
        db,
        services,
        author,
        "Delete",
        lambda ap_id: services.render.delete(ap_id, author.ap_id, thought.ap_id, to=[*to, *cc]),
        ordering_key=thought.ap_id,
        audience=Audience(to_followers=thought.visibility != "direct", inboxes=inboxes),
        thought_id=thought.id,
        public=thought.visibility in ("public", "unlisted"),
    )
