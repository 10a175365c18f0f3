"""Notification."""

from __future__ import annotations

from collections.abc import Collection
from html import escape
from typing import Any, Final

from federation.actions.notice_groups import group_key
from federation.actions.notices import Notices
from federation.actions.pushing import TITLES
from storage.notifications import Notification
from storage.people import Person
from web.client_api.entities.accounts import account
from web.client_api.entities.collections import collection
from web.client_api.entities.reports import account_warning, report
from web.client_api.entities.site import Site, moment
from web.client_api.entities.statuses import Statuses

# What Mastodon takes every app to know.
_KNOWN_TO_ALL: Final = frozenset({
    "mention", "status", "reblog", "follow", "follow_request", "favourite", "poll", "update", "quote",
    "quoted_update", "annual_report",
})  # fmt: skip


def decisions(site: Site, notices: Notices, one: Notification) -> dict[str, Any]:
    """Write the report, the warning or the collection that a notification tells of."""
    told = notices.reports.get(one.report_id) if one.report_id is not None else None
    warned = notices.warnings.get(one.warning_id) if one.warning_id is not None else None
    written: dict[str, Any] = {}
    if told is not None and told.target_id in notices.people:
        written["report"] = report(site, told, notices.people[told.target_id])
    curated = next((kept for kept in notices.shelf.collections if kept.id == one.collection_id), None)
    if curated is not None:
        written["collection"] = collection(site, notices.shelf, curated)
    if warned is not None:
        written["moderation_warning"] = account_warning(site, warned, notices.people[one.actor_id])
    return written


def fallback(site: Site, notices: Notices, one: Notification, supported: Collection[str] | None) -> dict[str, Any]:
    """Say in words what a kind tells that an app does not know, when it said which it knows (`supported`)."""
    if supported is None or one.type in supported or one.type in _KNOWN_TO_ALL or one.type not in TITLES:
        return {}
    title = TITLES[one.type].format(name=escape(notices.people[one.actor_id].name))
    summary = f"This app does not show more of it. The pages at {site.origin}/notifications do."
    return {"fallback": {"title": title, "summary": summary, "details": None}}


def notifications(
    site: Site, notices: Notices, viewer: Person, *, supported: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """Write a page of notifications, each with whom and what it is about."""
    statuses = {
        status["id"]: status for status in Statuses(site, notices.shown, viewer).all()
    }  # fmt: skip
    written = []
    for one in notices.notifications:
        about = None if one.thought_id is None else statuses.get(str(one.thought_id))
        # Deleted between the queries: an app could not show it.
        if one.actor_id not in notices.people or (one.thought_id is not None and about is None):
            continue
        item = {
            "id": str(one.id),
            "type": one.type,
            "created_at": moment(one.created_at),
            "group_key": group_key(one),
            "account": account(site, notices.people[one.actor_id]),
        }
        if about is not None:
            item["status"] = about
        item |= decisions(site, notices, one) | fallback(site, notices, one, supported)
        written.append(item)
    return written
