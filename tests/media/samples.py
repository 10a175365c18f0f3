"""Pictures, video and sound for tests, made here; and ones made to break what reads them."""

from __future__ import annotations

import struct
import subprocess
import zlib
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from PIL import Image

from federation.media import videos

needs_ffmpeg = pytest.mark.skipif(not videos.available(), reason="ffmpeg is not installed")


def picture(size: tuple[int, int] = (60, 40), kind: str = "PNG", mode: str = "RGB", **options: Any) -> bytes:
    """Return a picture of one colour."""
    out = BytesIO()
    Image.new(mode, size, "teal" if mode != "P" else 3).save(out, kind, **options)
    return out.getvalue()


def photograph(size: tuple[int, int] = (640, 480), kind: str = "JPEG") -> bytes:
    """Return a photograph with everything that betrays: place, camera, name, comment, and a turned camera."""
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif[0x010F] = "Spycam"
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    exif.get_ifd(0x8825)[1] = "N"
    out = BytesIO()
    options: dict[str, Any] = {"comment": b"taken at home"} if kind == "JPEG" else {}
    Image.radial_gradient("L").resize(size).convert("RGB").save(out, kind, exif=exif, **options)
    return out.getvalue()


def animation(frames: int = 5, size: tuple[int, int] = (40, 30), kind: str = "GIF") -> bytes:
    """Return a picture that moves."""
    images = [Image.new("RGB", size, (number * 37 % 256, number * 91 % 256, 90)) for number in range(frames)]
    out = BytesIO()
    images[0].save(out, kind, save_all=True, append_images=images[1:], duration=40, loop=0)
    return out.getvalue()


def gif_of(width: int, height: int, frames: int) -> bytes:
    """Return a small GIF that says it moves, and is large."""
    size = struct.pack("<HH", width, height)
    frame = b"\x21\xf9\x04\x00\x04\x00\x00\x00" + b"\x2c\x00\x00\x00\x00" + size + b"\x00\x02\x02\x44\x01\x00"
    return b"GIF89a" + size + b"\x80\x00\x00" + bytes(6) + frame * frames + b"\x3b"


def png_of(width: int, height: int) -> bytes:
    """Return a small PNG that says it is large, and is: rows of zeros compress to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 7) // 8 + 1) * min(height, 2000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@cache
def clip(ending: str, *options: str) -> bytes:
    """Return a second of video or sound, tagged with a place and a title, as ffmpeg makes it for this ending."""
    sound = ending in ("mp3", "ogg", "wav", "flac", "m4a", "aac")
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"clip.{ending}"
        source = ["-f", "lavfi", "-i", "sine=d=1"]
        if not sound:
            source = ["-f", "lavfi", "-i", "testsrc=d=1:s=64x48:r=10", *source, "-pix_fmt", "yuv420p"]
        tags = [
            "-metadata",
            "title=taken at home",
            "-metadata",
            "location=+52.5200+013.4050/",
            "-metadata",
            "artist=Ann",
        ]
        command = ["ffmpeg", "-nostdin", "-v", "error", *source, *tags, *options, str(path)]
        subprocess.run(command, check=True)
        return path.read_bytes()
