"""oEmbed answers (oembed.com): photos, videos and links; markup in them is never kept, only where it leads."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from selectolax.lexbor import LexborHTMLParser

from federation.errors import Rejected
from federation.protocol.html_tree import has_sane_shape
from federation.protocol.page_facts import MAX_NAME, MAX_TITLE, Embed, clean, side, web_address

_MAX_MARKUP: Final = 10_000
# What a player needs; never to navigate the page around it.
_SANDBOX: Final = "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-forms"


@dataclass(frozen=True, slots=True, kw_only=True)
class OEmbed:
    """What an oEmbed endpoint says of a page. A photo has its `photo_url`, a video its `player`."""

    type: str
    title: str
    author_name: str
    author_url: str
    provider_name: str
    provider_url: str
    thumbnail_url: str | None
    photo_url: str | None
    player: Embed | None
    width: int
    height: int


def parse_oembed(body: bytes, *, url: str) -> OEmbed:
    """Read the answer of an endpoint at `url`; raise `Rejected` for what says nothing that a card can show."""
    try:
        document = orjson.loads(body)
    except ValueError as exc:
        raise Rejected("The oEmbed answer is not JSON.") from exc
    kind = document.get("type") if isinstance(document, dict) else None
    if kind not in ("photo", "video", "link"):
        raise Rejected("The oEmbed answer is of no kind that is shown here.")
    photo = web_address(document.get("url"), url) if kind == "photo" else None
    player = _frame(document.get("html"), url) if kind == "video" else None
    if (kind == "photo" and photo is None) or (kind == "video" and player is None):
        raise Rejected("The oEmbed answer lacks what it promises.")
    return OEmbed(
        type=kind,
        title=clean(document.get("title"), MAX_TITLE),
        author_name=clean(document.get("author_name"), MAX_NAME),
        author_url=web_address(document.get("author_url"), url) or "",
        provider_name=clean(document.get("provider_name"), MAX_NAME),
        provider_url=web_address(document.get("provider_url"), url) or "",
        thumbnail_url=web_address(document.get("thumbnail_url"), url),
        photo_url=photo,
        player=player,
        width=side(document.get("width")),
        height=side(document.get("height")),
    )


def _frame(markup: Any, url: str) -> Embed | None:
    """Return where the one frame of some markup leads; None when there is another number of them, or not to https."""
    if not isinstance(markup, str) or len(markup) > _MAX_MARKUP or not has_sane_shape(markup):
        return None
    frames = LexborHTMLParser(markup).css("iframe[src]")
    if len(frames) != 1:
        return None
    attributes = frames[0].attributes
    address = web_address(attributes.get("src"), url)
    if address is None or not address.startswith("https://"):
        return None
    return Embed(url=address, width=side(attributes.get("width")), height=side(attributes.get("height")))


def write_frame(embed: Embed, *, origin: str) -> str:
    """Write a frame anew for apps that show players: one sandboxed iframe, or nothing for what lies at our origin.

    There the sandbox would be none: its content could reach for what belongs to our pages.
    """
    if urlsplit(embed.url).netloc.lower() == urlsplit(origin).netloc.lower():
        return ""
    sizes = "".join(f' {name}="{size}"' for name, size in (("width", embed.width), ("height", embed.height)) if size)
    return f'<iframe src="{escape(embed.url)}"{sizes} sandbox="{_SANDBOX}" allowfullscreen></iframe>'
