"""What every entity is written with: our addresses, put together once; moments and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from federation.media.urls import MediaUrls, still_of
from federation.protocol.ids import Urls
from federation.settings import Settings
from storage.people import Person
from storage.thoughts import Thought
from web.client_api.entities.lately import Lately


@dataclass(frozen=True, slots=True)
class Site:
    """Addresses of ours that entities contain, without a closing slash; and entities that were written lately."""

    origin: str
    tags: str
    no_avatar: str
    no_header: str
    media: MediaUrls
    accounts: Lately[Person] = field(default_factory=Lately)
    texts: Lately[Thought] = field(default_factory=Lately)

    @classmethod
    def of(cls, settings: Settings) -> Site:
        """Put the addresses together."""
        origin = settings.origin
        return cls(
            origin=origin,
            tags=f"{origin}/tags/",
            no_avatar=f"{origin}/static/avatar.png",
            # Apps take this name for "there is no header".
            no_header=f"{origin}/static/missing.png",
            media=MediaUrls(settings.media_base),
        )

    def tag(self, name: str) -> str:
        """Return the page of a hashtag."""
        return self.tags + name if name.isascii() else Urls(self.origin).tag(name)

    def picture(self, url: str | None, *, is_remote: bool, default: str) -> str:
        """Return where an avatar or header is to be had from us: apps must not ask strangers' servers."""
        if url is None:
            return default
        if is_remote:
            return self.media.copy(url)
        return self.origin + url if url.startswith("/") else url


def custom_emojis(site: Site, kept: Sequence[Mapping[str, Any]], *, is_remote: bool) -> list[dict[str, Any]]:
    """Write the custom emojis of a text."""
    written = []
    for one in kept:
        address = site.picture(one["url"], is_remote=is_remote, default="")
        written.append(
            {
                "shortcode": one["shortcode"],
                "url": address,
                "static_url": still_of(address),
                "visible_in_picker": not is_remote,
            }
        )
    return written


def moment(at: datetime) -> str:
    """Write a moment as Mastodon does: UTC, milliseconds, Z."""
    return f"{at.astimezone(UTC).isoformat(timespec='milliseconds')[:23]}Z"


def day(at: datetime) -> str:
    """Write the day of a moment, as accounts' creation is told."""
    return f"{at.astimezone(UTC).isoformat()[:10]}T00:00:00.000Z"


def moment_of(unix_time: int) -> str:
    """Write a Unix time as a moment."""
    return moment(datetime.fromtimestamp(unix_time, UTC))
