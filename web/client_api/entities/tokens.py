"""Token."""

from __future__ import annotations

from typing import Any

from federation.actions.grants import Granted


def token(granted: Granted) -> dict[str, Any]:
    """Write a Token; it says nothing of an end, for it has none."""
    entity: dict[str, Any] = {
        "access_token": granted.access_token,
        "token_type": "Bearer",
        "scope": " ".join(granted.scopes),
        "created_at": int(granted.created_at.timestamp()),
    }
    if granted.refresh_token is not None:
        entity["refresh_token"] = granted.refresh_token
    return entity
