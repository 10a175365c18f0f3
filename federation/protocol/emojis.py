"""Custom emojis in text: finding `:shortcodes:` that somebody typed, and putting pictures in their place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from html import escape
from typing import Final

from federation.protocol.text import count_graphemes

SHORTCODE: Final = re.compile(r"[A-Za-z0-9_]{2,64}")
_TYPED: Final = re.compile(r"(?<![\w:]):([A-Za-z0-9_]{2,64}):(?![\w:])")
_LONGEST_EMOJI: Final = 32
# A tag with its attributes, whose values may contain `>`; everything else is text.
_TAG: Final = re.compile(r"""(<(?:[^<>"']|"[^"]*"|'[^']*')*>)""")


def is_emoji(text: str) -> bool:
    """Tell whether a text is one Unicode emoji: a symbol, a flag or a keycap, with what belongs to it."""
    if not 0 < len(text) <= _LONGEST_EMOJI or count_graphemes(text) != 1:
        return False
    return unicodedata.category(text[0]) == "So" or text.endswith("\u20e3") or text[1:2] == "\ufe0f"


def find_shortcodes(*texts: str) -> list[str]:
    """Return the shortcodes that stand in these texts, each once, without colons."""
    return list(dict.fromkeys(match[1] for text in texts if ":" in text for match in _TYPED.finditer(text)))


def with_pictures(html: str, pictures: Mapping[str, tuple[str, str]]) -> str:
    """Return sanitised HTML with a picture for every shortcode that `pictures` knows: its address, and a still's.

    Whom movement disturbs sees the still. What stands inside tags stays as it is; a reader without pictures is told
    the shortcode.
    """
    if not pictures or ":" not in html:
        return html
    named = re.compile(":(" + "|".join(map(re.escape, sorted(pictures, key=len, reverse=True))) + "):")
    pieces = _TAG.split(html)
    pieces[::2] = [named.sub(lambda match: _picture(match[1], *pictures[match[1]]), text) for text in pieces[::2]]
    return "".join(pieces)


def _picture(shortcode: str, address: str, still: str) -> str:
    name, source = escape(f":{shortcode}:"), escape(address)
    calm = f'<source srcset="{escape(still)}" media="(prefers-reduced-motion: reduce)">'
    shown = f'<img class="emoji" src="{source}" alt="{name}" title="{name}" width="20" height="20" loading="lazy">'
    return f"<picture>{calm}{shown}</picture>"
