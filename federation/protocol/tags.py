"""The `tag` property: mentions, hashtags, custom emoji and object links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from federation.protocol.documents import as_list, objects, one_id, text, type_of
from federation.protocol.ids import acceptable
from federation.protocol.text import normalise_tag

TAGS_LIMIT = 512
NAME_LIMIT = 2_048

_SHORTCODE = re.compile(rf"[\w.+@-]{{1,{NAME_LIMIT}}}", re.ASCII)
_AS_MEDIA = re.compile(
    r"application/(?:activity\+json|ld\+json\s*;\s*profile=\"https://www\.w3\.org/ns/activitystreams\")"
)
_QUOTE_REL = "https://misskey-hub.net/ns#_misskey_quote"


@dataclass(frozen=True, slots=True)
class Mention:
    """A person named in a thing; `href` is the actor's id, `name` what was written."""

    href: str
    name: str


@dataclass(frozen=True, slots=True)
class Emoji:
    """A custom emoji; `shortcode` without colons."""

    shortcode: str
    url: str


def mentions(value: Any) -> tuple[Mention, ...]:
    """Return the distinct mentions in a `tag` property."""
    found = {
        href: Mention(href, text(tag.get("name"), NAME_LIMIT) or "")
        for tag in _of_type(value, "Mention")
        if (href := acceptable(one_id(tag.get("href"))))
    }
    return tuple(found.values())


def hashtags(value: Any) -> tuple[str, ...]:
    """Return the distinct normalised names of the hashtags in a `tag` property."""
    names = (normalise_tag((text(tag.get("name"), NAME_LIMIT) or "").strip()) for tag in _of_type(value, "Hashtag"))
    return tuple(dict.fromkeys(name for name in names if name))


def emojis(value: Any) -> tuple[Emoji, ...]:
    """Return the custom emoji in a `tag` property, the first of each shortcode."""
    found: dict[str, Emoji] = {}
    for tag in _of_type(value, "Emoji"):
        shortcode = (text(tag.get("name"), NAME_LIMIT + 2) or "").strip(":")
        url = next((address for icon in objects(tag.get("icon")) if (address := _address(icon.get("url")))), None)
        if url and _SHORTCODE.fullmatch(shortcode):
            found.setdefault(shortcode, Emoji(shortcode, url))
    return tuple(found.values())


def quote_links(value: Any) -> tuple[str, ...]:
    """Return the quoted objects among the FEP-e232 links in a `tag` property.

    Misskey marks quotes by `rel`; Threads and Mitra by a name that starts with `RE:`.
    """
    return tuple(
        href
        for tag in _of_type(value, "Link")
        if _AS_MEDIA.match(text(tag.get("mediaType"), NAME_LIMIT) or "")
        and (_QUOTE_REL in as_list(tag.get("rel")) or (text(tag.get("name"), 3) or "").upper() == "RE:")
        and (href := acceptable(one_id(tag.get("href"))))
    )


def _address(value: Any) -> str | None:
    return next((url for item in as_list(value) if (url := acceptable(one_id(item)))), None)


def _of_type(value: Any, kind: str) -> Iterator[dict[str, Any]]:
    return (tag for tag in objects(value, TAGS_LIMIT) if type_of(tag, (kind,)) == kind)
