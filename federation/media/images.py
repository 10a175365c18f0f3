"""Pictures: decoded within limits, written anew, nothing kept but what one sees."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from blurhash_rs import blurhash_encode
from PIL import Image, ImageCms, ImageOps

from federation.errors import Invalid
from federation.media.formats import IMAGES, MAX_IMAGE_BYTES, MAX_PIXELS, Made, Written, recognise, written

MAX_PORTRAIT_BYTES = 5 * 1024 * 1024

_ANIMATED = frozenset({"GIF", "PNG", "WEBP", "AVIF"})
_MOST_FRAMES = 600
# Of all frames together: about five seconds of work.
_MOST_DECODED_PIXELS = 400_000_000
_ANIMATED_SIDE = 640
_MOST_WRITTEN_PIXELS = 40_000_000
_QUALITY = 82
_MAX_PROFILE_BYTES = 1024 * 1024
_BLURHASH_SIDE = 64
# Everything that Pillow is known to raise on bytes made to break it.
_UNDECODABLE = (
    OSError, ValueError, SyntaxError, EOFError, OverflowError, IndexError, KeyError, TypeError, struct.error,
    AttributeError, ZeroDivisionError, MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Box:
    """What a picture is made to fit: sides, and how many pixels in all. Nothing is ever enlarged."""

    width: int
    height: int
    pixels: int = MAX_PIXELS


AVATAR = Box(400, 400)
HEADER = Box(1500, 500)
EMOJI = Box(128, 128)
# What a proxied portrait may be without saying: tall or square ones are avatars, wide ones headers.
WIDE = Box(1500, 1500)
ORIGINAL = Box(4096, 8192, 8_294_400)
PREVIEW = Box(1280, 1280, 640 * 480)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as we keep it."""

    file: Written
    width: int
    height: int


def make_portrait(data: bytes, box: Box | None = None) -> Picture:
    """Write an avatar or header anew as WebP, its first frame only; without a box, in the one that suits it.

    Takes 10 to 300 ms of CPU, as all of these: call it in a thread. Raises `Invalid` with a message for
    the person who uploaded it.
    """
    with _opened(data, MAX_PORTRAIT_BYTES) as source:
        if box is None:
            box = WIDE if source.width >= 1.5 * source.height else AVATAR
        return _as_webp(_fitted(_pixels(source, box), box))


def make_emoji(data: bytes, *, stills: bool = False) -> tuple[Picture, Picture | None]:
    """Write an emoji anew as WebP, moving where it moves; then with a still of it, else with None.

    With `stills`, what moves for longer than we allow becomes its first frame instead of being `Invalid`.
    """
    with _opened(data, MAX_PORTRAIT_BYTES) as source:
        frames = _frames(source, data, stills=stills)
        still = _as_webp(_fitted(_pixels(source, EMOJI), EMOJI))
        return (_animation(source, frames, EMOJI.width), still) if frames > 1 else (still, None)


def make_image(data: bytes, *, stills: bool = False) -> Made:
    """Write a picture anew, with its preview: photographs stay JPEG, all else becomes WebP, what moves goes on moving.

    With `stills`, what moves for longer than we allow becomes its first frame instead of being `Invalid`.
    """
    with _opened(data, MAX_IMAGE_BYTES) as source:
        frames = _frames(source, data, stills=stills)
        pixels = _pixels(source, ORIGINAL)
        preview = _as_webp(_fitted(pixels, PREVIEW))
        facts = {"blurhash": _blurhash(pixels)}
        if frames > 1:
            original = _animation(source, frames, _ANIMATED_SIDE)
        else:
            fitted = _fitted(pixels, ORIGINAL)
            original = (
                _as_jpeg(fitted) if source.format in ("JPEG", "MPO") and fitted.mode == "RGB" else _as_webp(fitted)
            )
    return Made("image", original.file, preview.file, facts | sizes(original, preview))


def make_preview(data: bytes) -> tuple[Picture, str]:
    """Write a still of something that moves as its preview; return it with its blurhash."""
    with _opened(data, MAX_IMAGE_BYTES) as source:
        pixels = _pixels(source, PREVIEW)
        return _as_webp(_fitted(pixels, PREVIEW)), _blurhash(pixels)


def is_animated(data: bytes) -> bool:
    """Tell whether a picture moves; raise `Invalid` for one that cannot be read, or is too much."""
    with _opened(data, MAX_IMAGE_BYTES) as source:
        return _frames(source, data, stills=False) > 1


def sizes(original: Picture | None, preview: Picture | None) -> dict[str, Any]:
    """Return the facts about types and sizes."""
    facts: dict[str, Any] = {}
    if original is not None:
        facts |= {"type": original.file.content_type, "width": original.width, "height": original.height}
    if preview is not None:
        facts |= {"preview_width": preview.width, "preview_height": preview.height}
    return facts


def _opened(data: bytes, most: int) -> Image.Image:
    """Read the head of a picture, nothing more; raise `Invalid` outside the closed list and the limits."""
    if len(data) > most:
        raise Invalid(f"The picture is larger than {most // 1024 // 1024} MB.")
    kind = IMAGES.get(recognise(data) or "")
    if kind is None:
        raise Invalid("Pictures can be PNG, JPEG, GIF, WebP or AVIF.")
    try:
        source = Image.open(BytesIO(data), formats=(kind,))
    except _UNDECODABLE as exc:
        raise Invalid("The picture is damaged or too large.") from exc
    if source.width * source.height > MAX_PIXELS:
        raise Invalid(f"The picture has more than {MAX_PIXELS // 1_000_000} million pixels.")
    return source


def _frames(source: Image.Image, data: bytes, *, stills: bool) -> int:
    """Count frames without decoding any; raise `Invalid` for too many, or with `stills` say that it is one."""
    if source.format not in _ANIMATED:
        return 1
    try:
        count = _gif_frames(data) if source.format == "GIF" else int(getattr(source, "n_frames", 1))
    except _UNDECODABLE as exc:
        raise Invalid("The picture is damaged.") from exc
    if count <= _MOST_FRAMES and source.width * source.height * count <= _MOST_DECODED_PIXELS:
        return max(1, count)
    if stills or count <= 1:
        return 1
    raise Invalid("The animation is too long for its size.")


def _gif_frames(data: bytes) -> int:
    """Count a GIF's frames up to the first that is too many; it does not say how many there are."""
    count, place = 0, 13 + _colours(data[10])
    while place < len(data) and count <= _MOST_FRAMES:
        match data[place]:
            case 0x21:
                place += 2
            case 0x2C:
                count += 1
                place += 11 + _colours(data[place + 9])
            case _:
                break
        while place < len(data) and data[place]:
            place += data[place] + 1
        place += 1
    return count


def _colours(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _pixels(source: Image.Image, box: Box) -> Image.Image:
    """Decode the present frame upright, in sRGB, with transparency where there is any."""
    try:
        # Large JPEGs are decoded at a fraction of their size; turned ones need the longer side both ways.
        side = 2 * max(box.width, box.height)
        source.draft("RGB", (side, side))
        profile = source.info.get("icc_profile")
        upright = ImageOps.exif_transpose(source)
        image = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except _UNDECODABLE as exc:
        raise Invalid("The picture is damaged.") from exc
    return _in_srgb(image, profile) if upright.mode in ("RGB", "RGBA") else image


def _in_srgb(image: Image.Image, profile: object) -> Image.Image:
    """Take the colours of a profile over into the pixels: written pictures carry none."""
    if not isinstance(profile, bytes) or len(profile) > _MAX_PROFILE_BYTES:
        return image
    try:
        converted = ImageCms.profileToProfile(
            image, ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    return converted or image


def _fitted(image: Image.Image, box: Box) -> Image.Image:
    width, height = image.size
    scale = min(1.0, box.width / width, box.height / height, (box.pixels / (width * height)) ** 0.5)
    if scale == 1.0:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _as_webp(image: Image.Image) -> Picture:
    return _saved(image, "image/webp", "WEBP", quality=_QUALITY, method=4, exif=b"", xmp=b"", icc_profile=b"")


def _as_jpeg(image: Image.Image) -> Picture:
    return _saved(image, "image/jpeg", "JPEG", quality=88, optimize=True, progressive=True, exif=b"", icc_profile=None)


def _saved(image: Image.Image, content_type: str, kind: str, **options: Any) -> Picture:
    out = BytesIO()
    # What a decoder left beside the pixels (comments, XMP, thumbnails) must not find its way out.
    image.info.clear()
    try:
        image.save(out, kind, **options)
    except _UNDECODABLE as exc:
        raise Invalid("The picture is damaged.") from exc
    return Picture(written(out.getvalue(), content_type), image.width, image.height)


def _animation(source: Image.Image, frames: int, side: int) -> Picture:
    width, height = source.size
    scale = min(1.0, side / max(width, height), (_MOST_WRITTEN_PIXELS / (width * height * frames)) ** 0.5)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    durations: list[int] = []

    def decoded() -> Iterator[Image.Image]:
        for number in range(frames):
            source.seek(number)
            durations.append(max(20, int(source.info.get("duration", 100) or 100)))
            frame = source.convert("RGBA")
            frame.info.clear()
            yield frame if size == frame.size else frame.resize(size, Image.Resampling.BILINEAR)

    out = BytesIO()
    try:
        images = list(decoded())
        images[0].save(
            out, "WEBP", save_all=True, append_images=images[1:], duration=durations, loop=0, quality=70, method=2,
            exif=b"", xmp=b"", icc_profile=b"",
        )  # fmt: skip
    except _UNDECODABLE as exc:
        raise Invalid("The picture is damaged.") from exc
    return Picture(written(out.getvalue(), "image/webp"), *size)


def _blurhash(image: Image.Image) -> str:
    small = _fitted(image, Box(_BLURHASH_SIDE, _BLURHASH_SIDE))
    if small.mode == "RGBA":
        ground = Image.new("RGBA", small.size, "white")
        ground.alpha_composite(small)
        small = ground.convert("RGB")
    return blurhash_encode(small, 4, 4) if small.width == small.height else blurhash_encode(
        small, *((4, 3) if small.width > small.height else (3, 4))
    )  # fmt: skip
