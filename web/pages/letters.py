"""Where the links in letters lead: is this your address, and a new password."""

from __future__ import annotations

from collections.abc import Mapping

from quart import Blueprint, Response, request

from federation.actions import addresses, letters
from federation.errors import Conflict, Forbidden, Invalid
from web.current import services, settings
from web.flashes import flash
from web.forms import Problems, go, problems, typed
from web.rendering import render
from web.security import rate_limited

blueprint = Blueprint("letters", __name__)


@blueprint.get("/confirm")
async def confirm_page() -> Response:
    """Ask whether it was really them: programs that look at mail open links too, but press no buttons."""
    token = request.args.get("token", "")
    link = await addresses.find_confirmation(services(), token)
    return render("confirm.html", token=token, address=link.address, noindex=True)


@blueprint.post("/confirm")
@rate_limited("confirm", "30/minute")
async def confirm() -> Response:
    """Take the address for theirs."""
    try:
        person = await addresses.confirm_address(services(), (await typed()).get("token", ""))
    except Conflict as exc:
        flash(exc.message, kind="danger")
        return go("/signin")
    if person.state == "active":
        flash("Your address is confirmed.")
        return go("/home")
    flash("Your address is confirmed. An admin still has to let you in; you get a letter when that is done.")
    return go("/")


def _ask_page(*, form: Mapping[str, str], errors: Problems, sent: bool = False, status: int = 200) -> Response:
    return render("password.html", form=form, errors=errors, sent=sent, noindex=True, http_status=status)


@blueprint.get("/password")
async def forgotten_page() -> Response:
    """Ask for the address to which a link for a new password goes."""
    if not letters.are_sent(settings()):
        raise Forbidden("This server sends no mail. Ask the admin for a new password.")
    return _ask_page(form={}, errors={})


@blueprint.post("/password")
@rate_limited("password-reset", "5/hour")
async def forgotten() -> Response:
    """Send the link; whether anybody has the address is not told."""
    form = await typed()
    try:
        await addresses.request_password_reset(services(), form.get("email", ""))
    except Invalid as exc:
        return _ask_page(form=form, errors=problems(exc), status=422)
    return _ask_page(form=form, errors={}, sent=True)


async def _choose_page(token: str, errors: Problems, status: int = 200) -> Response:
    person = await addresses.find_password_reset(services(), token)
    return render(
        "password_new.html", token=token, username=person.username, errors=errors, noindex=True, http_status=status
    )


@blueprint.get("/password/new")
async def choose_page() -> Response:
    """Offer to choose a new password."""
    return await _choose_page(request.args.get("token", ""), {})


@blueprint.post("/password/new")
@rate_limited("password-reset", "10/hour")
async def choose() -> Response:
    """Change the password."""
    form = await typed()
    token = form.get("token", "")
    if form.get("password") != form.get("again"):
        return await _choose_page(token, {"again": "The two passwords are not the same."}, 422)
    try:
        await addresses.reset_password(services(), token, form.get("password", ""))
    except Invalid as exc:
        return await _choose_page(token, problems(exc), 422)
    flash("Your password is changed. Sign in with it.")
    return go("/signin")
