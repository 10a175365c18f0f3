"""What somebody's settings list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SessionView:
    """One signed-in browser."""

    id: str
    browser: str
    address: str
    created_at: datetime
    seen_at: datetime
    current: bool = False


@dataclass(frozen=True, slots=True)
class ApiKeyView:
    """One personal API key; its text is never here."""

    id: str
    name: str
    created_at: datetime
    used_at: datetime | None = None
    used_from: str = ""


@dataclass(frozen=True, slots=True)
class ScopeView:
    """What an app may do, in words; `much` when it is a lot."""

    words: str
    much: bool = False


@dataclass(frozen=True, slots=True)
class AppView:
    """An app that may act for the viewer."""

    id: str
    name: str
    website: str
    host: str
    scopes: tuple[ScopeView, ...]
    created_at: datetime
    used_at: datetime | None = None
    used_from: str = ""


@dataclass(frozen=True, slots=True)
class InviteView:
    """One invitation link and what is left of it."""

    id: str
    url: str
    created_at: datetime
    expires_at: datetime | None = None
    uses: int = 0
    max_uses: int | None = None
