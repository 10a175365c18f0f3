"""Accounts: let in, decline, suspend."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from quart import Blueprint, Response, request

from federation.actions import accounts
from federation.actions.overview import list_accounts
from federation.actions.people import get_account
from federation.services import Services
from storage.people import Person
from web.admin.overview import admin_page
from web.current import me, parse_uuid, path_id, services
from web.flashes import flash
from web.forms import go_back
from web.paging import page_url
from web.presenting.administration import account_view

blueprint = Blueprint("people", __name__)

_PAGE = 50
_STATES = ("pending", "active", "suspended", "remote")

Verb = Callable[[Services, Person | None, Person], Awaitable[None]]
_VERBS: dict[str, tuple[Verb, str]] = {
    "approve": (accounts.approve, "@{handle} is in."),
    "reject": (accounts.reject, "The request of @{handle} is declined."),
    "suspend": (accounts.suspend, "@{handle} is suspended."),
    "unsuspend": (accounts.unsuspend, "The suspension of @{handle} is lifted."),
}


@blueprint.get("/people")
async def people() -> Response:
    """List accounts, newest first."""
    text, state = request.args.get("q", "").strip(), request.args.get("state", "")
    state = state if state in _STATES else ""
    before = parse_uuid(request.args.get("before"))
    found = await list_accounts(services(), state=state, text=text, before=before, limit=_PAGE + 1)
    shown = found.people[:_PAGE]
    return await admin_page(
        "people",
        people=tuple(account_view(person, found.known.get(person.id)) for person in shown),
        q=text,
        state=state,
        total=found.total,
        newer_url=page_url() if before else None,
        older_url=page_url(before=str(shown[-1].id)) if len(found.people) > _PAGE else None,
    )


@blueprint.post(f"/people/<person_id>/<any({', '.join(_VERBS)}):verb>")
async def act(person_id: str, verb: str) -> Response:
    """Decide about an account."""
    person = await get_account(services(), path_id(person_id))
    action, words = _VERBS[verb]
    await action(services(), me(), person)
    flash(words.format(handle=person.handle))
    return await go_back("/admin/people")
