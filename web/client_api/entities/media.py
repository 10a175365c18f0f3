"""MediaAttachment, of uploads and of what hangs on a status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from federation.media.attached import Attached, attached, row_of_upload
from web.client_api.entities.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from storage.media import Media


def upload(site: Site, media: Media) -> dict[str, Any]:
    """Write an upload; without addresses while it is worked on."""
    return _attachment(attached([row_of_upload(media)], site.media)[0], str(media.id))


def attachments(site: Site, thought_id: UUID, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Write what hangs on a thought: everything is had from us, apps ask no stranger."""
    return [_attachment(one, one.id or f"{thought_id}-{place}") for place, one in enumerate(attached(rows, site.media))]


def _attachment(one: Attached, media_id: str) -> dict[str, Any]:
    return {
        "id": media_id,
        "type": one.kind,
        # Of a thing that is only linked it is never null for Mastodon, and some apps cannot read a null there.
        "url": one.url or one.remote_url,
        "preview_url": one.preview_url or (one.url if one.kind == "image" else None),
        "remote_url": one.remote_url,
        "preview_remote_url": None,
        "text_url": None,
        "meta": _meta(one),
        "description": one.alt or None,
        "blurhash": one.blurhash,
    }


def _meta(one: Attached) -> dict[str, Any]:
    meta: dict[str, Any] = {"focus": {"x": one.focus[0], "y": one.focus[1]}} if one.kind != "audio" else {}
    original = _size(one.width, one.height)
    moving = {"frame_rate": one.frame_rate, "duration": one.duration_s, "bitrate": one.bitrate}
    if one.kind in ("gifv", "video", "audio"):
        known = {name: value for name, value in moving.items() if value is not None}
        meta |= {**known, **original}
        original = {name: value for name, value in original.items() if name in ("width", "height")} | known
    if original:
        meta["original"] = original
    small = _size(one.preview_width, one.preview_height)
    if small:
        meta["small"] = small
    return meta


def _size(width: int | None, height: int | None) -> dict[str, Any]:
    if not width or not height:
        return {}
    return {"width": width, "height": height, "size": f"{width}x{height}", "aspect": width / height}
