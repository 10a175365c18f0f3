"""Search, Tag, Admin::Tag and FeaturedTag."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from federation.actions.moderating_tags import Moderated
from federation.actions.search import Found
from federation.actions.tags import Hashtag
from federation.actions.weeks import Day
from storage.people import Person
from storage.tags import Featured
from web.client_api.entities.accounts import account
from web.client_api.entities.collections import collection
from web.client_api.entities.site import Site
from web.client_api.entities.statuses import Statuses


def search(site: Site, found: Found, hashtags: Iterable[Hashtag], viewer: Person | None) -> dict[str, Any]:
    """Write what a search found."""
    return {
        "accounts": [account(site, person) for person in found.people],
        "statuses": Statuses(site, found.shown, viewer).all(),
        "hashtags": [tag(site, one, viewer) for one in hashtags],
        "collections": [collection(site, found.shelf, one) for one in found.shelf.collections],
    }


def tag(site: Site, one: Hashtag, viewer: Person | None) -> dict[str, Any]:
    """Write a hashtag with its use on the last seven days, today first; its name is its id."""
    written: dict[str, Any] = {
        "id": one.name,
        "name": one.display_name,
        "url": site.tag(one.name),
        "history": history(one.week(datetime.now(UTC))),
    }
    if viewer is not None:
        written |= {"following": one.following, "featuring": one.featuring}
    return written


def admin_tag(site: Site, one: Moderated, viewer: Person) -> dict[str, Any]:
    """Write a hashtag with what was decided about it; unlike for everybody, its id is that of its row."""
    rules = one.rules
    return tag(site, one.hashtag, viewer) | {
        "id": str(rules.id),
        "trendable": rules.trendable,
        "usable": rules.usable,
        "listable": rules.listable,
        "requires_review": rules.requires_review,
    }


def history(week: Iterable[Day]) -> list[dict[str, str]]:
    """Write how something was used on each of these days."""
    return [{"day": str(day.day), "uses": str(day.uses), "accounts": str(day.accounts)} for day in week]


def featured_tag(site: Site, person: Person, one: Featured) -> dict[str, Any]:
    """Write a tag of somebody's profile."""
    return {
        "id": str(one.id),
        "name": one.name,
        "url": f"{site.origin}/@{person.handle}/tagged/{quote(one.name, safe='')}",
        "statuses_count": str(one.uses),
        "last_status_at": one.last_used_at.date().isoformat() if one.last_used_at else None,
    }
