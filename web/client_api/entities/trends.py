"""Trends::Link, and what moderators see of it and of publishers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from federation.actions.link_trends import JudgedPage, TrendingPage
from storage.link_trends import Publisher
from storage.people import Person
from web.client_api.entities.cards import preview_card
from web.client_api.entities.search import history
from web.client_api.entities.site import Site, moment


def trending_link(site: Site, page: TrendingPage, viewer: Person | None) -> dict[str, Any]:
    """Write a page that trends, with its last seven days, today first."""
    written = preview_card(site, page.card, page.author, viewer)
    return written | {"history": history(page.week(datetime.now(UTC)))}


def admin_link(site: Site, judged: JudgedPage, viewer: Person) -> dict[str, Any]:
    """Write a page that trends with what was decided about it."""
    decided = {"id": str(judged.page.card.id), "requires_review": judged.requires_review}
    return trending_link(site, judged.page, viewer) | decided


def publisher(one: Publisher) -> dict[str, Any]:
    """Write a host whose pages have trended."""
    return {
        "id": str(one.id),
        "domain": one.host,
        "trendable": one.trendable,
        "reviewed_at": moment(one.reviewed_at) if one.reviewed_at else None,
        "requested_review_at": moment(one.created_at),
        "requires_review": one.trendable is None,
    }
