"""Instance (v2) and V1Instance."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from federation.actions.poll_drafts import LONGEST_S, MAX_OPTION_CHARS, MOST_OPTIONS, SHORTEST_S
from federation.actions.profiles import MAX_BIO, MAX_FIELD_CHARS, MAX_FIELDS, MAX_NAME
from federation.actions.reactions import MOST_PINS
from federation.actions.tags import MOST_FEATURED
from federation.actions.usage import Usage
from federation.media import videos
from federation.media.formats import (
    IMAGES,
    MAX_ALT_CHARS,
    MAX_FRAME_RATE,
    MAX_IMAGE_BYTES,
    MAX_PIXELS,
    MAX_VIDEO_BYTES,
    MAX_VIDEO_PIXELS,
    MOVING,
)
from federation.media.urls import still_of
from federation.protocol.text import LINK_CHARS
from federation.settings import Registration, Settings
from storage.emojis import CustomEmoji
from storage.site import SiteRule
from web.client_api.entities.accounts import account
from web.client_api.entities.site import Site

# Apps decide by these what they may ask for. What each number promises is in tests/client_api/test_api_versions.py.
_COMPATIBLE_WITH = "4.6.1"
_API_VERSION = 11
_FEEDS = {"local": "public", "remote": "public"}


def instance(site: Site, settings: Settings, usage: Usage, *, vapid_key: str) -> dict[str, Any]:
    """Write what the server is, what it allows and how much it is used."""
    return {
        "domain": settings.account_domain,
        "title": settings.account_domain,
        "version": software_version(),
        "source_url": f"{site.origin}/about",
        "description": usage.house.description,
        "usage": {"users": {"active_month": usage.active_month}},
        "thumbnail": {"url": site.no_avatar, "blurhash": None, "versions": {}, "description": ""},
        "icon": [],
        "languages": [],
        "configuration": {
            **_configuration(settings),
            "urls": {
                "streaming": _streaming(site),
                "about": f"{site.origin}/about",
                "privacy_policy": f"{site.origin}/privacy",
                "terms_of_service": f"{site.origin}/terms" if usage.has_terms else None,
            },
            "vapid": {"public_key": vapid_key},
            "translation": {"enabled": False},
            "limited_federation": settings.limited_federation,
            "timelines_access": {
                "live_feeds": _FEEDS,
                "hashtag_feeds": _FEEDS,
                "trending_link_feeds": _FEEDS,
            },
        },
        "registrations": {
            "enabled": settings.registration in (Registration.OPEN, Registration.APPROVAL),
            "approval_required": settings.registration is Registration.APPROVAL,
            "reason_required": False,
            "message": None,
            "url": f"{site.origin}/signup",
        },
        "api_versions": {"mastodon": _API_VERSION},
        "contact": {
            "email": settings.mail_from or "",
            "account": _contact(site, usage),
        },
        "rules": [rule(one) for one in usage.house.rules],
    }


def instance_v1(site: Site, settings: Settings, usage: Usage) -> dict[str, Any]:
    """Write the same in the older form."""
    description = usage.house.description
    return {
        "uri": settings.account_domain,
        "title": settings.account_domain,
        "short_description": description,
        "description": description,
        "email": settings.mail_from or "",
        "version": software_version(),
        "urls": {"streaming_api": _streaming(site)},
        "stats": {
            "user_count": usage.about.summary.people,
            "status_count": usage.about.summary.thoughts,
            "domain_count": usage.about.summary.hosts,
        },
        "thumbnail": site.no_avatar,
        "languages": [],
        "registrations": settings.registration in (Registration.OPEN, Registration.APPROVAL),
        "approval_required": settings.registration is Registration.APPROVAL,
        "invites_enabled": settings.registration is Registration.INVITE,
        "configuration": _configuration(settings),
        "contact_account": _contact(site, usage),
        "rules": [rule(one) for one in usage.house.rules],
    }


def rule(one: SiteRule) -> dict[str, Any]:
    """Write a rule of the house."""
    return {"id": str(one.id), "text": one.text, "hint": one.hint, "translations": {}}


def custom_emoji(emoji: CustomEmoji) -> dict[str, Any]:
    """Write an emoji of this server."""
    written = {
        "shortcode": emoji.shortcode,
        "url": emoji.url,
        "static_url": still_of(emoji.url),
        "visible_in_picker": emoji.visible_in_picker,
    }
    return {**written, "category": emoji.category} if emoji.category else written


def _streaming(site: Site) -> str:
    """Return where streams are: apps append the path themselves."""
    return site.origin.replace("http", "ws", 1)


def software_version() -> str:
    """Return the version apps read: the Mastodon whose API this is like, then our own name."""
    return f"{_COMPATIBLE_WITH} (compatible; Thoughts {version('thoughts')})"


def _contact(site: Site, usage: Usage) -> dict[str, Any] | None:
    return next((account(site, admin) for admin in usage.about.admins), None)


def _configuration(settings: Settings) -> dict[str, Any]:
    """Write the limits; those of what this server does not take are 0, or the least that apps can read."""
    return {
        "accounts": {
            "max_featured_tags": MOST_FEATURED,
            "max_pinned_statuses": MOST_PINS,
            "max_display_name_length": MAX_NAME,
            "max_note_length": MAX_BIO,
            "max_avatar_description_length": MAX_ALT_CHARS,
            "max_header_description_length": MAX_ALT_CHARS,
            "max_profile_fields": MAX_FIELDS,
            "profile_field_name_limit": MAX_FIELD_CHARS,
            "profile_field_value_limit": MAX_FIELD_CHARS,
        },
        "statuses": {
            "max_characters": settings.max_chars,
            "max_media_attachments": settings.max_media,
            "characters_reserved_per_url": LINK_CHARS,
        },
        "media_attachments": {
            "supported_mime_types": [*IMAGES, *(MOVING if videos.available() else ())],
            "description_limit": MAX_ALT_CHARS,
            "image_size_limit": MAX_IMAGE_BYTES,
            "image_matrix_limit": MAX_PIXELS,
            "video_size_limit": MAX_VIDEO_BYTES,
            "video_frame_rate_limit": MAX_FRAME_RATE,
            "video_matrix_limit": MAX_VIDEO_PIXELS,
        },
        "polls": {
            "max_options": MOST_OPTIONS,
            "max_characters_per_option": MAX_OPTION_CHARS,
            "min_expiration": SHORTEST_S,
            "max_expiration": LONGEST_S,
        },
    }
