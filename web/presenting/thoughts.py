"""Entries, threads and notifications from rows to what templates show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin
from uuid import UUID

from federation.actions.quoting import permission_for
from federation.actions.reactions import may_boost
from federation.actions.timelines import MOST_DESCENDANTS
from federation.media.urls import MediaUrls
from federation.protocol.emojis import with_pictures
from federation.protocol.quote_policy import Permission
from federation.protocol.sanitise import plain_text
from web.assets import asset
from web.current import settings
from web.presenting.collections import collection_view
from web.presenting.emojis import pictures, reaction_view, text_with
from web.presenting.media import attachment_views
from web.presenting.pages import page_view
from web.presenting.people import person_view
from web.presenting.polls import poll_view
from web.view_models import (
    CollectionView,
    NotificationView,
    PageMeta,
    PageView,
    PersonView,
    QuoteView,
    ReplyView,
    ThoughtView,
)

if TYPE_CHECKING:
    from federation.actions.notices import Notices
    from federation.actions.timelines import Shown, Thread
    from storage.deliveries import Receipt
    from storage.entries import Entry, Marks
    from storage.notifications import Notification
    from storage.people import Person
    from storage.thoughts import Thought

_EXCERPT_CHARS = 200
_MOST_REACTIONS = 24
_QUOTE_STATES = {
    "pending": "It quotes a thought whose author was asked and has not answered yet.",
    "rejected": "It quotes a thought whose author does not want that.",
    "revoked": "It quoted a thought whose author took their consent back.",
    "deleted": "It quoted a thought that was deleted.",
    "unauthorized": "It quotes a thought that is not yours to see.",
    "blocked_account": "It quotes somebody whom you block.",
    "blocked_domain": "It quotes somebody of a server that you block.",
    "muted_account": "It quotes somebody whom you mute.",
}
_QUOTE_FILTERED = "It quotes something that you filter out."
_JOINED = ("favourite", "reblog", "follow")
# How deep replies nest before the page says "continue".
_LEVELS = 2


class Presenter:
    """Turns the rows of one page into views; every person of it is looked at once."""

    def __init__(self, shown: Shown, viewer: Person | None, context: str = "") -> None:
        """`context` is where the viewer's filters look: home, notifications, public, thread or account."""
        self._shown = shown
        self._viewer = viewer
        self._context = context
        self._people: dict[UUID, PersonView] = {}
        self._media = MediaUrls(settings().media_base)

    def person(self, person_id: UUID | None) -> PersonView | None:
        """Return someone of this page who is here: neither suspended nor deleted."""
        person = None if person_id is None else self._shown.people.get(person_id)
        if person is None or person_id is None or person.state != "active":
            return None
        if person_id not in self._people:
            self._people[person_id] = person_view(person)
        return self._people[person_id]

    def all(self) -> tuple[ThoughtView, ...]:
        """Return every entry whose author is known, in order."""
        return self.many(self._shown.entries)

    def many(self, entries: Iterable[Entry]) -> tuple[ThoughtView, ...]:
        """Return these entries, in order."""
        return tuple(
            view for entry in entries if not self.hides(entry.thought.id) and (view := self.one(entry)) is not None
        )

    def hides(self, thought_id: UUID) -> bool:
        """Tell whether a filter of the viewer's keeps a thought from this page."""
        return bool(self._filters(thought_id, "hide"))

    def _filters(self, thought_id: UUID, *actions: str) -> str:
        """Return the titles of the filters with these actions that a thought falls under here."""
        matches = self._shown.filtered.get(thought_id, ())
        return ", ".join(
            match.rule.title
            for match in matches
            if match.rule.action in actions and self._context in match.rule.contexts
        )

    def _quote(self, thought: Thought) -> QuoteView | None:
        """Return what a thought quotes, or why that is not shown."""
        found = self._shown.quotes.get(thought.id)
        if found is None:
            return None
        if found.entry is not None and self.hides(found.entry.thought.id):
            return QuoteView(None, _QUOTE_FILTERED)
        view = self.one(found.entry, quoted=True) if found.entry is not None and found.hidden is None else None
        unseen = _QUOTE_STATES["unauthorized"]
        return QuoteView(view, "" if view is not None else _QUOTE_STATES.get(found.state, unseen))

    def _page(self, thought: Thought) -> PageView | None:
        """Return the page that a thought links to, when it has a preview."""
        card = self._shown.cards.get(thought.link_id) if thought.link_id is not None else None
        if card is None:
            return None
        return page_view(card, self.person(card.author_id), self._media)

    def one(self, entry: Entry, *, quoted: bool = False) -> ThoughtView | None:
        """Return an entry; None when its author is not among the people of this page.

        A thought that is `quoted` by another does not show what it quotes in turn.
        """
        thought = entry.thought
        author = self.person(thought.user_id)
        if author is None:
            return None
        mine = self._viewer is not None and self._viewer.id == thought.user_id
        marks: Marks | None = self._shown.marks.get(thought.id)
        answers = self.person(thought.reply_to_user_id)
        receipt = self._shown.receipts.get(thought.id) if mine else None
        words = receipt_words(receipt)
        may_quote = permission_for(self._viewer, thought, self._shown.relations.get(thought.user_id))
        emojis = pictures(thought.emojis, is_remote=not author.is_local)
        return ThoughtView(
            id=str(thought.id),
            entry_id=str(entry.id),
            author=author,
            html=with_pictures(thought.page_html or thought.content, emojis),
            url=f"{author.profile_url}/{thought.id}",
            origin_url=thought.url,
            published_at=thought.created_at,
            summary=thought.summary,
            summary_html=text_with(thought.summary, emojis),
            sensitive=thought.sensitive or self._shown.people[thought.user_id].sensitised,
            visibility=thought.visibility,
            lang=thought.language or "",
            edited_at=thought.edited_at,
            reply_to_handle=answers.handle if answers else None,
            reply_to_url=f"{answers.profile_url}/{thought.reply_to}" if answers and thought.reply_to else None,
            boosted_by=self.person(entry.user_id) if entry.kind == "boost" else None,
            attachments=attachment_views(thought.attachments, self._media) if thought.attachments else (),
            likes=thought.likes_count,
            boosts=thought.boosts_count,
            replies=thought.replies_count,
            liked=marks is not None and marks.liked,
            boosted=marks is not None and marks.boosted,
            bookmarked=marks is not None and marks.bookmarked,
            pinned=marks is not None and marks.pinned,
            muted=marks is not None and marks.muted,
            filtered_by=self._filters(thought.id, "warn", "hide"),
            blurred_by=self._filters(thought.id, "blur"),
            mine=mine,
            can_boost=self._viewer is not None and may_boost(self._viewer, thought),
            receipt=words,
            receipt_url=f"/thoughts/{thought.id}/delivery" if words else None,
            reactions=tuple(
                reaction_view(one.name, one.url, count=one.count, mine=one.mine)
                for one in self._shown.reactions.get(thought.id, [])[:_MOST_REACTIONS]
            ),
            quote=None if quoted else self._quote(thought),
            quotes=thought.quotes_count,
            can_quote=may_quote is not Permission.DENIED,
            quote_words="" if may_quote is Permission.AUTOMATIC else "Ask to quote …",
            page=None if quoted or thought.attachments or thought.has_quote else self._page(thought),
            poll=poll_view(self._shown.polls.get(thought.id), thought, self._viewer, emojis),
        )


def each_once(views: Iterable[ThoughtView]) -> tuple[ThoughtView, ...]:
    """Show every thought of a page once, at its newest entry, with how many more of the page's people boosted it."""
    found: dict[str, list[ThoughtView]] = {}
    for view in views:
        found.setdefault(view.id, []).append(view)
    return tuple(
        replace(first, other_boosters=sum(other.boosted_by is not None for other in others)) if others else first
        for first, *others in found.values()
    )


def receipt_words(receipt: Receipt | None) -> str | None:
    """Say how far one's own thought came; nothing when it was sent nowhere."""
    if receipt is None:
        return None
    total = receipt.delivered + receipt.pending + receipt.failed
    if not total:
        return None
    if receipt.delivered == total:
        return f"Reached {'1 server' if total == 1 else f'all {total:,} servers'}"
    return f"Reached {receipt.delivered:,} of {total:,} {'server' if total == 1 else 'servers'}"


# --- Threads ---------------------------------------------------------------------------------------


def reply_views(thread: Thread, presenter: Presenter) -> tuple[ReplyView, ...]:
    """Nest the replies two levels deep, in reading order; deeper ones wait behind the reply they hang on.

    So do those that a long thread had no place for: no reply is without a way to it.
    """
    crowded = sum(one.thought.replies_count for one in (thread.entry, *thread.descendants)) >= MOST_DESCENDANTS
    answered = Counter(one.thought.reply_to for one in thread.descendants) if crowded else None
    depth: dict[UUID, int] = {thread.entry.thought.id: -1}
    anchor: dict[UUID, UUID] = {}
    below: dict[UUID, int] = {}
    kept: list[tuple[Entry, int]] = []
    for entry in thread.descendants:
        thought = entry.thought
        parent = thought.reply_to
        level = depth.get(parent, 0) + 1 if parent is not None else 0
        depth[thought.id] = level
        if level < _LEVELS:
            anchor[thought.id] = thought.id
            kept.append((entry, level))
        else:
            hangs_on = anchor[thought.id] = anchor.get(parent, thought.id) if parent is not None else thought.id
            below[hangs_on] = below.get(hangs_on, 0) + 1
    views = []
    for entry, level in kept:
        view = None if presenter.hides(entry.thought.id) else presenter.one(entry)
        if view is not None:
            hidden = below.get(entry.thought.id, 0)
            if answered is not None:
                hidden += max(0, entry.thought.replies_count - answered[entry.thought.id])
            views.append(ReplyView(view, level, continue_url=view.url if hidden else None, continue_count=hidden))
    return tuple(views)


def begins_earlier(thread: Thread) -> bool:
    """Tell whether the conversation began before what we have or may show."""
    first = (thread.ancestors or [thread.entry])[0].thought
    return first.reply_to is not None or first.reply_to_ap_id is not None


def completeness(thread: Thread, author: PersonView) -> str:
    """Say how complete a thread is."""
    if author.is_local:
        return ""
    return f"Everything that has reached this server. {author.host} may have more replies."


def taking_part(thread: Thread, presenter: Presenter) -> tuple[PersonView, ...]:
    """Return who takes part in a thread, in order of appearance."""
    entries = (*thread.ancestors, thread.entry, *thread.descendants)
    ids = dict.fromkeys(entry.thought.user_id for entry in entries)
    return tuple(person for one in ids if (person := presenter.person(one)) is not None)


# --- Notifications ---------------------------------------------------------------------------------


def notification_views(notices: Notices, viewer: Person) -> tuple[NotificationView, ...]:
    """Return notifications; those about a thought that is gone or hidden now are left out."""
    presenter = Presenter(notices.shown, viewer, "notifications")
    thoughts = {
        entry.thought.id: presenter.one(entry)
        for entry in notices.shown.entries
        if not presenter.hides(entry.thought.id)
    }
    views = []
    for one in notices.notifications:
        actor = notices.people.get(one.actor_id)
        thought = thoughts.get(one.thought_id) if one.thought_id is not None else None
        if actor is None or (one.thought_id is not None and thought is None):
            continue
        reacted = None
        if one.thought_id is not None and one.type == "favourite":
            reacted = notices.reactions.get((one.thought_id, one.actor_id))
        views.append(
            NotificationView(
                str(one.id), one.type, person_view(actor), one.created_at, thought, unread=not one.read,
                reaction=reaction_view(reacted.name, reacted.url) if reacted is not None else None,
                collection=_curated(notices, one, actor),
            )
        )  # fmt: skip
    return tuple(views)


def _curated(notices: Notices, one: Notification, owner: Person) -> CollectionView | None:
    found = next((kept for kept in notices.shelf.collections if kept.id == one.collection_id), None)
    return None if found is None else collection_view(found, owner, (), {})


def grouped(views: Iterable[NotificationView]) -> tuple[NotificationView, ...]:
    """Join neighbours that tell the same of different people: likes or boosts of one thought, and new followers."""
    found: list[NotificationView] = []
    for view in views:
        last = found[-1] if found else None
        if last is not None and view.type in _JOINED and _told(view) == _told(last):
            found[-1] = replace(last, others=(*last.others, view.actor), unread=last.unread or view.unread)
        else:
            found.append(view)
    return tuple(found)


def _told(view: NotificationView) -> tuple[object, ...]:
    return view.type, view.thought.id if view.thought else "", view.reaction


# --- Preview cards ---------------------------------------------------------------------------------


def thought_meta(view: ThoughtView, origin: str) -> PageMeta:
    """Say of a thought what a preview card needs; a content warning stands for what it hides."""
    text = view.summary or plain_text(view.html)
    shown = () if view.sensitive or view.summary else view.attachments
    first = next((one for one in shown if one.is_shown and one.preview_url), None)
    return PageMeta(
        title=f"{view.author.name} (@{view.author.handle})",
        url=origin + view.url,
        description=text[:_EXCERPT_CHARS],
        type="article",
        image=urljoin(origin, first.preview_url or "") if first else _card_picture(view.author, origin),
        image_alt="" if first is None else first.alt,
        is_large=first is not None,
    )


def profile_meta(person: Person, origin: str) -> PageMeta:
    """Say of a person what a preview card needs."""
    view = person_view(person)
    return PageMeta(
        title=f"{view.name} (@{view.handle})",
        url=origin + view.profile_url,
        description=plain_text(person.bio_html)[:_EXCERPT_CHARS],
        type="profile",
        image=_card_picture(view, origin),
    )


def _card_picture(author: PersonView, origin: str) -> str:
    """Return somebody's portrait as an address for other servers; who makes preview cards reads no SVG."""
    bare = author.avatar_url == asset("avatar.svg")
    return urljoin(origin, asset("avatar.png") if bare else author.avatar_url)
