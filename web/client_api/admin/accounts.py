"""Accounts for moderators: /v1/admin/accounts*, /v2/admin/accounts."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from quart import Blueprint, Response

from federation.actions import accounts, moderating
from federation.actions.administration import check_admin, get_dossiers, list_dossiers
from federation.actions.moderating import Measure
from federation.actions.people import get_account
from federation.actions.reports import check_moderator
from federation.actions.sessions import address_prefix
from federation.errors import Conflict, NotFound
from storage.administration import Wanted
from storage.people import Person
from web.client_api.answers import answer
from web.client_api.authentication import scoped
from web.client_api.call import Call
from web.client_api.entities.administration import admin_account
from web.client_api.paging import read_page
from web.client_api.parameters import Parameters
from web.current import path_id

routes = Blueprint("accounts", __name__)

_READ: Final = "admin:read:accounts"
_WRITE: Final = "admin:write:accounts"
_DEFAULT: Final = 100
_STATES: Final = {
    "active": {"state": "active", "silenced": False, "disabled": False},
    "pending": {"state": "pending"},
    "suspended": {"state": "suspended"},
    "silenced": {"silenced": True},
    "limited": {"silenced": True},
    "disabled": {"disabled": True},
    "sensitized": {"sensitised": True},
}


def _wanted(given: Parameters) -> Wanted:
    address = given.text("ip")
    return Wanted(
        username=given.text("username").removeprefix("@"),
        display_name=given.text("display_name"),
        email=given.text("email"),
        domain=given.text("by_domain"),
        address=address_prefix(address) if address else "",
    )


async def _page(call: Call, wanted: Wanted) -> Response:
    page = read_page(call.parameters, default=_DEFAULT)
    found = await list_dossiers(call.services, call.person, wanted, page)
    written = [admin_account(call.site, dossier) for dossier in found]
    return call.paged(written, page, [dossier.person.id for dossier in found])


@routes.get("/v1/admin/accounts")
@scoped(_READ)
async def first_form(call: Call) -> Response:
    """List accounts, each filter a flag."""
    given = call.parameters
    wanted = _wanted(given)
    for name, facts in _STATES.items():
        if given.flag(name):
            wanted = replace(wanted, **facts)  # type: ignore[arg-type]
    if given.flag("local") or given.flag("remote"):
        wanted = replace(wanted, is_remote=given.flag("remote"))
    return await _page(call, replace(wanted, staff=given.flag("staff")))


@routes.get("/v2/admin/accounts")
@scoped(_READ)
async def second_form(call: Call) -> Response:
    """List accounts by origin, status and permissions."""
    given = call.parameters
    wanted = replace(_wanted(given), **_STATES.get(given.text("status"), {}))  # type: ignore[arg-type]
    origin = given.text("origin")
    if origin in ("local", "remote"):
        wanted = replace(wanted, is_remote=origin == "remote")
    return await _page(call, replace(wanted, staff=given.text("permissions") == "staff"))


async def _show(call: Call, person: Person) -> Response:
    dossiers = await get_dossiers(call.services, call.person, [person])
    return answer(admin_account(call.site, dossiers[person.id]))


async def _person(call: Call, account_id: str) -> Person:
    check_moderator(call.person)
    return await get_account(call.services, path_id(account_id))


@routes.get("/v1/admin/accounts/<account_id>")
@scoped(_READ)
async def one(call: Call, account_id: str) -> Response:
    """Show an account."""
    return await _show(call, await _person(call, account_id))


@routes.delete("/v1/admin/accounts/<account_id>")
@scoped(_WRITE)
async def delete(call: Call, account_id: str) -> Response:
    """Delete a suspended account of ours for good."""
    check_admin(call.person)
    person = await _person(call, account_id)
    if person.state != "suspended":
        raise Conflict("Only suspended accounts can be deleted.")
    dossiers = await get_dossiers(call.services, call.person, [person])
    await accounts.delete_account(call.services, person, by=call.person)
    return answer(admin_account(call.site, dossiers[person.id]))


@routes.post("/v1/admin/accounts/<account_id>/action")
@scoped(_WRITE)
async def act(call: Call, account_id: str) -> Response:
    """Do something about somebody, and close the report that it answers."""
    given = call.parameters
    person = await _person(call, account_id)
    report_id = given.id("report_id")
    if report_id is None and not given.is_blank("report_id"):
        raise NotFound("There is no such report.")
    measure = Measure(given.text("type"), given.text("text"), report_id)
    await moderating.take_measure(call.services, call.person, person, measure)
    return answer({})


_VERBS: Final = {
    "approve": accounts.approve,
    "enable": moderating.enable,
    "unsilence": moderating.unsilence,
    "unsuspend": moderating.lift_suspension,
    "unsensitive": moderating.unsensitise,
}


@routes.post(f"/v1/admin/accounts/<account_id>/<any({', '.join(_VERBS)}):verb>")
@scoped(_WRITE)
async def change(call: Call, account_id: str, verb: str) -> Response:
    """Let somebody in, or take a measure back."""
    person = await _person(call, account_id)
    await _VERBS[verb](call.services, call.person, person)
    return await _show(call, await _person(call, account_id))


@routes.post("/v1/admin/accounts/<account_id>/reject")
@scoped(_WRITE)
async def reject(call: Call, account_id: str) -> Response:
    """Turn somebody away who asked to join; their account is gone afterwards."""
    person = await _person(call, account_id)
    dossiers = await get_dossiers(call.services, call.person, [person])
    await accounts.reject(call.services, call.person, person)
    return answer(admin_account(call.site, dossiers[person.id]))
