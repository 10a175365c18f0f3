"""Custom emojis of this server, looked after by admins, and those of others to copy."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

from federation.actions.files import find_copy, keep
from federation.actions.written_emojis import kept
from federation.errors import Conflict, Invalid, NotFound
from federation.media.images import make_emoji
from federation.media.urls import proxy_key
from federation.protocol.emojis import SHORTCODE
from storage import emojis, media, moderation
from storage.blobs import read_all
from storage.emojis import CustomEmoji, RemoteEmoji

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

MOST_LISTED = 2000
MAX_CATEGORY_CHARS = 50


async def list_enabled(services: Services) -> list[CustomEmoji]:
    """List the emojis that people here may write."""
    async with services.database.connection() as db:
        return await emojis.list_enabled(db, limit=MOST_LISTED)


async def get_emoji_document(services: Services, shortcode: str) -> dict[str, Any]:
    """Return an emoji of this server as other servers read it."""
    async with services.database.connection() as db:
        found = await emojis.BY_SHORTCODE.first(db, shortcode)
    if found is None:
        raise NotFound("There is no such emoji here.")
    return services.render.emoji(kept(found), context=True)


# --- What admins do --------------------------------------------------------------------------------


async def list_emojis(services: Services, *, after: str = "", text: str = "", limit: int) -> list[CustomEmoji]:
    """List a page of this server's emojis, disabled ones too."""
    async with services.database.connection() as db:
        return await emojis.list_emojis(db, after=after, text=text, limit=limit)


async def list_remote_emojis(
    services: Services, *, after: tuple[str, str] = ("", ""), host: str = "", text: str = "", limit: int
) -> list[RemoteEmoji]:
    """List a page of other servers' emojis."""
    async with services.database.connection() as db:
        return await emojis.list_remote(db, after=after, host=host, text=text, limit=limit)


async def add_emoji(
    services: Services, by: Person, *, shortcode: str, category: str, data: bytes, copied_from: str | None = None
) -> CustomEmoji:
    """Add an emoji from an uploaded picture. Raises `Invalid` naming the field, `Conflict` for a taken shortcode."""
    shortcode = shortcode.strip().strip(":")
    if not SHORTCODE.fullmatch(shortcode):
        raise Invalid("A shortcode is made of 2 to 64 letters, digits and underscores.", field="shortcode")
    category = _category(category)
    if not data:
        raise Invalid("Choose a picture.", field="picture")
    picture, still = await _store(services, data)
    url = services.media_urls.file(picture)
    async with services.database.transaction() as db:
        # For good: what was written with an emoji keeps its picture.
        await media.HOLD_FILE.run(db, picture)
        if still is not None:
            await media.HOLD_FILE.run(db, still)
            await media.SET_STILL.run(db, picture, still)
        added = await emojis.insert_emoji(db, shortcode, category, url, copied_from=copied_from)
        if added is None:
            raise Conflict(f"There is an emoji :{shortcode}: already.")
        await moderation.insert_audit(db, by.id, "add emoji", f":{shortcode}:")
    return added


async def _store(services: Services, data: bytes) -> tuple[str, str | None]:
    """Store an emoji's picture, and a still of one that moves; return their hashes."""
    try:
        async with services.reader.memory.decoding:
            picture, still = await asyncio.to_thread(make_emoji, data)
    except Invalid as exc:
        raise Invalid(exc.message, field="picture") from exc
    files = [one.file for one in (picture, still) if one is not None]
    await keep(services, *files)
    return files[0].content_hash, files[1].content_hash if still is not None else None


async def copy_emoji(services: Services, by: Person, host: str, shortcode: str) -> CustomEmoji:
    """Add an emoji of another server under its shortcode, its picture read through the proxy."""
    async with services.database.connection() as db:
        remote = await emojis.find_remote(db, host, shortcode)
    if remote is None:
        raise NotFound("No such emoji was seen.")
    picture = await find_copy(services, proxy_key(remote.url).hex(), small=False)
    data = await read_all(services.blobs, picture.name)
    if data is None:
        raise NotFound("The picture of this emoji is lost.")
    return await add_emoji(services, by, shortcode=shortcode, category="", data=data, copied_from=host)


async def change_emoji(
    services: Services, by: Person, emoji_id: UUID, *, category: str, visible_in_picker: bool, enabled: bool
) -> CustomEmoji:
    """Change how an emoji is offered; a disabled one stays where it was written."""
    async with services.database.transaction() as db:
        changed = await emojis.update_emoji(
            db, emoji_id, _category(category), visible_in_picker=visible_in_picker, enabled=enabled
        )
        if changed is None:
            raise NotFound("There is no such emoji.")
        await moderation.insert_audit(db, by.id, "change emoji", f":{changed.shortcode}:")
    return changed


async def delete_emoji(services: Services, by: Person, emoji_id: UUID) -> CustomEmoji:
    """Delete an emoji; what was written with it keeps its picture."""
    async with services.database.transaction() as db:
        gone = await emojis.delete_emoji(db, emoji_id)
        if gone is None:
            raise NotFound("There is no such emoji.")
        await moderation.insert_audit(db, by.id, "delete emoji", f":{gone.shortcode}:")
    return gone


def _category(text: str) -> str:
    category = " ".join(text.split())
    if len(category) > MAX_CATEGORY_CHARS:
        raise Invalid(f"A category may have at most {MAX_CATEGORY_CHARS} characters.", field="category")
    return category
