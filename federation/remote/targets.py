"""URLs as they go over the wire: parsed once, in the one spelling that is checked, signed and sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import httpx
from yarl import URL

from federation.remote.addresses import IPAddress, parse_literal
from federation.remote.failures import Blocked

LONGEST_URL = 2048

_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes; `url` has no fragment, a lower-case ASCII host and no default port."""

    url: str
    scheme: str
    host: str
    port: int
    authority: str
    literal: IPAddress | None

    @property
    def plain(self) -> bool:
        """Whether nothing but the network itself would protect the request."""
        return self.scheme == "http"


@lru_cache(maxsize=4096)
def parse_target(url: str) -> Target:
    """Parse a URL that somebody else chose; raise `Blocked` for all that is not plainly http or https.

    httpx and aiohttp's yarl each normalise a URL on its way out. The target is what yarl makes of what httpx
    makes of it, so checks, signature and connection can never read the same text differently.
    """
    if len(url) > LONGEST_URL or _UNSAFE.search(url):
        raise Blocked("The address of the remote document is not a usable URL.")
    try:
        parsed = URL(str(httpx.URL(url)))
        host, port = parsed.raw_host, parsed.port
        if parsed.scheme not in ("http", "https") or not host or not port:
            raise ValueError("No http URL.")
        literal = parse_literal(host)
        if literal is None and not (len(host) <= 253 and _NAME.fullmatch(host)):
            raise ValueError("No host name.")
    except (ValueError, httpx.InvalidURL) as exc:
        raise Blocked("The address of the remote document is not a usable URL.") from exc
    if parsed.raw_user is not None or parsed.raw_password is not None:
        raise Blocked("The address of the remote document contains credentials.")
    authority = parsed.host_port_subcomponent or host
    return Target(
        url=f"{parsed.scheme}://{authority}{parsed.raw_path_qs}",
        scheme=parsed.scheme,
        host=host,
        port=port,
        authority=authority,
        literal=literal,
    )


def authority(url: str) -> str:
    """Return the Host header for a URL: host in lower-case ASCII, with the port unless it is the default."""
    return parse_target(url).authority


def wire_url(url: str) -> str:
    """Return the URL exactly as it will be requested; this is what a signature must cover."""
    return parse_target(url).url
