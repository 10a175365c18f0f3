"""Who may quote a thought (FEP-044f) or feature a person (FEP-7aa9), as the bits that are stored with it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntFlag, StrEnum
from functools import lru_cache
from typing import Final, Protocol

from federation.protocol.addressing import PUBLIC


class Who(IntFlag):
    """Groups of people in a policy; those who must ask first are kept shifted by `MANUAL_SHIFT`."""

    NOBODY = 0
    UNSUPPORTED = 1
    PUBLIC = 2
    FOLLOWERS = 4
    FOLLOWING = 8


class Permission(StrEnum):
    """What quoting somebody's thought, or featuring them, would come to; nobody said whether they may be featured."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"
    DENIED = "denied"
    UNKNOWN = "unknown"
    MISSING = "missing"


MANUAL_SHIFT: Final = 4
_ALL: Final = 15
CHOICES: Final = {"public": Who.PUBLIC, "followers": Who.FOLLOWERS, "nobody": Who.NOBODY}
"""What people here may choose, by the client API's names."""
_NAMES: Final = {
    Who.PUBLIC: "public",
    Who.FOLLOWERS: "followers",
    Who.FOLLOWING: "following",
    Who.UNSUPPORTED: "unsupported_policy",
}


def policy_bits(
    automatic: Sequence[str], manual: Sequence[str], *, author: str, followers: str | None, following: str | None
) -> int:
    """Return a remote policy as bits; the author's own id means nobody else, other ids are not understood."""
    known = {PUBLIC: Who.PUBLIC, author: Who.NOBODY}
    if followers is not None:
        known[followers] = Who.FOLLOWERS
    if following is not None:
        known[following] = Who.FOLLOWING
    bits = [Who.NOBODY, Who.NOBODY]
    for place, listed in enumerate((automatic, manual)):
        for one in listed:
            bits[place] |= known.get(one, Who.UNSUPPORTED)
    return int(bits[0]) | int(bits[1]) << MANUAL_SHIFT


# Pages ask these for every thought; there are few policies, and arithmetic with flags is slow.
_asked_often = lru_cache(maxsize=1024)


@_asked_often
def automatic(policy: int) -> tuple[str, ...]:
    """Name who may quote at once."""
    return tuple(name for who, name in _NAMES.items() if policy & who)


def manual(policy: int) -> tuple[str, ...]:
    """Name who may ask."""
    return automatic(policy >> MANUAL_SHIFT)


def choice(policy: int) -> str:
    """Return which of the choices a policy of ours is."""
    return next((name for name, who in CHOICES.items() if policy & _ALL == who), "nobody")


class Featurable(Protocol):
    """What of a person says who may feature them."""

    @property
    def feature_policy(self) -> int | None: ...
    @property
    def is_remote(self) -> bool: ...
    @property
    def discoverable(self) -> bool: ...
    @property
    def locked(self) -> bool: ...


def feature_policy_of(person: Featurable) -> int | None:
    """Return who may feature a person; None when their server never said, which is no consent.

    Ours who did not choose: whoever wants to be found may be featured, by followers only where those are chosen.
    """
    if person.feature_policy is not None or person.is_remote:
        return person.feature_policy
    if not person.discoverable:
        return int(Who.NOBODY)
    return int(Who.FOLLOWERS if person.locked else Who.PUBLIC)


@_asked_often
def permission(policy: int, *, visibility: str, own: bool, follows: bool, followed: bool) -> Permission:
    """Tell what quoting comes to for somebody who may see the thought.

    `follows`: they follow its author; `followed`: its author follows them.
    """
    if visibility == "direct":
        return Permission.DENIED
    if own:
        return Permission.AUTOMATIC
    if visibility == "followers":
        return Permission.DENIED
    mine = Who.PUBLIC | (Who.FOLLOWERS if follows else 0) | (Who.FOLLOWING if followed else 0)
    if policy & mine:
        return Permission.AUTOMATIC
    if (policy >> MANUAL_SHIFT) & mine:
        return Permission.MANUAL
    unsure = (policy | policy >> MANUAL_SHIFT) & Who.UNSUPPORTED
    return Permission.UNKNOWN if unsure else Permission.DENIED


@_asked_often
def depends_on_follows(policy: int) -> bool:
    """Tell whether a policy asks who follows whom."""
    return bool((policy | policy >> MANUAL_SHIFT) & (Who.FOLLOWERS | Who.FOLLOWING))
