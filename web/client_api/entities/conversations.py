"""Conversation."""

from __future__ import annotations

from typing import Any

from federation.actions.conversations import Talks
from storage.people import Person
from web.client_api.entities.accounts import account
from web.client_api.entities.site import Site
from web.client_api.entities.statuses import Statuses


def conversations(site: Site, talks: Talks, viewer: Person) -> list[dict[str, Any]]:
    """Write conversations; a talk with oneself names oneself."""
    statuses = {status["id"]: status for status in Statuses(site, talks.shown, viewer).all()}
    return [
        {
            "id": str(one.id),
            "unread": one.unread,
            "accounts": [
                account(site, talks.people[person_id]) for person_id in one.participants if person_id in talks.people
            ]
            or [account(site, viewer)],
            "last_status": statuses.get(str(one.last_thought_id)),
        }
        for one in talks.conversations
    ]
