"""Pictures: decoded within limits, written anew without anything but what one sees."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image, ImageCms

from federation.errors import Invalid
from federation.media.formats import MAX_IMAGE_BYTES, recognise
from federation.media.images import AVATAR, MAX_PORTRAIT_BYTES, is_animated, make_emoji, make_image, make_portrait
from tests.media.samples import animation, clip, gif_of, needs_ffmpeg, photograph, picture, png_of


def opened(data: object) -> Image.Image:
    assert isinstance(data, bytes)
    return Image.open(BytesIO(data))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "AVIF"])
def test_every_allowed_format_becomes_a_webp_portrait(kind: str) -> None:
    made = make_portrait(picture(kind=kind), AVATAR)
    assert (made.file.content_type, made.width, made.height) == ("image/webp", 60, 40)
    assert opened(made.file.data).format == "WEBP"


def test_portrait_is_fitted_into_its_box() -> None:
    made = make_portrait(picture((1000, 500)), AVATAR)
    assert (made.width, made.height) == (400, 200)


def test_portrait_without_a_box_is_an_avatar_unless_it_is_wide() -> None:
    assert make_portrait(picture((800, 800))).width == 400
    assert make_portrait(picture((3000, 1000))).width == 1500


@pytest.mark.parametrize(("kind", "becomes"), [("JPEG", "image/jpeg"), ("PNG", "image/webp"), ("WEBP", "image/webp")])
def test_photograph_is_upright_and_loses_everything_that_betrays(kind: str, becomes: str) -> None:
    source = photograph(kind=kind)
    made = make_image(source)
    assert made.kind == "image"
    assert (made.facts["type"], made.facts["width"], made.facts["height"]) == (becomes, 480, 640)
    assert b"home" in source
    assert made.preview is not None
    for file in (made.original, made.preview):
        assert isinstance(file.data, bytes)
        assert not any(word in file.data for word in (b"home", b"Spycam", b"Exif", b"<x:xmpmeta"))
        assert not opened(file.data).getexif()
        assert not opened(file.data).info.keys() & {"exif", "xmp", "icc_profile", "comment"}


def test_colours_of_another_profile_are_kept_without_the_profile() -> None:
    wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    for profile in (ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), wide.tobytes(), b"nonsense"):
        made = make_image(picture(kind="JPEG", icc_profile=profile))
        assert "icc_profile" not in opened(made.original.data).info


def test_transparency_survives() -> None:
    clear = BytesIO()
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(clear, "PNG")
    out = opened(make_image(clear.getvalue()).original.data)
    assert out.convert("RGBA").getpixel((0, 0))[3] == 0  # type: ignore[index]


def test_preview_is_small_and_a_blurhash_tells_the_colours() -> None:
    made = make_image(picture((3000, 2000), "JPEG"))
    assert (made.facts["width"], made.facts["height"]) == (3000, 2000)
    assert made.facts["preview_width"] * made.facts["preview_height"] <= 640 * 480 + 1000
    assert len(made.facts["blurhash"]) == 28
    assert make_image(picture((40, 60))).facts["blurhash"] != made.facts["blurhash"]


def test_huge_picture_is_made_smaller() -> None:
    made = make_image(picture((6000, 5000), "JPEG", quality=20))
    assert 8_000_000 < made.facts["width"] * made.facts["height"] <= 8_300_000


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_what_moves_goes_on_moving(kind: str) -> None:
    data = animation(kind=kind)
    assert is_animated(data)
    out = opened(make_image(data).original.data)
    assert (out.format, getattr(out, "n_frames", 1)) == ("WEBP", 5)


def test_too_many_frames_are_refused_and_of_a_stranger_the_first_is_shown() -> None:
    data = animation(frames=700)
    with pytest.raises(Invalid, match="too long"):
        make_image(data)
    out = opened(make_image(data, stills=True).original.data)
    assert getattr(out, "n_frames", 1) == 1


def test_large_frames_that_decode_to_gigabytes_are_refused() -> None:
    with pytest.raises(Invalid, match="too long"):
        make_image(gif_of(4000, 4000, 26))


NO_PICTURES = {
    "empty": b"",
    "text": b"hello",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "svg in xml": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "html": b"<html><script>alert(1)</script></html>",
    "json": b'{"type": "Note"}',
    "tiff": picture(kind="TIFF"),
    "bmp": picture(kind="BMP"),
    "pdf": b"%PDF-1.7 nothing",
    "zip": b"PK\x03\x04" + bytes(100),
    "gzip": b"\x1f\x8b\x08" + bytes(100),
    "cut png": picture()[:60],
    "cut jpeg": picture(kind="JPEG")[:300],
    "cut webp": picture(kind="WEBP")[:40],
    "cut avif": picture(kind="AVIF")[:200],
    "png head": b"\x89PNG\r\n\x1a\n" + b"\x00" * 100,
    "jpeg head": b"\xff\xd8\xff" + b"\x00" * 100,
    "gif head": b"GIF89a" + b"\xff" * 100,
    "100 megapixels": png_of(10_000, 10_000),
    "4 gigapixels": png_of(65_535, 65_535),
    "nothing wide": png_of(0, 100),
}


@pytest.mark.parametrize("data", NO_PICTURES.values(), ids=NO_PICTURES)
def test_everything_else_is_refused_in_words(data: bytes) -> None:
    for make in (make_portrait, make_image):
        with pytest.raises(Invalid) as raised:
            make(data)
        assert raised.value.message.startswith(("Pictures can be", "The picture"))


def test_large_files_are_not_even_opened() -> None:
    with pytest.raises(Invalid, match="larger than 5 MB"):
        make_portrait(picture() + bytes(MAX_PORTRAIT_BYTES))
    with pytest.raises(Invalid, match="larger than 16 MB"):
        make_image(picture() + bytes(MAX_IMAGE_BYTES))


def test_text_hidden_in_a_png_cannot_fill_the_memory() -> None:
    from PIL.PngImagePlugin import PngInfo  # noqa: PLC0415

    info = PngInfo()
    info.add_text("bomb", "x" * 50_000_000, zip=True)
    data = picture(pnginfo=info)
    assert len(data) < 100_000
    try:
        made = make_image(data)
    except Invalid:
        return
    assert made.original.size < 10_000


def test_what_follows_a_picture_is_left_behind() -> None:
    made = make_image(picture(kind="JPEG") + b"<script>alert(1)</script>PK\x03\x04")
    assert isinstance(made.original.data, bytes)
    assert b"script" not in made.original.data


@needs_ffmpeg
def test_types_are_recognised_by_bytes_alone() -> None:
    assert recognise(picture(kind="AVIF")) == "image/avif"
    assert recognise(clip("mp4")) == "video/mp4"
    assert recognise(clip("webm")) == "video/webm"
    assert recognise(clip("mp3")) == "audio/mpeg"
    assert recognise(b"#EXTM3U\nhttp://127.0.0.1/x") is None
    assert recognise(b"ffconcat version 1.0\nfile /etc/passwd") is None


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_an_emoji_goes_on_moving_beside_a_still(kind: str) -> None:
    moving, still = make_emoji(animation(frames=4, size=(300, 150), kind=kind))
    assert still is not None
    for made, frames in ((moving, 4), (still, 1)):
        out = opened(made.file.data)
        assert (out.format, out.size, getattr(out, "n_frames", 1)) == ("WEBP", (128, 64), frames)
    alone, none = make_emoji(picture((60, 40)))
    assert (opened(alone.file.data).size, none) == ((60, 40), None)


def test_an_emoji_that_moves_too_long_is_refused_and_of_a_stranger_stands_still() -> None:
    with pytest.raises(Invalid, match="too long"):
        make_emoji(animation(frames=700))
    made, still = make_emoji(animation(frames=700), stills=True)
    assert (getattr(opened(made.file.data), "n_frames", 1), still) == (1, None)
    with pytest.raises(Invalid, match="too long"):
        make_emoji(gif_of(4000, 4000, 26))
