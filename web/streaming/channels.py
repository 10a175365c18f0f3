"""The names of streams: which there are, what they ask for, and what a listener hears on each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from federation.actions.lists import get_list
from federation.actions.scopes import allows
from federation.errors import Forbidden, Invalid, NotFound
from federation.protocol.text import normalise_tag
from web.current import parse_uuid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from federation.services import Services
    from storage.people import Person

PUBLIC: Final = frozenset(
    f"public{part}{media}" for part in ("", ":local", ":remote") for media in ("", ":media")
)  # fmt: skip
_TAGS: Final = ("hashtag", "hashtag:local")
_OF_PERSON: Final = ("user", "user:notification", "direct")
NAMES: Final = PUBLIC | {*_TAGS, *_OF_PERSON, "list"}


@dataclass(frozen=True, slots=True)
class Channel:
    """One stream: its name, and whose, which list's or which tag's it is."""

    name: str
    subject: UUID | str = ""


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens: the person, the hash of their token or session, and what the token allows."""

    person: Person
    token_hash: bytes
    scopes: frozenset[str]

    @property
    def hears_notifications(self) -> bool:
        """Whether `user` tells of notifications too."""
        return allows(self.scopes, "read:notifications")


async def find_channel(
    services: Services, listener: Listener, name: str, asked: Mapping[str, str]
) -> tuple[Channel, tuple[str, ...]]:
    """Return the channel that an app names, and what its messages are labelled with.

    Raises `NotFound` for a stream or list that there is not, `Forbidden` beyond the token's scopes, `Invalid`.
    """
    if name not in NAMES:
        raise NotFound("Unknown stream type")
    scope = "read:notifications" if name == "user:notification" else "read:statuses"
    if not allows(listener.scopes, scope):
        raise Forbidden("Access token does not have the required scopes")
    if name in _OF_PERSON:
        return Channel(name, listener.person.id), (name,)
    if name in _TAGS:
        tag = asked.get("tag", "")
        normal = normalise_tag(tag)
        if normal is None:
            raise Invalid("No tag for stream provided")
        return Channel(name, normal), (name, tag)
    if name == "list":
        list_id = parse_uuid(asked.get("list"))
        if list_id is None:
            raise NotFound("Not authorized to stream this list")
        await get_list(services, listener.person, list_id)
        return Channel(name, list_id), (name, str(list_id))
    return Channel(name), (name,)


def name_of_path(path: str, *, only_media: bool) -> str | None:
    """Return the stream that a path of Server-Sent Events names (`public/local`), None when there is none."""
    name = path.replace("/", ":")
    if name in PUBLIC and only_media and not name.endswith(":media"):
        name += ":media"
    return name if name in NAMES and path.count(":") == 0 else None
