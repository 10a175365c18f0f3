"""Where media are had from: our files by their hash, copies of remote ones by the hash of their address."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from federation.media.formats import PREVIEW_TYPE, SUFFIXES


@dataclass(frozen=True, slots=True)
class MediaUrls:
    """Addresses at the origin that serves media."""

    origin: str

    def file(self, content_hash: str, content_type: str | None = PREVIEW_TYPE) -> str:
        """Return where an upload is served; its type, when known, decides how the address ends."""
        return f"{self.origin}/media/{content_hash}{SUFFIXES.get(content_type or '', '')}"

    def copy(self, url: str) -> str:
        """Return where the copy of a remote medium is served; it works for those of stored thoughts and people."""
        return self.origin + proxied_path(url)

    def preview(self, url: str) -> str:
        """Return where a small picture of a remote medium is served."""
        return f"{self.copy(url)}/small"


def proxy_key(url: str) -> bytes:
    """Return the key under which the proxy knows a remote medium."""
    return sha256(url.encode()).digest()


def still_of(address: str) -> str:
    """Return where an emoji is served that does not move, by the address of the one that may."""
    return f"{address}/small" if "/proxy/" in address else f"{address}/still"


def proxied_path(url: str) -> str:
    """Return the path of a remote medium's copy."""
    return f"/proxy/{proxy_key(url).hex()}"
