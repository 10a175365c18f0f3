"""Announcement, with whom and what it names and how people reacted."""

from __future__ import annotations

from typing import Any

from federation.actions.announcements import Posted
from storage.announcements import Announcement
from storage.people import Person
from web.client_api.entities.site import Site, custom_emojis, moment
from web.client_api.entities.statuses import reaction


def announcements(site: Site, posted: Posted, viewer: Person | None = None) -> list[dict[str, Any]]:
    """Write announcements; without a viewer what is theirs is left out, as Mastodon does."""
    return [_written(site, posted, one, viewer) for one in posted.announcements]


def _written(site: Site, posted: Posted, one: Announcement, viewer: Person | None) -> dict[str, Any]:
    reactions = [reaction(site, tally) for tally in posted.reactions.get(one.id, ())]
    written: dict[str, Any] = {
        "id": str(one.id),
        "content": one.content,
        "starts_at": moment(one.starts_at) if one.starts_at else None,
        "ends_at": moment(one.ends_at) if one.ends_at else None,
        "all_day": one.all_day,
        "published_at": moment(one.published_at or one.updated_at),
        "updated_at": moment(one.updated_at),
        "mentions": [_mentioned(posted.people[who]) for who in one.mentions if who in posted.people],
        "statuses": [
            {"id": str(thought.id), "url": thought.url}
            for thought in (posted.thoughts.get(thought_id) for thought_id in one.thought_ids)
            if thought is not None
        ],
        "tags": [{"name": name, "url": site.tag(name)} for name in one.tags],
        "emojis": custom_emojis(site, one.emojis, is_remote=False),
        "reactions": reactions,
    }
    if viewer is not None:
        return written | {"read": one.dismissed}
    for told in reactions:
        del told["me"]
    return written


def _mentioned(person: Person) -> dict[str, str]:
    return {"id": str(person.id), "username": person.username, "url": person.profile_url, "acct": person.handle}
