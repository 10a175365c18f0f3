"""What trends, from rows to what templates show."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from web.presenting.thoughts import Presenter
from web.view_models import JudgedTagView, JudgedThoughtView, TrendView

if TYPE_CHECKING:
    from federation.actions.moderating_tags import Moderated
    from federation.actions.tags import Hashtag
    from federation.actions.trends import JudgedThoughts
    from storage.people import Person


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


def judged_tag_view(one: Moderated, now: datetime) -> JudgedTagView:
    """Return a hashtag with what was decided about it."""
    rules = one.rules
    is_shown = rules.trendable and rules.usable
    return JudgedTagView(str(rules.id), trend_view(one.hashtag, now), is_shown, rules.requires_review)


def judged_thought_views(judged: JudgedThoughts, viewer: Person) -> tuple[JudgedThoughtView, ...]:
    """Return thoughts that trend with what was decided about each."""
    presenter = Presenter(judged.shown, viewer)
    seen = ((presenter.one(entry), judged.verdicts.get(entry.id)) for entry in judged.shown.entries)
    return tuple(
        JudgedThoughtView(view, verdict.is_shown, verdict.requires_review)
        for view, verdict in seen
        if view is not None and verdict is not None
    )
