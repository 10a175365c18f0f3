"""Stored bytes: kept once per content, served by hash, swept when nothing uses them any more."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from federation.errors import NotFound
from federation.media.formats import SERVED, SUFFIXES, Written
from federation.remote.proxy import StoredFile, read_proxied
from storage import media, proxied

if TYPE_CHECKING:
    from federation.services import Services

_UNUSED_FOR = timedelta(days=30)
_BATCH = 100
_MOST_BATCHES = 100


async def keep(services: Services, *files: Written) -> None:
    """Store bytes; a row that uses them must follow within minutes, or they are swept again."""
    for one in files:
        async with services.database.transaction() as db:
            await media.touch_file(db, one.content_hash, one.content_type, one.size)
        await services.blobs.put(f"media/{one.content_hash}", one.data, one.content_type)


async def find_upload(services: Services, name: str, *, still: bool = False) -> StoredFile:
    """Return an upload by its hash, which may be followed by the suffix of its type; or the still of one that moves."""
    content_hash, dot, suffix = name.partition(".")
    async with services.database.connection() as db:
        found = await (media.find_still if still else media.find_file)(db, content_hash)
    if found is None or found.content_type not in SERVED or dot + suffix not in ("", SUFFIXES[found.content_type]):
        raise NotFound("There is no such picture.")
    return StoredFile(f"media/{found.content_hash}", found.content_type, found.content_hash, found.size)


async def find_copy(services: Services, key: str, *, small: bool, lost: bool = False) -> StoredFile:
    """Return the copy of a remote medium, read now when it is not there, or when its bytes are `lost`."""
    return await read_proxied(services.reader, services.blobs, _key(key), small=small, lost=lost)


def _key(key: str) -> bytes:
    try:
        return bytes.fromhex(key)
    except ValueError:
        raise NotFound("There is no such picture.") from None


async def sweep_files(services: Services) -> None:
    """Delete the bytes that nothing uses any more."""
    for _ in range(_MOST_BATCHES):
        # Whoever wants the same bytes meanwhile waits for these rows, and then stores them again.
        async with services.database.transaction() as db:
            unused = await media.UNUSED.all(db, _BATCH)
            for content_hash in unused:
                await services.blobs.delete(f"media/{content_hash}")
            await media.DELETE_FILES.run(db, unused)
        if len(unused) < _BATCH:
            return


async def expire_uploads(services: Services) -> None:
    """Forget uploads that nothing hangs on after their time, and raw ones that nobody waits for."""
    for _ in range(_MOST_BATCHES):
        async with services.database.transaction() as db:
            if await media.EXPIRE.run(db, _BATCH) < _BATCH:
                break
    raw = [blob.name async for blob in services.blobs.list("incoming")]
    for place in range(0, len(raw), _BATCH):
        names = {UUID(name.rpartition("/")[2]): name for name in raw[place : place + _BATCH]}
        async with services.database.connection() as db:
            waiting = await media.WAITING.all(db, list(names))
        for media_id in names.keys() - set(waiting):
            await services.blobs.delete(names[media_id])


async def evict_copies(services: Services) -> None:
    """Forget copies that nobody looked at for a month; they are read again when somebody does."""
    for _ in range(_MOST_BATCHES):
        async with services.database.transaction() as db:
            gone = await proxied.evict(db, _UNUSED_FOR, limit=_BATCH)
        for content_hash in gone:
            await services.blobs.delete(f"proxy/{content_hash}")
        if len(gone) < _BATCH:
            return
