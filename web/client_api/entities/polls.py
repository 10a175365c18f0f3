"""Poll."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from storage.people import Person
from storage.polls import Poll
from storage.thoughts import Thought
from web.client_api.entities.site import moment


def poll(
    asked: Poll, thought: Thought, viewer: Person | None, now: datetime, emojis: list[dict[str, Any]]
) -> dict[str, Any]:
    """Write a poll; its author counts as somebody who voted, and hidden tallies are told at its end."""
    ended = asked.has_ended(now)
    told = ended or not asked.hide_totals
    written: dict[str, Any] = {
        "id": str(asked.thought_id),
        "expires_at": moment(asked.expires_at) if asked.expires_at else None,
        "expired": ended,
        "multiple": asked.multiple,
        "votes_count": sum(asked.tallies),
        "voters_count": asked.voters_count,
        "options": [
            {"title": title, "votes_count": votes if told else None}
            for title, votes in zip(asked.options, asked.tallies, strict=True)
        ],
        "emojis": emojis,
    }
    if viewer is not None:
        written["voted"] = bool(asked.own_votes) or viewer.id == thought.user_id
        written["own_votes"] = asked.own_votes
    return written
