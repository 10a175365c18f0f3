"""Thoughts as they are shown, and the people who wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

VISIBILITY_LABELS: Mapping[str, str] = {
    "public": "Public",
    "unlisted": "Quiet public",
    "followers": "Followers only",
    "direct": "Only people mentioned",
}


@dataclass(frozen=True, slots=True)
class PersonView:
    """Someone, here or elsewhere, as a line or a portrait shows them."""

    id: str
    username: str
    handle: str
    host: str
    name: str
    avatar_url: str
    profile_url: str
    is_local: bool = True
    locked: bool = False
    bot: bool = False
    name_html: str = ""
    """The name with its custom emojis as pictures, marked as safe where there are any; empty: it has none."""

    @property
    def shown(self) -> str:
        """The name for where pictures may stand."""
        return self.name_html or self.name


@dataclass(frozen=True, slots=True)
class EmojiView:
    """A custom emoji as admins see it; `host` is where it is, or was copied, from."""

    shortcode: str
    url: str
    id: str = ""
    category: str = ""
    enabled: bool = True
    visible: bool = True
    host: str = ""


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """One attachment. What `is_shown` is had from us: `url` is the thing itself, `preview_url` a small picture of it;
    anything else becomes a labelled link."""

    url: str
    kind: str
    alt: str = ""
    label: str = ""
    width: int | None = None
    height: int | None = None
    blurhash: str = ""
    preview_url: str | None = None
    preview_width: int | None = None
    focus: str = ""
    is_shown: bool = False

    @property
    def sources(self) -> str:
        """The small and the large picture, for the browser to choose from."""
        if not self.preview_url or not self.preview_width or not self.width or self.preview_width >= self.width:
            return ""
        return f"{self.preview_url} {self.preview_width}w, {self.url} {self.width}w"


@dataclass(frozen=True, slots=True)
class OptionView:
    """An answer of a poll: its votes, its share in per cent, and whether the viewer chose it."""

    title: str
    votes: int = 0
    percent: int = 0
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class PollView:
    """A poll; `told` says whether its tallies may be shown, `people` how many took part if that is known."""

    options: tuple[OptionView, ...]
    multiple: bool = False
    ended: bool = False
    told: bool = True
    ends_at: datetime | None = None
    people: int | None = None
    votes: int = 0
    may_vote: bool = False
    voted: bool = False


@dataclass(frozen=True, slots=True)
class ReactionView:
    """An emoji that people reacted with; `name` is what is sent, `html` what is shown."""

    name: str
    html: str
    count: int = 1
    mine: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True)
class ReactorView:
    """Who reacted, and with what."""

    person: PersonView
    reaction: ReactionView


@dataclass(frozen=True, slots=True)
class QuoteView:
    """What a thought quotes: the quoted one, or in words why it is not shown."""

    thought: ThoughtView | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class PageView:
    """A page that a thought links to. `image_url` is ours; `author` is set when page and author name each other."""

    url: str
    host: str
    title: str
    description: str = ""
    lang: str = ""
    kind: str = "link"
    image_url: str | None = None
    width: int = 0
    height: int = 0
    blurhash: str = ""
    byline: str = ""
    author: PersonView | None = None

    @property
    def is_wide(self) -> bool:
        """Whether the picture is meant to be shown across: not small, and wider than high."""
        return self.width >= 480 and self.width >= 1.4 * self.height


@dataclass(frozen=True, slots=True)
class ThoughtView:
    """One entry of a timeline: a thought, or somebody's boost of it, as `viewer` may act on it.

    `filtered_by` names the filters that cover it, `blurred_by` those that cover its media alone.
    """

    id: str
    entry_id: str
    author: PersonView
    html: str
    url: str
    origin_url: str
    published_at: datetime
    summary: str = ""
    sensitive: bool = False
    visibility: str = "public"
    lang: str = ""
    edited_at: datetime | None = None
    reply_to_handle: str | None = None
    reply_to_url: str | None = None
    boosted_by: PersonView | None = None
    other_boosters: int = 0
    attachments: tuple[AttachmentView, ...] = ()
    likes: int = 0
    boosts: int = 0
    replies: int = 0
    liked: bool = False
    boosted: bool = False
    bookmarked: bool = False
    pinned: bool = False
    muted: bool = False
    filtered_by: str = ""
    blurred_by: str = ""
    mine: bool = False
    can_boost: bool = True
    can_reply: bool = True
    receipt: str | None = None
    receipt_url: str | None = None
    poll: PollView | None = None
    reactions: tuple[ReactionView, ...] = ()
    quote: QuoteView | None = None
    quotes: int = 0
    page: PageView | None = None
    can_quote: bool = False
    quote_words: str = ""
    summary_html: str = ""
    """The summary with its custom emojis as pictures, marked as safe where there are any."""

    @property
    def visibility_label(self) -> str:
        """Who can read it, in two or three words."""
        return VISIBILITY_LABELS[self.visibility]

    @property
    def shown(self) -> tuple[AttachmentView, ...]:
        """The attachments shown in place."""
        return tuple(a for a in self.attachments if a.is_shown)

    @property
    def linked(self) -> tuple[AttachmentView, ...]:
        """The attachments that stay where they are and get a link."""
        return tuple(a for a in self.attachments if not a.is_shown)


@dataclass(frozen=True, slots=True)
class ReplyView:
    """A reply of a thread, in reading order; `depth` is 0 or 1, deeper ones wait behind `continue_url`."""

    thought: ThoughtView
    depth: int = 0
    continue_url: str | None = None
    continue_count: int = 0


@dataclass(frozen=True, slots=True)
class KeptView:
    """Somebody whose notifications the viewer's policy keeps apart, and the last thing they are about."""

    person: PersonView
    count: int
    last_at: datetime
    last: ThoughtView | None = None


@dataclass(frozen=True, slots=True)
class VersionView:
    """How a thought read from a moment on, with the answers that its poll offered."""

    at: datetime
    shown: ThoughtView
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """How a thought fares at one server; `state` is delivered, waiting, retrying, failed or dropped."""

    host: str
    state: str
    at: datetime | None = None
    next_at: datetime | None = None
    attempts: int = 0
    explanation: str = ""
    detail: str = ""
