"""The closed list of media: recognised by their bytes, never by what anybody says of them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import filetype

# As much as recognising takes.
HEAD_BYTES: Final = 8192
MAX_IMAGE_BYTES: Final = 16 * 1024 * 1024
MAX_VIDEO_BYTES: Final = 99 * 1024 * 1024
MAX_PIXELS: Final = 33_554_432
MAX_VIDEO_PIXELS: Final = 8_294_400
MAX_FRAME_RATE: Final = 120
MAX_ALT_CHARS: Final = 1500

IMAGES: Final = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
}
# Recognised type to the one served, and ffmpeg's name for what takes it apart.
MOVING: Final = {
    "video/mp4": ("video/mp4", "mov"),
    "video/x-m4v": ("video/mp4", "mov"),
    "video/quicktime": ("video/quicktime", "mov"),
    "video/webm": ("video/webm", "matroska"),
    "audio/mpeg": ("audio/mpeg", "mp3"),
    "audio/mp4": ("audio/mp4", "mov"),
    "audio/ogg": ("audio/ogg", "ogg"),
    "audio/x-wav": ("audio/wav", "wav"),
    "audio/x-flac": ("audio/flac", "flac"),
    "audio/aac": ("audio/aac", "aac"),
}
SERVED: Final = frozenset({*IMAGES, *(served for served, _ in MOVING.values())})
"""What may leave this server as media: no SVG, HTML, JSON, or anything else that a browser or server acts upon."""

SUFFIXES: Final = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/avif": ".avif",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/ogg": ".ogg",
    "audio/wav": ".wav",
    "audio/flac": ".flac",
    "audio/aac": ".aac",
}
"""How addresses of files end: apps name what they save by it."""
PREVIEW_TYPE: Final = "image/webp"
"""Of every preview, portrait and emoji that we write."""


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes that we wrote ourselves; `content_hash` is their SHA-256 in hexadecimal."""

    data: bytes | Path
    size: int
    content_type: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class Made:
    """What an upload became: the medium, a small picture of it, and what is known about both."""

    kind: str
    original: Written
    preview: Written | None
    facts: dict[str, Any]


def recognise(head: bytes) -> str | None:
    """Return the type of what begins with these bytes, when it is on the closed list."""
    found = filetype.guess_mime(head[:HEAD_BYTES]) if head else None
    found = "image/png" if found == "image/apng" else found
    return found if found in IMAGES or found in MOVING else None


def is_picture(content_type: str) -> bool:
    """Tell whether a type is a picture's."""
    return content_type in IMAGES


def written(data: bytes, content_type: str) -> Written:
    """Name bytes by their hash."""
    return Written(data, len(data), content_type, sha256(data).hexdigest())


def written_file(path: Path, content_type: str) -> Written:
    """Name a file's bytes by their hash. Blocks: call it in a thread."""
    digest = sha256()
    with path.open("rb") as file:
        while piece := file.read(1024 * 1024):
            digest.update(piece)
    return Written(path, path.stat().st_size, content_type, digest.hexdigest())
