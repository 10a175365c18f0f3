"""Editing a thought of one's own; the earlier versions are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.acting import acting
from federation.actions.attaching import Attachable, take_uploads
from federation.actions.cards import ask_for_card
from federation.actions.outgoing import Audience, note_parts, send
from federation.actions.poll_drafts import PollDraft, check_poll
from federation.actions.preferences import check_language
from federation.actions.publish_thought import audience_of, compose
from federation.actions.written_emojis import find_written
from federation.errors import Forbidden, NotFound
from federation.protocol.sanitise import SANITISER_VERSION
from storage import activities, media, notifications, polls, quotes, thoughts
from storage.polls import NewPoll, Poll
from storage.thoughts import Edit, Thought, Version

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.people import Person


@dataclass(frozen=True, slots=True)
class Revision:
    """What a thought becomes."""

    source: str
    summary: str = ""
    sensitive: bool = False
    language: str | None = None
    poll: PollDraft | None = None
    """The poll it has then. Other answers than before begin the vote anew; none takes the poll away."""
    media: tuple[Attachable, ...] = ()
    """The uploads it carries then, in order; what it carried before stays with its earlier versions."""


async def edit_thought(services: Services, author: Person, thought_id: UUID, revision: Revision) -> Thought:
    """Change a thought, keep the version before, tell everyone who may hold a copy and local boosters.

    An edit that changes nothing leaves no trace. Raises `NotFound`, `Forbidden` or `Invalid`.
    """
    language = check_language(revision.language)
    text = await compose(services, author, revision.source, revision.summary, may_be_empty=bool(revision.media))
    async with acting(services, author) as db:
        before = await thoughts.find_thought(db, thought_id, lock=True)
        if before is None:
            raise NotFound("This thought is gone.")
        if before.user_id != author.id:
            raise Forbidden("You can only edit your own thoughts.")
        sensitive = revision.sensitive or bool(text.summary)
        asked = await polls.find_poll(db, None, thought_id) if before.object_type == polls.OBJECT_TYPE else None
        poll = None
        if revision.poll is not None:
            poll = check_poll(revision.poll, services.now(), before=asked, media=bool(revision.media))
        attachments = await take_uploads(db, services, author, revision.media, holder=thought_id)
        same = (before.source, before.summary, before.sensitive, before.language, before.attachments) == (
            text.source, text.summary, sensitive, language, attachments,
        )  # fmt: skip
        if same and _is_same(asked, poll):
            return before
        edit = Edit(
            content=text.content,
            page_html=text.page_html,
            sanitiser=SANITISER_VERSION,
            source=text.source,
            plain=text.plain,
            summary=text.summary,
            sensitive=sensitive,
            language=language,
            attachments=attachments,
            emojis=await find_written(db, text.source, text.summary, *(poll.options if poll is not None else ())),
            edited_at=services.now(),
            link_id=await ask_for_card(
                db,
                services,
                text.content,
                named=text.mentioned,
                besides=await quotes.list_addresses(db, before),
                soon=True,
            ),
        )
        thought = await thoughts.update_thought(db, thought_id, edit)
        if thought is not None and not _is_same(asked, poll):
            thought = await replace_poll(db, thought, asked, poll)
        if thought is None:
            raise NotFound("This thought is gone.")
        await media.attach(db, thought_id, [one.id for one in revision.media])
        mentioned = [person.id for person in text.mentioned]
        await thoughts.set_mentions(db, thought_id, mentioned)
        await thoughts.set_tags(db, thought_id, text.tags)
        await notifications.notify(db, mentioned, "mention", author.id, thought_id)
        await notify_boosters(db, thought)
        audience = await audience_of(db, thought, text.mentioned)
        # Whoever holds a copy, unless it is not for everybody: then only those whom it is for now.
        everybody = thought.visibility in ("public", "unlisted")
        holding = await activities.list_inboxes_holding(db, thought_id) if everybody else []
        parts = await note_parts(db, author, thought)
        await send(
            db,
            services,
            author,
            "Update",
            lambda ap_id: services.render.update(ap_id, thought, parts),
            ordering_key=thought.ap_id,
            audience=Audience(audience.to_followers, [*audience.inboxes, *holding]),
            thought_id=thought_id,
            public=everybody,
        )
    services.wake()
    return thought


def _is_same(before: Poll | None, poll: NewPoll | None) -> bool:
    if before is None or poll is None:
        return before is None and poll is None
    return (before.options, before.multiple, before.hide_totals, before.expires_at) == (
        poll.options, poll.multiple, poll.hide_totals, poll.expires_at,
    )  # fmt: skip


async def replace_poll(db: Connection, thought: Thought, before: Poll | None, poll: NewPoll | None) -> Thought | None:
    """Give a thought another poll or none; the votes stay when the same answers may be given as before."""
    if before is not None and poll is not None and (before.options, before.multiple) == (poll.options, poll.multiple):
        await polls.reschedule(db, thought.id, hide_totals=poll.hide_totals, expires_at=poll.expires_at)
        return thought
    if before is not None:
        await polls.delete_poll(db, thought.id)
    if poll is not None:
        await polls.insert_poll(db, thought.id, poll)
    object_type = "Note" if poll is None else polls.OBJECT_TYPE
    return (
        thought if thought.object_type == object_type else await thoughts.set_object_type(db, thought.id, object_type)
    )


async def notify_boosters(db: Connection, thought: Thought) -> None:
    """Tell our people that what they boosted or quoted was edited."""
    boosters = await notifications.LOCAL_BOOSTERS.all(db, thought.id)
    await notifications.notify(db, boosters, "update", thought.user_id, thought.id)
    if thought.quotes_count:
        quoters = await quotes.LOCAL_QUOTERS.all(db, thought.id)
        await notifications.notify(db, quoters, "quoted_update", thought.user_id, thought.id)


async def list_versions(services: Services, viewer: Person | None, thought_id: UUID) -> list[Version]:
    """List the earlier versions of a thought that the viewer may see, oldest first."""
    async with services.database.connection() as db:
        if await thoughts.find_visible(db, viewer.id if viewer else None, thought_id) is None:
            raise NotFound("This thought is gone, or not yours to see.")
        return await thoughts.list_versions(db, thought_id)
