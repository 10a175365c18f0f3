"""The composer as it stands before anything is typed."""

from __future__ import annotations

from web.current import settings, signed_in
from web.view_models import ComposerView


def new_composer(source: str = "") -> ComposerView:
    """Return a composer that starts out as the viewer prefers."""
    current = signed_in()
    if current is None:
        return ComposerView(max_chars=settings().max_chars, max_media=settings().max_media, source=source)
    return ComposerView(
        max_chars=settings().max_chars,
        max_media=settings().max_media,
        source=source,
        visibility=current.visibility,
        lang=current.language,
        sensitive=current.sensitive,
    )
