"""Telling others what a thought of ours is now, although its text was not edited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from federation.actions.outgoing import Audience, note_parts, send
from federation.actions.publish_thought import audience_of
from storage import activities, people
from storage.news import ThoughtEdited, tell

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.people import Person
    from storage.thoughts import Thought


async def send_update(
    db: Connection, services: Services, author: Person, thought: Thought, *, also: Sequence[str] | None = None
) -> None:
    """Send an Update without a newer `updated` to whom the thought is for, and `also` to these inboxes.

    Without `also`, to everyone who may hold a copy of what is for everybody.
    """
    tell(db, ThoughtEdited(thought.id))
    parts = await note_parts(db, author, thought)
    mentioned = await people.find_people(db, [mention.user_id for mention in parts.mentions])
    audience = await audience_of(db, thought, list(mentioned.values()))
    everybody = thought.visibility in ("public", "unlisted")
    if also is None:
        also = await activities.list_inboxes_holding(db, thought.id) if everybody else []
    await send(
        db, services, author, "Update",
        lambda ap_id: services.render.update(ap_id, thought, parts),
        ordering_key=thought.ap_id,
        audience=Audience(audience.to_followers, [*audience.inboxes, *also]),
        thought_id=thought.id,
        public=everybody,
    )  # fmt: skip
