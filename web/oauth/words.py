"""Scopes in words that a person understands, and where an app would send them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from federation.actions.apps import OUT_OF_BAND
from web.view_models import ScopeView

_WORDS: Mapping[str, str] = {
    "profile": "see your name, picture and address here",
    "read": "read everything you can read here, your direct thoughts too",
    "read:accounts": "see your profile, and look at other people",
    "read:blocks": "see whom you block",
    "read:bookmarks": "see your bookmarks",
    "read:collections": "see your collections",
    "read:favourites": "see what you like",
    "read:filters": "see your filters",
    "read:follows": "see whom you follow",
    "read:lists": "see your lists",
    "read:mutes": "see whom you mute",
    "read:notifications": "read your notifications",
    "read:search": "search as you",
    "read:statuses": "read your timelines, your direct thoughts too",
    "write": "do everything in your name: post, delete, follow, change your profile",
    "write:accounts": "change your profile",
    "write:blocks": "block people and servers for you",
    "write:bookmarks": "change your bookmarks",
    "write:collections": "change your collections",
    "write:conversations": "mute and delete conversations",
    "write:favourites": "like in your name",
    "write:filters": "change your filters",
    "write:follows": "follow and unfollow people in your name",
    "write:lists": "change your lists",
    "write:media": "upload pictures and other media",
    "write:mutes": "mute people and conversations for you",
    "write:notifications": "clear your notifications",
    "write:reports": "report people in your name",
    "write:statuses": "post, edit and delete your thoughts",
    "follow": "follow, block and mute people in your name",
    "push": "send notifications to your device",
    "admin:read": "see everything that admins see, if you are one",
    "admin:write": "do everything that admins may do, if you are one",
}
# What cannot be undone, or reaches other people's data, is said aloud.
_MUCH = ("write", "admin:read", "admin:write")
_HOST = re.compile(r"[a-z0-9.-]+", re.IGNORECASE)


def scope_views(scopes: Sequence[str]) -> tuple[ScopeView, ...]:
    """Say what scopes mean, each thing once, what one holds already left out."""
    shown = [one for one in scopes if not any(one.startswith(f"{other}:") for other in scopes)]
    return tuple(ScopeView(_words(one), one in _MUCH or one.startswith("admin:")) for one in shown)


def _words(scope: str) -> str:
    if scope in _WORDS:
        return _WORDS[scope]
    # admin:read:domain_blocks and its like.
    _, verb, what = scope.split(":")
    return f"{'see' if verb == 'read' else 'change'} the admins' {what.replace('_', ' ')}, if you are one"


def destination(redirect_uri: str) -> str:
    """Name where a person is sent; nothing when they stay here and copy a code."""
    if redirect_uri == OUT_OF_BAND:
        return ""
    parts = urlsplit(redirect_uri)
    return parts.netloc if parts.scheme in ("http", "https") else f"the app that opens {parts.scheme}: links"


def form_action(redirect_uri: str) -> str:
    """Return the source that form-action must contain so that the browser follows the redirect after the form.

    Chromium looks at every hop: what a web address leads on to is not known here, so all of https may follow.
    The form itself goes to us in any case, and the page contains no other.
    """
    if redirect_uri == OUT_OF_BAND:
        return ""
    parts = urlsplit(redirect_uri)
    scheme = parts.scheme.lower()
    if scheme != "http":
        return f"{scheme}:"
    host = parts.hostname or ""
    # An IPv6 address cannot be named in a policy.
    return f"http://{host}:{parts.port or 80}" if _HOST.fullmatch(host) else "http:"
