"""The static files: a few, read once, addressed by their content so that browsers keep them for a year."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import quote

from quart import Blueprint, Response, request

from federation.errors import NotFound

FOLDER: Final = Path(__file__).with_name("static")
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}

blueprint = Blueprint("assets", __name__)


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file; `version` changes with its content."""

    data: bytes
    zipped: bytes
    content_type: str
    version: str


@cache
def assets() -> dict[str, Asset]:
    """Read the static files."""
    return {path.name: _read(path) for path in sorted(FOLDER.iterdir()) if path.suffix in _TYPES}


def _read(path: Path) -> Asset:
    data = path.read_bytes()
    return Asset(data, gzip.compress(data, mtime=0), _TYPES[path.suffix], sha256(data).hexdigest()[:10])


@cache
def asset(name: str) -> str:
    """Return the address of a static file, its version included."""
    return f"/static/{quote(name)}?v={assets()[name].version}"


@blueprint.get("/static/<name>")
async def static(name: str) -> Response:
    """Serve a static file; only an address with the present version may be kept for long."""
    found = assets().get(name)
    if found is None:
        raise NotFound("There is no such file.")
    zipped = "gzip" in request.headers.get("Accept-Encoding", "")
    response = Response(found.zipped if zipped else found.data, content_type=found.content_type)
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    current = request.args.get("v") == found.version
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if current else "public, max-age=300"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
