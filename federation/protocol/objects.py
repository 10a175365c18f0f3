"""Objects of other servers: notes, polls and whatever else can be shown as a thought."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from federation.errors import Invalid
from federation.protocol.activities import ACTIVITY_TYPES, ACTOR_TYPES
from federation.protocol.addressing import Visibility, addresses, policy_on, visibility_of
from federation.protocol.attachments import (
    ATTACHMENTS_LIMIT,
    Attachment,
    attachment,
    attachments,
    links,
    media_type,
    own_media,
    page_url,
)
from federation.protocol.documents import (
    author_id,
    count,
    flag,
    objects,
    one_id,
    text,
    timestamp,
    type_of,
    types,
)
from federation.protocol.ids import acceptable, parse_id, same_origin
from federation.protocol.sanitise import text_to_html
from federation.protocol.tags import Emoji, Mention, emojis, hashtags, mentions, quote_links

CONTENT_LIMIT = 200_000
TITLE_LIMIT = 2_048
WARNING_LIMIT = 2_048
OPTION_LIMIT = 2_048
OPTIONS_LIMIT = 500

# Their text is the thing itself; all other types are shown as title, text and link.
_NOTES = frozenset({"Note", "Question", "ChatMessage"})
_TITLED = ("Article", "Page", "Video", "Event", "Image", "Audio")
_NEVER_SHOWN = (
    ACTOR_TYPES
    | ACTIVITY_TYPES
    | {"Collection", "OrderedCollection", "CollectionPage", "OrderedCollectionPage", "Link"}
)
# In Mastodon's order; without the first a quote is of the old, unconfirmed kind.
_QUOTE_KEYS = ("quote", "_misskey_quote", "quoteUrl", "quoteUri", "quoteURL")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))


@dataclass(frozen=True, slots=True)
class PollOption:
    """One answer of a poll; `votes` is the author's claim."""

    title: str
    votes: int


@dataclass(frozen=True, slots=True)
class Poll:
    """The question part of a `Question`."""

    options: tuple[PollOption, ...]
    multiple: bool
    ends_at: datetime | None
    closed: bool
    voters_count: int | None


@dataclass(frozen=True, slots=True)
class Vote:
    """A Note that is a vote if `question` turns out to be an open poll with this option."""

    choice: str
    question: str


@dataclass(frozen=True, slots=True)
class Quote:
    """What a thought quotes: candidate addresses, and the stamp that its author agreed (FEP-044f)."""

    urls: tuple[str, ...]
    authorization: str | None
    legacy: bool


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A deleted object."""

    id: str
    former_type: str | None
    deleted: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteThought:
    """Anything that can be shown as a thought. `content_html` is unsanitised HTML; the rest is plain text."""

    id: str
    type: str
    attributed_to: str
    content_html: str
    summary: str | None
    sensitive: bool
    published: datetime | None
    updated: datetime | None
    url: str
    in_reply_to: str | None
    to: tuple[str, ...]
    cc: tuple[str, ...]
    mentions: tuple[Mention, ...]
    hashtags: tuple[str, ...]
    emojis: tuple[Emoji, ...]
    attachments: tuple[Attachment, ...]
    language: str | None
    quote: Quote | None
    may_quote: tuple[str, ...]
    may_ask_to_quote: tuple[str, ...]
    poll: Poll | None
    vote: Vote | None
    context: str | None
    conversation: str | None
    likes_count: int | None
    shares_count: int | None
    replies: str | None
    group: str | None

    def visibility(self, followers_url: str | None) -> Visibility:
        """Return who may see it, given its author's followers collection."""
        return visibility_of(self.to, self.cc, followers_url)


def parse_object(
    document: dict[str, Any], *, to: tuple[str, ...] = (), cc: tuple[str, ...] = ()
) -> RemoteThought | Tombstone:
    """Read a normalised document as a thought; raise `Invalid` if it is none, or not on its author's origin.

    `to` and `cc` of the activity stand in where the object has neither, as in Mastodon.
    """
    kind = type_of(document, (*_NOTES, *_TITLED, "Tombstone"))
    if kind is None:
        raise Invalid("The object has no type.")
    # By any of its types: what one reader takes for an actor must not be a thought to another.
    if not _NEVER_SHOWN.isdisjoint(types(document)):
        raise Invalid("Actors, activities and collections cannot be shown as a thought.")
    found = one_id(document.get("id"))
    if found is None:
        raise Invalid("The object has no id.")
    object_id = parse_id(found)
    if kind == "Tombstone":
        former = type_of({"type": document.get("formerType")})
        return Tombstone(object_id, former, timestamp(document.get("deleted")))
    return _thought(document, kind[:256], object_id, (to, cc))


def _thought(
    document: dict[str, Any], kind: str, object_id: str, fallback: tuple[tuple[str, ...], tuple[str, ...]]
) -> RemoteThought:
    author = author_id(document)
    if author is None or not same_origin(author, object_id):
        raise Invalid("The object is not on its author's server.")
    to, cc = addresses(document.get("to")), addresses(document.get("cc"))
    if not to and not cc:
        to, cc = fallback
    url = page_url(document.get("url")) or object_id
    poll = _poll(document) if kind == "Question" else None
    in_reply_to = acceptable(one_id(document.get("inReplyTo")))
    tag = document.get("tag")
    return RemoteThought(
        id=object_id,
        type=kind,
        attributed_to=author,
        content_html=_note_html(document, poll) if kind in _NOTES else _titled_html(document, url),
        summary=_warning(document, kind),
        sensitive=flag(document.get("sensitive")),
        published=timestamp(document.get("published")),
        updated=timestamp(document.get("updated")),
        url=url,
        in_reply_to=in_reply_to,
        to=to,
        cc=cc,
        mentions=mentions(tag),
        hashtags=hashtags(tag),
        emojis=emojis(tag),
        attachments=_media(document, kind),
        language=_language(document),
        quote=_quote(document),
        may_quote=policy_on(document, "canQuote", "automaticApproval"),
        may_ask_to_quote=policy_on(document, "canQuote", "manualApproval"),
        poll=poll,
        vote=_vote(document, kind, in_reply_to),
        context=one_id(document.get("context")),
        conversation=one_id(document.get("conversation")),
        likes_count=_total(document.get("likes")),
        shares_count=_total(document.get("shares")),
        replies=_owned(document.get("replies"), object_id),
        group=acceptable(one_id(document.get("audience"))),
    )


def _content(document: dict[str, Any]) -> str:
    """Return the text as HTML; PeerTube and others write Markdown, which is shown as it was typed."""
    plain = text(document.get("content"), CONTENT_LIMIT)
    if plain is None:
        values = document.get("contentMap")
        plain = text(list(values.values()), CONTENT_LIMIT) if isinstance(values, dict) else None
    if plain is None:
        return ""
    if media_type(document.get("mediaType")) in ("text/markdown", "text/plain"):
        return text_to_html(plain.replace("\r\n", "\n"))
    return plain


def _note_html(document: dict[str, Any], poll: Poll | None) -> str:
    content = _content(document)
    if poll is not None and not content:
        return text_to_html(text(document.get("name"), TITLE_LIMIT) or "")
    return content


def _titled_html(document: dict[str, Any], url: str) -> str:
    """Return title, text and link of a type that people elsewhere read on its own page.

    A summary, where there is one, stands for the text: articles are long, and it is their own abstract.
    """
    title = text(document.get("name"), TITLE_LIMIT)
    parts = [f"<p><strong>{escape(title)}</strong></p>"] if title else []
    parts.append(text(document.get("summary"), CONTENT_LIMIT) or _content(document))
    shared = (
        link.url
        for item in objects(document.get("attachment"))
        if type_of(item, ("Link",)) == "Link"
        for link in links(item)
    )
    parts.extend(f'<p><a href="{escape(target)}">{escape(target)}</a></p>' for target in (*shared, url))
    return "".join(parts)


def _warning(document: dict[str, Any], kind: str) -> str | None:
    # Articles carry a real summary; WordPress puts their warning elsewhere.
    key = "summary" if kind in _NOTES else "dcterms:subject"
    warning = text(document.get(key), WARNING_LIMIT)
    # Misskey sends a zero-width space for an empty warning.
    return warning.strip() if warning and warning.translate(_INVISIBLE).strip() else None


def _media(document: dict[str, Any], kind: str) -> tuple[Attachment, ...]:
    found = attachments(document.get("attachment"))
    if kind in _NOTES:
        return found
    previews = filter(None, map(attachment, objects(document.get("image"), 1)))
    itself = own_media(document)
    return tuple(([itself] if itself else []) + list(found or previews))[:ATTACHMENTS_LIMIT]


def _language(document: dict[str, Any]) -> str | None:
    """Return the language whose entry equals the content, as GoToSocial reads it, else the first."""
    values = document.get("contentMap")
    if not isinstance(values, dict) or not values:
        return None
    content = document.get("content")
    tag = next((key for key, value in values.items() if value == content), next(iter(values)))
    return tag if _LANGUAGE.fullmatch(tag) and tag.lower() != "und" else None


def _quote(document: dict[str, Any]) -> Quote | None:
    named = [acceptable(one_id(document.get(key))) for key in _QUOTE_KEYS]
    urls = tuple(dict.fromkeys([*filter(None, named), *quote_links(document.get("tag"))]))
    if not urls:
        return None
    stamp = acceptable(one_id(document.get("quoteAuthorization")))
    return Quote(urls, stamp, legacy="quote" not in document)


def _poll(document: dict[str, Any]) -> Poll | None:
    multiple = "anyOf" in document
    named = objects(document.get("anyOf" if multiple else "oneOf"), OPTIONS_LIMIT)
    options = tuple(
        PollOption(title, _total(option.get("replies")) or 0)
        for option in named
        if (title := text(option.get("name"), OPTION_LIMIT) or text(option.get("content"), OPTION_LIMIT))
    )
    if not options:
        return None
    closed = document.get("closed")
    closed_at = timestamp(closed)
    return Poll(
        options,
        multiple,
        ends_at=closed_at or timestamp(document.get("endTime")),
        closed=closed_at is not None or flag(closed),
        voters_count=count(document.get("votersCount")),
    )


def _vote(document: dict[str, Any], kind: str, question: str | None) -> Vote | None:
    choice = text(document.get("name"), OPTION_LIMIT)
    if kind != "Note" or question is None or choice is None or _content(document):
        return None
    return Vote(choice, question)


def _total(value: Any) -> int | None:
    return count(value.get("totalItems")) if isinstance(value, dict) else None


def _owned(value: Any, object_id: str) -> str | None:
    url = one_id(value)
    return url if url is not None and same_origin(url, object_id) else None
