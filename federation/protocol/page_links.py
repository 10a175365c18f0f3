"""Which address of a thought gets a preview card: its first plain link."""

from __future__ import annotations

import re
from collections.abc import Collection
from html import unescape
from typing import Final

# The sanitiser and `protocol.text` write links so: never one in another, no bare angle bracket in a value.
_LINK: Final = re.compile(r"<a ([^>]*)>")
_ATTRIBUTE: Final = re.compile(r'([a-z]+)="([^"]*)"')
# What stands for a quote where quotes are not understood (FEP-044f): a line that leads to the quoted thought.
_IN_PLACE_OF_QUOTE: Final = re.compile(r'<(p|span) class="[^"]*\bquote-inline\b[^"]*">.*?</\1>', re.DOTALL)
_OF_PEOPLE_AND_TAGS: Final = frozenset({"mention", "hashtag", "u-url"})


def first_link(html: str, *, besides: Collection[str], origin: str) -> str | None:
    """Return the first link of sanitised HTML that leads to a page elsewhere; None when there is none.

    Mentions, hashtags, what stands for a quote, and everything in `besides` (people named, what is quoted,
    what is attached) are no such pages, and neither are ours.
    """
    if "<a " not in html:
        return None
    if "quote-inline" in html:
        html = _IN_PLACE_OF_QUOTE.sub("", html)
    for link in _LINK.finditer(html):
        attributes = dict(_ATTRIBUTE.findall(link[1]))
        url = unescape(attributes.get("href", ""))
        if (
            url.startswith(("https://", "http://"))
            and "tag" not in attributes.get("rel", "").split()
            and _OF_PEOPLE_AND_TAGS.isdisjoint(attributes.get("class", "").split())
            and url not in besides
            and url != origin
            and not url.startswith(f"{origin}/")
        ):
            return url
    return None
