"""What keeps an account safe: password, address, sessions, API keys, apps, invitations; and leaving."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from quart import Blueprint, Response

from federation.actions import accounts, apps, sessions
from federation.errors import Conflict, Forbidden, Invalid
from storage.access import Session
from web.current import me, path_id, services, settings
from web.current import signed_in as current_session
from web.flashes import flash
from web.forms import Problems, go, problems, typed
from web.oauth.words import scope_views
from web.pages.settings import settings_page
from web.security import end_session, rate_limited, signed_in
from web.view_models import ApiKeyView, AppView, InviteView, SessionView

blueprint = Blueprint("account_settings", __name__, url_prefix="/settings")

# As browsers name themselves, the most telling first: Edge and Opera call themselves Chrome too.
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


# --- Password, e-mail, leaving ---------------------------------------------------------------------


async def _account_page(form: Mapping[str, str] | None = None, errors: Problems | None = None) -> Response:
    return settings_page(
        "account", email=await accounts.get_email(services(), me()), form=form or {}, errors=errors
    )  # fmt: skip


@blueprint.get("/account")
@signed_in
async def account() -> Response:
    """Show what belongs to signing in."""
    return await _account_page()


@blueprint.post("/account/password")
@signed_in
@rate_limited("password", "10/minute")
async def change_password() -> Response:
    """Change the password; other sessions end."""
    form = await typed()
    if form.get("password") != form.get("again"):
        return await _account_page(errors={"again": "The two new passwords are not the same."})
    current = current_session()
    try:
        await accounts.change_password(
            services(), me(), old=form.get("current", ""), new=form.get("password", ""),
            session_id=current.session_id if current else None,
        )  # fmt: skip
    except Invalid as exc:
        return await _account_page(errors=problems(exc, {"old_password": "current"}))
    flash("Your password is changed, and other sessions are signed out.")
    return go("/settings/account")


@blueprint.post("/account/email")
@signed_in
@rate_limited("password", "10/minute")
async def change_email() -> Response:
    """Change the e-mail address."""
    form = await typed()
    try:
        changed = await accounts.change_email(
            services(), me(), form.get("email", ""), password=form.get("email_current", "")
        )  # fmt: skip
    except Invalid as exc:
        return await _account_page({"email": form.get("email", "")}, problems(exc, {"password": "email_current"}))
    if changed:
        flash("Your address is changed.")
    else:
        flash("We have sent a link to that address. It becomes yours here when you open it.")
    return go("/settings/account")


@blueprint.post("/account/delete")
@signed_in
@rate_limited("password", "10/minute")
async def delete_account() -> Response:
    """Delete the account for good."""
    form = await typed()
    if form.get("confirm", "").strip().removeprefix("@").lower() != me().username.lower():
        return await _account_page(form, {"confirm": f"Type {me().username} here, so that nothing happens by mistake."})
    try:
        await accounts.delete_own_account(services(), me(), password=form.get("delete_current", ""))
    except Invalid as exc:
        return await _account_page(form, problems(exc, {"password": "delete_current"}))
    except Conflict as exc:
        return await _account_page(form, {"confirm": exc.message})
    flash("Your account is deleted. Farewell.")
    response = go("/")
    end_session(response)
    return response


# --- Sessions --------------------------------------------------------------------------------------


def _browser(user_agent: str) -> str:
    """Name a browser as a person would."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
    return " on ".join(filter(None, (browser, system))) or user_agent[:40] or "Unknown browser"


def _session_view(session: Session, *, current: bool) -> SessionView:
    return SessionView(
        str(session.id),
        _browser(session.user_agent),
        session.address,
        session.created_at,
        session.last_seen_at,
        current=current,
    )


@blueprint.get("/sessions")
@signed_in
async def list_sessions() -> Response:
    """List the browsers in which the viewer is signed in, this one first."""
    current = current_session()
    found = await sessions.list_sessions(services(), me())
    views = [_session_view(one, current=current is not None and one.id == current.session_id) for one in found]
    return settings_page("sessions", sessions=tuple(sorted(views, key=lambda one: not one.current)))


@blueprint.post("/sessions/revoke")
@signed_in
async def revoke_session() -> Response:
    """End one session."""
    await sessions.end_session(services(), me(), path_id((await typed()).get("id", "")))
    flash("That browser is signed out.")
    return go("/settings/sessions")


@blueprint.post("/sessions/revoke-others")
@signed_in
async def revoke_other_sessions() -> Response:
    """End every session but this one."""
    current = current_session()
    if current is not None:
        await sessions.end_other_sessions(services(), me(), current.session_id)
    flash("The other browsers are signed out.")
    return go("/settings/sessions")


# --- API keys --------------------------------------------------------------------------------------


async def _api_keys_page(**context: Any) -> Response:
    keys = tuple(
        ApiKeyView(str(key.id), key.name, key.created_at, key.last_used_at, key.last_used_from)
        for key in await sessions.list_api_keys(services(), me())
    )
    return settings_page("api_keys", **{"keys": keys, "fresh_key": "", "fresh_name": "", **context})


@blueprint.get("/api-keys")
@signed_in
async def api_keys() -> Response:
    """List the viewer's keys."""
    return await _api_keys_page()


@blueprint.post("/api-keys")
@signed_in
@rate_limited("api-keys", "10/minute")
async def make_api_key() -> Response:
    """Make a key and show it on this page, once: only its hash is kept."""
    form = await typed()
    try:
        key = await sessions.create_api_key(services(), me(), form.get("name", ""))
    except Invalid as exc:
        return await _api_keys_page(form=form, errors=problems(exc))
    return await _api_keys_page(fresh_key=key, fresh_name=form["name"].strip())


@blueprint.post("/api-keys/<key_id>/revoke")
@signed_in
async def revoke_api_key(key_id: str) -> Response:
    """Make a key worthless."""
    await sessions.revoke_api_key(services(), me(), path_id(key_id))
    flash("That key opens nothing any more.")
    return go("/settings/api-keys")


# --- Apps ------------------------------------------------------------------------------------------


@blueprint.get("/apps")
@signed_in
async def authorised_apps() -> Response:
    """List the apps that may act for the viewer."""
    found = await apps.list_authorised_apps(services(), me())
    return settings_page(
        "apps",
        apps=tuple(
            AppView(
                str(app.id),
                app.name,
                app.website or "",
                urlsplit(app.website or "").netloc,
                scope_views(app.scopes),
                app.created_at,
                app.last_used_at,
                app.last_used_from,
            )
            for app in found
        ),
    )


@blueprint.post("/apps/<app_id>/revoke")
@signed_in
async def revoke_app(app_id: str) -> Response:
    """Let an app act for the viewer no more."""
    await apps.revoke_app(services(), me(), path_id(app_id))
    flash("That app is shut out.")
    return go("/settings/apps")


# --- Invitations -----------------------------------------------------------------------------------


async def _invites_page(errors: Problems | None = None) -> Response:
    invites = tuple(
        InviteView(
            str(one.id),
            f"{settings().origin}/signup?invite={one.code}",
            one.created_at,
            one.expires_at,
            one.uses,
            one.max_uses,
        )
        for one in await accounts.list_invites(services(), me())
    )
    return settings_page("invites", invites=invites, errors=errors)


@blueprint.get("/invites")
@signed_in
async def invites() -> Response:
    """List the viewer's open invitations."""
    return await _invites_page()


@blueprint.post("/invites")
@signed_in
@rate_limited("invites", "10/minute")
async def make_invite() -> Response:
    """Make an invitation link."""
    form = await typed()
    try:
        max_uses, days = int(form.get("max_uses") or 1), int(form.get("days") or 7)
        lasts = timedelta(days=max(0, min(days, 1000)))
        await accounts.make_invite(services(), me(), max_uses=max_uses, lasts=lasts)
    except ValueError:
        return await _invites_page({"": "Choose how many people, and for how long."})
    except (Invalid, Forbidden, Conflict) as exc:
        return await _invites_page({"": exc.message})
    return go("/settings/invites")


@blueprint.post("/invites/<invite_id>/revoke")
@signed_in
async def revoke_invite(invite_id: str) -> Response:
    """Make an invitation worthless."""
    await accounts.revoke_invite(services(), me(), path_id(invite_id))
    flash("That invitation is withdrawn.")
    return go("/settings/invites")
