"""Content negotiation: who asks for ActivityPub, and which answers are ActivityPub."""

from __future__ import annotations

import re
from dataclasses import dataclass

ACTIVITY_JSON = "application/activity+json"
LD_JSON = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
JRD_JSON = "application/jrd+json; charset=utf-8"
XRD_XML = "application/xrd+xml; charset=utf-8"
NODEINFO_2_0 = 'application/json; profile="http://nodeinfo.diaspora.software/ns/schema/2.0#"'
NODEINFO_2_1 = 'application/json; profile="http://nodeinfo.diaspora.software/ns/schema/2.1#"'
# What is longer was written to be slow to read.
HEADER_LIMIT = 1_024

_AS = "https://www.w3.org/ns/activitystreams"
# Commas and semicolons inside quotes separate nothing.
_ITEM = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_PART = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*")+')
_QUALITY = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


@dataclass(frozen=True, slots=True)
class _MediaRange:
    name: str
    parameters: dict[str, str]

    @property
    def quality(self) -> float:
        stated = self.parameters.get("q", "1")
        return float(stated) if _QUALITY.fullmatch(stated) else 1.0


def wants_activity(accept: str) -> bool:
    """Tell whether an Accept header (several joined by commas) asks for ActivityPub rather than a page.

    Naming one of its types is enough, whatever the rank: browsers never do. Plain JSON, which some readers
    send, must outrank HTML.
    """
    ranges = [_media_range(item) for item in _ITEM.findall(accept[:HEADER_LIMIT])]
    named = {"application/activity+json", "application/ld+json"}
    if any(item.name in named and item.quality > 0 for item in ranges):
        return True
    json = max((item.quality for item in ranges if item.name == "application/json"), default=0.0)
    html = max((item.quality for item in ranges if item.name == "text/html"), default=0.0)
    return json > html


def is_activity_type(content_type: str) -> bool:
    """Tell whether a Content-Type is one of ActivityPub's two (GHSA-jhrq-qvrm-qr36).

    Plain JSON and JSON-LD without the profile are not: servers hand out uploads of users under those.
    """
    media = _media_range(content_type)
    if media.name == "application/activity+json":
        return True
    return media.name == "application/ld+json" and _AS in media.parameters.get("profile", "").split()


def _media_range(item: str) -> _MediaRange:
    name, *parts = _PART.findall(item[:HEADER_LIMIT]) or [""]
    parameters = {}
    for part in parts:
        key, _, value = part.strip().partition("=")
        parameters[key.strip().lower()] = value.strip().strip('"')
    return _MediaRange(name.strip().lower(), parameters)
