"""Custom emojis as pictures: where they are shown from, and texts with them in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from federation.media.urls import proxied_path, still_of
from federation.protocol.emojis import with_pictures
from web.view_models import ReactionView

Pictures = Mapping[str, tuple[str, str]]
_NONE: Pictures = {}

USUAL = ("👍", "❤️", "😂", "🎉", "😮", "😢", "🔥", "👀", "🤔", "🙏", "👏", "💯")
"""What people react with most, offered first."""
MOST_OFFERED = 200


def reaction_view(name: str, url: str | None, *, count: int = 1, mine: bool = False) -> ReactionView:
    """Return an emoji that people reacted with."""
    if url is None:
        return ReactionView(name, name, count, mine, name)
    shortcode, _, host = name.partition("@")
    shown = text_with(f":{shortcode}:", {shortcode: _addresses(url, is_remote=bool(host))})
    return ReactionView(name, shown, count, mine, shortcode)


def pictures(emojis: Sequence[Mapping[str, Any]], *, is_remote: bool) -> Pictures:
    """Return where each shortcode's picture is shown from: remote ones through the proxy."""
    if not emojis:
        return _NONE
    return {one["shortcode"]: _addresses(one["url"], is_remote=is_remote) for one in emojis}


def _addresses(url: str, *, is_remote: bool) -> tuple[str, str]:
    """Return where a picture is shown from, and one that does not move."""
    address = proxied_path(url) if is_remote else url
    return address, still_of(address)


def text_with(text: str, found: Pictures) -> str:
    """Return plain text with its emojis as pictures, marked as safe where there are any."""
    return Markup(with_pictures(str(escape(text)), found)) if found and ":" in text else text  # noqa: S704 - escaped
