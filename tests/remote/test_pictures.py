"""Pictures: decoded within limits, written anew, cached."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from federation.errors import Invalid, NotFound
from federation.remote.actors import refresh_actor
from federation.remote.files import delete_file, find_file, store_file
from federation.remote.pictures import MAX_PICTURE_BYTES, process_picture, proxied_path, proxy_key, read_picture
from federation.remote.reader import Reader
from storage import media
from tests.remote.fediverse import Clock, Host

HASH = "ab" + "0" * 62


def picture(size: tuple[int, int] = (60, 40), kind: str = "PNG", mode: str = "RGB", **options: Any) -> bytes:
    out = BytesIO()
    Image.new(mode, size, "teal" if mode != "P" else 3).save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "AVIF"])
def test_every_allowed_format_becomes_webp(kind: str) -> None:
    made = process_picture(picture(kind=kind), width=400, height=400)
    assert (made.content_type, made.width, made.height) == ("image/webp", 60, 40)
    assert Image.open(BytesIO(made.data)).format == "WEBP"


def test_picture_is_fitted_into_the_box() -> None:
    made = process_picture(picture((1000, 500)), width=400, height=400)
    assert (made.width, made.height) == (400, 200)


def test_turned_photograph_is_upright_and_loses_its_metadata() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    exif[0x010E] = "taken at home"
    made = process_picture(picture((60, 40), "JPEG", exif=exif, comment=b"taken at home"), width=400, height=400)
    assert (made.width, made.height) == (40, 60)
    assert b"home" not in made.data
    assert not Image.open(BytesIO(made.data)).getexif()


def test_transparency_survives() -> None:
    clear = BytesIO()
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(clear, "PNG")
    out = Image.open(BytesIO(process_picture(clear.getvalue(), width=400, height=400).data))
    assert out.convert("RGBA").getpixel((0, 0))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<html><script>alert(1)</script></html>",
        picture(kind="TIFF"),
        picture(kind="BMP"),
        picture()[:60],
        picture(kind="JPEG")[:300],
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 100,
        b"\xff\xd8\xff" + b"\x00" * 100,
        picture() + b"\x00" * MAX_PICTURE_BYTES,
        picture((6000, 5001), mode="1"),
        picture((12000, 9000), mode="1"),
        picture((20000, 10000), mode="1"),
    ],
    ids=[
        "empty", "text", "svg", "html", "tiff", "bmp", "cut png", "cut jpeg", "png head", "jpeg head", "large",
        "30 megapixels", "108 megapixels", "200 megapixels",
    ],
)  # fmt: skip
def test_everything_else_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(Invalid) as raised:
        process_picture(data, width=400, height=400)
    assert raised.value.message.startswith(("Pictures can be", "The picture"))


def test_files_are_found_by_hash_and_by_nothing_else(tmp_path: Path) -> None:
    path = store_file(tmp_path, HASH, b"bytes")
    assert path == tmp_path / "ab" / HASH
    assert find_file(tmp_path, HASH) == path and path.read_bytes() == b"bytes"
    assert [file.name for file in path.parent.iterdir()] == [HASH]
    for bad in ("../../etc/passwd", "ab/../" + HASH, HASH.upper(), HASH + "\n", "0" * 64):
        assert find_file(tmp_path, bad) is None
    with pytest.raises(ValueError):
        store_file(tmp_path, "../x", b"")
    delete_file(tmp_path, HASH)
    assert find_file(tmp_path, HASH) is None
    delete_file(tmp_path, HASH)


def test_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(OSError, match="disk full"):
        store_file(tmp_path, HASH, b"bytes")
    assert list((tmp_path / "ab").iterdir()) == []


class TestProxy:
    """Pictures of remote people."""

    async def test_shown_picture_is_read_once_and_cached(self, reader: Reader, remote: Host, tmp_path: Path) -> None:
        await refresh_actor(reader, remote.actor()["id"])
        url = f"{remote.origin}/system/a.png"
        remote.put(url, picture((800, 800)), "application/octet-stream")
        key = proxy_key(url)
        assert proxied_path(url) == f"/proxy/{key.hex()}"
        first = await read_picture(reader, tmp_path, key)
        assert (await read_picture(reader, tmp_path, key)) == first
        assert remote.count(url) == 1
        assert Image.open(BytesIO(first.path.read_bytes())).size == (400, 400)
        assert first.content_type == "image/webp"

    async def test_header_keeps_its_width(self, reader: Reader, remote: Host, tmp_path: Path) -> None:
        await refresh_actor(reader, remote.actor()["id"])
        url = f"{remote.origin}/system/h.jpg"
        remote.put(url, picture((3000, 1000), "JPEG"), "image/jpeg")
        cached = await read_picture(reader, tmp_path, proxy_key(url))
        assert Image.open(BytesIO(cached.path.read_bytes())).size == (1500, 500)

    async def test_lost_file_is_read_again(self, reader: Reader, remote: Host, tmp_path: Path) -> None:
        await refresh_actor(reader, remote.actor()["id"])
        url = f"{remote.origin}/system/a.png"
        remote.put(url, picture(), "image/png")
        (await read_picture(reader, tmp_path, proxy_key(url))).path.unlink()
        assert (await read_picture(reader, tmp_path, proxy_key(url))).path.exists()
        assert remote.count(url) == 2

    async def test_picture_that_nobody_shows_is_not_asked_for(
        self, reader: Reader, remote: Host, tmp_path: Path
    ) -> None:
        url = f"{remote.origin}/secret.png"
        remote.put(url, picture(), "image/png")
        with pytest.raises(NotFound):
            await read_picture(reader, tmp_path, proxy_key(url))
        assert remote.asked == []

    @pytest.mark.parametrize(
        "body",
        [b"<html>", b"<svg/>", picture()[:60], b"x" * (MAX_PICTURE_BYTES + 1)],
        ids=["html", "svg", "damaged", "large"],
    )
    async def test_what_is_no_picture_is_not_tried_again_for_an_hour(
        self, reader: Reader, remote: Host, clock: Clock, tmp_path: Path, body: bytes
    ) -> None:
        await refresh_actor(reader, remote.actor()["id"])
        url = f"{remote.origin}/system/a.png"
        remote.put(url, body, "image/png")
        for _ in range(2):
            with pytest.raises(NotFound):
                await read_picture(reader, tmp_path, proxy_key(url))
        assert remote.count(url) == 1
        clock.forward(minutes=61)
        remote.put(url, picture(), "image/png")
        assert (await read_picture(reader, tmp_path, proxy_key(url))).path.exists()

    async def test_private_address_is_not_proxied(self, reader: Reader, remote: Host, tmp_path: Path) -> None:
        url = "http://127.0.0.1:9/a.png"
        await refresh_actor(reader, remote.actor(icon={"type": "Image", "url": url})["id"])
        with pytest.raises(NotFound):
            await read_picture(reader, tmp_path, proxy_key(url))

    async def test_renewed_actor_keeps_the_cached_picture(self, reader: Reader, remote: Host, tmp_path: Path) -> None:
        own = remote.actor()["id"]
        url = f"{remote.origin}/system/a.png"
        remote.put(url, picture(), "image/png")
        await refresh_actor(reader, own)
        await read_picture(reader, tmp_path, proxy_key(url))
        await refresh_actor(reader, own)
        await read_picture(reader, tmp_path, proxy_key(url))
        assert remote.count(url) == 1

    async def test_viewers_of_a_new_picture_wait_for_one_fetch(
        self, reader: Reader, remote: Host, tmp_path: Path
    ) -> None:
        await refresh_actor(reader, remote.actor()["id"])
        url = f"{remote.origin}/system/a.png"
        remote.put(url, picture(), "image/png")
        await asyncio.gather(*(read_picture(reader, tmp_path, proxy_key(url)) for _ in range(4)))
        assert remote.count(url) == 1

    async def test_evicted_picture_is_read_again_when_looked_at(
        self, reader: Reader, remote: Host, tmp_path: Path
    ) -> None:
        await refresh_actor(reader, remote.actor()["id"])
        url = f"{remote.origin}/system/a.png"
        remote.put(url, picture(), "image/png")
        cached = await read_picture(reader, tmp_path, proxy_key(url))
        async with reader.database.connection() as db:
            assert await media.evict(db, timedelta(days=1)) == []
            # Unused since a second from now.
            assert await media.evict(db, timedelta(seconds=-1)) == [cached.content_hash]
        cached.path.unlink()
        assert (await read_picture(reader, tmp_path, proxy_key(url))).path.exists()
        assert remote.count(url) == 2
