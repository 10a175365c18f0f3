"""The composer and what it offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from federation.actions.poll_drafts import MAX_OPTION_CHARS, MOST_OPTIONS
from web.view_models.thoughts import ReactionView, ThoughtView
from web.view_models.words import zone

VISIBILITY_WORDS: Mapping[str, str] = {
    "public": "Everyone, and it may travel",
    "unlisted": "Everyone, but kept out of public timelines",
    "followers": "Followers only",
    "direct": "Only the people you mention",
}
"""Each stored visibility in the words of the composer, in the order it offers them."""


FOCUS_WORDS: tuple[tuple[str, str], ...] = (
    ("0,0", "The middle"), ("0,0.75", "The top"), ("0,-0.75", "The bottom"), ("-0.75,0", "The left"),
    ("0.75,0", "The right"), ("-0.75,0.75", "Top left"), ("0.75,0.75", "Top right"),
    ("-0.75,-0.75", "Bottom left"), ("0.75,-0.75", "Bottom right"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MediaCard:
    """An upload in the composer, with what is said of it so far."""

    id: str
    kind: str
    label: str
    preview_url: str | None = None
    alt: str = ""
    focus: str = "0,0"
    waiting: bool = False
    problem: str = ""

    @property
    def focuses(self) -> tuple[tuple[str, str], ...]:
        """Places to keep in view and their words; one chosen elsewhere is among them."""
        known = any(self.focus == value for value, _ in FOCUS_WORDS)
        return FOCUS_WORDS if known else ((self.focus, "As chosen before"), *FOCUS_WORDS)


POLL_TIMES: Mapping[str, str] = {
    "300": "5 minutes",
    "1800": "30 minutes",
    "3600": "1 hour",
    "21600": "6 hours",
    "86400": "1 day",
    "259200": "3 days",
    "604800": "1 week",
}
"""For how many seconds the composer offers to keep a poll open."""


QUOTE_WORDS: Mapping[str, str] = {
    "public": "Anyone may quote it",
    "followers": "Followers may quote it",
    "nobody": "Nobody may quote it",
}
"""Who may quote a thought, in the words of the composer."""


@dataclass(frozen=True, slots=True)
class ScheduledView:
    """A thought that is to be posted later; `problem` says why it was not."""

    id: str
    at: datetime
    source: str
    summary: str
    audience: str
    facts: tuple[str, ...] = ()
    reply_url: str | None = None
    quote_url: str | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PollForm:
    """The composer's part for a poll; `edited` ones may keep their end (an empty `expires_in`)."""

    options: tuple[str, ...] = ()
    multiple: bool = False
    hide_totals: bool = False
    expires_in: str = "86400"
    edited: bool = False
    max_chars: int = MAX_OPTION_CHARS

    @property
    def lines(self) -> tuple[str, ...]:
        """The answers, with empty lines up to as many as fit."""
        return (*self.options, *[""] * (MOST_OPTIONS - len(self.options)))

    @property
    def times(self) -> tuple[tuple[str, str], ...]:
        """How long it may stay open, in seconds and words."""
        before = (("", "As long as before"),) if self.edited else ()
        own = ((self.expires_in, "As chosen before"),) if self.expires_in not in ("", *POLL_TIMES) else ()
        return (*before, *own, *POLL_TIMES.items())


@dataclass(frozen=True, slots=True)
class EmojiShelf:
    """Emojis of one category to choose from; `plain` ones are characters."""

    name: str
    custom: tuple[ReactionView, ...] = ()
    plain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ComposerView:
    """The composer as it stands: empty, answering, editing, or come back with what was typed and why."""

    max_chars: int = 500
    source: str = ""
    summary: str = ""
    visibility: str = "public"
    lang: str = ""
    sensitive: bool = False
    reply_to: ThoughtView | None = None
    edit_id: str | None = None
    error: str = ""
    poll: PollForm = field(default_factory=PollForm)
    quote: ThoughtView | None = None
    quote_policy: str = "public"
    media: tuple[MediaCard, ...] = ()
    max_media: int = 4
    note: str = ""
    emojis: tuple[EmojiShelf, ...] = ()
    """To choose from; none: they can be asked for."""
    choosing: bool = False
    may_wait: bool = True
    """It can be posted later: what is out already cannot."""
    scheduled_at: str = ""
    """As a browser's field for a local time has it, `utc_offset` minutes east of UTC."""
    utc_offset: int = 0

    @property
    def zone(self) -> str:
        """The time zone in words."""
        return zone(self.utc_offset)

    @property
    def quoters(self) -> tuple[tuple[str, str], ...]:
        """Who may quote it, by the client API's names and in words."""
        return tuple(QUOTE_WORDS.items())

    @property
    def audiences(self) -> tuple[tuple[str, str], ...]:
        """Visibilities and their words, in the order offered."""
        return tuple(VISIBILITY_WORDS.items())
