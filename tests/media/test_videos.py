"""Video and sound: looked at, stripped, transcoded only where needed, and refused when they are a trap."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from federation.errors import Invalid
from federation.media import videos
from federation.media.formats import Made, recognise
from tests.media.samples import animation, clip, needs_ffmpeg, picture

pytestmark = needs_ffmpeg


async def made_of(data: bytes, folder: Path) -> Made:
    path = folder / "in"
    path.write_bytes(data)
    content_type = recognise(data)
    assert content_type is not None
    return await videos.make_moving(path, content_type, folder)


def probed(made: Made) -> tuple[list[str], dict[str, str]]:
    answer = subprocess.run(
        ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", str(made.original.data)],
        capture_output=True, check=True,
    )  # fmt: skip
    found = json.loads(answer.stdout)
    return [stream["codec_name"] for stream in found["streams"]], found["format"].get("tags", {})


@pytest.mark.parametrize("ending", ["mp4", "mov", "webm"])
async def test_video_becomes_what_plays_everywhere_without_its_tags(ending: str, tmp_path: Path) -> None:
    made = await made_of(clip(ending), tmp_path)
    assert (made.kind, made.original.content_type) == ("video", "video/mp4")
    assert (made.facts["width"], made.facts["height"]) == (64, 48)
    assert made.facts["duration_s"] == pytest.approx(1, abs=0.2)
    assert made.facts["frame_rate"] == "10/1"
    assert len(made.facts["blurhash"]) == 28
    codecs, tags = probed(made)
    assert codecs == ["h264", "aac"]
    assert not tags.keys() & {"title", "location", "artist", "encoder"}
    assert isinstance(made.original.data, Path)
    bytes_made = made.original.data.read_bytes()
    assert not any(word in bytes_made for word in (b"home", b"13.405", b"Ann"))
    assert made.preview is not None
    assert made.preview.content_type == "image/webp"


async def test_what_plays_everywhere_is_copied_not_transcoded(tmp_path: Path) -> None:
    source = clip("mp4", "-g", "1")
    made = await made_of(source, tmp_path)
    assert isinstance(made.original.data, Path)
    # The pictures of the stream are the very same bytes.
    assert abs(made.original.size - len(source)) < 2000
    assert made.original.data.read_bytes()[40:44] != b""


@pytest.mark.parametrize(("ending", "becomes"), [
    ("mp3", "audio/mpeg"), ("m4a", "audio/mp4"), ("ogg", "audio/mp4"), ("wav", "audio/mp4"), ("flac", "audio/mp4"),
])  # fmt: skip
async def test_sound_is_kept_or_transcoded_without_its_tags(ending: str, becomes: str, tmp_path: Path) -> None:
    made = await made_of(clip(ending), tmp_path)
    assert (made.kind, made.original.content_type, made.preview) == ("audio", becomes, None)
    assert made.facts["duration_s"] == pytest.approx(1, abs=0.2)
    assert not probed(made)[1].keys() & {"title", "location", "artist"}


async def test_a_moving_gif_becomes_a_silent_video(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(animation(frames=6))
    made = await videos.make_moving(path, "image/gif", tmp_path)
    assert (made.kind, made.original.content_type) == ("gifv", "video/mp4")
    assert probed(made)[0] == ["h264"]


async def test_a_turned_video_is_described_upright(tmp_path: Path) -> None:
    source = tmp_path / "flat.mp4"
    source.write_bytes(clip("mp4"))
    turned = tmp_path / "turned.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(source), "-c", "copy", "-metadata:s:v:0", "rotate=90", str(turned)],
        check=True,
    )
    made = await made_of(turned.read_bytes(), tmp_path)
    assert (made.facts["width"], made.facts["height"]) == (48, 64)


def boxes(depth: int) -> bytes:
    """An mp4 whose boxes lie within boxes within boxes."""
    data = b""
    for _ in range(depth):
        data = (len(data) + 8).to_bytes(4, "big") + b"moov" + data
    return b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + data


TRAPS = {
    "cut": clip("mp4")[:2000] if videos.available() else b"",
    "only a head": b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + bytes(500),
    "nested boxes": boxes(20_000),
    "webm head": b"\x1a\x45\xdf\xa3" + b"\x42\x82\x84webm" + bytes(500),
    "noise": b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + bytes(range(256)) * 50,
}


@pytest.mark.parametrize("data", TRAPS.values(), ids=TRAPS)
async def test_what_is_broken_is_refused_in_words(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(data)
    with pytest.raises(Invalid, match="damaged"):
        await videos.make_moving(path, "video/mp4", tmp_path)


async def test_a_playlist_that_leads_to_other_files_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(clip("mp4"))
    path = tmp_path / "in"
    for text in (f"#EXTM3U\n#EXTINF:1,\n{secret}\n", f"ffconcat version 1.0\nfile {secret}\n"):
        path.write_text(text)
        for content_type in ("video/mp4", "video/webm", "audio/ogg"):
            with pytest.raises(Invalid):
                await videos.make_moving(path, content_type, tmp_path)


async def test_too_many_pixels_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="pixels"):
        await made_of(clip("mp4", "-vf", "scale=5000:4000", "-frames:v", "1", "-preset", "ultrafast"), tmp_path)


async def test_a_picture_that_calls_itself_video_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(picture())
    with pytest.raises(Invalid, match="damaged"):
        await videos.make_moving(path, "video/mp4", tmp_path)


async def test_without_ffmpeg_the_message_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    videos.available.cache_clear()
    try:
        with pytest.raises(Invalid, match="ffmpeg, which is not installed"):
            await videos.make_moving(tmp_path / "in", "video/mp4", tmp_path)
    finally:
        monkeypatch.undo()
        videos.available.cache_clear()
