"""What trends, from rows to what templates show."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from web.view_models import TrendView

if TYPE_CHECKING:
    from federation.actions.tags import Hashtag


def trend_view(hashtag: Hashtag, now: datetime) -> TrendView:
    """Return a hashtag with its last week."""
    days = hashtag.week(now)[::-1]
    return TrendView(
        hashtag.name,
        hashtag.display_name,
        uses=sum(day.uses for day in days),
        week=tuple(day.accounts for day in days),
        following=hashtag.following,
    )
