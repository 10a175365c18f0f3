"""Timelines: pages of entries with everything needed to show them, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.filtering import filter_thoughts
from federation.actions.shown_quotes import Quoted, find_relations, find_shown_quotes
from federation.errors import NotFound
from federation.protocol.filtering import Match
from federation.protocol.sanitise import SANITISER_VERSION, sanitise_html
from federation.protocol.text import normalise_tag
from storage import cards, deliveries, emoji_reactions, entries, people, polls, thoughts, threads
from storage.cards import Card
from storage.deliveries import Receipt
from storage.emoji_reactions import Tally
from storage.entries import Entry, Kept, Marks, Named, Page
from storage.people import Person
from storage.polls import Poll
from storage.relations import Relation
from storage.thoughts import Thought

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection

_MOST_TAGS_A_MODE = 4


@dataclass(frozen=True, slots=True)
class Shown:
    """Entries with their people, and what the viewer did to them. `mentions` and `tags` only when asked for."""

    entries: list[Entry]
    people: dict[UUID, Person]
    marks: dict[UUID, Marks]
    receipts: dict[UUID, Receipt] = field(default_factory=dict)
    mentions: dict[UUID, list[Person]] = field(default_factory=dict)
    tags: dict[UUID, list[str]] = field(default_factory=dict)
    polls: dict[UUID, Poll] = field(default_factory=dict)
    reactions: dict[UUID, list[Tally]] = field(default_factory=dict)
    cards: dict[UUID, Card] = field(default_factory=dict)
    """The preview cards of links, by the link."""
    filtered: dict[UUID, tuple[Match, ...]] = field(default_factory=dict)
    """The viewer's filters that a thought falls under."""
    quotes: dict[UUID, Quoted] = field(default_factory=dict)
    """What thoughts of this page quote, and (without their thoughts) what the quoted ones quote."""
    relations: dict[UUID, Relation] = field(default_factory=dict)
    """Of the viewer and those authors who let their followers, or whom they follow, quote them."""
    cursors: list[UUID] | None = None
    """What a page is keyed by, when not by the entries' own ids: bookmarks and likes."""


@dataclass(frozen=True, slots=True)
class Thread:
    """A thought with what it answers and what answers it."""

    ancestors: list[Entry]
    entry: Entry
    descendants: list[Entry]
    shown: Shown
    more_after: UUID | None = None
    """After which answer the next page of a thread begins that has more answers than one page takes."""


MOST_ANCESTORS = 60
MOST_DESCENDANTS = 300
DEEPEST = 30


async def show(
    db: Connection, viewer: Person | None, found: list[Entry], *, receipts: bool = False, details: bool = False
) -> Shown:
    """Read what showing these entries needs: people and marks; delivery receipts and details when asked for."""
    found = [_sanitised(entry) for entry in found]
    quoted = {
        thought_id: one if one.entry is None else replace(one, entry=_sanitised(one.entry))
        for thought_id, one in (await find_shown_quotes(db, viewer, found)).items()
    }
    every = [*found, *(one.entry for one in quoted.values() if one.entry is not None)]
    about = {entry.thought.id: entry.thought for entry in every}
    named = await _named(db, every) if details else {}
    who = {entry.user_id for entry in every} | {entry.thought.user_id for entry in every}
    who |= {entry.thought.reply_to_user_id for entry in every if entry.thought.reply_to_user_id is not None}
    links = {entry.thought.link_id for entry in every if entry.thought.link_id is not None}
    previews = await cards.list_cards(db, links)
    who |= {card.author_id for card in previews.values() if card.author_id is not None}
    who.update(*(one.mentions for one in named.values()))
    shown = Shown(
        entries=found,
        cards=previews,
        people=await people.find_shown(db, list(who)),
        marks=await entries.list_marks(db, viewer.id, about.values()) if viewer is not None else {},
        quotes=quoted,
        relations=await find_relations(db, viewer, about.values()),
    )
    shown.filtered.update(await filter_thoughts(db, viewer, about.values()))
    questions = {entry.thought.id for entry in every if entry.thought.object_type == polls.OBJECT_TYPE}
    shown.polls.update(await polls.list_polls(db, _id(viewer), list(questions)))
    reacted = {entry.thought.id for entry in every if entry.thought.reactions_count}
    shown.reactions.update(await emoji_reactions.list_tallies(db, _id(viewer), list(reacted)))
    if receipts and viewer is not None:
        own = [entry.thought.id for entry in found if entry.thought.user_id == viewer.id]
        shown.receipts.update(await deliveries.list_receipts(db, own))
    for thought_id, one in named.items():
        shown.tags[thought_id] = one.tags
        shown.mentions[thought_id] = [shown.people[who] for who in one.mentions if who in shown.people]
    return shown


async def _named(db: Connection, found: Iterable[Entry]) -> dict[UUID, Named]:
    """Tell what these thoughts name; it is looked up of those of which it was not read along."""
    named = {entry.thought.id: entry.named for entry in found}
    unknown = [thought_id for thought_id, one in named.items() if one is None]
    looked_up = {thought_id: Named([], []) for thought_id in unknown}
    for mention in await thoughts.list_mentions(db, unknown):
        looked_up[mention.thought_id].mentions.append(mention.user_id)
    for tag in await thoughts.list_tags(db, unknown):
        looked_up[tag.thought_id].tags.append(tag.name)
    return looked_up | {thought_id: one for thought_id, one in named.items() if one is not None}


def _sanitised(entry: Entry) -> Entry:
    """Sanitise again what an older sanitiser left of remote HTML; the background pass gets to the row later."""
    if entry.thought.sanitiser >= SANITISER_VERSION or entry.thought.source is not None:
        return entry
    content = sanitise_html(entry.thought.content)
    return replace(entry, thought=replace(entry.thought, content=content, page_html=None))


def _id(viewer: Person | None) -> UUID | None:
    return None if viewer is None else viewer.id


async def get_home(services: Services, viewer: Person, page: Page, *, details: bool = False) -> Shown:
    """Return a page of the viewer's home timeline."""
    async with services.database.connection() as db:
        found = await entries.list_home(db, viewer.id, page)
        return await show(db, viewer, found, receipts=not details, details=details)


async def get_direct(services: Services, viewer: Person, page: Page, *, details: bool = False) -> Shown:
    """Return a page of the direct thoughts that the viewer wrote or is named in, one by one."""
    async with services.database.connection() as db:
        return await show(db, viewer, await entries.list_direct(db, viewer.id, page), details=details)


async def get_public(
    services: Services,
    viewer: Person | None,
    page: Page,
    *,
    local: bool = False,
    remote: bool = False,
    only_media: bool = False,
    details: bool = False,
) -> Shown:
    """Return a page of the federated timeline, or of its local or its remote part alone."""
    lister = entries.list_local if local else entries.list_remote if remote else entries.list_federated
    async with services.database.connection() as db:
        if only_media:
            found = await entries.list_pictured(db, _id(viewer), page, local=local or not remote, remote=not local)
        else:
            found = await lister(db, _id(viewer), page)
        return await show(db, viewer, found, details=details)


async def get_tagged(
    services: Services,
    viewer: Person | None,
    tag: str,
    page: Page,
    *,
    any_of: Sequence[str] = (),
    all_of: Sequence[str] = (),
    none_of: Sequence[str] = (),
    local: bool = True,
    remote: bool = True,
    only_media: bool = False,
    details: bool = False,
) -> Shown:
    """Return a page of public thoughts with a hashtag, of our own people, of others or both.

    With `any_of`, of those with one of these others too; `all_of` and `none_of` narrow it. Mastodon reads four of each.
    """
    name = _tag_name(tag)
    mix = entries.TagMix([name, *_tag_names(any_of)], _tag_names(all_of), _tag_names(none_of))
    where = {"local": local, "remote": remote, "only_media": only_media}
    async with services.database.connection() as db:
        if any_of or all_of or none_of:
            found = await entries.list_tagged_mixed(db, _id(viewer), mix, page, **where)
        else:
            found = await entries.list_tagged(db, _id(viewer), name, page, **where)
        return await show(db, viewer, found, details=details)


def _tag_names(tags: Sequence[str]) -> list[str]:
    """Return the names of the first few; what is no hashtag is on no thought, but a name like any other."""
    return list(dict.fromkeys(normalise_tag(tag) or tag for tag in tags))[:_MOST_TAGS_A_MODE]


def _tag_name(tag: str) -> str:
    name = normalise_tag(tag)
    if name is None:
        raise NotFound("That is not a hashtag.")
    return name


async def get_entries_of(
    services: Services,
    viewer: Person | None,
    person: Person,
    page: Page,
    *,
    replies: bool = True,
    boosts: bool = True,
    tag: str | None = None,
    only_media: bool = False,
    details: bool = False,
) -> Shown:
    """Return a page of what a person wrote and boosted, as far as the viewer may see it.

    With a `tag`, of the thoughts that carry it, replies included; with `only_media`, of thoughts that have some.
    """
    name = None if tag is None else _tag_name(tag)
    async with services.database.connection() as db:
        if only_media:
            found = await entries.list_pictured_of_person(db, _id(viewer), person.id, page, replies=replies)
        elif name is None:
            found = await entries.list_of_person(db, _id(viewer), person.id, page, replies=replies, boosts=boosts)
        else:
            found = await entries.list_of_person_tagged(db, _id(viewer), person.id, name, page)
        return await show(db, viewer, found, receipts=not details, details=details)


async def get_pinned(services: Services, viewer: Person | None, person: Person, *, details: bool = False) -> Shown:
    """Return what a person pinned."""
    async with services.database.connection() as db:
        return await show(db, viewer, await entries.list_pinned(db, _id(viewer), person.id), details=details)


async def get_bookmarks(services: Services, viewer: Person, page: Page, *, details: bool = False) -> Shown:
    """Return a page of the viewer's bookmarks; its `cursors` are those of the bookmarks."""
    async with services.database.connection() as db:
        return await _show_kept(db, viewer, await entries.list_bookmarked(db, viewer.id, page), details=details)


async def get_likes(services: Services, viewer: Person, page: Page, *, details: bool = False) -> Shown:
    """Return a page of what the viewer liked; its `cursors` are those of the likes."""
    async with services.database.connection() as db:
        return await _show_kept(db, viewer, await entries.list_liked(db, viewer.id, page), details=details)


async def _show_kept(db: Connection, viewer: Person, kept: list[Kept], *, details: bool) -> Shown:
    found = await entries.list_of_thoughts(db, [one.thought_id for one in kept])
    return replace(await show(db, viewer, found, details=details), cursors=[one.cursor for one in kept])


async def get_entries(
    services: Services, viewer: Person | None, entry_ids: Sequence[UUID], *, details: bool = False
) -> Shown:
    """Return those of these entries that the viewer may see, in the order asked for."""
    async with services.database.connection() as db:
        return await show(db, viewer, await entries.list_visible_entries(db, _id(viewer), entry_ids), details=details)


async def get_entry(services: Services, viewer: Person | None, entry_id: UUID, *, details: bool = False) -> Shown:
    """Return one entry; hidden and missing look the same."""
    async with services.database.connection() as db:
        entry = await entries.find_visible_entry(db, _id(viewer), entry_id)
        if entry is None:
            raise NotFound("This thought is gone, or not yours to see.")
        return await show(db, viewer, [entry], receipts=not details, details=details)


async def get_thought(services: Services, viewer: Person | None, entry_id: UUID) -> Thought:
    """Return the thought that an entry shows if `viewer` may see it; hidden and missing look the same."""
    async with services.database.connection() as db:
        thought = await thoughts.find_visible_by_entry(db, _id(viewer), entry_id)
    if thought is None:
        raise NotFound("This thought is gone, or not yours to see.")
    return thought


async def get_thread(
    services: Services, viewer: Person | None, thought_id: UUID, *, after: UUID | None = None, details: bool = False
) -> Thread:
    """Return a thought with its ancestors (the root first) and descendants (each after its parent).

    Of the answers to the thought itself those later than `after`.
    """
    async with services.database.connection() as db:
        thought = await thoughts.find_visible_by_entry(db, _id(viewer), thought_id)
        if thought is None:
            raise NotFound("This thought is gone, or not yours to see.")
        above = await threads.list_ancestors(db, _id(viewer), thought.id, limit=MOST_ANCESTORS)
        below = await threads.list_descendants(
            db, _id(viewer), thought.id, depth=DEEPEST, limit=MOST_DESCENDANTS, after=after
        )  # fmt: skip
        more_after = (
            await threads.find_last_answer(db, thought.id, after, limit=MOST_DESCENDANTS)
            if thought.replies_count > MOST_DESCENDANTS
            else None
        )
        found = [*above, _own_entry(thought), *below]
        shown = await show(db, viewer, found, receipts=not details, details=details)
    middle = len(above)
    return Thread(found[:middle], found[middle], found[middle + 1 :], shown, more_after)


async def was_deleted(services: Services, thought_id: UUID) -> bool:
    """Tell whether a thought of ours was here and is deleted."""
    async with services.database.connection() as db:
        return await thoughts.find_tombstone(db, services.urls.thought(thought_id)) is not None


def _own_entry(thought: Thought) -> Entry:
    """Return the entry that a thought itself is."""
    return Entry(thought.id, "thought", thought.user_id, thought.created_at, thought.ap_id, thought.visibility, thought)


async def show_thoughts(
    services: Services, viewer: Person | None, found: Iterable[Thought], *, details: bool = False
) -> Shown:
    """Return what showing these thoughts needs."""
    async with services.database.connection() as db:
        return await show(db, viewer, [_own_entry(thought) for thought in found], details=details)
