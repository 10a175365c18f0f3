"""The page itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageMeta:
    """What a page says about itself to whoever makes a preview card of it."""

    title: str
    url: str
    description: str = ""
    type: str = "website"
    image: str = ""
    image_alt: str = ""
    is_large: bool = False
