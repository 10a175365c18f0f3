"""Storing thoughts of remote people: new ones, edits and deletions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from federation.actions.cards import ask_for_card
from federation.actions.edit_thought import notify_boosters, replace_poll
from federation.actions.poll_drafts import as_counted
from federation.actions.receive_quote import find_quoted, note_quote, take_quote
from federation.media.attached import row_of_remote, shown_addresses
from federation.protocol.addressing import PUBLIC, Visibility
from federation.protocol.own_links import with_own_links
from federation.protocol.quote_policy import policy_bits
from federation.protocol.sanitise import SANITISER_VERSION, plain_text, sanitise_html
from federation.remote.emojis import keep_emojis, kept_emojis
from federation.remote.targets import authority
from storage import (
    conversations,
    fetches,
    homes,
    moderation,
    notifications,
    people,
    polls,
    proxied,
    quotes,
    remote_actors,
    thoughts,
)  # fmt: skip
from storage.arrivals import Arrival, find_arrival
from storage.news import EntryMade, tell
from storage.people import Person
from storage.polls import NewPoll, Poll
from storage.tags import fan_out_tagged
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
    services: Services,
    author: Person,
    remote: RemoteThought,
    *,
    arriving: bool,
    addressee: UUID | None = None,
    into_quotes: bool = True,
) -> Received:
    """Store a remote person's thought, once; `author` is the verified owner of `remote.id`.

    `arriving`: it was delivered to us just now, so it may be dropped when it concerns nobody here, and enters home
    timelines and notifications; what we fetched ourselves enters neither. `addressee` owns the personal inbox.
    What it quotes is read in the background, unless `into_quotes` says that this one is what another quotes.
    """
    now = services.now()
    published = min(remote.published or now, now)
    fresh = arriving and now - published < FRESH_FOR
    async with services.database.connection() as db:
        arrival = await find_arrival(db, author.id, remote.id, remote.in_reply_to)
        if arrival is not None and arrival.known_id is not None:
            known = await thoughts.find_thought(db, arrival.known_id)
            return Received(known) if known is not None and known.user_id == author.id else Received(None, "forged")
        if arrival is None or (reason := _refused(arrival)):
            return Received(None, reason if arrival else "its author is gone")
        visibility = remote.visibility(arrival.followers_url)
        mentioned = await _mentioned(db, remote, visibility, answered=arrival.parent_author_id, addressee=addressee)
        quoted = await find_quoted(db, remote.quote)
        quotes_us = quoted is not None and services.urls.is_ours(quoted.ap_id)
        if arriving and not quotes_us and not _concerns_us(arrival, mentioned):
            return Received(None, "concerns nobody here")
        content, tags = sanitise_html(remote.content_html), remote.hashtags[:MOST_TAGS]
        new = NewThought(
            id=None,
            user_id=author.id,
            content=content,
            page_html=with_own_links(content, mentioned, tags, origin=services.settings.origin),
            sanitiser=SANITISER_VERSION,
            source=None,
            plain=plain_text(content),
            summary=(remote.summary or "")[:MAX_SUMMARY],
            sensitive=_is_sensitive(remote),
            language=remote.language,
            reply_to=arrival.parent_id,
            reply_to_ap_id=remote.in_reply_to,
            reply_to_user_id=arrival.parent_author_id,
            visibility=visibility,
            ap_id=remote.id,
            url=remote.url,
            object_type=remote.type[:64],
            attachments=await _attachments(db, remote),
            emojis=kept_emojis(remote.emojis),
            created_at=published,
            quote_policy=_quote_policy(author, remote, arrival.followers_url, arrival.following_url),
            has_quote=remote.quote is not None,
        )
        wanted = _parent_to_fetch(services, remote, arrival)
        async with db.transaction():
            link_id = await ask_for_card(db, services, content, named=mentioned, besides=_no_pages(remote, quoted))
            new = new if link_id is None else replace(new, link_id=link_id)
            thought = await thoughts.insert_thought(db, new, mentions=[one.id for one in mentioned], tags=tags)
            if thought is None:
                return Received(None, "stored by another process")
            await keep_emojis(db, authority(remote.id), new.emojis)
            await proxied.insert_addresses(db, shown_addresses(thought.attachments), "attachment", authority(remote.id))
            if remote.poll is not None:
                await polls.insert_poll(db, thought.id, as_counted(remote.poll, now))
            if remote.quote is not None and await note_quote(
                db, services, author, thought, remote.quote, quoted=quoted
            ):
                wanted += [remote.id] if into_quotes else []
            if fresh:
                tell(db, EntryMade(thought.id))
            if fresh:
                await _show_to_readers(db, thought, followed=arrival.author_followed, tagged=bool(tags))
            if wanted:
                await fetches.request(db, "thought", wanted, depth=1)
    if wanted:
        services.wake()
    return Received(thought)


def _refused(arrival: Arrival) -> str:
    """Return why a thought may not be stored, or an empty text."""
    if arrival.author_state != "active":
        return "its author is gone or suspended"
    if arrival.deleted:
        return "deleted before it arrived"
    return "comes from a refused server" if arrival.author_refused else ""


def _parent_to_fetch(services: Services, remote: RemoteThought, arrival: Arrival) -> list[str]:
    """Return the id of what a thought answers when we have yet to read it."""
    if arrival.parent_id is not None or not remote.in_reply_to or services.urls.is_ours(remote.in_reply_to):
        return []
    return [remote.in_reply_to]


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
        known = await _take_quote(db, services, author, known, remote)
        edited_at = min(remote.updated or services.now(), services.now())
        if (fetched and remote.updated is None) or (known.edited_at is not None and edited_at <= known.edited_at):
            return Received(known)
        summary, attachments = (remote.summary or "")[:MAX_SUMMARY], await _attachments(db, remote)
        before = (known.content, known.summary, known.sensitive, known.attachments)
        if before == (content, summary, _is_sensitive(remote), attachments) and not other_poll:
            return Received(known)
        mentioned = await _mentioned(
            db, remote, Visibility(known.visibility), answered=known.reply_to_user_id, addressee=addressee
        )
        tags = remote.hashtags[:MOST_TAGS]
        edit = Edit(
            content=content,
            page_html=with_own_links(content, mentioned, tags, origin=services.settings.origin),
            sanitiser=SANITISER_VERSION,
            source=None,
            plain=plain_text(content),
            summary=summary,
            sensitive=_is_sensitive(remote),
            language=remote.language,
            attachments=attachments,
            emojis=await keep_emojis(db, authority(remote.id), kept_emojis(remote.emojis)),
            edited_at=edited_at,
            link_id=await ask_for_card(
                db,
                services,
                content,
                named=mentioned,
                besides=[*_no_pages(remote, None), *await quotes.list_addresses(db, known)],
            ),
        )
        thought = await thoughts.update_thought(db, known.id, edit)
        await proxied.insert_addresses(db, shown_addresses(attachments), "attachment", authority(remote.id))
        if thought is not None and other_poll:
            thought = await replace_poll(db, thought, asked, poll)
        await thoughts.set_mentions(db, known.id, [person.id for person in mentioned])
        await thoughts.set_tags(db, known.id, tags)
        await notifications.notify(db, [person.id for person in mentioned], "mention", author.id, known.id)
        await notify_boosters(db, known)
    return Received(thought)


async def _take_quote(
    db: Connection, services: Services, author: Person, known: Thought, remote: RemoteThought
) -> Thought:
    """Take over what an Update says of quoting: of what it quotes, and of who may quote it."""
    if await take_quote(db, services, author, known, remote.quote):
        await fetches.request(db, "thought", [known.ap_id])
    wire = None
    # Most policies name everybody or nobody: only for others it matters which collections are the author's.
    if not {*remote.may_quote, *remote.may_ask_to_quote} <= {PUBLIC, author.ap_id}:
        wire = await remote_actors.find_remote_actor(db, author.id)
    policy = _quote_policy(
        author, remote, wire.followers_url if wire else None, wire.following_url if wire else None
    )  # fmt: skip
    return known if policy == known.quote_policy else await quotes.SET_POLICY.one(db, known.id, policy)


def _quote_policy(author: Person, remote: RemoteThought, followers: str | None, following: str | None) -> int:
    return policy_bits(
        remote.may_quote, remote.may_ask_to_quote, author=author.ap_id, followers=followers, following=following
    )


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
    db: Connection, remote: RemoteThought, visibility: Visibility, *, answered: UUID | None, addressee: UUID | None
) -> list[Person]:
    """Return whom a thought names among people we know; ours count only when they are addressed too.

    Whom it answers needs no name when it is addressed to them, and what is direct belongs to all whom it is
    addressed to. The owner of the personal inbox that it came to is addressed.
    """
    named, addressed = {mention.href for mention in remote.mentions}, {*remote.to, *remote.cc}
    direct = visibility is Visibility.DIRECT
    others = addressed - named if direct or answered is not None else set()
    found = await people.find_by_ap_ids(db, [*sorted(named), *sorted(others)][:256])
    if addressee is not None and (direct or addressee == answered) and addressee not in {one.id for one in found}:
        owner = await people.find_person(db, addressee)
        found += [owner] if owner is not None else []

    def counts(person: Person) -> bool:
        reached = person.ap_id in addressed or person.id == addressee
        if direct or person.id == answered:
            return reached or (person.is_remote and person.ap_id in named)
        return person.ap_id in named and (reached or person.is_remote)

    return [person for person in found if person.state == "active" and counts(person)]


def _concerns_us(arrival: Arrival, mentioned: list[Person]) -> bool:
    """Tell whether somebody here follows the author, is addressed, or has a stake in what is answered."""
    return arrival.author_followed or arrival.parent_concerns_us or any(not person.is_remote for person in mentioned)


async def _show_to_readers(db: Connection, thought: Thought, *, followed: bool, tagged: bool) -> None:
    """Put what is new where people read it, and notify those whom it names."""
    if followed:
        await _show_to_followers(db, thought)
    if tagged and thought.visibility == "public":
        await fan_out_tagged(db, thought.id, thought.user_id)
    await notifications.notify_named(db, thought.user_id, thought.id)
    if thought.visibility == "direct":
        await conversations.add_thought(db, thought)


async def _show_to_followers(db: Connection, thought: Thought) -> None:
    """Put a thought into the home timelines of those who follow its author, and tell those who asked to hear."""
    if thought.visibility == "direct":
        await homes.fan_out_direct(db, thought.id, thought.user_id)
        return
    if thought.reply_to_ap_id is not None and thought.reply_to is None:
        # Whom it answers is unknown, and so is who would want to see it.
        return
    await homes.fan_out(
        db, thought.id, thought.user_id,
        is_boost=False, reply_to_user_id=thought.reply_to_user_id, language=thought.language,
    )  # fmt: skip
    await notifications.notify_following(db, thought.user_id, thought.id)


async def _attachments(db: Connection, remote: RemoteThought) -> list[dict[str, Any]]:
    """Return what is kept of attachments: where they are and how to describe them; nothing where media are refused."""
    if not remote.attachments or await moderation.rejects_media(db, authority(remote.id)):
        return []
    return [row_of_remote(one) for one in remote.attachments]


def _no_pages(remote: RemoteThought, quoted: Thought | None) -> list[str]:
    """Return addresses that its text may link to although they are shown in another way: files, and what it quotes."""
    named = () if remote.quote is None else remote.quote.urls
    known = () if quoted is None else (quoted.url, quoted.ap_id)
    return [*(one.url for one in remote.attachments), *named, *known]


def _is_sensitive(remote: RemoteThought) -> bool:
    # Misskey says it of each file.
    return remote.sensitive or any(one.sensitive for one in remote.attachments)
