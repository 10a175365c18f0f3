"""Stored HTML as our pages show it: mentions and hashtags lead to pages of ours, not away from here."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from html import escape, unescape
from typing import Final, Protocol
from urllib.parse import quote, urlsplit

from federation.protocol.handles import REMOTE_USERNAME, normalise_host
from federation.protocol.text import normalise_tag

# The sanitiser and `protocol.text` write links so: never one in another, no bare angle bracket in a value.
_LINK: Final = re.compile(r"<a ([^>]*)>(.*?)</a>", re.DOTALL)
_ATTRIBUTE: Final = re.compile(r'([a-z]+)="([^"]*)"')
_ELEMENT: Final = re.compile(r"<[^>]*>")
_OF_LINKS_AWAY: Final = frozenset({"href", "rel", "target"})


class Named(Protocol):
    """Somebody whom a text may name."""

    @property
    def username(self) -> str:
        """Their name at their server."""

    @property
    def domain(self) -> str | None:
        """Their server, None for ours."""

    @property
    def ap_id(self) -> str:
        """Their actor's id."""

    @property
    def profile_url(self) -> str:
        """Their page for people."""


def with_own_links(html: str, named: Iterable[Named] = (), tags: Collection[str] = (), *, origin: str) -> str:
    """Return sanitised HTML whose links to people and hashtags lead to our pages, every other link as it was.

    `named` and `tags` (normalised) are what the text is known to name. Somebody else is believed to be who the link
    says when its text and its address agree on name and host.
    """
    if "<a " not in html:
        return html
    pages = {url: _page(one.username, one.domain) for one in named for url in (one.ap_id, one.profile_url)}

    def lead(link: re.Match[str]) -> str:
        attributes = dict(_ATTRIBUTE.findall(link[1]))
        text = unescape(_ELEMENT.sub("", link[2])).strip()
        href, words = unescape(attributes.get("href", "")), attributes.get("class", "").split()
        if text.startswith("#"):
            tag = normalise_tag(text)
            marked = "hashtag" in words or "tag" in attributes.get("rel", "").split()
            page = f"/tags/{quote(tag, safe='')}" if tag is not None and (marked or tag in tags) else None
        else:
            page = pages.get(href) or (_guess(href, text, origin) if "mention" in words else None)
        if page is None:
            return link[0]
        kept = "".join(f' {name}="{value}"' for name, value in attributes.items() if name not in _OF_LINKS_AWAY)
        return f'<a href="{escape(page)}"{kept}>{link[2]}</a>'

    return _LINK.sub(lead, html)


def _page(username: str, host: str | None) -> str:
    return f"/@{username}@{host}" if host else f"/@{username}"


def _guess(href: str, text: str, origin: str) -> str | None:
    """Return our page of somebody we may not know yet: `@name` or `@name@host`, at an address of that name there."""
    username, _, host = text.removeprefix("@").partition("@")
    try:
        there = urlsplit(href)
    except ValueError:
        return None
    at = normalise_host(there.netloc) if there.scheme in ("http", "https") else None
    if at is None or REMOTE_USERNAME.fullmatch(username) is None or (host and normalise_host(host) != at):
        return None
    last = there.path.rpartition("/")[2].removeprefix("@")
    if last.lower() != username.lower():
        return None
    return _page(username, None if href.startswith(f"{origin}/") else at)
