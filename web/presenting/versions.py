"""The versions of a thought from rows to what templates show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from federation.media.urls import MediaUrls
from federation.protocol.emojis import with_pictures
from web.current import settings
from web.presenting.emojis import pictures, text_with
from web.presenting.media import attachment_views
from web.view_models import ThoughtView, VersionView

if TYPE_CHECKING:
    from storage.polls import Poll
    from storage.thoughts import Thought, Version


def version_views(
    view: ThoughtView, thought: Thought, earlier: Iterable[Version], asked: Poll | None
) -> tuple[VersionView, ...]:
    """Return every version of a thought, the present one first; `view` is how it is shown now."""
    emojis = pictures(thought.emojis, is_remote=not view.author.is_local)
    urls = MediaUrls(settings().media_base)
    views = [
        VersionView(
            version.created_at,
            replace(
                view,
                html=with_pictures(version.content, emojis),
                summary=version.summary,
                summary_html=text_with(version.summary, emojis),
                sensitive=version.sensitive,
                attachments=attachment_views(version.attachments, urls),
                poll=None,
                quote=None,
            ),
            tuple(version.poll_options or ()),
        )
        for version in earlier
    ]
    now = VersionView(
        view.edited_at or view.published_at,
        replace(view, poll=None, quote=None),
        tuple(asked.options) if asked is not None else (),
    )
    return now, *reversed(views)
