"""Media in objects: what they are, where they lie, how they look before they load."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from federation.protocol.documents import as_list, count, flag, number_of, objects, one_id, text, type_of
from federation.protocol.ids import acceptable

ATTACHMENTS_LIMIT = 16
ALT_LIMIT = 10_000
DURATION_LIMIT_S = 30 * 24 * 3600

_MEDIA_TYPE = re.compile(r"([a-z]+/[a-z0-9.+-]{1,100})(?:\s*;.*)?", re.IGNORECASE | re.DOTALL)
_MEDIA_KINDS = ("image/", "video/", "audio/")
# Programs, or playlists that lead elsewhere, whatever they call themselves.
_NEVER_SHOWN = frozenset({"image/svg+xml", "audio/mpegurl", "audio/x-mpegurl", "audio/x-scpls", "video/mp2t"})
# For those who say neither type nor kind.
_ENDINGS = {
    "image": ("jpg", "jpeg", "png", "gif", "webp", "avif"),
    "video": ("mp4", "m4v", "webm", "mov"),
    "audio": ("mp3", "m4a", "ogg", "opus", "oga", "flac", "wav", "aac"),
}
_DURATION = re.compile(
    r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?", re.IGNORECASE
)
_BASE83 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
_BLURHASH_SIDE = 5


@dataclass(frozen=True, slots=True)
class Attachment:
    """One medium; `focal` is (x, y) in -1 to 1, y upwards. `media_type` is the sender's claim.

    `kind` is how it is shown: image, video or audio; unknown for what becomes a link.
    """

    url: str
    media_type: str | None
    kind: str = "unknown"
    alt: str | None = None
    width: int | None = None
    height: int | None = None
    blurhash: str | None = None
    focal: tuple[float, float] | None = None
    duration_s: float | None = None
    sensitive: bool = False
    preview_url: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """One way to an object: an address and, when named, what is served there."""

    url: str
    media_type: str | None


def attachments(value: Any) -> tuple[Attachment, ...]:
    """Return the media in an `attachment` property; Links (previews, Lemmy's posted URL) are none."""
    found = (attachment(item) for item in objects(value) if type_of(item, ("Link",)) != "Link")
    return tuple(item for item in found if item is not None)[:ATTACHMENTS_LIMIT]


def attachment(item: dict[str, Any]) -> Attachment | None:
    """Read one medium; None without an acceptable address."""
    if type_of(item) == "PropertyValue":
        return None
    link = next(iter(links(item.get("url"))), None)
    if link is None:
        return None
    claimed = media_type(item.get("mediaType")) or link.media_type
    return Attachment(
        url=link.url,
        media_type=claimed,
        kind=_kind(claimed, type_of(item, ("Image", "Video", "Audio")), link.url),
        alt=text(item.get("summary"), ALT_LIMIT) or text(item.get("name"), ALT_LIMIT),
        width=count(item.get("width")) or None,
        height=count(item.get("height")) or None,
        blurhash=_blurhash(item.get("blurhash")),
        focal=_focal(item.get("focalPoint")),
        duration_s=duration(item.get("duration")),
        sensitive=flag(item.get("sensitive")),
        preview_url=picture(item.get("icon")),
    )


def own_media(document: dict[str, Any]) -> Attachment | None:
    """Return the medium that a Video, Audio or Image is itself: the first media link of its `url`.

    PeerTube nests the files of an HLS playlist in the `tag` of its link.
    """
    for item in as_list(document.get("url"))[:64]:
        nested = objects(item.get("tag"), 64) if isinstance(item, dict) else []
        for link in links([item, *nested]):
            if link.media_type and link.media_type.startswith(_MEDIA_KINDS):
                kind = link.media_type.partition("/")[0]
                return Attachment(
                    url=link.url,
                    media_type=link.media_type,
                    # Whole films are watched where they are.
                    kind="unknown" if kind == "video" else kind,
                    alt=text(document.get("name"), ALT_LIMIT),
                    duration_s=duration(document.get("duration")),
                    sensitive=flag(document.get("sensitive")),
                    preview_url=picture(document.get("icon")),
                )
    return None


def links(value: Any) -> list[Link]:
    """Return the acceptable addresses in a `url` property: strings, Links, or objects with a url or id."""
    found = []
    for item in as_list(value)[:64]:
        named = item.get("href") or item.get("url") or item.get("id") if isinstance(item, dict) else item
        url = acceptable(one_id(named))
        if url is not None:
            found.append(Link(url, media_type(item.get("mediaType")) if isinstance(item, dict) else None))
    return found


def page_url(value: Any) -> str | None:
    """Return the address of the page for people: the first `text/html` link, else the first untyped one."""
    found = links(value)
    html = (link.url for link in found if link.media_type == "text/html")
    untyped = (link.url for link in found if link.media_type is None)
    return next(html, None) or next(untyped, None)


def picture(value: Any) -> str | None:
    """Return the address of an `icon` or `image`: an Image, a list of them, or a bare URL."""
    return next((link.url for link in links(value)), None)


def media_type(value: Any) -> str | None:
    """Return a media type in lower case without its parameters, None if it is none."""
    match = _MEDIA_TYPE.fullmatch((text(value, 256) or "").strip())
    return match[1].lower() if match else None


def duration(value: Any) -> float | None:
    """Read an ISO 8601 duration, or a plain number, as seconds; more than a month is not believed."""
    number = number_of(value)
    if number is None:
        match = _DURATION.fullmatch((text(value, 64) or "").strip())
        if match is None or not any(match.groups()):
            return None
        days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
        number = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return number if 0 <= number <= DURATION_LIMIT_S else None


def _kind(claimed: str | None, object_type: str | None, url: str) -> str:
    if claimed is not None:
        kind = claimed.partition("/")[0]
        return kind if f"{kind}/" in _MEDIA_KINDS and claimed not in _NEVER_SHOWN else "unknown"
    if object_type in ("Image", "Video", "Audio"):
        return object_type.lower()
    ending = urlsplit(url).path.rpartition(".")[2].lower()
    return next((kind for kind, endings in _ENDINGS.items() if ending in endings), "unknown")


def _blurhash(value: Any) -> str | None:
    if not isinstance(value, str) or len(value) < 6 or not set(value) <= set(_BASE83):
        return None
    # The first character says how many components follow: a lie here crashes decoders.
    rows, columns = divmod(_BASE83.index(value[0]), 9)
    rows, columns = rows + 1, columns + 1
    small = rows <= _BLURHASH_SIDE and columns <= _BLURHASH_SIDE
    return value if small and len(value) == 4 + 2 * rows * columns else None


def _focal(value: Any) -> tuple[float, float] | None:
    numbers = [number_of(item) for item in as_list(value)]
    if len(numbers) != 2:
        return None
    x, y = numbers
    return (x, y) if x is not None and y is not None and -1 <= x <= 1 and -1 <= y <= 1 else None
