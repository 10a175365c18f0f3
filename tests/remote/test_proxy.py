"""Remote media: read once, looked at, pictures written anew, kept as copies."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from federation.errors import NotFound
from federation.media.formats import MAX_IMAGE_BYTES, MOVING, recognise
from federation.media.urls import proxied_path, proxy_key
from federation.remote.actors import refresh_actor
from federation.remote.proxy import StoredFile, read_proxied
from federation.remote.reader import Reader
from storage import proxied
from storage.blob_stores import open_blobs
from storage.blobs import Blobs, read_all
from tests.media.samples import animation, clip, needs_ffmpeg, photograph, picture
from tests.remote.fediverse import Clock, Host


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    """Where copies are kept."""
    return open_blobs(None, tmp_path)


async def show(reader: Reader, url: str, kind: str = "attachment") -> bytes:
    """Let something here show a remote medium; return its key."""
    async with reader.database.connection() as db:
        await proxied.insert_addresses(db, [url], kind)
    return proxy_key(url)


async def content(blobs: Blobs, file: StoredFile) -> bytes:
    found = await read_all(blobs, file.name)
    assert found is not None
    assert len(found) == file.size
    return found


async def image(blobs: Blobs, file: StoredFile) -> Image.Image:
    return Image.open(BytesIO(await content(blobs, file)))


class TestPortraits:
    """Pictures of remote people."""

    async def test_shown_picture_is_read_once_and_cached(self, reader: Reader, remote: Host, blobs: Blobs) -> None:
        await refresh_actor(reader, remote.actor()["id"])
        url = f"{remote.origin}/system/a.png"
        remote.put(url, picture((800, 800)), "application/octet-stream")
        assert proxied_path(url) == f"/proxy/{proxy_key(url).hex()}"
        first = await read_proxied(reader, blobs, proxy_key(url))
        assert (await read_proxied(reader, blobs, proxy_key(url))) == first
        assert remote.count(url) == 1
        assert (await image(blobs, first)).size == (400, 400)
        assert first.content_type == "image/webp"

    async def test_header_keeps_its_width(self, reader: Reader, remote: Host, blobs: Blobs) -> None:
        await refresh_actor(reader, remote.actor()["id"])
        url = f"{remote.origin}/system/h.jpg"
        remote.put(url, picture((3000, 1000), "JPEG"), "image/jpeg")
        cached = await read_proxied(reader, blobs, proxy_key(url))
        assert (await image(blobs, cached)).size == (1500, 500)

    async def test_lost_bytes_are_read_again(self, reader: Reader, remote: Host, blobs: Blobs) -> None:
        key = await show(reader, url := f"{remote.origin}/a.png", "portrait")
        remote.put(url, picture(), "image/png")
        await blobs.delete((await read_proxied(reader, blobs, key)).name)
        assert await content(blobs, await read_proxied(reader, blobs, key, lost=True))
        assert remote.count(url) == 2

    async def test_picture_that_nobody_shows_is_not_asked_for(self, reader: Reader, remote: Host, blobs: Blobs) -> None:
        url = f"{remote.origin}/secret.png"
        remote.put(url, picture(), "image/png")
        with pytest.raises(NotFound):
            await read_proxied(reader, blobs, proxy_key(url))
        assert remote.asked == []

    @pytest.mark.parametrize(
        "body",
        [
            b"<html>", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b'{"type": "Note"}', picture()[:60],
            picture() + bytes(MAX_IMAGE_BYTES), b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + bytes(9000),
        ],
        ids=["html", "svg", "json", "damaged", "large", "video"],
    )  # fmt: skip
    async def test_what_is_no_picture_is_not_tried_again_for_an_hour(
        self, reader: Reader, remote: Host, clock: Clock, blobs: Blobs, body: bytes
    ) -> None:
        key = await show(reader, url := f"{remote.origin}/a.png", "portrait")
        remote.put(url, body, "image/png")
        for _ in range(2):
            with pytest.raises(NotFound):
                await read_proxied(reader, blobs, key)
        assert remote.count(url) == 1
        assert [blob async for blob in blobs.list("proxy")] == []
        clock.forward(minutes=61)
        remote.put(url, picture(), "image/png")
        assert await content(blobs, await read_proxied(reader, blobs, key))

    async def test_private_address_is_not_proxied(self, reader: Reader, blobs: Blobs) -> None:
        key = await show(reader, "http://127.0.0.1:9/a.png")
        with pytest.raises(NotFound):
            await read_proxied(reader, blobs, key)

    async def test_renewed_actor_keeps_the_cached_picture(self, reader: Reader, remote: Host, blobs: Blobs) -> None:
        own = remote.actor()["id"]
        url = f"{remote.origin}/system/a.png"
        remote.put(url, picture(), "image/png")
        for _ in range(2):
            await refresh_actor(reader, own)
            await read_proxied(reader, blobs, proxy_key(url))
        assert remote.count(url) == 1

    async def test_viewers_of_a_new_picture_wait_for_one_fetch(
        self, reader: Reader, remote: Host, blobs: Blobs
    ) -> None:
        key = await show(reader, url := f"{remote.origin}/a.png")
        remote.put(url, picture(), "image/png")
        await asyncio.gather(*(read_proxied(reader, blobs, key) for _ in range(4)))
        assert remote.count(url) == 1


class TestAttachments:
    """What remote people attach."""

    async def test_picture_comes_large_and_small_and_bare(self, reader: Reader, remote: Host, blobs: Blobs) -> None:
        key = await show(reader, url := f"{remote.origin}/cat.jpg")
        remote.put(url, photograph((2000, 1000)), "image/jpeg")
        large = await read_proxied(reader, blobs, key)
        small = await read_proxied(reader, blobs, key, small=True)
        assert remote.count(url) == 1
        assert (await image(blobs, large)).size == (1000, 2000)
        assert max((await image(blobs, small)).size) < 1000
        assert b"home" not in await content(blobs, large)
        assert (large.content_type, small.content_type) == ("image/jpeg", "image/webp")

    async def test_moving_picture_moves_unless_it_moves_too_long(
        self, reader: Reader, remote: Host, blobs: Blobs
    ) -> None:
        for data, frames in ((animation(), 5), (animation(700), 1)):
            key = await show(reader, url := f"{remote.origin}/{frames}.gif")
            remote.put(url, data, "image/gif")
            assert getattr(await image(blobs, await read_proxied(reader, blobs, key)), "n_frames", 1) == frames

    @needs_ffmpeg
    @pytest.mark.parametrize(
        ("ending", "served"),
        [
            ("mp4", "video/mp4"), ("mov", "video/quicktime"), ("webm", "video/webm"), ("mp3", "audio/mpeg"),
            ("m4a", "audio/mp4"), ("ogg", "audio/ogg"), ("wav", "audio/wav"), ("flac", "audio/flac"),
        ],
    )  # fmt: skip
    async def test_video_and_sound_keep_their_kind_and_lose_what_betrays(
        self, reader: Reader, remote: Host, blobs: Blobs, tmp_path: Path, ending: str, served: str
    ) -> None:
        key = await show(reader, url := f"{remote.origin}/clip.{ending}")
        remote.put(url, clip(ending), "application/octet-stream")
        file = await read_proxied(reader, blobs, key)
        kept = await content(blobs, file)
        assert (file.content_type, MOVING[recognise(kept) or ""][0]) == (served, served)
        assert not any(word in kept for word in (b"home", b"13.405", b"Ann"))
        assert len(kept) > len(clip(ending)) * 0.8, "nothing is encoded anew"
        with pytest.raises(NotFound):
            await read_proxied(reader, blobs, key, small=True)

    @needs_ffmpeg
    async def test_what_ffmpeg_cannot_take_apart_is_kept_as_it_is(
        self, reader: Reader, remote: Host, blobs: Blobs
    ) -> None:
        key = await show(reader, url := f"{remote.origin}/clip.mp4")
        remote.put(url, broken := clip("mp4")[:600] + bytes(20_000), "video/mp4")
        assert await content(blobs, await read_proxied(reader, blobs, key)) == broken

    async def test_page_that_calls_itself_video_is_cut_off_at_its_beginning(
        self, reader: Reader, remote: Host, blobs: Blobs
    ) -> None:
        key = await show(reader, url := f"{remote.origin}/clip.mp4")
        remote.put(url, b"<!doctype html><script>alert(1)</script>" + bytes(50_000_000), "video/mp4")
        with pytest.raises(NotFound):
            await read_proxied(reader, blobs, key)
        assert [blob async for blob in blobs.list("proxy")] == []


async def test_evicted_copy_is_read_again_when_looked_at(reader: Reader, remote: Host, blobs: Blobs) -> None:
    key = await show(reader, url := f"{remote.origin}/a.png")
    remote.put(url, picture(), "image/png")
    large = await read_proxied(reader, blobs, key)
    small = await read_proxied(reader, blobs, key, small=True)
    async with reader.database.connection() as db:
        assert await proxied.evict(db, timedelta(days=1), limit=10) == []
        # Unused since a second from now.
        gone = await proxied.evict(db, timedelta(seconds=-1), limit=10)
        assert set(gone) == {large.content_hash, small.content_hash}
    assert await content(blobs, await read_proxied(reader, blobs, key))
    assert remote.count(url) == 2


async def test_bytes_that_another_address_shows_stay(reader: Reader, remote: Host, blobs: Blobs) -> None:
    keys = []
    for name in ("a", "b"):
        keys.append(await show(reader, url := f"{remote.origin}/{name}.png"))
        remote.put(url, picture(), "image/png")
        await read_proxied(reader, blobs, keys[-1])
    async with reader.database.connection() as db:
        await db.execute("UPDATE proxied_media SET used_at = now() - interval '40 days' WHERE key = $1", keys[0])
        assert await proxied.evict(db, timedelta(days=30), limit=10) == []
    assert await content(blobs, await read_proxied(reader, blobs, keys[1]))


async def test_emojis_of_others_go_on_moving_beside_a_still(reader: Reader, remote: Host, blobs: Blobs) -> None:
    key = await show(reader, url := f"{remote.origin}/party.gif", "emoji")
    remote.put(url, animation(frames=3), "image/gif")
    moving, still = [await read_proxied(reader, blobs, key, small=small) for small in (False, True)]
    assert [getattr(await image(blobs, file), "n_frames", 1) for file in (moving, still)] == [3, 1]
    key = await show(reader, url := f"{remote.origin}/quiet.png", "emoji")
    remote.put(url, picture(), "image/png")
    moving, still = [await read_proxied(reader, blobs, key, small=small) for small in (False, True)]
    assert moving == still


async def test_a_video_is_no_emoji(reader: Reader, remote: Host, blobs: Blobs) -> None:
    key = await show(reader, url := f"{remote.origin}/a.mp4", "emoji")
    remote.put(url, b"\0\0\0\x18ftypmp42" + bytes(100_000), "video/mp4")
    with pytest.raises(NotFound):
        await read_proxied(reader, blobs, key)
