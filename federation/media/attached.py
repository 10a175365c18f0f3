"""What is attached to a thought, as its row keeps it: uploads of ours, or where a remote thought's media lie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from federation.media.urls import MediaUrls

if TYPE_CHECKING:
    from federation.protocol.attachments import Attachment
    from storage.media import Media


@dataclass(frozen=True, slots=True)
class Attached:
    """One medium of a thought; `url` and `preview_url` are ours to serve, or None for what stays elsewhere.

    `kind` is image, gifv, video, audio or unknown. `focus` is (x, y) in -1 to 1, y upwards.
    """

    id: str | None
    kind: str
    url: str | None
    preview_url: str | None
    remote_url: str | None
    media_type: str | None
    alt: str
    width: int | None
    height: int | None
    preview_width: int | None
    preview_height: int | None
    focus: tuple[float, float]
    blurhash: str | None
    duration_s: float | None
    frame_rate: str | None
    bitrate: int | None


def attached(rows: Iterable[dict[str, Any]], urls: MediaUrls) -> list[Attached]:
    """Read what a thought's row keeps of its media."""
    return [_attached(row, urls) for row in rows]


def _attached(row: dict[str, Any], urls: MediaUrls) -> Attached:
    ours, remote = row.get("hash"), row.get("url")
    kind: str = row.get("kind", "unknown")
    url: str | None = None
    preview: str | None = None
    if ours:
        url = urls.file(ours, row.get("type"))
        preview = urls.file(row["preview"]) if row.get("preview") else None
    else:
        url = urls.copy(remote) if remote and kind != "unknown" else None
        if row.get("preview_url"):
            preview = urls.preview(row["preview_url"])
        elif remote and kind == "image":
            preview = urls.preview(remote)
    focus = row.get("focus") or (0.0, 0.0)
    return Attached(
        id=row.get("id"),
        kind=kind,
        url=url,
        preview_url=preview,
        remote_url=None if ours else remote,
        media_type=row.get("type") or row.get("media_type"),
        alt=row.get("alt") or "",
        width=row.get("width"),
        height=row.get("height"),
        preview_width=row.get("preview_width"),
        preview_height=row.get("preview_height"),
        focus=(float(focus[0]), float(focus[1])),
        blurhash=row.get("blurhash"),
        duration_s=row.get("duration_s"),
        frame_rate=row.get("frame_rate"),
        bitrate=row.get("bitrate"),
    )


def row_of_upload(media: Media) -> dict[str, Any]:
    """Return what a thought's row keeps of an upload that hangs on it."""
    row: dict[str, Any] = {
        "id": str(media.id),
        "kind": media.kind,
        "hash": media.content_hash,
        "alt": media.alt,
        "focus": [round(media.focus_x, 4), round(media.focus_y, 4)],
        **media.facts,
    }
    return {**row, "preview": media.preview_hash} if media.preview_hash else row


def row_of_remote(one: Attachment) -> dict[str, Any]:
    """Return what a thought's row keeps of a remote medium: where it is, and how to describe it."""
    row: dict[str, Any] = {
        "url": one.url,
        "kind": one.kind,
        "media_type": one.media_type,
        "alt": one.alt or "",
        "width": one.width,
        "height": one.height,
        "blurhash": one.blurhash,
    }
    if one.focal is not None:
        row["focus"] = list(one.focal)
    if one.duration_s is not None:
        row["duration_s"] = one.duration_s
    if one.preview_url is not None:
        row["preview_url"] = one.preview_url
    return row


def shown_addresses(rows: Iterable[dict[str, Any]]) -> list[str]:
    """Return the addresses that the proxy is asked for when these remote media are shown."""
    found = [row["url"] for row in rows if row["kind"] != "unknown"]
    return found + [row["preview_url"] for row in rows if row.get("preview_url")]
