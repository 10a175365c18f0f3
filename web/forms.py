"""Forms: what was typed, what was wrong with it, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from quart import Response, request
from werkzeug.urls import iri_to_uri

from federation.errors import Conflict, Invalid, ThoughtsError

Problems = Mapping[str, str]

# What an app asks for travels through the sign-in page, with a state of the app's own.
_LONGEST_PATH = 8000


async def typed() -> dict[str, str]:
    """Return the form's fields, as text."""
    return dict((await request.form).items())


def problems(error: ThoughtsError, renamed: Mapping[str, str] | None = None) -> Problems:
    """Return what was wrong by field, as templates show it; "" stands for the whole form."""
    name = (error.field or "") if isinstance(error, Invalid | Conflict) else ""
    return {(renamed or {}).get(name, name): error.message}


def local_path(text: str | None, default: str = "/") -> str:
    """Return a path on this server; anything that would lead elsewhere becomes the default."""
    if not text or len(text) > _LONGEST_PATH or not text.startswith("/") or text.startswith("//"):
        return default
    if "\\" in text or any(ord(character) < 33 or ord(character) == 127 for character in text):
        return default
    parts = urlsplit(text)
    return default if parts.scheme or parts.netloc else text


def go(path: str, status: int = 303) -> Response:
    """Send the browser on."""
    return Response(status=status, headers={"Location": iri_to_uri(path)}, content_type="text/plain")


async def go_back(default: str = "/") -> Response:
    """Send the browser where the form said it came from."""
    return go(local_path((await request.form).get("next"), default))
