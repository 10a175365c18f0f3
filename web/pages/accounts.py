"""Coming and going: sign up, sign in, sign out, the first run."""

from __future__ import annotations

from collections.abc import Mapping

from quart import Blueprint, Response, request

from federation.actions import accounts, instance, letters, sessions, site
from federation.actions.accounts import SignUp
from federation.errors import Conflict, Forbidden, Invalid, ThoughtsError, TooMany, Unauthenticated
from storage.people import Person
from web.current import client_address, services, settings, signed_in, viewer
from web.flashes import flash
from web.forms import Problems, go, go_back, local_path, problems, typed
from web.rendering import render
from web.security import end_session, rate_limited, start_session

blueprint = Blueprint("accounts", __name__)


def _user_agent() -> str:
    return request.headers.get("User-Agent", "")


async def _enter(person: Person, path: str) -> Response:
    """Start a session for somebody who just proved who they are, and end the one this browser had."""
    if (before := signed_in()) is not None:
        await sessions.end_session(services(), before.person, before.session_id)
    secret = await sessions.start_session(services(), person, address=client_address(), user_agent=_user_agent())
    response = go(path)
    start_session(response, secret)
    return response


# --- Signing in and out ----------------------------------------------------------------------------


def _sign_in_page(next_url: str, *, form: Mapping[str, str], errors: Problems, status: int = 200) -> Response:
    return render(
        "signin.html", current="signin", form=form, errors=errors, next_url=next_url, noindex=True, http_status=status,
        with_mail=letters.are_sent(settings()),
    )  # fmt: skip


@blueprint.get("/signin")
async def sign_in_page() -> Response:
    """Offer to sign in."""
    next_url = local_path(request.args.get("next"), "/home")
    return go(next_url) if viewer() is not None else _sign_in_page(next_url, form={}, errors={})


@blueprint.post("/signin")
@rate_limited("sign-in", "10/minute")
async def sign_in() -> Response:
    """Check name and password and start a session."""
    form = await typed()
    next_url = local_path(form.get("next"), "/home")
    try:
        _, secret = await sessions.sign_in(
            services(), form.get("name", ""), form.get("password", ""),
            address=client_address(), user_agent=_user_agent(),
        )  # fmt: skip
    except (Unauthenticated, Forbidden, TooMany) as exc:
        status = 429 if isinstance(exc, TooMany) else 422
        page = _sign_in_page(next_url, form=form, errors={"": exc.message}, status=status)
        if isinstance(exc, TooMany):
            page.headers["Retry-After"] = str(exc.retry_after_s)
        return page
    response = go(next_url)
    start_session(response, secret)
    return response


@blueprint.post("/signout")
async def sign_out() -> Response:
    """End this browser's session."""
    if (current := signed_in()) is not None:
        await sessions.end_session(services(), current.person, current.session_id)
    response = await go_back("/")
    end_session(response)
    return response


# --- Signing up ------------------------------------------------------------------------------------


async def _sign_up_page(
    *, form: Mapping[str, str], errors: Problems, status: int = 200, waiting: bool = False
) -> Response:
    confirm = waiting and letters.are_sent(settings())
    rules = tuple(rule.text for rule in (await site.get_house(services())).rules)
    return render(
        "signup.html", current="signup", form=form, errors=errors, rules=rules, waiting=waiting and not confirm,
        confirm=confirm,
        http_status=status,
    )  # fmt: skip


@blueprint.get("/signup")
async def sign_up_page() -> Response:
    """Offer to join, as the registration setting allows; an invite's link brings its code along."""
    if viewer() is not None:
        return go("/home")
    return await _sign_up_page(form={"invite": request.args.get("invite", "")}, errors={})


@blueprint.post("/signup")
@rate_limited("sign-up", "10/hour")
async def sign_up() -> Response:
    """Make an account; what was typed comes back when something is wrong with it."""
    form = await typed()
    try:
        person = await accounts.sign_up(services(), _form(form))
    except (Invalid, Conflict, Forbidden) as exc:
        return await _sign_up_page(form=form, errors=problems(exc), status=422)
    if person.state != "active":
        return await _sign_up_page(form=form, errors={}, waiting=True)
    flash(f"Welcome, @{person.username}.")
    return await _enter(person, local_path(form.get("next"), "/home"))


def _form(form: Mapping[str, str]) -> SignUp:
    return SignUp(
        form.get("username", ""),
        form.get("email", ""),
        form.get("password", ""),
        form.get("invite", ""),
        form.get("reason", ""),
        address=client_address(),
    )


# --- The first run ---------------------------------------------------------------------------------


def _first_run_page(*, form: Mapping[str, str], errors: Problems, status: int = 200) -> Response:
    return render("first_run.html", form=form, errors=errors, noindex=True, http_status=status)


@blueprint.get("/first-run")
async def first_run_page() -> Response:
    """Offer to make the first account; once there is an admin this page is gone."""
    if await instance.first_run_code(services().database) is None:
        return go("/")
    return _first_run_page(form={"code": request.args.get("code", "")}, errors={})


@blueprint.post("/first-run")
@rate_limited("first-run", "10/minute")
async def first_run() -> Response:
    """Make the first admin for the one-time code that the server printed."""
    form = await typed()
    try:
        person = await accounts.make_first_admin(services(), _form(form), form.get("code", ""))
    except ThoughtsError as exc:
        return _first_run_page(form=form, errors=problems(exc), status=422)
    flash(f"Welcome, @{person.username}. This place is yours.")
    return await _enter(person, "/home")
