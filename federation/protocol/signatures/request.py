"""The part of an HTTP request that signatures speak about, with or without a server around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from federation.errors import Invalid

_DEFAULT_PORTS = {"https": ":443", "http": ":80"}


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it crossed the wire.

    `scheme` is the one the client used: behind a proxy it comes from trusted configuration. `target` is
    path and query exactly as in the request line. `headers` maps lower-case names to values in order.
    `status` makes it the response to that request (RFC 9421 §2.2.9): we neither send nor check signed ones.
    """

    method: str
    scheme: str
    target: str
    headers: Mapping[str, Sequence[str]]
    body: bytes = b""
    status: int | None = None

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The query without its question mark; empty when there is none."""
        return self.target.partition("?")[2]

    @property
    def authority(self) -> str:
        """Host and port in their normal form (RFC 9421 §2.2.3); empty without a single Host header."""
        values = self.headers.get("host", ())
        return normal_authority(values[0], self.scheme) if len(values) == 1 else ""

    @property
    def needs_digest(self) -> bool:
        """Whether a signature must cover the body: always, but for a GET or HEAD that has none."""
        return bool(self.body) or self.method not in ("GET", "HEAD")

    def value(self, name: str) -> str | None:
        """Return a header's value, repeated fields trimmed and joined (RFC 9421 §2.1); None when absent."""
        values = self.headers.get(name)
        if not values:
            return None
        return ", ".join([value.strip(" \t") for value in values])


def collect_headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, list[str]]:
    """Collect raw header pairs, as an ASGI scope has them, in the form that SignedRequest takes."""
    headers: dict[str, list[str]] = {}
    for name, value in pairs:
        headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return headers


def normal_authority(authority: str, scheme: str) -> str:
    """Return host and port in lower case, without the scheme's default port."""
    return authority.strip(" \t").lower().removesuffix(_DEFAULT_PORTS.get(scheme, "\0"))


def outgoing(method: str, url: str, headers: Mapping[str, str]) -> SignedRequest:
    """Describe a request that we are about to send; raise Invalid when `url` is not plain ASCII http(s)."""
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.netloc or "@" in parts.netloc or not url.isascii():
        raise Invalid("The address is not an http or https URL.")
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    fields = {name.lower(): [value] for name, value in headers.items()}
    fields["host"] = [normal_authority(parts.netloc, parts.scheme)]
    return SignedRequest(method=method, scheme=parts.scheme, target=target, headers=fields)
