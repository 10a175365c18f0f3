"""ScheduledStatus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from federation.actions.scheduling import draft_of
from web.client_api.entities.accounts import API_VISIBILITY
from web.client_api.entities.media import upload
from web.client_api.entities.site import Site, moment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from federation.actions.publish_thought import Draft
    from storage.media import Media
    from storage.scheduled import Scheduled


def scheduled_status(site: Site, one: Scheduled, media: Mapping[UUID, Media]) -> dict[str, Any]:
    """Write what is to be published later. Mastodon has no word for what is stuck: it gets one of its own."""
    draft = draft_of(one)
    written = {
        "id": str(one.id),
        "scheduled_at": moment(one.scheduled_at),
        "params": _params(draft),
        "media_attachments": [upload(site, media[carried.id]) for carried in draft.media if carried.id in media],
    }
    return {**written, "problem": one.problem} if one.problem else written


def _params(draft: Draft) -> dict[str, Any]:
    poll = draft.poll
    return {
        "text": draft.source,
        "spoiler_text": draft.summary,
        "sensitive": draft.sensitive,
        "visibility": API_VISIBILITY[draft.visibility or "public"],
        "language": draft.language or None,
        "in_reply_to_id": str(draft.reply_to) if draft.reply_to else None,
        "quoted_status_id": str(draft.quote) if draft.quote else None,
        "quote_approval_policy": draft.quote_policy,
        "media_ids": [str(one.id) for one in draft.media] or None,
        "poll": None
        if poll is None
        else {
            "options": list(poll.options),
            "expires_in": poll.expires_in_s,
            "multiple": poll.multiple,
            "hide_totals": poll.hide_totals,
        },
        "idempotency": draft.idempotency_key,
        "scheduled_at": None,
        # Both are there for history's sake alone; the ids of our apps are no numbers.
        "application_id": 0,
        "with_rate_limit": False,
    }
