"""Media of strangers: read once, pictures written anew, the rest looked at, and kept as copies that may go again."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

from federation.errors import Gone, Invalid, NotFound, Rejected, RemoteError
from federation.media.formats import (
    HEAD_BYTES,
    MAX_IMAGE_BYTES,
    MAX_VIDEO_BYTES,
    MOVING,
    Written,
    is_picture,
    recognise,
    written_file,
)
from federation.media.images import make_emoji, make_image, make_portrait, make_preview
from federation.media.urls import proxy_key
from federation.media.videos import strip
from federation.remote.reader import Reader
from storage import proxied
from storage.blobs import Blobs
from storage.proxied import Proxied

_PORTRAIT_WITHIN_S = 10.0
_ATTACHMENT_WITHIN_S = 90.0
_FAILURE_KEPT = timedelta(hours=1)
_ACCEPT = "image/avif, image/webp, image/png, image/jpeg, image/gif, video/*, audio/*"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Stored bytes, ready to be served: `name` is the blob's."""

    name: str
    content_type: str
    content_hash: str
    size: int


@dataclass(frozen=True, slots=True)
class Looks:
    """What a picture turned out to look like; zeros and nothing for a copy that was there before."""

    width: int = 0
    height: int = 0
    blurhash: str | None = None


async def read_card_picture(reader: Reader, blobs: Blobs, url: str, host: str) -> Looks | None:
    """Copy the picture of a page of `host`, unless there is a copy; None for what is no picture to be shown."""
    key = proxy_key(url)
    async with reader.database.transaction() as db:
        await proxied.insert_addresses(db, [url], "card", host)
    async with reader.memory.alone(key.hex()):
        try:
            known = await _known(reader, key)
            if known.content_hash is None:
                return (await _read(reader, blobs, key, known))[1]
        except NotFound:
            return None
    return Looks() if known.content_type is not None and is_picture(known.content_type) else None


async def read_proxied(
    reader: Reader, blobs: Blobs, key: bytes, *, small: bool = False, lost: bool = False
) -> StoredFile:
    """Return a remote medium's copy, read now when it is not there; `small` asks for its preview.

    `lost`: what this returned before has no bytes, read it again. Raises `NotFound` for keys of nothing known, and
    for one hour after something could not be read.
    """
    # Many look at something new at once; one of them reads it.
    async with reader.memory.alone(key.hex()):
        known = await _known(reader, key)
        if known.content_hash is None or lost:
            known, _ = await _read(reader, blobs, key, known)
    found = _file(known, small=small)
    if found is None:
        raise NotFound("There is no picture of that.")
    return found


async def _known(reader: Reader, key: bytes) -> Proxied:
    async with reader.database.connection() as db:
        known = await proxied.find_proxied(db, key)
        if known is None:
            raise NotFound("There is no such picture.")
        await proxied.touch(db, key)
    return known


def _file(known: Proxied, *, small: bool) -> StoredFile | None:
    if known.content_hash is None or known.content_type is None or known.size is None:
        return None
    if small and known.preview_hash is not None and known.preview_size is not None:
        return StoredFile(f"proxy/{known.preview_hash}", "image/webp", known.preview_hash, known.preview_size)
    if small and not is_picture(known.content_type):
        return None
    return StoredFile(f"proxy/{known.content_hash}", known.content_type, known.content_hash, known.size)


async def _read(reader: Reader, blobs: Blobs, key: bytes, known: Proxied) -> tuple[Proxied, Looks]:
    if known.content_hash is None and known.fetched_at > reader.now() - _FAILURE_KEPT:
        raise NotFound("This picture could not be read a moment ago.")
    try:
        fresh, looks = await _copy(reader, blobs, known)
    except (RemoteError, NotFound, Gone, Invalid) as exc:
        async with reader.database.connection() as db:
            await proxied.mark_read(db, key, None)
        raise NotFound("This picture cannot be read.") from exc
    async with reader.database.connection() as db:
        await proxied.mark_read(db, key, fresh)
    return fresh, looks


async def _copy(reader: Reader, blobs: Blobs, known: Proxied) -> tuple[Proxied, Looks]:
    """Read a medium and keep what it becomes."""
    looks = Looks()
    with tempfile.TemporaryDirectory(prefix="thoughts-") as folder:
        path = Path(folder) / "remote"
        async with reader.memory.downloads:
            content_type = await _download(reader, known, path)
        if is_picture(content_type):
            async with reader.memory.decoding:
                original, preview, looks = await asyncio.to_thread(_pictures, path, known.kind)
        else:
            async with reader.memory.decoding:
                bare = await strip(path, content_type, Path(folder))
            original, preview = await asyncio.to_thread(written_file, bare, MOVING[content_type][0]), None
        for one in filter(None, (original, preview)):
            await blobs.put(f"proxy/{one.content_hash}", one.data, one.content_type)
    copy = Proxied(
        url=known.url,
        kind=known.kind,
        content_hash=original.content_hash,
        content_type=original.content_type,
        size=original.size,
        preview_hash=preview.content_hash if preview else None,
        preview_size=preview.size if preview else None,
        fetched_at=reader.now(),
    )
    return copy, looks


def _pictures(path: Path, kind: str) -> tuple[Written, Written | None, Looks]:
    if kind == "portrait":
        return make_portrait(path.read_bytes()).file, None, Looks()
    if kind == "emoji":
        emoji, unmoved = make_emoji(path.read_bytes(), stills=True)
        return emoji.file, unmoved.file if unmoved is not None else None, Looks()
    if kind == "card":
        still, blurhash = make_preview(path.read_bytes())
        return still.file, None, Looks(still.width, still.height, blurhash)
    made = make_image(path.read_bytes(), stills=True)
    return made.original, made.preview, Looks()


async def _download(reader: Reader, known: Proxied, path: Path) -> str:
    """Read a medium into a file and return its type: the one found in its bytes, whatever the header says."""
    small = known.kind in ("portrait", "card", "emoji")
    with path.open("wb") as file:
        sieve = _Sieve(file, pictures_alone=small)
        await reader.network.download(
            known.url,
            sieve.write,
            accept=_ACCEPT,
            allowed_types=_no_page,
            max_bytes=MAX_IMAGE_BYTES if small else MAX_VIDEO_BYTES,
            timeout_s=_PORTRAIT_WITHIN_S if small else _ATTACHMENT_WITHIN_S,
        )
        return sieve.end()


def _no_page(content_type: str) -> bool:
    return not content_type.startswith("text/")


class _Sieve:
    """Writes what comes into a file, and refuses it as soon as its beginning shows that it is nothing for us."""

    def __init__(self, file: IO[bytes], *, pictures_alone: bool) -> None:
        self._write: Callable[[bytes], object] = file.write
        self._pictures_alone = pictures_alone
        self._head = b""
        self._length = 0
        self._type: str | None = None

    def write(self, piece: bytes) -> None:
        self._length += len(piece)
        if self._type is None:
            self._head += piece
            if len(self._head) >= HEAD_BYTES:
                self._recognise()
        elif is_picture(self._type) and self._length > MAX_IMAGE_BYTES:
            raise Rejected("The picture is too large.")
        self._write(piece)

    def end(self) -> str:
        """Return the type of what was written."""
        return self._type or self._recognise()

    def _recognise(self) -> str:
        found = recognise(self._head)
        if found is None or (self._pictures_alone and not is_picture(found)):
            raise Rejected("That is not a kind of medium that is shown here.")
        self._type = found
        return found
