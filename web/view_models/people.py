"""People, and what one keeps about them: profiles, notifications, conversations, lists, filters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from web.view_models.thoughts import PersonView, ReactionView, ThoughtView


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
    collection: CollectionView | None = None


@dataclass(frozen=True, slots=True)
class ConversationView:
    """Direct thoughts with some people: the last of them, and whether it is unread."""

    id: str
    people: tuple[PersonView, ...]
    last: ThoughtView
    unread: bool = False


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


@dataclass(frozen=True, slots=True)
class PlaceView:
    """Somebody's place in a collection; `waiting` for their answer."""

    id: str
    person: PersonView
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class CollectionView:
    """A collection of people; `places` are those in it whom the viewer sees."""

    id: str
    url: str
    name: str
    description: str
    owner: PersonView
    language: str | None = None
    tag: str | None = None
    sensitive: bool = False
    discoverable: bool = False
    is_own: bool = False
    remote_url: str | None = None
    places: tuple[PlaceView, ...] = ()


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
