"""Pictures: those our people upload, and those of remote people through the proxy."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from federation.actions.profiles import set_picture
from federation.errors import Invalid, NotFound
from federation.remote.files import delete_file, find_file, store_file
from federation.remote.pictures import AVATAR_SIDE, HEADER_SIZE, PictureFile, process_picture, read_picture
from storage import media
from storage.people import Person

if TYPE_CHECKING:
    from federation.services import Services
    from federation.settings import Settings

_UNUSED_FOR = timedelta(days=30)
_BOXES = {"avatar": (AVATAR_SIDE, AVATAR_SIDE), "header": HEADER_SIZE}


async def change_picture(services: Services, person: Person, which: str, data: bytes, *, alt: str = "") -> Person:
    """Make an upload a person's avatar or header: decoded and written anew in a thread, without its metadata.

    Raises `Invalid` with the field `which` for what is no picture, or too large a one.
    """
    return await set_picture(services, person, which, await store_upload(services, data, which, _BOXES[which]), alt)


async def store_upload(services: Services, data: bytes, field: str, box: tuple[int, int]) -> str:
    """Store an uploaded picture that fits into `box`, and return where it is served; `Invalid` names the field."""
    width, height = box
    try:
        picture = await asyncio.to_thread(process_picture, data, width=width, height=height)
    except Invalid as exc:
        raise Invalid(exc.message, field=field) from exc
    await asyncio.to_thread(store_file, uploads_folder(services.settings), picture.content_hash, picture.data)
    async with services.database.transaction() as db:
        await media.insert_file(
            db, picture.content_hash, picture.content_type,
            size=len(picture.data), width=picture.width, height=picture.height,
        )  # fmt: skip
    origin = services.settings.media_origin or services.settings.origin
    return f"{origin}/media/{picture.content_hash}"


async def remove_picture(services: Services, person: Person, which: str) -> Person:
    """Take a person's avatar or header away."""
    return await set_picture(services, person, which, None, "")


async def get_upload(services: Services, content_hash: str) -> PictureFile:
    """Return an uploaded picture, ready to be served."""
    async with services.database.connection() as db:
        content_type = await media.find_file_type(db, content_hash)
    path = await asyncio.to_thread(find_file, uploads_folder(services.settings), content_hash) if content_type else None
    if content_type is None or path is None:
        raise NotFound("There is no such picture.")
    return PictureFile(path, content_type, content_hash)


async def get_proxied(services: Services, key: str) -> PictureFile:
    """Return a remote person's picture from the cache, read now when it is not there."""
    try:
        raw = bytes.fromhex(key)
    except ValueError:
        raise NotFound("There is no such picture.") from None
    return await read_picture(services.reader, proxy_folder(services), raw)


async def evict_pictures(services: Services) -> None:
    """Forget cached pictures that nobody looked at for a month; they are read again when somebody does."""
    async with services.database.transaction() as db:
        gone = await media.evict(db, _UNUSED_FOR)
    for content_hash in gone:
        await asyncio.to_thread(delete_file, proxy_folder(services), content_hash)


def uploads_folder(settings: Settings) -> Path:
    """Return where uploads lie."""
    return settings.data / "media"


def proxy_folder(services: Services) -> Path:
    """Return where copies of remote pictures lie; all of it can be read again."""
    return services.settings.data / "proxy"
