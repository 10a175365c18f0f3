"""What trends, from rows to what templates show."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from federation.media.urls import MediaUrls
from web.current import settings
from web.presenting.pages import page_view
from web.presenting.people import person_view
from web.presenting.thoughts import Presenter
from web.view_models import JudgedLinkView, JudgedTagView, JudgedThoughtView, LinkTrendView, TrendView

if TYPE_CHECKING:
    from federation.actions.link_trends import JudgedPage, TrendingPage
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


def link_trend_view(trending: TrendingPage, now: datetime) -> LinkTrendView:
    """Return a page with its last week."""
    days = trending.week(now)[::-1]
    author = trending.author if trending.author is not None and trending.author.state == "active" else None
    return LinkTrendView(
        page_view(trending.card, person_view(author) if author is not None else None, MediaUrls(settings().media_base)),
        uses=sum(day.uses for day in days),
        week=tuple(day.accounts for day in days),
    )


def judged_link_view(judged: JudgedPage, now: datetime) -> JudgedLinkView:
    """Return a page with what was decided about it."""
    return JudgedLinkView(
        str(judged.page.card.id),
        link_trend_view(judged.page, now),
        str(judged.publisher_id) if judged.publisher_id is not None else None,
        is_shown=judged.is_shown,
        waits=judged.requires_review,
    )
