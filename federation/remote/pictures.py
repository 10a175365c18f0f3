"""Pictures of strangers: decoded within limits, written anew without metadata, and cached as a proxy."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import filetype
from PIL import Image, ImageOps

from federation.errors import Gone, Invalid, NotFound, RemoteError
from federation.remote.files import find_file, store_file
from federation.remote.reader import Reader
from storage import media

MAX_PICTURE_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 30_000_000
AVATAR_SIDE = 400
HEADER_SIZE = (1500, 500)

_FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
}
_QUALITY = 82
_READ_TIMEOUT_S = 10.0
_FAILURE_KEPT = timedelta(hours=1)
# A proxied picture's address does not say what it is for: avatars are squares, headers are wide.
_WIDE = 1.5
# Everything that Pillow is known to raise on bytes made to break it.
_UNDECODABLE = (
    OSError, ValueError, SyntaxError, EOFError, OverflowError, IndexError, KeyError, TypeError, struct.error,
    Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as we keep and serve it; `content_hash` is the SHA-256 of `data` in hexadecimal."""

    data: bytes
    content_type: str
    width: int
    height: int
    content_hash: str


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A stored picture, ready to be served."""

    path: Path
    content_type: str
    content_hash: str


def proxy_key(url: str) -> bytes:
    """Return the key under which the proxy knows a remote picture."""
    return sha256(url.encode()).digest()


def proxied_path(url: str) -> str:
    """Return where on our origin a remote picture is shown; it works for pictures of stored actors only."""
    return f"/proxy/{proxy_key(url).hex()}"


def process_picture(data: bytes, *, width: int, height: int) -> Picture:
    """Write a picture anew as WebP that fits into `width` by `height`; never enlarged, first frame, no metadata.

    Takes 10 to 300 ms of CPU: call it in a thread. Raises `Invalid` with a message for the person who
    uploaded it.
    """
    with _opened(data) as source:
        return _written(source, (width, height))


async def read_picture(reader: Reader, folder: Path, key: bytes) -> PictureFile:
    """Return a remote person's picture from the cache under `folder`, read and written anew when not there.

    Raises `NotFound` for keys of no known picture, and for one hour after a picture could not be read.
    """
    # Many look at a new picture at once; one of them reads it.
    async with reader.memory.alone(key.hex()):
        return await _read_picture(reader, folder, key)


async def _read_picture(reader: Reader, folder: Path, key: bytes) -> PictureFile:
    async with reader.database.connection() as db:
        known = await media.find_proxied(db, key)
        if known is not None:
            await media.touch_proxied(db, key)
    if known is None:
        raise NotFound("There is no such picture.")
    if known.content_hash is not None and known.content_type is not None:
        path = await asyncio.to_thread(find_file, folder, known.content_hash)
        if path is not None:
            return PictureFile(path, known.content_type, known.content_hash)
    elif known.fetched_at > reader.now() - _FAILURE_KEPT:
        raise NotFound("This picture could not be read a moment ago.")
    try:
        picture = await _fetched(reader, known.url)
    except (RemoteError, NotFound, Gone, Invalid) as exc:
        async with reader.database.connection() as db:
            await media.upsert_proxied(db, key, known.url, content_hash=None, content_type=None, size=None)
        raise NotFound("This picture cannot be read.") from exc
    path = await asyncio.to_thread(store_file, folder, picture.content_hash, picture.data)
    async with reader.database.connection() as db:
        await media.upsert_proxied(
            db,
            key,
            known.url,
            content_hash=picture.content_hash,
            content_type=picture.content_type,
            size=len(picture.data),
        )
    return PictureFile(path, picture.content_type, picture.content_hash)


async def _fetched(reader: Reader, url: str) -> Picture:
    # The type that counts is the one found in the bytes; the header is only asked not to be a page.
    fetched = await reader.network.fetch(
        url,
        accept="image/avif, image/webp, image/png, image/jpeg, image/gif",
        allowed_types=lambda kind: not kind.startswith("text/"),
        max_bytes=MAX_PICTURE_BYTES,
        timeout_s=_READ_TIMEOUT_S,
    )
    return await asyncio.to_thread(_processed_for_proxy, fetched.body)


def _processed_for_proxy(data: bytes) -> Picture:
    with _opened(data) as source:
        wide = source.width >= _WIDE * source.height
        return _written(source, (HEADER_SIZE[0], HEADER_SIZE[0]) if wide else (AVATAR_SIDE, AVATAR_SIDE))


def _opened(data: bytes) -> Image.Image:
    """Read the head of a picture, nothing more; raise `Invalid` outside the closed list and the limits."""
    if len(data) > MAX_PICTURE_BYTES:
        raise Invalid(f"The picture is larger than {MAX_PICTURE_BYTES // 1024 // 1024} MB.")
    kind = filetype.guess_mime(data)
    if kind not in _FORMATS:
        raise Invalid("Pictures can be PNG, JPEG, GIF, WebP or AVIF.")
    try:
        source = Image.open(BytesIO(data), formats=(_FORMATS[kind],))
    except _UNDECODABLE as exc:
        raise Invalid("The picture is damaged or too large.") from exc
    if source.width * source.height > MAX_PIXELS:
        raise Invalid(f"The picture has more than {MAX_PIXELS // 1_000_000} million pixels.")
    return source


def _written(source: Image.Image, box: tuple[int, int]) -> Picture:
    try:
        # Large JPEGs are decoded at a fraction of their size; turned ones need the longer side both ways.
        source.draft("RGB", (2 * max(box), 2 * max(box)))
        upright = ImageOps.exif_transpose(source)
        image = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
        image.thumbnail(box, Image.Resampling.LANCZOS)
        out = BytesIO()
        image.save(out, "WEBP", quality=_QUALITY, method=4, exif=b"", xmp=b"", icc_profile=b"")
    except _UNDECODABLE as exc:
        raise Invalid("The picture is damaged.") from exc
    data = out.getvalue()
    return Picture(data, "image/webp", image.width, image.height, sha256(data).hexdigest())
