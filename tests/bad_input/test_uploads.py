"""Files that are something else, or much more, than they say: refused at every door, or made harmless."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from federation.actions import uploads
from tests.acting import scalar
from tests.media.samples import animation, clip, gif_of, needs_ffmpeg, picture, png_of

if TYPE_CHECKING:
    from federation.services import Services
    from tests.client_api.conftest import App

SCRIPT = b"<script>alert(document.domain)</script>"
ARCHIVE = b"PK\x03\x04\x14\x00\x00\x00evil.class" + bytes(50) + b"PK\x05\x06" + bytes(18)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png_with(*chunks: bytes) -> bytes:
    """Return a small PNG with further chunks before its pixels."""
    data = picture()
    return data[:33] + b"".join(chunks) + data[33:]


def _zeros(megabytes: int) -> bytes:
    """Return megabytes of nothing, compressed to a thousandth."""
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1024 * 1024)) for _ in range(megabytes)) + packer.flush()


def _jpeg_with_comment(comment: bytes) -> bytes:
    data = picture(kind="JPEG")
    return data[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + data[2:]


def _apng_of(frames: int) -> bytes:
    """Return a PNG that says it has frames and frames, without having them."""
    data = picture((4000, 4000))
    return data[:33] + _chunk(b"acTL", struct.pack(">II", frames, 0)) + data[33:]


BOMBS = {
    "pixels": png_of(30_000, 30_000),
    "pixels that are not there": png_of(1_000_000, 1_000_000),
    "frames": gif_of(4000, 4000, 200),
    "many small frames": gif_of(100, 100, 70_000),
    "frames of a PNG": _apng_of(2**31 - 1),
    "frames of a WebP": animation(650, (20, 20), "WEBP"),
    "a colour profile": _png_with(_chunk(b"iCCP", b"x\0\0" + _zeros(200))),
    "a text": _png_with(_chunk(b"zTXt", b"x\0\0" + _zeros(200))),
    "an international text": _png_with(_chunk(b"iTXt", b"x\0\1\0\0\0" + _zeros(200))),
    "hundreds of texts": _png_with(*[_chunk(b"zTXt", b"x%d\0\0" % number + _zeros(1)) for number in range(300)]),
    "pixels beyond the picture": _png_with(_chunk(b"IDAT", _zeros(300))),
}
RUINS = {
    "a cut PNG": picture((300, 300))[:-30],
    "a cut JPEG": picture((900, 900), "JPEG", quality=95)[:-2000],
    "a cut GIF": animation()[:100],
    "a cut WebP": picture((300, 300), "WEBP")[:60],
    "a PNG of broken pixels": picture()[:45] + bytes(20) + picture()[65:],
    "a head without an end": b"\xff\xd8\xff\xe1" + b"\xff" * 3000,
}
# What a browser, a virtual machine or a server would take for a program, in front, in the midst or at the end.
DISGUISES = {
    "HTML in a comment": _jpeg_with_comment(b"*/=1;/*" + SCRIPT),
    "HTML behind": picture(kind="JPEG") + SCRIPT,
    "an archive behind a GIF": picture(kind="GIF") + ARCHIVE,
    "an archive behind a PNG": picture() + ARCHIVE,
    "HTML in a text": _png_with(_chunk(b"tEXt", b"Comment\0" + SCRIPT)),
    "HTML in EXIF": picture(kind="JPEG", exif=b"Exif\0\0" + SCRIPT),
    "a script that is a GIF": b"GIF89a/*" + picture(kind="GIF")[8:] + b"*/=1;" + SCRIPT,
    "HTML in XMP": picture(kind="WEBP", xmp=SCRIPT),
}
FOREIGN = {
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>",
    "SVG behind a byte order mark": b"\xef\xbb\xbf<?xml version='1.0'?><svg onload='alert(1)'/>",
    "SVG in UTF-16": "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".encode("utf-16"),
    "HTML": b"<!doctype html>" + SCRIPT,
    "MHTML": b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + SCRIPT,
    "PDF": b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj",
    "a page of PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run",
    "a program": b"\x7fELF" + bytes(200),
    "Flash": b"CWS\x09" + bytes(100),
    "TIFF": picture(kind="TIFF"),
    "BMP": picture(kind="BMP"),
    "ICO": picture(kind="ICO"),
    "a script of MVG": b"push graphic-context\nfill 'url(https://127.0.0.1/x)'\npop graphic-context",
    "a playlist": b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nconcat:http://127.0.0.1/x|file:///etc/passwd\n",
}


async def _send(app: App, door: str, data: bytes) -> Any:
    """Send a file to one of the doors where files come in."""
    files = {"file": ("photo.jpg", data, "image/jpeg")}
    match door:
        case "upload":
            return await app.client.post("/api/v1/media", files=files)
        case "thumbnail":
            media = await app.call("POST", "/api/v1/media", files={"file": ("p.png", picture((9, 9)), "image/png")})
            return await app.client.put(f"/api/v1/media/{media['id']}", files={"thumbnail": files["file"]})
        case _:
            return await app.client.patch("/api/v1/accounts/update_credentials", files={door: files["file"]})


DOORS = ("upload", "thumbnail", "avatar")


@pytest.mark.parametrize("door", DOORS)
async def test_bombs_are_refused_or_cost_little(ann: App, services: Services, door: str) -> None:
    for name, data in (BOMBS | RUINS).items():
        answer = await _send(ann, door, data)
        assert answer.status_code in (200, 422), (name, answer.text)
        if answer.status_code == 422:
            assert answer.json()["error"].startswith(("The ", "Pictures ")), (name, answer.text)
    assert await scalar(services, "SELECT coalesce(sum(size), 0) FROM media_files") < 5_000_000
    # The application is as well as before.
    assert (await _send(ann, door, picture((20, 20)))).status_code == 200


@pytest.mark.parametrize("door", DOORS)
async def test_what_is_no_picture_is_refused_whatever_it_is_called(ann: App, services: Services, door: str) -> None:
    for name, data in FOREIGN.items():
        answer = await _send(ann, door, data)
        assert answer.status_code == 422, (name, answer.text)
    kept = await scalar(services, "SELECT count(*) FROM media_files")
    await _send(ann, door, FOREIGN["SVG"])
    assert await scalar(services, "SELECT count(*) FROM media_files") == kept


@pytest.mark.parametrize("door", DOORS)
async def test_disguises_lose_what_is_in_them(ann: App, services: Services, door: str) -> None:
    taken = 0
    for name, data in DISGUISES.items():
        answer = await _send(ann, door, data)
        assert answer.status_code in (200, 422), (name, answer.text)
        taken += answer.status_code == 200
    assert taken >= 5
    names = [blob.name async for blob in services.blobs.list("media")]
    assert names
    for name in names:
        pieces = await services.blobs.open(name)
        assert pieces is not None
        kept = b"".join([piece async for piece in pieces])
        assert not any(trace in kept for trace in (b"script", b"alert", b"PK\x03\x04", b"evil"))
        served = await ann.client.get(f"/media/{name.partition('/')[2]}")
        assert served.headers["content-type"] in ("image/jpeg", "image/webp", "video/mp4")
        assert served.headers["x-content-type-options"] == "nosniff"
        assert served.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert Image.open(BytesIO(kept)).format in ("JPEG", "WEBP")


async def test_workers_survive_every_one_of_them(ann: App, services: Services) -> None:
    sent = 0
    for data in (BOMBS | RUINS | DISGUISES).values():
        answer = await ann.client.post("/api/v2/media", files={"file": ("photo.jpg", data, "image/jpeg")})
        assert answer.status_code in (202, 422), answer.text
        sent += answer.status_code == 202
    await uploads.drain(services)
    states = {
        row: await scalar(services, "SELECT count(*) FROM media WHERE state = $1", row) for row in ("ready", "failed")
    }
    assert sum(states.values()) == sent
    assert states["failed"] >= 5
    assert [blob async for blob in services.blobs.list("incoming")] == []


def _mp4(change: bytes, to: bytes) -> bytes:
    """Return a clip in which something is said to be otherwise."""
    data = clip("mp4")
    place = data.rindex(change)
    return data[:place] + to + data[place + len(to) :]


@needs_ffmpeg
async def test_videos_that_lie_are_refused_or_told_of_as_they_are(ann: App) -> None:
    head = _mp4(b"mvhd", b"mvhd" + bytes(12) + b"\x00\x00\x00\x01" + b"\xff\xff\xff\xff")
    lies = {
        "a length of centuries": head,
        "nothing but a head": clip("mp4")[:40],
        "half of it": clip("mp4")[: len(clip("mp4")) // 2],
        "the wrong kind of head": b"\x1a\x45\xdf\xa3" + clip("mp4"),
        "a picture in front": picture() + clip("mp4"),
        "a web page behind": clip("mp4") + SCRIPT,
        "sizes of nothing": clip("mp4").replace(b"avc1" + bytes(24), b"avc1" + b"\xff" * 24),
    }
    for name, data in lies.items():
        answer = await ann.client.post("/api/v1/media", files={"file": ("a.mp4", data, "video/mp4")})
        assert answer.status_code in (200, 422), (name, answer.text)
        if answer.status_code == 200:
            media = answer.json()
            original = media["meta"]["original"]
            assert original.get("duration", 0) < 24 * 3600, name
            assert SCRIPT not in (await ann.client.get(media["url"])).content


def test_the_samples_are_what_they_say() -> None:
    assert len(BOMBS["a colour profile"]) < 1_000_000
    assert Image.open(BytesIO(DISGUISES["HTML in a comment"])).info["comment"].endswith(SCRIPT)
