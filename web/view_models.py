"""What the templates are given: plain frozen facts, already decided, never a row or a rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from federation.actions.poll_drafts import MAX_OPTION_CHARS, MOST_OPTIONS

VISIBILITY_WORDS: Mapping[str, str] = {
    "public": "Everyone, and it may travel",
    "unlisted": "Everyone, but kept out of public timelines",
    "followers": "Followers only",
    "direct": "Only the people you mention",
}
"""Each stored visibility in the words of the composer, in the order it offers them."""

VISIBILITY_LABELS: Mapping[str, str] = {
    "public": "Public",
    "unlisted": "Quiet public",
    "followers": "Followers only",
    "direct": "Only people mentioned",
}

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def ago(when: datetime | None, now: datetime | None = None) -> str:
    """Say how far away a moment is, in the shortest form that is still clear; also for moments to come."""
    if when is None:
        return "never"
    now = now or datetime.now(UTC)
    seconds = int((now - when).total_seconds())
    future = seconds < 0
    seconds = abs(seconds)
    if seconds < 45:
        return "now"
    if seconds < 3600:
        label = f"{max(1, round(seconds / 60))} min"
    elif seconds < 86400:
        label = f"{seconds // 3600} h"
    elif seconds < 7 * 86400:
        label = f"{seconds // 86400} d"
    else:
        date = f"{when.day} {_MONTHS[when.month - 1]}"
        return date if when.year == now.year else f"{date} {when.year}"
    return f"in {label}" if future else label


def iso(when: datetime) -> str:
    """Return the moment as a `datetime` attribute takes it, in UTC and whole seconds."""
    return when.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z"


def exact(when: datetime) -> str:
    """Return the moment in full, for titles and for the thought that a page is about."""
    at = when.astimezone(UTC)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {at.hour:02}:{at.minute:02} UTC"


def past(when: datetime | None, now: datetime | None = None) -> str:
    """Say how long ago something happened, inside a sentence."""
    label = ago(when, now)
    if label == "now":
        return "just now"
    return f"{label} ago" if label.endswith((" min", " h", " d")) else label


def soon(when: datetime, now: datetime | None = None) -> str:
    """Say when something will happen, as part of a sentence: `at 14:05 UTC`."""
    now, at = now or datetime.now(UTC), when.astimezone(UTC)
    if (at - now).total_seconds() < 45:
        return "in a moment"
    day = "" if at.date() == now.astimezone(UTC).date() else f"on {at.day} {_MONTHS[at.month - 1]} "
    return f"{day}at {at:%H:%M} UTC"


def month(when: datetime) -> str:
    """Return month and year, as precise as a joining date needs to be."""
    return f"{_MONTHS[when.month - 1]} {when.year}"


def compact(number: int) -> str:
    """Return a count that fits under an icon: 999, 1.2k, 34k, 5.6M."""
    if number < 1000:
        return str(number)
    for limit, divisor, unit in ((999_950, 1000, "k"), (999_950_000, 1_000_000, "M")):
        if number < limit:
            short = number / divisor
            return f"{short:.1f}".removesuffix(".0") + unit if short < 10 else f"{short:.0f}{unit}"
    return f"{number / 1_000_000_000:.1f}".removesuffix(".0") + "G"


def grouped(number: int) -> str:
    """Return a count in full, with thousands set apart."""
    return f"{number:,}"


def counted(number: int, one: str, many: str = "") -> str:
    """Return the count with its noun: `1 reply`, `1,204 replies`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


FILTERS: Mapping[str, Callable[..., str]] = {
    "ago": ago,
    "compact": compact,
    "counted": counted,
    "exact": exact,
    "grouped": grouped,
    "iso": iso,
    "month": month,
    "past": past,
    "soon": soon,
}
"""The Jinja filters that the templates use; the application registers them all."""


# --- People and thoughts ---------------------------------------------------------------------------


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
class NotificationView:
    """Something that happened to the viewer; `type` is the client API's name for it.

    The same done next by other people joins it: `others`, the newest first.
    """

    id: str
    type: str
    actor: PersonView
    created_at: datetime
    thought: ThoughtView | None = None
    unread: bool = False
    reaction: ReactionView | None = None
    others: tuple[PersonView, ...] = ()


@dataclass(frozen=True, slots=True)
class ConversationView:
    """Direct thoughts with some people: the last of them, and whether it is unread."""

    id: str
    people: tuple[PersonView, ...]
    last: ThoughtView
    unread: bool = False


@dataclass(frozen=True, slots=True)
class KeptView:
    """Somebody whose notifications the viewer's policy keeps apart, and the last thing they are about."""

    person: PersonView
    count: int
    last_at: datetime
    last: ThoughtView | None = None


@dataclass(frozen=True, slots=True)
class FieldView:
    """One profile field; `verified_at` is when the linked page was last seen linking back."""

    name: str
    value_html: str
    verified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProfileView:
    """Someone's own page, with how the viewer and they stand to each other."""

    person: PersonView
    bio_html: str = ""
    header_url: str | None = None
    fields: tuple[FieldView, ...] = ()
    thoughts: int = 0
    following_count: int = 0
    followers_count: int = 0
    joined_at: datetime | None = None
    is_self: bool = False
    following: bool = False
    requested: bool = False
    followed_by: bool = False
    blocking: bool = False
    blocked_by: bool = False
    muting: bool = False
    muting_until: datetime | None = None
    endorsed: bool = False
    domain_blocking: bool = False
    note: str = ""
    top_friends: tuple[PersonView, ...] = ()
    has_custom_css: bool = False
    css_url: str = ""
    css_enabled: bool = False
    feed_url: str | None = None
    remote_url: str | None = None


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person in a list, with the viewer's relation to them and a line of their bio; `until` ends a mute."""

    person: PersonView
    bio: str = ""
    is_self: bool = False
    following: bool = False
    requested: bool = False
    followed_by: bool = False
    until: datetime | None = None


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
class VersionView:
    """How a thought read from a moment on, with the answers that its poll offered."""

    at: datetime
    shown: ThoughtView
    answers: tuple[str, ...] = ()


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
        return ((("", "As long as before"),) if self.edited else ()) + tuple(POLL_TIMES.items())


@dataclass(frozen=True, slots=True)
class ListView:
    """One of the viewer's lists; `chosen` where a page asks whether somebody is on it."""

    id: str
    title: str
    replies_policy: str = "list"
    exclusive: bool = False
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class FilterView:
    """One of the viewer's filters, as its line or its form shows it; keywords one a line."""

    id: str
    title: str
    action: str = "warn"
    contexts: tuple[str, ...] = ("home", "notifications", "public", "thread")
    keywords: str = ""
    whole_word: bool = True
    expires_at: datetime | None = None
    expired: bool = False
    thoughts: tuple[tuple[str, str], ...] = ()
    """What it names: ids of its own, and where each thought is."""


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

    @property
    def quoters(self) -> tuple[tuple[str, str], ...]:
        """Who may quote it, by the client API's names and in words."""
        return tuple(QUOTE_WORDS.items())

    @property
    def audiences(self) -> tuple[tuple[str, str], ...]:
        """Visibilities and their words, in the order offered."""
        return tuple(VISIBILITY_WORDS.items())


# --- The delivery report ---------------------------------------------------------------------------


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


# --- Settings --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SessionView:
    """One signed-in browser."""

    id: str
    browser: str
    address: str
    created_at: datetime
    seen_at: datetime
    current: bool = False


@dataclass(frozen=True, slots=True)
class ApiKeyView:
    """One personal API key; its text is never here."""

    id: str
    name: str
    created_at: datetime
    used_at: datetime | None = None
    used_from: str = ""


@dataclass(frozen=True, slots=True)
class ScopeView:
    """What an app may do, in words; `much` when it is a lot."""

    words: str
    much: bool = False


@dataclass(frozen=True, slots=True)
class AppView:
    """An app that may act for the viewer."""

    id: str
    name: str
    website: str
    host: str
    scopes: tuple[ScopeView, ...]
    created_at: datetime
    used_at: datetime | None = None
    used_from: str = ""


@dataclass(frozen=True, slots=True)
class InviteView:
    """One invitation link and what is left of it."""

    id: str
    url: str
    created_at: datetime
    expires_at: datetime | None = None
    uses: int = 0
    max_uses: int | None = None


# --- Admin -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OverviewView:
    """The health of the server at a glance; the series are one number an hour, oldest first."""

    people: int
    pending_people: int
    thoughts: int
    hosts: int
    hosts_troubled: int
    due: int
    failed: int
    version: str
    oldest_due_at: datetime | None = None
    delivered_by_hour: tuple[int, ...] = ()
    received_by_hour: tuple[int, ...] = ()
    failed_by_hour: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class HostView:
    """A remote server and how we get on; `state` is well, probing, paused or blocked."""

    host: str
    state: str
    backlog: int = 0
    failed: int = 0
    software: str = ""
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    last_error: str = ""
    next_probe_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One try at something that failed in the end."""

    at: datetime
    outcome: str
    status: int | None = None
    scheme: str = ""
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class FailedView:
    """A dead letter; the last four are only filled for the page that looks inside."""

    id: str
    kind: str
    host: str
    error: str
    explanation: str
    died_at: datetime
    status: int | None = None
    attempt_count: int = 0
    subject: str = ""
    subject_url: str | None = None
    resolution: str | None = None
    resolved_by: str | None = None
    resolved_at: datetime | None = None
    source_id: str = ""
    inbox_url: str = ""
    answer: str = ""
    payload: str = ""
    attempts: tuple[AttemptView, ...] = ()


@dataclass(frozen=True, slots=True)
class FailedFilters:
    """The filters of the failed page as they stand in its address; empty means any."""

    host: str = ""
    kind: str = ""
    error: str = ""
    age: str = ""
    state: str = "open"

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out besides what is resolved already."""
        return bool(self.host or self.kind or self.error or self.age)


@dataclass(frozen=True, slots=True)
class AdminPersonView:
    """An account as the people page shows it; `state` is active, pending, suspended or remote."""

    person: PersonView
    state: str
    joined_at: datetime
    email: str = ""
    reason: str = ""
    is_admin: bool = False
    seen_at: datetime | None = None
    thoughts: int = 0


@dataclass(frozen=True, slots=True)
class DomainBlockView:
    """A server that is kept out."""

    domain: str
    created_at: datetime
    reason: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class AuditView:
    """One thing that somebody with the keys did."""

    id: str
    at: datetime
    by: str
    action: str
    subject: str = ""
    subject_url: str | None = None
    detail: str = ""


# --- The page itself -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PageMeta:
    """What a page says about itself to whoever makes a preview card of it."""

    title: str
    url: str
    description: str = ""
    type: str = "website"
    image: str = ""
    image_alt: str = ""
    is_large: bool = False
