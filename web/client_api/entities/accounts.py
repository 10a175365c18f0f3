"""Account, CredentialAccount, MutedAccount, Relationship."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from federation.actions.collections import MOST_COLLECTIONS
from federation.protocol.quote_policy import (
    Permission,
    automatic,
    depends_on_follows,
    feature_policy_of,
    manual,
    permission,
)
from storage.people import Person
from storage.preferences import Preferences
from storage.relations import Relation
from web.client_api.entities.site import Site, custom_emojis, day, moment

API_VISIBILITY = {"public": "public", "unlisted": "unlisted", "followers": "private", "direct": "direct"}
"""Stored visibilities by the API's names."""
STORED_VISIBILITY = {theirs: ours for ours, theirs in API_VISIBILITY.items()}
"""The API's visibilities by our names."""

_ROLES = {"user": ("", "0"), "moderator": ("Moderator", "1308"), "admin": ("Admin", "1")}


def account(site: Site, person: Person, *, approval: Permission | None = None) -> dict[str, Any]:
    """Write a person as anybody sees them; `approval` is what featuring them comes to for the viewer, where known.

    The answer is everybody's, and not to be changed.
    """
    written = site.accounts.find(person.id, person) or site.accounts.keep(person.id, person, _account(site, person))
    if approval is None:
        return written
    return {**written, "feature_approval": _feature_approval(feature_policy_of(person), approval)}


def _account(site: Site, person: Person) -> dict[str, Any]:
    avatar = site.picture(person.avatar_url, is_remote=person.is_remote, default=site.no_avatar)
    header = site.picture(person.header_url, is_remote=person.is_remote, default=site.no_header)
    written = {
        "id": str(person.id),
        "username": person.username,
        "acct": person.handle,
        "display_name": person.display_name,
        "locked": person.locked,
        "bot": person.actor_type in ("Service", "Application"),
        "discoverable": person.discoverable,
        "indexable": person.indexable,
        "group": person.actor_type == "Group",
        "created_at": day(person.created_at),
        "note": person.bio_html,
        "url": person.profile_url,
        "uri": person.ap_id,
        "avatar": avatar,
        "avatar_static": avatar,
        "avatar_description": person.avatar_alt,
        "header": header,
        "header_static": header,
        "header_description": person.header_alt,
        "followers_count": person.followers_count,
        "following_count": person.following_count,
        "statuses_count": person.thoughts_count,
        "last_status_at": person.last_thought_at.date().isoformat() if person.last_thought_at else None,
        "hide_collections": person.hide_collections,
        "feature_approval": _feature_approval(feature_policy_of(person), None),
        "emojis": custom_emojis(site, person.emojis, is_remote=person.is_remote) if person.emojis else [],
        "fields": [_field(field, "html") for field in person.fields],
    }
    if person.silenced:
        written["limited"] = True
    if not person.is_remote:
        written["noindex"] = not person.indexable
        written["roles"] = _roles(person)
    return written


# Asked for every person on a page, and there are few policies.
@lru_cache(maxsize=256)
def _feature_approval(policy: int | None, approval: Permission | None) -> dict[str, Any]:
    if policy is None:
        approval = Permission.MISSING
    elif approval is None:
        depends = depends_on_follows(policy)
        approval = permission(policy, visibility="public", own=False, follows=False, followed=False)
        approval = Permission.UNKNOWN if depends and approval is Permission.DENIED else approval
    return {"automatic": automatic(policy or 0), "manual": manual(policy or 0), "current_user": approval.value}


def _field(field: dict[str, Any], which: str) -> dict[str, Any]:
    verified_at = field.get("verified_at")
    return {
        "name": field["name"],
        "value": field.get(which) or field["value"],
        "verified_at": moment(datetime.fromisoformat(verified_at)) if verified_at else None,
    }


def _roles(person: Person) -> list[dict[str, Any]]:
    name, number = _ROLES[person.role]
    return [{"id": number, "name": name, "color": ""}] if name else []


def credential_account(site: Site, person: Person, preferred: Preferences, *, follow_requests: int) -> dict[str, Any]:
    """Write the viewer themselves, with what they typed and the defaults of their composer."""
    return {
        **account(site, person),
        "source": {
            "privacy": API_VISIBILITY[preferred.visibility],
            "sensitive": preferred.sensitive,
            "language": preferred.language,
            "quote_policy": preferred.quote_policy,
            "note": person.bio,
            "fields": [_field(field, "value") for field in person.fields],
            "follow_requests_count": follow_requests,
            "discoverable": person.discoverable,
            "indexable": person.indexable,
            "hide_collections": person.hide_collections,
            "attribution_domains": preferred.attribution_domains,
        },
        "role": role(person),
    }


def profile(site: Site, person: Person, preferred: Preferences) -> dict[str, Any]:
    """Write a Profile: what the viewer says of themselves, as typed and as shown; pictures they have not are null."""
    avatar = site.picture(person.avatar_url, is_remote=False, default="") or None
    header = site.picture(person.header_url, is_remote=False, default="") or None
    return {
        "id": str(person.id),
        "display_name": person.display_name,
        "note": person.bio,
        "formatted_note": person.bio_html,
        "fields": [_field(field, "value") for field in person.fields],
        "formatted_fields": [_field(field, "html") for field in person.fields],
        "avatar": avatar,
        "avatar_static": avatar,
        "avatar_description": person.avatar_alt,
        "header": header,
        "header_static": header,
        "header_description": person.header_alt,
        "locked": person.locked,
        "bot": person.actor_type == "Service",
        "hide_collections": person.hide_collections,
        "discoverable": person.discoverable,
        "indexable": person.indexable,
        "show_media": preferred.show_media,
        "show_media_replies": preferred.show_media_replies,
        "show_featured": preferred.show_featured,
        "attribution_domains": preferred.attribution_domains,
    }


def role(person: Person) -> dict[str, Any]:
    """Write what somebody may do here."""
    name, number = _ROLES[person.role]
    return {
        "id": number, "name": name, "permissions": number, "color": "", "highlighted": bool(name),
        "collection_limit": MOST_COLLECTIONS,
    }  # fmt: skip


def muted_account(site: Site, person: Person, until: datetime | None) -> dict[str, Any]:
    """Write a muted person, with the end of the mute."""
    return {**account(site, person), "mute_expires_at": moment(until) if until else None}


def relationship(relation: Relation) -> dict[str, Any]:
    """Write what the viewer and a person are to each other."""
    return {
        "id": str(relation.person_id),
        "following": relation.following,
        "showing_reblogs": relation.show_boosts,
        "notifying": relation.notify,
        "languages": relation.languages,
        "followed_by": relation.followed_by,
        "blocking": relation.blocking,
        "blocked_by": relation.blocked_by,
        "muting": relation.muting,
        "muting_notifications": relation.muting_notifications,
        "muting_expires_at": moment(relation.muting_expires_at) if relation.muting_expires_at else None,
        "requested": relation.requested,
        "requested_by": relation.requested_by,
        "domain_blocking": relation.domain_blocking,
        "endorsed": relation.endorsed,
        "note": relation.note,
    }
