"""Storing thoughts of remote people: new ones, edits and deletions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from federation.actions.edit_thought import notify_boosters, replace_poll
from federation.actions.poll_drafts import as_counted
from federation.protocol.addressing import Visibility
from federation.protocol.own_links import with_own_links
from federation.protocol.sanitise import SANITISER_VERSION, plain_text, sanitise_html
from storage import entries, fetches, moderation, notifications, people, polls, relations, remote_actors, thoughts
from storage.people import Person
from storage.polls import NewPoll, Poll
from storage.thoughts import Edit, NewThought, Thought

if TYPE_CHECKING:
    from federation.protocol.objects import RemoteThought
    from federation.services import Services
    from storage.database import Connection

# What arrives later than this after it was published enters no home timeline and no notification.
FRESH_FOR = timedelta(days=3)
MAX_SUMMARY = 2000
MOST_TAGS = 100


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a remote thought: stored, known before, or not wanted (and why)."""

    thought: Thought | None
    ignored: str = ""


async def receive_thought(
    services: Services, author: Person, remote: RemoteThought, *, arriving: bool, addressee: UUID | None = None
) -> Received:
    """Store a remote person's thought, once; `author` is the verified owner of `remote.id`.

    `arriving`: it was delivered to us just now, so it may be dropped when it concerns nobody here, and enters home
    timelines and notifications; what we fetched ourselves enters neither. `addressee` owns the personal inbox.
    """
    content = sanitise_html(remote.content_html)
    now = services.now()
    published = min(remote.published or now, now)
    fresh = arriving and now - published < FRESH_FOR
    async with services.database.transaction() as db:
        known = await thoughts.find_by_ap_id(db, remote.id)
        if known is not None:
            return Received(
                known if known.user_id == author.id else None, "" if known.user_id == author.id else "forged"
            )
        tombstone = await thoughts.find_tombstone(db, remote.id)
        # A neighbour on the same server may have announced the deletion of what is not theirs.
        if tombstone is not None and tombstone.owner_ap_id == author.ap_id:
            return Received(None, "deleted before it arrived")
        wire = await remote_actors.find_remote_actor(db, author.id)
        if wire is not None and await moderation.is_blocked(db, wire.host):
            return Received(None, "comes from a refused server")
        visibility = remote.visibility(wire.followers_url if wire else None)
        mentioned = await _mentioned(db, remote, visibility, addressee)
        tags = remote.hashtags[:MOST_TAGS]
        parent = await thoughts.find_by_ap_id(db, remote.in_reply_to) if remote.in_reply_to else None
        if arriving and not await _concerns_us(db, author, mentioned, parent):
            return Received(None, "concerns nobody here")
        thought = await thoughts.insert_thought(
            db,
            NewThought(
                id=await thoughts.new_id(db, published),
                user_id=author.id,
                content=content,
                page_html=with_own_links(content, mentioned, tags, origin=services.settings.origin),
                sanitiser=SANITISER_VERSION,
                source=None,
                plain=plain_text(content),
                summary=(remote.summary or "")[:MAX_SUMMARY],
                sensitive=remote.sensitive,
                language=remote.language,
                reply_to=parent.id if parent else None,
                reply_to_ap_id=remote.in_reply_to,
                reply_to_user_id=parent.user_id if parent else None,
                visibility=visibility,
                ap_id=remote.id,
                url=remote.url,
                object_type=remote.type[:64],
                attachments=_attachments(remote),
                emojis=[{"shortcode": emoji.shortcode, "url": emoji.url} for emoji in remote.emojis],
                created_at=published,
            ),
        )
        if thought is None:
            return Received(None, "stored by another process")
        if remote.poll is not None:
            await polls.insert_poll(db, thought.id, as_counted(remote.poll, now))
        await _enter(db, author, thought, mentioned, tags, fresh=fresh)
        await thoughts.adopt_replies(db, thought)
        if parent is None and remote.in_reply_to and not services.urls.is_ours(remote.in_reply_to):
            await fetches.request(db, "thought", [remote.in_reply_to], depth=1)
    if parent is None and remote.in_reply_to:
        services.wake()
    return Received(thought)


async def receive_edit(
    services: Services,
    author: Person,
    remote: RemoteThought,
    *,
    addressee: UUID | None = None,
    fetched: bool = False,
) -> Received:
    """Take over an edit by the thought's author; one that is not newer than what we have changes only tallies.

    What we `fetched` ourselves is an edit only when it says so, what was delivered also without a date.
    """
    content = sanitise_html(remote.content_html)
    async with services.database.transaction() as db:
        known = await thoughts.find_by_ap_id(db, remote.id, lock=True)
        if known is None:
            return Received(None, "unknown")
        if known.user_id != author.id:
            return Received(None, "not the author's")
        asked = await polls.find_poll(db, None, known.id) if known.object_type == polls.OBJECT_TYPE else None
        poll = as_counted(remote.poll, services.now()) if remote.poll is not None else None
        other_poll = not _same_answers(asked, poll)
        if asked is not None and poll is not None and not other_poll:
            await polls.set_tallies(db, known.id, poll.tallies, poll.voters_count, poll.expires_at)
        edited_at = min(remote.updated or services.now(), services.now())
        if (fetched and remote.updated is None) or (known.edited_at is not None and edited_at <= known.edited_at):
            return Received(known)
        summary, attachments = (remote.summary or "")[:MAX_SUMMARY], _attachments(remote)
        before = (known.content, known.summary, known.sensitive, known.attachments)
        if before == (content, summary, remote.sensitive, attachments) and not other_poll:
            return Received(known)
        mentioned = await _mentioned(db, remote, Visibility(known.visibility), addressee)
        tags = remote.hashtags[:MOST_TAGS]
        edit = Edit(
            content=content,
            page_html=with_own_links(content, mentioned, tags, origin=services.settings.origin),
            sanitiser=SANITISER_VERSION,
            source=None,
            plain=plain_text(content),
            summary=summary,
            sensitive=remote.sensitive,
            language=remote.language,
            attachments=attachments,
            emojis=[{"shortcode": emoji.shortcode, "url": emoji.url} for emoji in remote.emojis],
            edited_at=edited_at,
        )
        thought = await thoughts.update_thought(db, known.id, edit)
        if thought is not None and other_poll:
            thought = await replace_poll(db, thought, asked, poll)
        await thoughts.set_mentions(db, known.id, [person.id for person in mentioned], fresh=False)
        await thoughts.set_tags(db, known.id, tags, fresh=False)
        await notifications.notify(db, [person.id for person in mentioned], "mention", author.id, known.id)
        await notify_boosters(db, known)
    return Received(thought)


def _same_answers(before: Poll | None, poll: NewPoll | None) -> bool:
    if before is None or poll is None:
        return before is None and poll is None
    return (before.options, before.multiple) == (poll.options, poll.multiple)


async def receive_deletion(services: Services, author: Person, object_id: str) -> str:
    """Delete a remote thought at its author's word; return why nothing happened, or an empty text.

    An id we do not have is remembered, so that a Create that comes late is refused.
    """
    async with services.database.transaction() as db:
        await people.hold(db, author.id)
        known = await thoughts.find_by_ap_id(db, object_id, lock=True)
        if known is None:
            await thoughts.bury(db, object_id, author.ap_id)
            return "unknown, remembered"
        if known.user_id != author.id:
            return "not the author's"
        await thoughts.delete_thought(db, known, author.ap_id)
    return ""


async def _mentioned(
    db: Connection, remote: RemoteThought, visibility: Visibility, addressee: UUID | None
) -> list[Person]:
    """Return whom a thought names among people we know; ours count only when they are addressed too.

    What is direct also belongs to whom it is addressed, named or not.
    """
    named = {mention.href for mention in remote.mentions}
    addressed = {*remote.to, *remote.cc}
    wanted = named | addressed if visibility is Visibility.DIRECT else named
    found = await people.find_by_ap_ids(db, sorted(wanted)[:256])
    mentioned = [person for person in found if person.is_remote or person.ap_id in addressed or person.id == addressee]
    if visibility is Visibility.DIRECT and addressee is not None and addressee not in {one.id for one in mentioned}:
        owner = await people.find_person(db, addressee)
        mentioned += [owner] if owner is not None else []
    return [person for person in mentioned if person.state == "active"]


async def _concerns_us(db: Connection, author: Person, mentioned: list[Person], parent: Thought | None) -> bool:
    """Tell whether somebody here follows the author, is addressed, or has a stake in what is answered."""
    if any(not person.is_remote for person in mentioned):
        return True
    if await relations.HAS_LOCAL_FOLLOWER.get(db, author.id):
        return True
    if parent is None:
        return False
    parent_author = await people.find_person(db, parent.user_id)
    if parent_author is None:
        return False
    return not parent_author.is_remote or bool(await relations.HAS_LOCAL_FOLLOWER.get(db, parent_author.id))


async def _enter(
    db: Connection, author: Person, thought: Thought, mentioned: list[Person], tags: tuple[str, ...], *, fresh: bool
) -> None:
    await thoughts.set_mentions(db, thought.id, [person.id for person in mentioned], fresh=True)
    await thoughts.set_tags(db, thought.id, tags, fresh=True)
    is_reply = thought.reply_to_ap_id is not None and thought.reply_to_user_id != author.id
    await entries.insert_thought_entry(db, thought, is_remote=True)
    if not fresh:
        return
    if thought.visibility == "direct":
        await entries.fan_out_direct(db, thought.id, author.id)
    elif not is_reply or thought.reply_to is not None:
        await entries.fan_out(
            db, thought.id, author.id,
            is_boost=False, reply_to_user_id=thought.reply_to_user_id, language=thought.language,
        )  # fmt: skip
        await notifications.notify(
            db, await entries.FOLLOWERS_TO_NOTIFY.all(db, author.id), "status", author.id, thought.id
        )  # fmt: skip
    await notifications.notify(db, [person.id for person in mentioned], "mention", author.id, thought.id)


def _attachments(remote: RemoteThought) -> list[dict[str, Any]]:
    """Return what is kept of attachments: where they are and how to describe them."""
    return [
        {
            "url": one.url,
            "media_type": one.media_type,
            "alt": one.alt or "",
            "width": one.width,
            "height": one.height,
            "blurhash": one.blurhash,
        }
        for one in remote.attachments
    ]
