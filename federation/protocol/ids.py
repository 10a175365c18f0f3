"""Ids: what may be one, when two share an origin, and the shapes of our own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, urlsplit
from uuid import UUID

import idna

from federation.errors import Invalid

ID_LIMIT = 2048

_DEFAULT_PORTS = {"http": 80, "https": 443}
# Whitespace and control characters, and the backslash that browsers read as a slash.
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\ud800-\udfff]|\s")
_ASCII_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_.])?")
_IPV6_HOST = re.compile(r"[0-9a-f:.]+")
_LOCAL_NAME = r"[A-Za-z0-9_.-]{1,64}"


class Origin(NamedTuple):
    """Where authority ends (FEP-fe34): compare these, never host names alone."""

    scheme: str
    host: str
    port: int


def parse_id(text: str) -> str:
    """Return the id unchanged if it may be one: an http(s) URL with a host and without credentials.

    Ids are compared as bytes, so nothing is rewritten here. Raises `Invalid`.
    """
    origin_of(text)
    return text


def is_id(text: str | None) -> bool:
    """Tell whether `parse_id` would accept the text."""
    return acceptable(text) is not None


def acceptable(text: str | None) -> str | None:
    """Return the id or URL if `parse_id` accepts it, else None."""
    try:
        return parse_id(text) if text else None
    except Invalid:
        return None


@lru_cache(maxsize=1024)  # one activity asks for the same few origins a dozen times
def origin_of(url: str) -> Origin:
    """Return scheme, host (lower case, IDNA 2008) and port of an acceptable URL; else raise `Invalid`."""
    # In bytes: PostgreSQL's indexes take no row beyond 2704 of them, and letters may have four.
    if len(url.encode(errors="surrogatepass")) > ID_LIMIT:
        raise Invalid(f"An id is longer than {ID_LIMIT} bytes.")
    if _UNSAFE.search(url):
        raise Invalid("An id contains a space, a control character or a backslash.")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname or ""
    except ValueError as exc:
        raise Invalid("An id is not a URL.") from exc
    if parts.scheme not in _DEFAULT_PORTS:
        raise Invalid("An id is not an http or https URL.")
    if "@" in parts.netloc:
        raise Invalid("An id contains credentials.")
    return Origin(parts.scheme, canonical_host(host), port or _DEFAULT_PORTS[parts.scheme])


def canonical_host(host: str) -> str:
    """Return a host name or address (IPv6 without brackets) in the one form in which hosts are compared.

    IDNA 2008, as the network client resolves it: the 2003 rules of the standard library would make
    `faß.example` and `fass.example` one host, and so one authority (CVE-2023-42451 is of that kind).
    """
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError) as exc:
            raise Invalid("A URL names a host that cannot exist.") from exc
    host = host.lower()
    pattern = _IPV6_HOST if ":" in host else _ASCII_HOST
    if len(host) > 253 or not pattern.fullmatch(host):
        raise Invalid("A URL names a host that cannot exist.")
    return host


def same_origin(a: str, b: str) -> bool:
    """Tell whether two URLs share scheme, host and port; False when either is not acceptable."""
    try:
        return origin_of(a) == origin_of(b)
    except Invalid:
        return False


@dataclass(frozen=True, slots=True)
class LocalActor:
    """A person of ours, by the name in the URL."""

    username: str


@dataclass(frozen=True, slots=True)
class LocalFollowers:
    """The followers collection of a person of ours."""

    username: str


@dataclass(frozen=True, slots=True)
class LocalFeatured:
    """The pinned thoughts of a person of ours."""

    username: str


@dataclass(frozen=True, slots=True)
class LocalThought:
    """A thought of ours."""

    id: UUID


@dataclass(frozen=True, slots=True)
class LocalActivity:
    """An activity of ours: Follow, Like, Announce, Block and the rest share one shape."""

    id: UUID


@dataclass(frozen=True, slots=True)
class LocalInstanceActor:
    """The actor that signs for the server itself."""


@dataclass(frozen=True, slots=True)
class LocalCollection:
    """A collection of people of one of ours."""

    id: UUID


LocalRef = (
    LocalCollection | LocalActor | LocalFollowers | LocalFeatured | LocalThought | LocalActivity | LocalInstanceActor
)

_UUID = r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
_LOCAL_PATH = re.compile(
    rf"/users/(?P<collection_of>{_LOCAL_NAME})/(?P<collection>followers|featured)"
    rf"|/users/(?P<actor>{_LOCAL_NAME})"
    rf"|/@(?P<profile>{_LOCAL_NAME})(?:/(?P<page>{_UUID}))?"
    rf"|/thoughts/(?P<thought>{_UUID})"
    rf"|(?:/@{_LOCAL_NAME})?/collections/(?P<curated>{_UUID})"
    rf"|/activities/(?P<activity>{_UUID})"
    r"|(?P<instance>/actor)"
)


@dataclass(frozen=True, slots=True)
class Urls:
    """Every URL of ours that others may hold; `origin` as in the settings, without a closing slash."""

    origin: str

    @property
    def shared_inbox(self) -> str:
        """Return the inbox that takes one copy for everybody here."""
        return f"{self.origin}/inbox"

    @property
    def instance_actor(self) -> str:
        """Return the id of the actor that signs for the server itself."""
        return f"{self.origin}/actor"

    def actor(self, username: str) -> str:
        """Return the id of a person."""
        return f"{self.origin}/users/{username}"

    def profile(self, username: str) -> str:
        """Return the page of a person."""
        return f"{self.origin}/@{username}"

    def inbox(self, username: str) -> str:
        """Return a person's own inbox."""
        return f"{self.actor(username)}/inbox"

    def outbox(self, username: str) -> str:
        """Return a person's outbox."""
        return f"{self.actor(username)}/outbox"

    def followers(self, username: str) -> str:
        """Return a person's followers collection."""
        return f"{self.actor(username)}/followers"

    def following(self, username: str) -> str:
        """Return the collection of whom a person follows."""
        return f"{self.actor(username)}/following"

    def featured(self, username: str) -> str:
        """Return the collection of a person's pinned thoughts."""
        return f"{self.actor(username)}/featured"

    def thought(self, thought_id: UUID) -> str:
        """Return the id of a thought."""
        return f"{self.origin}/thoughts/{thought_id}"

    def thought_page(self, username: str, thought_id: UUID) -> str:
        """Return the page of a thought."""
        return f"{self.profile(username)}/{thought_id}"

    def replies(self, thought_id: UUID) -> str:
        """Return the replies collection of a thought."""
        return f"{self.thought(thought_id)}/replies"

    def activity(self, activity_id: UUID) -> str:
        """Return the id of an activity, whatever its type."""
        return f"{self.origin}/activities/{activity_id}"

    def tag(self, name: str) -> str:
        """Return the page of a hashtag, named without `#`."""
        return f"{self.origin}/tags/{quote(name, safe='')}"

    def tagged(self, username: str, name: str) -> str:
        """Return the page of what a person wrote with a hashtag."""
        return f"{self.profile(username)}/tagged/{quote(name, safe='')}"

    def emoji(self, shortcode: str) -> str:
        """Return the id of a custom emoji."""
        return f"{self.origin}/emojis/{shortcode}"

    def quote_authorization(self, authorization_id: UUID) -> str:
        """Return the id of a consent to a quote."""
        return f"{self.origin}/quote_authorizations/{authorization_id}"

    def collections(self, username: str) -> str:
        """Return the list of a person's collections of people."""
        return f"{self.actor(username)}/collections"

    def featured_tags(self, username: str) -> str:
        """Return the collection of the hashtags on a person's profile."""
        return f"{self.actor(username)}/tags"

    def collection(self, collection_id: UUID) -> str:
        """Return the id of a collection of people."""
        return f"{self.origin}/collections/{collection_id}"

    def collection_page(self, username: str, collection_id: UUID) -> str:
        """Return the page of a collection of people."""
        return f"{self.profile(username)}/collections/{collection_id}"

    def collection_item(self, collection_id: UUID, item_id: UUID) -> str:
        """Return the id of somebody's place in a collection."""
        return f"{self.collection(collection_id)}/items/{item_id}"

    def feature_authorization(self, authorization_id: UUID) -> str:
        """Return the id of a consent to being featured."""
        return f"{self.origin}/feature_authorizations/{authorization_id}"

    @staticmethod
    def rsa_key(actor_id: str) -> str:
        """Return the id of an actor's RSA key."""
        return f"{actor_id}#main-key"

    @staticmethod
    def ed25519_key(actor_id: str) -> str:
        """Return the id of an actor's Ed25519 key."""
        return f"{actor_id}#ed25519-key"

    def is_ours(self, url: str) -> bool:
        """Tell whether a URL lies on our origin, however it is spelt."""
        return same_origin(url, self.origin)

    def parse_local(self, url: str) -> LocalRef | None:
        """Return what of ours a URL names, pages for people included; None for all others.

        Spelt as we write it, without query or fragment: an id of ours written otherwise is a forgery.
        """
        if not url.startswith(self.origin + "/"):
            return None
        match = _LOCAL_PATH.fullmatch(url[len(self.origin) :])
        return None if match is None else _local_ref(match.groupdict())


def _local_ref(found: dict[str, str | None]) -> LocalRef:
    if owner := found["collection_of"]:
        return LocalFollowers(owner) if found["collection"] == "followers" else LocalFeatured(owner)
    if thought := found["thought"] or found["page"]:
        return LocalThought(UUID(thought))
    if name := found["actor"] or found["profile"]:
        return LocalActor(name)
    if curated := found["curated"]:
        return LocalCollection(UUID(curated))
    if activity := found["activity"]:
        return LocalActivity(UUID(activity))
    return LocalInstanceActor()
