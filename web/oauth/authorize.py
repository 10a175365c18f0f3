"""The page on which a person lets an app in. /oauth/authorize"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from quart import Blueprint, Response, request

from federation.actions import grants, sessions
from federation.actions.apps import OUT_OF_BAND
from federation.actions.grants import Asked
from federation.errors import OAuthError
from web.current import me, services
from web.current import signed_in as current_session
from web.errors import answer
from web.forms import go, typed
from web.oauth.words import destination, form_action, scope_views
from web.presenting.people import person_view
from web.rendering import render
from web.security import allow_form_action, end_session, rate_limited, signed_in

blueprint = Blueprint("oauth", __name__)

_FIELDS = tuple(Asked.__dataclass_fields__)
_DENIED = "The resource owner or authorization server denied the request."


def _asked(given: Mapping[str, str]) -> Asked:
    return Asked(**{name: given.get(name, "").strip() for name in _FIELDS})


def _refuse(error: OAuthError) -> Response:
    """Show what is wrong with a request here: a stranger's address is not a place to send people to."""
    return answer(
        401 if error.code == "invalid_client" else 400,
        f"{error.message} The app that sent you here made a mistake; its makers may want to know.",
        title="This app cannot be let in",
    )


@blueprint.get("/oauth/authorize")
@signed_in
async def ask() -> Response:
    """Show who wants to do what in whose name, and let the viewer decide. Nobody is let in without being asked.

    `force_login` asks for another account, which this page offers in any case; `lang` is for pages in other languages.
    """
    asked = _asked(request.args)
    try:
        wanted = await grants.check_request(services(), asked)
    except OAuthError as exc:
        return _refuse(exc)
    allow_form_action(form_action(wanted.redirect_uri))
    website = wanted.app.website
    return render(
        "oauth/authorize.html",
        app_name=wanted.app.name,
        app_website=website,
        app_host=urlsplit(website).netloc if website else "",
        person=person_view(me()),
        scopes=scope_views(wanted.scopes),
        destination=destination(wanted.redirect_uri),
        fields={name: getattr(asked, name) for name in _FIELDS},
        noindex=True,
    )


@blueprint.post("/oauth/authorize")
@signed_in
@rate_limited("authorize", "30/minute")
async def decide() -> Response:
    """Send the viewer back to the app, with a code or without."""
    form = await typed()
    try:
        wanted = await grants.check_request(services(), _asked(form))
    except OAuthError as exc:
        return _refuse(exc)
    state = {"state": wanted.state} if wanted.state else {}
    if form.get("decision") != "allow":
        if wanted.redirect_uri == OUT_OF_BAND:
            return go("/home")
        return _send_back(
            wanted.redirect_uri, {"error": "access_denied", "error_description": _DENIED, **state}
        )  # fmt: skip
    code = await grants.grant_code(services(), me(), wanted)
    if wanted.redirect_uri == OUT_OF_BAND:
        return go(f"/oauth/authorize/native?{urlencode({'code': code})}")
    return _send_back(wanted.redirect_uri, {"code": code, **state})


def _send_back(redirect_uri: str, answers: Mapping[str, str]) -> Response:
    """Redirect to an app's own address, as registered; only our answers are added."""
    separator = "&" if "?" in redirect_uri else "?"
    location = f"{redirect_uri}{'' if redirect_uri.endswith(('?', '&')) else separator}{urlencode(answers)}"
    headers = {"Location": location, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response("", status=302, headers=headers, content_type="text/plain")


@blueprint.get("/oauth/authorize/native")
@signed_in
async def show_code() -> Response:
    """Show a code for copying, to people whose app cannot be sent it."""
    return render("oauth/code.html", code=request.args.get("code", "")[:200], noindex=True)


@blueprint.post("/oauth/switch")
async def switch() -> Response:
    """Sign out, and sign in as somebody else for the same app."""
    asked = _asked(await typed())
    if (current := current_session()) is not None:
        await sessions.end_session(services(), current.person, current.session_id)
    query = urlencode({name: value for name in _FIELDS if (value := getattr(asked, name))})
    response = go(f"/signin?{urlencode({'next': f'/oauth/authorize?{query}'})}")
    end_session(response)
    return response
