"""Addressing: who a thing is for, and the visibility that follows from it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Any

from federation.protocol.documents import AS, ids, objects
from federation.protocol.ids import is_id

PUBLIC = AS + "#Public"
AUDIENCE_LIMIT = 256

# `https://HOST/#Public` is the local-only scope of the Pleroma family: an ordinary URL, never this.
_PUBLIC_SPELLINGS = frozenset({PUBLIC, "as:Public", "Public"})


class Visibility(StrEnum):
    """Who may see a thought, as stored."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    FOLLOWERS = "followers"
    DIRECT = "direct"


def is_public(address: str | None) -> bool:
    """Tell whether an address means everybody, in any of its three spellings."""
    return address in _PUBLIC_SPELLINGS


def addresses(value: Any) -> tuple[str, ...]:
    """Return the distinct addresses of `to`, `cc` or `audience`; `PUBLIC` in full, malformed ids dropped."""
    plain = (PUBLIC if is_public(item) else item for item in ids(value, AUDIENCE_LIMIT))
    return tuple(dict.fromkeys(item for item in plain if item == PUBLIC or is_id(item)))


def policy_on(document: dict[str, Any], what: str, how: str) -> tuple[str, ...]:
    """Return who may do something by an `interactionPolicy`, `how` it says: ids, collections and the public."""
    for policy in objects(document.get("interactionPolicy"), 1):
        for sub_policy in objects(policy.get(what), 1):
            return addresses(sub_policy.get(how))
    return ()


def visibility_of(to: Collection[str], cc: Collection[str], followers_url: str | None) -> Visibility:
    """Return the visibility that an addressing means, in Mastodon's order.

    `followers_url` is the author's; without one a followers-only thing looks direct. Akkoma and Misskey put
    the followers in either field, so both are looked at.
    """
    if any(is_public(address) for address in to):
        return Visibility.PUBLIC
    if any(is_public(address) for address in cc):
        return Visibility.UNLISTED
    if followers_url is not None and (followers_url in to or followers_url in cc):
        return Visibility.FOLLOWERS
    return Visibility.DIRECT


def address(visibility: Visibility, *, followers_url: str, mentioned: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return `to` and `cc` of a thing of ours with this visibility."""
    people = list(dict.fromkeys(mentioned))
    match visibility:
        case Visibility.PUBLIC:
            return [PUBLIC], [followers_url, *people]
        case Visibility.UNLISTED:
            return [followers_url], [PUBLIC, *people]
        case Visibility.FOLLOWERS:
            return [followers_url], people
        case Visibility.DIRECT:
            return people, []
