"""Handles: `@user@host` as people type it, `acct:` as WebFinger asks for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address
from typing import Final

import idna

LOCAL_USERNAME: Final = re.compile(r"[A-Za-z0-9_]{1,32}")
REMOTE_USERNAME: Final = re.compile(r"\w(?:[\w.-]{0,2046}\w)?|_")
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s\[\]@/:?#\\]+)(?::([0-9]{1,5}))?")
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")


@dataclass(frozen=True, slots=True, eq=False)
class Handle:
    """A username and its host; without a host, one of ours.

    Usernames keep their letters as written and compare without regard to case. The host is lower-case ASCII
    with its port, if any: `127.0.0.2:8000`.
    """

    username: str
    host: str | None = None

    @classmethod
    def parse(cls, text: str) -> Handle | None:
        """Read `@user@host`, `user@host`, `acct:user@host` or a bare `@user`; None when it is neither."""
        text = text.strip()
        text = text[5:] if text[:5].lower() == "acct:" else text
        username, at, host = text.removeprefix("@").partition("@")
        if not at:
            return cls(username) if LOCAL_USERNAME.fullmatch(username) else None
        normal = normalise_host(host)
        if normal is None or not REMOTE_USERNAME.fullmatch(username):
            return None
        return cls(username, normal)

    @property
    def acct(self) -> str:
        """The handle without its first @, as the client API and WebFinger write it."""
        return self.username if self.host is None else f"{self.username}@{self.host}"

    def __str__(self) -> str:
        return f"@{self.acct}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Handle):
            return NotImplemented
        return self.username.lower() == other.username.lower() and self.host == other.host

    def __hash__(self) -> int:
        return hash((self.username.lower(), self.host))


def is_local_username(name: str) -> bool:
    """Say whether somebody here may be called `name`: 1 to 32 ASCII letters, digits and underscores."""
    return LOCAL_USERNAME.fullmatch(name) is not None


def normalise_host(host: str) -> str | None:
    """Return `host` in lower-case ASCII (IDNA 2008) with its port, or None when it cannot be a host."""
    found = _HOST.fullmatch(host)
    if found is None:
        return None
    name, port = found[1], found[2]
    if port is not None and not 0 < int(port) < 65536:
        return None
    if name.startswith("["):
        try:
            name = f"[{IPv6Address(name[1:-1]).compressed}]"
        except AddressValueError:
            return None
    else:
        try:
            name = name.lower() if name.isascii() else idna.encode(name, uts46=True).decode()
        except idna.IDNAError:
            return None
        if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.split(".")):
            return None
    return name if port is None else f"{name}:{int(port)}"
