"""What the server says of itself and knows of others: /v1/instance/*, /oembed"""

from __future__ import annotations

import time
from datetime import date
from hashlib import sha256
from html import escape
from typing import Final

from quart import Blueprint, Response, current_app

from federation.actions import gates, site, timelines
from federation.actions.site import Text
from federation.errors import NotFound
from federation.protocol.sanitise import plain_text
from storage.site import Week
from web.client_api.answers import answer
from web.client_api.authentication import open_to_all, scoped
from web.client_api.call import Call
from web.client_api.entities.instance import rule
from web.client_api.entities.site import moment
from web.current import path_id
from web.rendering import environment

routes = Blueprint("house", __name__)

_WEEKS: Final = "client_api_weeks"
_KEPT_S: Final = 600.0
_WIDTH: Final = 400
_CACHED_S: Final = 86400


@routes.get("/v1/instance/rules")
@open_to_all()
async def rules(call: Call) -> Response:
    """Show the rules of the house."""
    return answer([rule(one) for one in (await site.get_house(call.services)).rules])


@routes.get("/v1/instance/peers")
@open_to_all()
async def peers(call: Call) -> Response:
    """Show the servers that somebody is known of here."""
    return answer(await site.list_peers(call.services))


@routes.get("/v1/instance/activity")
@open_to_all()
async def activity(call: Call) -> Response:
    """Show what happened in the last twelve weeks, counted anew every ten minutes."""
    known: tuple[float, list[Week]] | None = current_app.extensions.get(_WEEKS)
    if known is None or time.monotonic() - known[0] > _KEPT_S:
        known = current_app.extensions[_WEEKS] = (time.monotonic(), await site.list_weeks(call.services))
    return answer(
        [
            {
                "week": str(int(week.begins_at.timestamp())),
                "statuses": str(week.thoughts),
                "logins": str(week.people),
                "registrations": str(week.sign_ups),
            }
            for week in known[1]
        ]
    )


@routes.get("/v1/instance/extended_description")
@open_to_all()
async def extended_description(call: Call) -> Response:
    """Show what the admins say of the place at length."""
    text = await site.get_text(call.services, "about")
    return answer({"updated_at": moment(text.updated_at) if text else None, "content": text.html if text else ""})


@routes.get("/v1/instance/privacy_policy")
@open_to_all()
async def privacy_policy(call: Call) -> Response:
    """Show what becomes of what people give away."""
    text = await site.get_text(call.services, "privacy")
    if text is None:
        raise NotFound("There is no privacy policy.")
    return answer({"updated_at": moment(text.updated_at), "content": text.html})


@routes.get("/v1/instance/terms_of_service")
@open_to_all()
async def terms(call: Call) -> Response:
    """Show the terms in force."""
    return _terms(call, await site.get_terms(call.services))


@routes.get("/v1/instance/terms_of_service/<day>")
@open_to_all()
async def terms_of(call: Call, day: str) -> Response:
    """Show the terms that began to hold on a day."""
    try:
        wanted = date.fromisoformat(day)
    except ValueError as exc:
        raise NotFound("That is not a day.") from exc
    return _terms(call, await site.get_terms(call.services, wanted))


def _terms(call: Call, text: Text) -> Response:
    return answer(
        {
            "effective_date": text.effective_on.isoformat(),
            "effective": text.effective_on <= call.services.now().date(),
            "content": text.html,
            "succeeded_by": text.succeeded_by.isoformat() if text.succeeded_by else None,
        }
    )


@routes.get("/v1/instance/domain_blocks")
@scoped()
async def domain_blocks(call: Call) -> Response:
    """Show the refused servers to the people here; strangers do not learn of them."""
    return answer(
        [
            {
                "domain": gates.public_domain(one),
                "digest": sha256(one.domain.encode()).hexdigest(),
                "severity": one.severity,
                "comment": one.public_comment or None,
            }
            for one in await gates.list_told(call.services)
        ]
    )


@routes.get("/v1/instance/translation_languages")
@open_to_all()
async def translation_languages(call: Call) -> Response:
    """Show what can be translated: nothing, for there is no translator here."""
    return answer({})


@routes.get("/v1/instance/languages")
@open_to_all()
async def languages(call: Call) -> Response:
    """Show the languages that the composer offers."""
    names: dict[str, str] = environment().get_template("_languages.html").module.names  # type: ignore[attr-defined]
    return answer([{"code": code, "name": name} for code, name in names.items()])


@routes.get("/oembed")
@open_to_all()
async def oembed(call: Call) -> Response:
    """Show a public thought of ours for another page: as a quotation, without a script of ours."""
    given = call.parameters
    url = given.text("url").partition("?")[0].partition("#")[0]
    if not url.startswith(f"{call.site.origin}/"):
        raise NotFound("That is no thought of this server.")
    shown = await timelines.get_entry(call.services, None, path_id(url.rpartition("/")[2]), details=True)
    thought = shown.entries[0].thought
    author = shown.people[thought.user_id]
    if author.is_remote or thought.visibility not in ("public", "unlisted"):
        raise NotFound("That is no thought of this server.")
    return answer(
        {
            "type": "rich",
            "version": "1.0",
            "title": f"{author.name}: {plain_text(thought.content)[:100]}",
            "author_name": author.name,
            "author_url": author.profile_url,
            "provider_name": call.services.settings.account_domain,
            "provider_url": f"{call.site.origin}/",
            "cache_age": _CACHED_S,
            "html": _quotation(thought.url, thought.content, f"{author.name} (@{author.username}{_at(call)})"),
            "width": given.number("maxwidth", _WIDTH, least=1, most=_WIDTH),
            "height": None,
        }
    )


def _at(call: Call) -> str:
    return f"@{call.services.settings.account_domain}"


def _quotation(url: str, content: str, by: str) -> str:
    return f'<blockquote cite="{escape(url)}">{content}<p>— <a href="{escape(url)}">{escape(by)}</a></p></blockquote>'
