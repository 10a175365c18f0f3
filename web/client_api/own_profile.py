"""The caller's own profile and preferences: verify_credentials, update_credentials, /v1/profile*, /v1/preferences"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

from quart import Blueprint, Response, request

from federation.actions import notices, pictures, profiles
from federation.actions.preferences import check_preferences, edit_preferences, get_preferences
from federation.actions.profiles import MAX_FIELDS, ProfileForm
from federation.actions.tags import get_featured
from federation.errors import Invalid
from storage.people import Person
from web.client_api.answers import answer
from web.client_api.authentication import scoped
from web.client_api.call import Call
from web.client_api.entities.accounts import API_VISIBILITY, STORED_VISIBILITY, credential_account, profile
from web.client_api.entities.search import featured_tag
from web.client_api.parameters import Parameters

routes = Blueprint("own_profile", __name__)

_PICTURES: Final = ("avatar", "header")
_MOST_DOMAINS: Final = 100
# Flags of the profile's tabs, as they are given and stored.
_TABS: Final = ("show_media", "show_media_replies", "show_featured")


async def _credentials(call: Call, person: Person) -> Response:
    requests = await notices.count_follow_requests(call.services, person)
    preferred = await get_preferences(call.services, person)
    return answer(credential_account(call.site, person, preferred, follow_requests=requests))


async def _profile(call: Call, person: Person) -> Response:
    written = profile(call.site, person, await get_preferences(call.services, person))
    featured = await get_featured(call.services, person)
    return answer({**written, "featured_tags": [featured_tag(call.site, person, one) for one in featured]})


@routes.get("/v1/accounts/verify_credentials")
@scoped("read:accounts", "profile")
async def verify_credentials(call: Call) -> Response:
    """Show the caller themselves."""
    return await _credentials(call, call.person)


@routes.patch("/v1/accounts/update_credentials")
@scoped("write:accounts")
async def update_credentials(call: Call) -> Response:
    """Change what the caller says of themselves, and how their thoughts start out; what is not named stays."""
    return await _credentials(call, await _change(call))


@routes.get("/v1/profile")
@scoped("read:accounts", "profile")
async def show_profile(call: Call) -> Response:
    """Show what the caller says of themselves, as they typed it."""
    return await _profile(call, call.person)


@routes.patch("/v1/profile")
@scoped("write:accounts")
async def edit_profile(call: Call) -> Response:
    """Change what the caller says of themselves; what is not named stays."""
    return await _profile(call, await _change(call))


@routes.delete("/v1/profile/avatar")
@scoped("write:accounts")
async def delete_avatar(call: Call) -> Response:
    """Take the caller's picture away."""
    return await _credentials(call, await pictures.remove_picture(call.services, call.person, "avatar"))


@routes.delete("/v1/profile/header")
@scoped("write:accounts")
async def delete_header(call: Call) -> Response:
    """Take the caller's header away."""
    return await _credentials(call, await pictures.remove_picture(call.services, call.person, "header"))


async def _change(call: Call) -> Person:
    """Do what both forms ask for: all of it, or nothing when something of it is wrong."""
    given, person = call.parameters, call.person
    form = ProfileForm(
        display_name=given.text("display_name", person.display_name),
        bio=given.text("note", person.bio),
        fields=_fields(given, person),
        locked=given.flag("locked", default=person.locked),
        discoverable=given.flag("discoverable", default=person.discoverable),
        indexable=given.flag("indexable", default=person.indexable),
        bot=given.flag("bot", default=person.actor_type == "Service"),
        hide_collections=given.flag("hide_collections", default=person.hide_collections),
    )
    preferences = check_preferences(_preferences(given))
    fresh: dict[str, str] = {}
    for which in _PICTURES:
        if data := await _upload(given, which):
            fresh[which] = await pictures.prepare_picture(call.services, which, data)
    alts = {which: given.optional_text(f"{which}_description") for which in _PICTURES}
    person = await profiles.edit_profile(call.services, person, form)
    if preferences:
        await edit_preferences(call.services, person, **preferences)
    for which in _PICTURES:
        alt = alts[which]
        if which in fresh:
            person = await profiles.set_picture(call.services, person, which, fresh[which], alt or "")
        elif alt is not None:
            person = await profiles.describe_picture(call.services, person, which, alt)
    return person


def _preferences(given: Parameters) -> dict[str, Any]:
    """Read what of the preferences is to change."""
    source = given.nested("source")
    wanted: dict[str, Any] = {}
    if not source.is_blank("privacy"):
        privacy = source.text("privacy")
        if privacy not in STORED_VISIBILITY:
            raise Invalid("source[privacy] is public, unlisted, private or direct.", field="source[privacy]")
        wanted["visibility"] = STORED_VISIBILITY[privacy]
    if (sensitive := source.optional_flag("sensitive")) is not None:
        wanted["sensitive"] = sensitive
    if (language := source.optional_text("language")) is not None:
        wanted["language"] = language
    if not source.is_blank("quote_policy"):
        wanted["quote_policy"] = source.text("quote_policy")
    if given.has("attribution_domains"):
        wanted["attribution_domains"] = given.texts("attribution_domains", most=_MOST_DOMAINS)
    return wanted | {name: flag for name in _TABS if (flag := given.optional_flag(name)) is not None}


def _fields(given: Parameters, person: Person) -> list[tuple[str, str]]:
    wanted = given.records("fields_attributes", most=MAX_FIELDS * 4)
    if wanted is None:
        return [(field["name"], field["value"]) for field in person.fields]
    return [(one.text("name"), one.text("value")) for one in wanted]


async def _upload(given: Parameters, which: str) -> bytes:
    """Read a picture: a part of the form, or a data: URL as older apps send them; nothing when there is none."""
    files = await request.files
    if which in files:
        data: bytes = files[which].read()
        return data
    head, comma, text = given.upload(which).partition(",")
    if not head:
        return b""
    try:
        if not (head.startswith("data:image/") and head.endswith(";base64") and comma):
            raise ValueError(head)
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise Invalid(f"{which} must be a picture.", field=which) from exc


@routes.get("/v1/preferences")
@scoped("read:accounts")
async def preferences(call: Call) -> Response:
    """Show how the caller's thoughts start out, and how they like to read."""
    preferred = await get_preferences(call.services, call.person)
    return answer(
        {
            "posting:default:visibility": API_VISIBILITY[preferred.visibility],
            "posting:default:sensitive": preferred.sensitive,
            "posting:default:language": preferred.language,
            "posting:default:quote_policy": preferred.quote_policy,
            "reading:expand:media": preferred.expand_media,
            "reading:expand:spoilers": preferred.expand_spoilers,
            "reading:autoplay:gifs": False,
        }
    )
