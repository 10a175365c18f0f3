"""Portraits: the avatars and headers that our people upload."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from federation.actions.files import keep
from federation.actions.profiles import set_picture
from federation.errors import Invalid
from federation.media.images import AVATAR, HEADER, Box, make_portrait
from storage.people import Person

if TYPE_CHECKING:
    from federation.services import Services

_BOXES = {"avatar": AVATAR, "header": HEADER}


async def change_picture(services: Services, person: Person, which: str, data: bytes, *, alt: str = "") -> Person:
    """Make an upload a person's avatar or header: decoded and written anew in a thread, without its metadata.

    Raises `Invalid` with the field `which` for what is no picture, or too large a one.
    """
    return await set_picture(services, person, which, await prepare_picture(services, which, data), alt)


async def prepare_picture(services: Services, which: str, data: bytes) -> str:
    """Store what is to be an avatar or header, and return its hash; raises as `change_picture`."""
    return await store_picture(services, data, which, _BOXES[which])


async def store_picture(services: Services, data: bytes, field: str, box: Box) -> str:
    """Store an uploaded picture that fits into `box`, and return its hash; `Invalid` names the field."""
    try:
        async with services.reader.memory.decoding:
            picture = await asyncio.to_thread(make_portrait, data, box)
    except Invalid as exc:
        raise Invalid(exc.message, field=field) from exc
    await keep(services, picture.file)
    return picture.file.content_hash


async def remove_picture(services: Services, person: Person, which: str) -> Person:
    """Take a person's avatar or header away."""
    return await set_picture(services, person, which, None, "")
