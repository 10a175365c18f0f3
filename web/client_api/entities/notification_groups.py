"""GroupedNotificationsResults, NotificationPolicy and NotificationRequest."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from federation.actions.notice_groups import SAMPLE, Group, Groups
from federation.actions.notice_policies import RULES, PolicyNow, Requests
from storage.people import Person
from web.client_api.entities.accounts import account
from web.client_api.entities.notifications import decisions, fallback
from web.client_api.entities.site import Site, moment
from web.client_api.entities.statuses import Statuses


def grouped(
    site: Site, found: Groups, viewer: Person, *, partial: bool = False, supported: Collection[str] | None = None
) -> dict[str, Any]:
    """Write a page of groups; with `partial`, only the first account of each is written in full."""
    notices = found.notices
    statuses = Statuses(site, notices.shown, viewer).all()
    shown = {status["id"] for status in statuses}
    groups = [
        group for group in found.groups
        if group.members[0].actor_id in notices.people
        and (group.members[0].thought_id is None or str(group.members[0].thought_id) in shown)
    ]  # fmt: skip
    samples = {group.key: _sample(group, notices.people) for group in groups}
    first = {ids[0] for ids in samples.values()} if partial else {one for ids in samples.values() for one in ids}
    rest = {one for ids in samples.values() for one in ids} - first
    written = {
        "accounts": [account(site, notices.people[one]) for one in first],
        "statuses": statuses,
        "notification_groups": [
            _group(group, samples[group.key])
            | decisions(site, notices, group.members[0])
            | fallback(site, notices, group.members[0], supported)
            for group in groups
        ],
    }
    if partial:
        written["partial_accounts"] = [_partial(site, notices.people[one]) for one in rest]
    return written


def _sample(group: Group, people: dict[UUID, Person]) -> list[UUID]:
    ids = dict.fromkeys(one.actor_id for one in group.members if one.actor_id in people)
    return list(ids)[:SAMPLE]


def _group(group: Group, sample: list[UUID]) -> dict[str, Any]:
    newest, oldest = group.members[0], group.members[-1]
    written = {
        "group_key": group.key,
        "notifications_count": group.count,
        "type": newest.type,
        # Apps read a number here; the moment that our ids begin with is one, and sorts as they do.
        "most_recent_notification_id": newest.id.int >> 80,
        "page_min_id": str(oldest.id),
        "page_max_id": str(newest.id),
        "latest_page_notification_at": moment(newest.created_at),
        "sample_account_ids": [str(one) for one in sample],
    }
    if newest.thought_id is not None:
        written["status_id"] = str(newest.thought_id)
    return written


def _partial(site: Site, person: Person) -> dict[str, Any]:
    whole = account(site, person)
    names = ("id", "acct", "locked", "bot", "url", "avatar", "avatar_static", "avatar_description")
    return {name: whole[name] for name in names}


def policy(now: PolicyNow) -> dict[str, Any]:
    """Write a policy, and how much it keeps apart."""
    rules: dict[str, Any] = {rule: getattr(now.policy, rule) for rule in RULES}
    counts = {"pending_requests_count": now.requests, "pending_notifications_count": now.notifications}
    return rules | {"summary": counts}


def requests(site: Site, found: Requests, viewer: Person) -> list[dict[str, Any]]:
    """Write of whom something is kept apart; a request goes by the id of the person."""
    statuses = {status["id"]: status for status in Statuses(site, found.shown, viewer).all()}
    return [
        {
            "id": str(one.actor_id),
            "created_at": moment(one.first_at),
            "updated_at": moment(one.last_at),
            "account": account(site, found.people[one.actor_id]),
            "notifications_count": str(one.count),
            "last_status": statuses.get(str(one.last_thought_id)),
        }
        for one in found.kept
        if one.actor_id in found.people
    ]
