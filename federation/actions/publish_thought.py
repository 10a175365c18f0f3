"""Publishing a thought of one of our people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from federation.actions.acting import acting
from federation.actions.attaching import Attachable, take_uploads
from federation.actions.cards import ask_for_card
from federation.actions.outgoing import Audience, note_parts, send
from federation.actions.people import find_mentioned, mention_targets
from federation.actions.poll_drafts import PollDraft, check_poll
from federation.actions.preferences import check_language, get_preferences
from federation.actions.quoting import (
    Quotable,
    ask_for_consent,
    attach_quote,
    get_quotable,
    policy_of,
    visibility_beside,
)
from federation.actions.tags import check_usable
from federation.actions.written_emojis import find_written
from federation.errors import Conflict, Invalid, NotFound
from federation.protocol.addressing import Visibility
from federation.protocol.own_links import with_own_links
from federation.protocol.sanitise import SANITISER_VERSION, plain_text
from federation.protocol.text import (
    count_characters,
    excess,
    find_mentions,
    find_tags,
    normalise_source,
    render_source,
)
from storage import (
    access,
    apps,
    conversations,
    homes,
    media,
    notifications,
    people,
    polls,
    quotes,
    relations,
    scheduled,
    thoughts,
)  # fmt: skip
from storage.news import EntryMade, tell
from storage.people import Person
from storage.polls import NewPoll
from storage.preferences import Preferences
from storage.scheduled import Scheduled
from storage.tags import fan_out_tagged
from storage.thoughts import NewThought, Thought

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection

MAX_IDEMPOTENCY_KEY_CHARS = 200
VISIBILITIES = frozenset(Visibility)


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody typed, and to whom; None leaves it to their preferences, an empty language says none."""

    source: str
    visibility: str | None = None
    summary: str = ""
    sensitive: bool | None = None
    language: str | None = None
    reply_to: UUID | None = None
    idempotency_key: str | None = None
    poll: PollDraft | None = None
    quote: UUID | None = None
    quote_policy: str | None = None
    app_id: UUID | None = None
    media: tuple[Attachable, ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """A draft's text, checked and rendered."""

    source: str
    content: str
    page_html: str
    plain: str
    summary: str
    tags: list[str]
    mentioned: list[Person]


async def compose(services: Services, author: Person, source: str, summary: str, *, may_be_empty: bool = False) -> Text:
    """Check a text against the rules and render it, looking up whom it mentions."""
    source, summary = normalise_source(source), " ".join(normalise_source(summary).split())
    if not source and not may_be_empty:
        raise Invalid("Write something first.", field="source")
    length, most = count_characters(source) + count_characters(summary), services.settings.max_chars
    if length > most:
        raise Invalid(f"That is {excess(length, most)} too long; {most} fit.", field="source")
    names = [tag.name for tag in find_tags(source)]
    await check_usable(services, names)
    found = await find_mentioned(services, find_mentions(source), author=author)
    content = render_source(source, mention_targets(found), origin=services.settings.origin)
    mentioned = list({person.id: person for person in found.values()}.values())
    return Text(
        source=source,
        content=content,
        page_html=with_own_links(content, mentioned, origin=services.settings.origin),
        plain=plain_text(content),
        summary=summary,
        tags=names,
        mentioned=mentioned,
    )


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft that keeps the rules, with everything decided that its author left to their preferences."""

    draft: Draft
    visibility: str
    text: Text
    poll: NewPoll | None


async def check_draft(services: Services, author: Person, draft: Draft) -> Checked:
    """Check a draft as far as it can be without looking at what it answers, quotes and carries."""
    preferred = Preferences()
    if None in (draft.visibility, draft.sensitive, draft.language, draft.quote_policy):
        preferred = await get_preferences(services, author)
    visibility = preferred.visibility if draft.visibility is None else draft.visibility
    if visibility not in VISIBILITIES:
        raise Invalid("The visibility is public, unlisted, followers or direct.", field="visibility")
    if draft.idempotency_key is not None and len(draft.idempotency_key) > MAX_IDEMPOTENCY_KEY_CHARS:
        raise Invalid("The Idempotency-Key is too long.")
    text = await compose(services, author, draft.source, draft.summary, may_be_empty=bool(draft.media))
    decided = replace(
        draft,
        language=check_language(preferred.language if draft.language is None else draft.language),
        sensitive=preferred.sensitive if draft.sensitive is None else draft.sensitive,
        quote_policy=draft.quote_policy or preferred.quote_policy,
    )
    policy_of(decided.quote_policy, visibility)
    now = services.now()
    poll = check_poll(draft.poll, now, media=bool(draft.media)) if draft.poll is not None else None
    return Checked(decided, visibility, text, poll)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a draft answers and quotes, and the visibility that this leaves it."""

    parent: Thought | None
    quoted: Quotable | None
    visibility: str


async def look_around(db: Connection, author: Person, checked: Checked) -> Surroundings:
    """Find what a draft answers and quotes; raise `NotFound` or `Invalid` where its author may not."""
    draft, visibility = checked.draft, checked.visibility
    parent = await _parent(db, author, draft.reply_to)
    quoted = await get_quotable(db, author, draft.quote) if draft.quote is not None else None
    if quoted is not None:
        visibility = visibility_beside(quoted, visibility, author, checked.text.mentioned)
    return Surroundings(parent, quoted, visibility)


async def publish_thought(
    services: Services, author: Person, draft: Draft, *, schedule: Scheduled | None = None
) -> Thought:
    """Publish a thought: it, its notifications, its activity and the fan-out are one transaction.

    With an Idempotency-Key that was used before, return the thought it made. The end of the `schedule` whose draft it
    is belongs to the transaction, too. Raises `Invalid` naming the field, `NotFound` for a parent that the author may
    not see, `Conflict` when the schedule has been worked off or changed meanwhile.
    """
    checked = await check_draft(services, author, draft)
    draft, text, poll = checked.draft, checked.text, checked.poll
    now = services.now()
    async with acting(services, author) as db:
        if schedule is not None and not await scheduled.take(db, schedule):
            raise Conflict("This has been posted, changed or cancelled meanwhile.")
        thought_id = await thoughts.new_id(db, now)
        if schedule is not None:
            await access.move_idempotency_key(db, author.id, schedule.id, thought_id)
        elif draft.idempotency_key is not None and not await access.claim_idempotency_key(
            db, author.id, draft.idempotency_key, thought_id
        ):
            return await _made_before(db, author, draft.idempotency_key)
        around = await look_around(db, author, checked)
        parent, quoted, visibility = around.parent, around.quoted, around.visibility
        attachments = await take_uploads(db, services, author, draft.media, holder=thought_id)
        thought = await thoughts.insert_thought(
            db,
            NewThought(
                id=thought_id,
                user_id=author.id,
                content=text.content,
                page_html=text.page_html,
                sanitiser=SANITISER_VERSION,
                source=text.source,
                plain=text.plain,
                summary=text.summary,
                sensitive=draft.sensitive or bool(text.summary),
                language=draft.language,
                reply_to=parent.id if parent else None,
                reply_to_ap_id=parent.ap_id if parent else None,
                reply_to_user_id=parent.user_id if parent else None,
                visibility=visibility,
                ap_id=services.urls.thought(thought_id),
                url=services.urls.thought_page(author.username, thought_id),
                object_type="Note" if poll is None else polls.OBJECT_TYPE,
                attachments=attachments,
                emojis=await find_written(db, text.source, text.summary, *(poll.options if poll is not None else ())),
                created_at=now,
                application=await _application(db, draft.app_id),
                quote_policy=policy_of(draft.quote_policy, visibility),
                has_quote=quoted is not None,
                link_id=await ask_for_card(
                    db, services, text.content, named=text.mentioned, besides=addresses_of(quoted), soon=True
                ),
            ),
            mentions=[person.id for person in text.mentioned],
            tags=text.tags,
        )
        if thought is None:
            raise Conflict("This thought exists already.")
        await media.attach(db, thought.id, [one.id for one in draft.media])
        if poll is not None:
            await polls.insert_poll(db, thought.id, poll)
        if quoted is not None:
            await attach_quote(db, services, author, thought, quoted)
        await _enter(db, author, thought, text)
        await _send_create(db, services, author, thought, text)
        if quoted is not None and quoted.author.is_remote:
            await ask_for_consent(db, services, author, thought, quoted)
    services.wake()
    return thought


def addresses_of(quoted: Quotable | None) -> tuple[str, ...]:
    """Return where a quoted thought is to be found."""
    return () if quoted is None else (quoted.thought.url, quoted.thought.ap_id)


async def _made_before(db: Connection, author: Person, key: str) -> Thought:
    made = await access.find_idempotent_thought(db, author.id, key)
    thought = await thoughts.find_thought(db, made) if made is not None else None
    if thought is None:
        raise NotFound("The thought that this Idempotency-Key made has been deleted.")
    return thought


async def _parent(db: Connection, author: Person, reply_to: UUID | None) -> Thought | None:
    if reply_to is None:
        return None
    parent = await thoughts.find_visible(db, author.id, reply_to, keep=True)
    if parent is None:
        raise NotFound("The thought that you answer is gone, or not yours to see.")
    return parent


async def _application(db: Connection, app_id: UUID | None) -> dict[str, Any] | None:
    """Return what a thought says for good of the app it was written with."""
    app = await apps.find_app(db, app_id) if app_id is not None else None
    return {"name": app.name, "website": app.website} if app is not None else None


async def _enter(db: Connection, author: Person, thought: Thought, text: Text) -> None:
    """Put a new thought into timelines and notifications."""
    tell(db, EntryMade(thought.id))
    if thought.visibility == "direct":
        await homes.fan_out_direct(db, thought.id, author.id)
        await conversations.add_thought(db, thought)
    else:
        await homes.fan_out(
            db, thought.id, author.id,
            is_boost=False, reply_to_user_id=thought.reply_to_user_id, language=thought.language,
        )  # fmt: skip
        await notifications.notify_following(db, author.id, thought.id)
    if text.tags and thought.visibility == "public":
        await fan_out_tagged(db, thought.id, author.id)
    hear = {person.id for person in text.mentioned}
    if thought.reply_to_user_id is not None and thought.visibility in ("public", "unlisted"):
        # Whoever is answered hears of it, named or not: "mention" is the API's name for an answer too.
        hear.add(thought.reply_to_user_id)
    await notifications.notify(db, sorted(hear), "mention", author.id, thought.id)


async def audience_of(db: Connection, thought: Thought, mentioned: list[Person]) -> Audience:
    """Return where a thought of ours goes: followers unless direct, whom it names, whom it answers and quotes."""
    named = [person.id for person in mentioned if person.is_remote]
    if thought.reply_to_user_id is not None and thought.visibility in ("public", "unlisted"):
        named.append(thought.reply_to_user_id)
    quote = await quotes.find_quote(db, thought.id) if thought.has_quote and thought.visibility != "direct" else None
    if quote is not None and quote.quoted_user_id is not None:
        named.append(quote.quoted_user_id)
    return Audience(
        to_followers=thought.visibility != "direct", inboxes=await relations.list_inboxes(db, named)
    )  # fmt: skip


async def _send_create(db: Connection, services: Services, author: Person, thought: Thought, text: Text) -> None:
    parts = await note_parts(db, author, thought)
    await send(
        db,
        services,
        author,
        "Create",
        lambda ap_id: services.render.create(ap_id, thought, parts),
        ordering_key=thought.ap_id,
        audience=await audience_of(db, thought, text.mentioned),
        thought_id=thought.id,
        public=thought.visibility in ("public", "unlisted"),
    )


async def author_of(db: Connection, thought: Thought) -> Person:
    """Return a thought's author."""
    author = await people.find_person(db, thought.user_id)
    if author is None:
        raise NotFound("The author of this thought is gone.")
    return author
