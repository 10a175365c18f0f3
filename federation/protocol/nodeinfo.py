"""NodeInfo 2.0 and 2.1 (FEP-f1d5): what a server says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from federation.protocol.documents import AS
from federation.protocol.ids import Urls

_SCHEMA = "http://nodeinfo.diaspora.software/ns/schema/"


@dataclass(frozen=True, slots=True)
class Software:
    """Which program runs here; the addresses appear in 2.1 only."""

    version: str
    name: str = "thoughts"
    repository: str | None = None
    homepage: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """How much the server is used."""

    users: int
    active_month: int
    active_half_year: int
    posts: int
    comments: int = 0


def well_known(urls: Urls) -> dict[str, Any]:
    """Return the links under `/.well-known/nodeinfo`, with the instance actor's (FEP-2677)."""
    return {
        "links": [
            {"rel": _SCHEMA + "2.0", "href": f"{urls.origin}/nodeinfo/2.0"},
            {"rel": _SCHEMA + "2.1", "href": f"{urls.origin}/nodeinfo/2.1"},
            {"rel": AS + "#Application", "href": urls.instance_actor},
        ]
    }


def nodeinfo(
    version: Literal["2.0", "2.1"],
    *,
    software: Software,
    usage: Usage,
    open_registrations: bool,
    metadata: dict[str, Any],
) -> dict[str, Any]:
    """Return the document of one schema version."""
    described = {"name": software.name, "version": software.version}
    if version == "2.1":
        addresses = {"repository": software.repository, "homepage": software.homepage}
        described.update({key: value for key, value in addresses.items() if value})
    return {
        "version": version,
        "software": described,
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": []},
        "openRegistrations": open_registrations,
        "usage": {
            "users": {
                "total": usage.users,
                "activeMonth": usage.active_month,
                "activeHalfyear": usage.active_half_year,
            },
            "localPosts": usage.posts,
            "localComments": usage.comments,
        },
        # Apps that tell servers apart by name (megalodon's: Whalebird, Fedistar) take this for "speak Mastodon's API".
        "metadata": {**metadata, "upstream": {"name": "mastodon"}},
    }
