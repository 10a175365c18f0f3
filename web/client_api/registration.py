"""Signing up through an app, and the letter that confirms the address. POST /v1/accounts, /v1/emails/confirmations"""

from __future__ import annotations

from typing import Final

from quart import Blueprint, Response

from federation.actions import accounts, addresses, grants
from federation.actions.accounts import SignUp
from federation.actions.apps import get_app
from federation.errors import Conflict, Forbidden, Invalid
from web.client_api.answers import answer
from web.client_api.authentication import app_scoped
from web.client_api.call import Call
from web.client_api.entities.tokens import token
from web.current import client_address
from web.security import count

routes = Blueprint("registration", __name__)

_BLANK: Final = ("ERR_BLANK", "can't be blank")
_NOT_ACCEPTED: Final = ("ERR_ACCEPTED", "must be accepted")


@routes.post("/v1/accounts")
@app_scoped("write:accounts")
async def sign_up(call: Call) -> Response:
    """Make an account and give the app its token, which works once the account is let in and confirmed."""
    await count("sign-up", "10/hour")
    if call.bearer is None or call.bearer.app_id is None:
        raise Forbidden("This action is outside the authorized scopes")
    given = call.parameters
    form = SignUp(
        username=given.text("username"),
        email=given.text("email"),
        password=given.text("password"),
        invite=given.text("invite_code"),
        reason=given.text("reason"),
        app_id=call.bearer.app_id,
        address=client_address(),
    )
    missing = {name: _BLANK for name in ("username", "email", "password") if given.is_blank(name)}
    if not given.flag("agreement"):
        missing["agreement"] = _NOT_ACCEPTED
    if missing:
        return _refuse(missing)
    try:
        person = await accounts.sign_up(call.services, form)
    except Invalid as exc:
        return _refuse({exc.field or "username": (exc.code, exc.message)})
    except Conflict as exc:
        return _refuse({exc.field or "username": ("ERR_TAKEN", exc.message)})
    app = await get_app(call.services, call.bearer.app_id)
    return answer(token(await grants.grant_to_newcomer(call.services, app, person)))


def _refuse(wrong: dict[str, tuple[str, str]]) -> Response:
    """Say which fields are wrong, each with its code and words, as apps read it."""
    said = [f"{field.capitalize()} {words}" if words[0].islower() else words for field, (_, words) in wrong.items()]
    lowered = any(words[0].islower() for _, words in wrong.values())
    return answer(
        {
            "error": f"Validation failed: {', '.join(said)}" if lowered else ", ".join(said),
            "details": {field: [{"error": code, "description": words}] for field, (code, words) in wrong.items()},
        },
        status=422,
    )


@routes.post("/v1/emails/confirmations")
@app_scoped()
async def confirm(call: Call) -> Response:
    """Send the letter again, to another address if one is given."""
    bearer = call.bearer
    person = (bearer.person or bearer.barred) if bearer is not None else None
    if bearer is None or person is None:
        raise Invalid("This method requires an authenticated user")
    await count("confirmations", "5 per 30 minutes", str(person.id))
    await addresses.send_confirmation_again(
        call.services, person, app_id=bearer.app_id, email=call.parameters.optional_text("email")
    )
    return answer({})
