"""Announcements from rows to what pages show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.protocol.emojis import with_pictures
from web.presenting.emojis import pictures, reaction_view
from web.view_models import AnnouncementRow, AnnouncementView, span

if TYPE_CHECKING:
    from federation.actions.announcements import Posted
    from storage.announcements import Announcement


def announcement_views(posted: Posted) -> tuple[AnnouncementView, ...]:
    """Return announcements, the newest first, as people read them."""
    return tuple(
        AnnouncementView(
            id=str(one.id),
            html=with_pictures(one.page_html, pictures(one.emojis, is_remote=False)),
            when=_when(one),
            published_at=one.published_at,
            reactions=tuple(
                reaction_view(tally.name, tally.url, count=tally.count, mine=tally.mine)
                for tally in posted.reactions.get(one.id, ())
            ),
            dismissed=one.dismissed,
        )
        for one in sorted(posted.announcements, key=lambda one: one.published_at or one.updated_at, reverse=True)
    )


def announcement_row(one: Announcement) -> AnnouncementRow:
    """Return an announcement as admins see it."""
    state = "published" if one.published else "due" if one.scheduled_at is not None else "draft"
    at = {"published": one.published_at, "due": one.scheduled_at, "draft": one.updated_at}[state]
    return AnnouncementRow(str(one.id), one.source, _when(one), state, at)


def _when(one: Announcement) -> str:
    if one.starts_at is None or one.ends_at is None:
        return ""
    return span(one.starts_at, one.ends_at, all_day=one.all_day)
