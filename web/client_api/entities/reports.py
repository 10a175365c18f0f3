"""Report and AccountWarning."""

from __future__ import annotations

from typing import Any

from storage.people import Person
from storage.reports import Report, Strike
from web.client_api.entities.accounts import account
from web.client_api.entities.site import Site, moment


def report(site: Site, one: Report, target: Person) -> dict[str, Any]:
    """Write a report as those who made it, or are told of it, see it."""
    return {
        "id": str(one.id),
        "action_taken": one.action_taken_at is not None,
        "action_taken_at": moment(one.action_taken_at) if one.action_taken_at else None,
        "category": one.category,
        "comment": one.comment,
        "forwarded": one.forwarded,
        "created_at": moment(one.created_at),
        "status_ids": [str(thought_id) for thought_id in one.thought_ids] or None,
        "rule_ids": one.rule_ids or None,
        "collection_ids": [str(collection_id) for collection_id in one.collection_ids] or None,
        "target_account": account(site, target),
    }


def account_warning(site: Site, one: Strike, target: Person) -> dict[str, Any]:
    """Write what a moderator did about somebody."""
    return {
        "id": str(one.id),
        "action": one.action,
        "text": one.text,
        "status_ids": [str(thought_id) for thought_id in one.thought_ids] or None,
        "created_at": moment(one.created_at),
        "target_account": account(site, target),
        "appeal": None,
    }
