"""Scopes: what a token may do, which scope holds which, and which there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from federation.errors import Invalid

_READ = (
    "accounts", "blocks", "bookmarks", "collections", "favourites", "filters", "follows", "lists", "mutes",
    "notifications", "search", "statuses",
)  # fmt: skip
_WRITE = (
    "accounts", "blocks", "bookmarks", "collections", "conversations", "favourites", "filters", "follows", "lists",
    "media", "mutes", "notifications", "reports", "statuses",
)  # fmt: skip
_ADMIN = (
    "accounts", "reports", "domain_allows", "domain_blocks", "ip_blocks", "email_domain_blocks",
    "canonical_email_blocks",
)  # fmt: skip

SCOPES: Sequence[str] = (
    "read",
    "write",
    *(f"write:{one}" for one in _WRITE),
    *(f"read:{one}" for one in _READ),
    "profile",
    "follow",
    "push",
    "admin:read",
    *(f"admin:read:{one}" for one in _ADMIN),
    "admin:write",
    *(f"admin:write:{one}" for one in _ADMIN),
)
"""Every scope, in the order in which we tell them."""

DEFAULT_SCOPES = ("read", "write", "follow", "push")
"""What a token of the command line may do unless told otherwise, and a personal API key always."""

# What the old scope `follow` stands for.
_FOLLOW = frozenset({"read:follows", "write:follows", "read:blocks", "write:blocks", "read:mutes", "write:mutes"})
_KNOWN = frozenset(SCOPES)


def allows(granted: Iterable[str], scope: str) -> bool:
    """Tell whether granted scopes hold one: itself, what it is a part of, or the old `follow`."""
    held = frozenset(granted)
    if scope in held or ("follow" in held and scope in _FOLLOW):
        return True
    parts = scope.split(":")
    return any(":".join(parts[:length]) in held for length in range(1, len(parts)))


def unknown_scopes(scopes: Iterable[str]) -> list[str]:
    """Return those that do not exist, sorted."""
    return sorted(set(scopes) - _KNOWN)


def check_scopes(scopes: Sequence[str]) -> None:
    """Raise `Invalid` when some do not exist, or none are given."""
    unknown = unknown_scopes(scopes)
    if unknown or not scopes:
        raise Invalid(f"Unknown scopes: {' '.join(unknown) or 'none given'}. Known are {' '.join(SCOPES)}.")


def in_order(scopes: Iterable[str]) -> list[str]:
    """Return each scope once, in the order they were asked for."""
    return list(dict.fromkeys(scopes))
