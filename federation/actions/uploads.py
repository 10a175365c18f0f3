"""Uploads of our people: taken, worked on by workers, described, and thrown away again."""

from __future__ import annotations

import asyncio
import contextlib
import math
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import structlog

from federation.actions.acting import acting
from federation.actions.files import keep, sweep_files
from federation.errors import Invalid, NotFound
from federation.media import videos
from federation.media.formats import (
    HEAD_BYTES,
    MAX_ALT_CHARS,
    MAX_IMAGE_BYTES,
    MAX_VIDEO_BYTES,
    Made,
    is_picture,
    recognise,
)
from federation.media.images import is_animated, make_image, make_preview
from storage import media
from storage.errors import BlobsUnavailable, DatabaseUnavailable
from storage.media import Media
from storage.people import Person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection

log = structlog.get_logger(__name__)

Focus = tuple[float, float]
CENTRE: Focus = (0.0, 0.0)

_BATCH = 2
_LEASE = timedelta(minutes=15)
_PAUSE = timedelta(minutes=1)
_MOST_ATTEMPTS = 5
_MB = 1024 * 1024
_LOOK_EVERY_S = 0.3


def check_alt(text: str) -> str:
    """Return a description, or raise `Invalid` for one that is too long."""
    text = text.strip()
    if len(text) > MAX_ALT_CHARS:
        raise Invalid(f"A description has at most {MAX_ALT_CHARS} characters.", field="description")
    return text


def check_focus(focus: Focus) -> Focus:
    """Return a focal point, or raise `Invalid` for one outside the picture."""
    if not all(math.isfinite(number) and -1 <= number <= 1 for number in focus):
        raise Invalid("A focal point lies between -1 and 1.", field="focus")
    return focus


async def upload(
    services: Services, person: Person, path: Path, *, alt: str = "", focus: Focus = CENTRE, at_once: bool = False
) -> Media:
    """Take a file: workers make of it what is shown, or (`at_once`) we do before this returns.

    Raises `Invalid` for what is not taken at all. What fails later says so in its `problem`.
    """
    alt, focus = check_alt(alt), check_focus(focus)
    content_type = await asyncio.to_thread(_taken, path)
    if at_once:
        return await _upload_now(services, person, path, alt=alt, focus=focus)
    kind = "image" if is_picture(content_type) else content_type.partition("/")[0]
    async with acting(services, person) as db:
        found = await media.insert_upload(db, person.id, kind, alt=alt, focus=focus, due_in=_LEASE)
    await services.blobs.put(_raw(found.id), path, "application/octet-stream")
    async with services.database.transaction() as db:
        await media.MAKE_DUE.run(db, found.id)
    services.wake()
    return found


async def upload_soon(services: Services, person: Person, path: Path) -> Media:
    """Take a file for somebody who waits: pictures are made ready at once, what takes longer is left to workers."""
    at_once = is_picture(await asyncio.to_thread(_taken, path))
    return await upload(services, person, path, at_once=at_once)


async def wait_for(services: Services, person: Person, media_ids: list[UUID], *, within_s: float) -> None:
    """Return when none of these uploads is being worked on any more, or after a while."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while any(one.state == "waiting" for one in await list_uploads(services, person, media_ids)):  # noqa: ASYNC110 - another process works
                await asyncio.sleep(_LOOK_EVERY_S)


async def _upload_now(services: Services, person: Person, path: Path, *, alt: str, focus: Focus) -> Media:
    with tempfile.TemporaryDirectory(prefix="thoughts-") as folder:
        made = await _make(services, path, Path(folder))
        await keep(services, *filter(None, (made.original, made.preview)))
    lease = uuid4()
    async with acting(services, person) as db:
        new = await media.insert_upload(db, person.id, made.kind, alt=alt, focus=focus, due_in=timedelta(0))
        await media.claim_one(db, new.id, lease=lease, lease_for=_LEASE)
        await _mark_ready(db, new.id, lease, made)
        found = await media.find_own(db, person.id, new.id)
    if found is None:
        raise NotFound("This upload is gone.")
    return found


def _taken(path: Path) -> str:
    """Return the type of a file that we take, by its bytes; raise `Invalid` for others."""
    with path.open("rb") as file:
        content_type = recognise(file.read(HEAD_BYTES))
    if content_type is None:
        raise Invalid("Pictures, video and sound can be attached, this file is none that we know.", field="file")
    most = MAX_IMAGE_BYTES if is_picture(content_type) else MAX_VIDEO_BYTES
    if path.stat().st_size > most:
        raise Invalid(f"The file is larger than {most // _MB} MB.", field="file")
    if not is_picture(content_type) and not videos.available():
        raise Invalid(videos.MISSING, field="file")
    return content_type


async def _make(services: Services, path: Path, folder: Path) -> Made:
    content_type = await asyncio.to_thread(_taken, path)
    if not is_picture(content_type):
        return await videos.make_moving(path, content_type, folder)
    data = await asyncio.to_thread(path.read_bytes)
    async with services.reader.memory.decoding:
        if content_type == "image/gif" and videos.available() and await asyncio.to_thread(is_animated, data):
            return await videos.make_moving(path, content_type, folder)
        return await asyncio.to_thread(make_image, data)


async def drain(services: Services) -> int:
    """Work on every upload that is due, and sweep bytes that nothing uses; return how many uploads that were."""
    count = 0
    while True:
        lease = uuid4()
        async with services.database.transaction() as db:
            batch = await media.claim(db, lease=lease, lease_for=_LEASE, limit=_BATCH)
        if not batch:
            break
        count += len(batch)
        async with asyncio.TaskGroup() as tasks:
            for one in batch:
                tasks.create_task(_work_on(services, one, lease))
    await sweep_files(services)
    return count


async def _work_on(services: Services, one: Media, lease: UUID) -> None:
    """Make what is shown of one upload; trouble of ours is tried again. Never raises but for the database."""
    try:
        with tempfile.TemporaryDirectory(prefix="thoughts-") as folder:
            path = Path(folder) / "raw"
            await _fetch_raw(services, one.id, path)
            made = await _make(services, path, Path(folder))
            await keep(services, *filter(None, (made.original, made.preview)))
        async with services.database.transaction() as db:
            await _mark_ready(db, one.id, lease, made)
    except Invalid as exc:
        await _fail(services, one, lease, exc.message)
    except DatabaseUnavailable:
        raise
    except BlobsUnavailable as exc:
        log.warning("upload.store_away", media=str(one.id), error=str(exc))
        await _put_off(services, one, lease)
        return
    except Exception:  # the process edge: one bad file must not stop the others
        log.exception("upload.crash", media=str(one.id))
        await _put_off(services, one, lease)
        return
    await services.blobs.delete(_raw(one.id))


async def _mark_ready(db: Connection, media_id: UUID, lease: UUID, made: Made) -> None:
    preview = made.preview.content_hash if made.preview else None
    await media.mark_ready(
        db, media_id, lease,
        kind=made.kind, content_hash=made.original.content_hash, preview_hash=preview, facts=made.facts,
    )  # fmt: skip


async def _fetch_raw(services: Services, media_id: UUID, path: Path) -> None:
    pieces = await services.blobs.open(_raw(media_id))
    if pieces is None:
        raise Invalid("The file did not arrive whole. Please send it again.")
    await asyncio.to_thread(path.touch)
    with path.open("wb") as file:
        async for piece in pieces:
            await asyncio.to_thread(file.write, piece)


async def _put_off(services: Services, one: Media, lease: UUID) -> None:
    if one.attempts >= _MOST_ATTEMPTS:
        await _fail(services, one, lease, "The file could not be worked on.")
        return
    async with services.database.transaction() as db:
        await media.PUT_OFF.run(db, one.id, lease, _PAUSE * 2**one.attempts)


async def _fail(services: Services, one: Media, lease: UUID, problem: str) -> None:
    async with services.database.transaction() as db:
        await media.MARK_FAILED.run(db, one.id, lease, problem)


def _raw(media_id: UUID) -> str:
    return f"incoming/{media_id}"


async def get_upload(services: Services, person: Person, media_id: UUID) -> Media:
    """Return one's own upload that hangs on nothing yet."""
    async with services.database.connection() as db:
        found = await media.find_own(db, person.id, media_id)
    if found is None or found.thought_id is not None:
        raise NotFound("There is no such upload.")
    return found


async def list_uploads(services: Services, person: Person, media_ids: list[UUID]) -> list[Media]:
    """Return those of these that are one's own, in this order."""
    async with services.database.connection() as db:
        found = {one.id: one for one in await media.list_own(db, person.id, media_ids)}
    return [found[media_id] for media_id in media_ids if media_id in found]


async def describe_upload(
    services: Services,
    person: Person,
    media_id: UUID,
    *,
    alt: str | None = None,
    focus: Focus | None = None,
    preview: Path | None = None,
) -> Media:
    """Change what an upload says of itself, before it is attached; what is None stays."""
    await get_upload(services, person, media_id)
    facts, small = {}, None
    if preview is not None:
        async with services.reader.memory.decoding:
            small, blurhash = await asyncio.to_thread(lambda: make_preview(preview.read_bytes()))
        facts = {"blurhash": blurhash, "preview_width": small.width, "preview_height": small.height}
        await keep(services, small.file)
    async with acting(services, person) as db:
        found = (await media.lock_own(db, person.id, [media_id])).get(media_id)
        if found is None or found.thought_id is not None:
            raise NotFound("There is no such upload.")
        x, y = (found.focus_x, found.focus_y) if focus is None else check_focus(focus)
        await media.DESCRIBE.run(db, media_id, found.alt if alt is None else check_alt(alt), x, y)
        if small is not None:
            await media.SET_PREVIEW.run(db, media_id, small.file.content_hash, facts)
        changed = await media.find_own(db, person.id, media_id)
    if changed is None:
        raise NotFound("There is no such upload.")
    return changed


async def delete_upload(services: Services, person: Person, media_id: UUID) -> None:
    """Throw an upload away; `Invalid` when a thought needs it."""
    async with acting(services, person) as db:
        if not await media.DELETE.run(db, person.id, media_id):
            if await media.find_own(db, person.id, media_id) is None:
                raise NotFound("There is no such upload.")
            raise Invalid("This is attached to a thought. Edit the thought to take it away.")
    await services.blobs.delete(_raw(media_id))
    services.wake()
