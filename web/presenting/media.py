"""Media from rows to what templates show: in a thought, and as cards of the composer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from federation.media.attached import Attached, attached, row_of_upload
from federation.media.urls import MediaUrls
from web.view_models import AttachmentView, MediaCard

if TYPE_CHECKING:
    from storage.media import Media

_LABELS = {"image": "Picture", "gifv": "Animation", "video": "Video", "audio": "Sound"}
_PREVIEW_PIXELS = 640 * 480
# As the stylesheet's classes count: eighths of the way from left or top.
_FOCUS_STEPS = 8


def attachment_views(rows: Iterable[dict[str, Any]], urls: MediaUrls) -> tuple[AttachmentView, ...]:
    """Return what is attached to a thought; what is not shown here becomes a labelled link."""
    return tuple(_view(one) for one in attached(rows, urls))


def _view(one: Attached) -> AttachmentView:
    label = _LABELS.get(one.kind) or _label_of(one.media_type)
    return AttachmentView(
        url=one.url or one.remote_url or "",
        kind=one.kind,
        alt=one.alt,
        label=f"{label}, {one.width} × {one.height}" if one.width and one.height else label,
        width=one.width,
        height=one.height,
        blurhash=one.blurhash or "",
        preview_url=one.preview_url,
        preview_width=one.preview_width or _preview_width(one),
        focus=_focus_classes(one.focus),
        is_shown=one.url is not None,
    )


def _label_of(media_type: str | None) -> str:
    return {"image": "Picture", "video": "Video", "audio": "Sound"}.get((media_type or "").partition("/")[0], "File")


def _preview_width(one: Attached) -> int | None:
    """Return how wide the preview of a remote picture will be; ours are known."""
    if not one.width or not one.height:
        return None
    scale: float = (_PREVIEW_PIXELS / (one.width * one.height)) ** 0.5
    return round(one.width * min(1.0, scale))


def _focus_classes(focus: tuple[float, float]) -> str:
    """Return the classes that keep a focal point in view: style attributes are not allowed."""
    x, y = round((focus[0] + 1) / 2 * _FOCUS_STEPS), round((1 - focus[1]) / 2 * _FOCUS_STEPS)
    middle = _FOCUS_STEPS // 2
    return " ".join(f"{axis}{step}" for axis, step in (("x", x), ("y", y)) if step != middle)


def media_card(upload: Media, urls: MediaUrls) -> MediaCard:
    """Return an upload as the composer shows it."""
    shown = _view(attached([row_of_upload(upload)], urls)[0])
    return MediaCard(
        id=str(upload.id),
        kind=upload.kind,
        label=_LABELS[upload.kind],
        preview_url=shown.preview_url,
        alt=upload.alt,
        focus=f"{upload.focus_x:g},{upload.focus_y:g}",
        waiting=upload.state == "waiting",
        problem=upload.problem,
    )
