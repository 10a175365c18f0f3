"""Storing an activity of ours together with its effect; the fan-out delivers it after the commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from federation.render import NoteParts
from storage import activities, polls, quotes, relations, thoughts
from storage.activities import NewActivity

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.people import Person
    from storage.thoughts import Mention, Thought

# Mastodon's peers read at most a megabyte, Misskey 64 KiB.
MAX_ACTIVITY_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Audience:
    """Where an activity goes: our followers' inboxes, and these."""

    to_followers: bool = False
    inboxes: Sequence[str] = ()

    @property
    def nobody(self) -> bool:
        """Whether there is nothing to send."""
        return not self.to_followers and not self.inboxes


def between(actor: Person, target: Person) -> str:
    """Return the ordering key of what one person does to another: Follow, Like, Announce, Block and their Undo."""
    return f"{actor.ap_id} {target.ap_id}"


async def send(
    db: Connection,
    services: Services,
    sender: Person,
    kind: str,
    render: Callable[[str], dict[str, Any]],
    *,
    ordering_key: str,
    audience: Audience,
    thought_id: UUID | None = None,
    target_id: UUID | None = None,
    public: bool = False,
    activity_id: UUID | None = None,
) -> str:
    """Store an activity that `render` makes from its id, with its fan-out; return the id.

    Call inside the transaction that holds the effect, and `services.wake()` after its commit. `activity_id` is for
    what must be sent once although nothing else here remembers it.
    """
    activity_id = activity_id or await thoughts.new_id(db, services.now())
    ap_id = services.urls.activity(activity_id)
    payload = orjson.dumps(render(ap_id))
    new = NewActivity(activity_id, ap_id, sender.id, kind, ordering_key, thought_id, target_id, public, payload)
    await activities.insert_activity(
        db, new, to_followers=audience.to_followers, inboxes=sorted(set(audience.inboxes))
    )  # fmt: skip
    return ap_id


async def send_to(
    db: Connection,
    services: Services,
    sender: Person,
    kind: str,
    render: Callable[[str], dict[str, Any]],
    *,
    to: Person,
    thought_id: UUID | None = None,
    to_followers: bool = False,
    public: bool = False,
    activity_id: UUID | None = None,
) -> None:
    """Send (as `send` does) what one person does to another, in order with all else between the two of them."""
    audience = Audience(to_followers, await relations.list_inboxes(db, [to.id]))
    await send(
        db, services, sender, kind, render, ordering_key=between(sender, to), audience=audience,
        thought_id=thought_id, target_id=to.id, public=public, activity_id=activity_id,
    )  # fmt: skip


async def note_parts(db: Connection, author: Person, thought: Thought) -> NoteParts:
    """Read what a note is rendered from."""
    return (await all_note_parts(db, author, [thought]))[thought.id]


async def all_note_parts(db: Connection, author: Person, written: Sequence[Thought]) -> dict[UUID, NoteParts]:
    """Read what one author's notes are rendered from, in as many queries however many there are."""
    ids = [thought.id for thought in written]
    mentions: dict[UUID, list[Mention]] = {thought_id: [] for thought_id in ids}
    tags: dict[UUID, list[str]] = {thought_id: [] for thought_id in ids}
    for mention in await thoughts.list_mentions(db, ids):
        mentions[mention.thought_id].append(mention)
    for tag in await thoughts.list_tags(db, ids):
        tags[tag.thought_id].append(tag.name)
    questions = [thought.id for thought in written if thought.object_type == polls.OBJECT_TYPE]
    quoted = await quotes.list_quotes(db, [thought.id for thought in written if thought.has_quote])
    asked = await polls.list_polls(db, None, questions)
    return {
        thought_id: NoteParts(
            author,
            mentions[thought_id],
            tags[thought_id],
            poll=asked.get(thought_id),
            quote=quoted.get(thought_id),
        )
        for thought_id in ids
    }
