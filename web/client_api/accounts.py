"""Accounts: the caller's own, other people's, and what they wrote. /v1/accounts*, /v1/preferences"""

from __future__ import annotations

from typing import Any, Final

from quart import Blueprint, Response

from federation.actions import people, rosters, timelines
from federation.actions.featuring import permissions_to_feature
from federation.actions.search import search_everything
from federation.errors import NotFound
from federation.protocol.handles import Handle
from storage.entries import Page
from storage.people import Person
from web.client_api.answers import answer
from web.client_api.authentication import open_to_all, scoped
from web.client_api.call import Call
from web.client_api.entities.accounts import account
from web.client_api.entities.statuses import Statuses
from web.client_api.paging import read_page
from web.current import path_id

routes = Blueprint("accounts", __name__)

_MOST_ACCOUNTS: Final = 40
_MOST_OFFSET: Final = 10_000


@routes.get("/v1/accounts/lookup")
@open_to_all("read:accounts")
async def lookup(call: Call) -> Response:
    """Show the person with a handle, if they are known here; nobody is asked."""
    handle = Handle.parse(call.parameters.text("acct"))
    if handle is None:
        raise NotFound("That is not a handle.")
    return answer(await _whole(call, await people.get_person(call.services, handle)))


@routes.get("/v1/accounts/search")
@scoped("read:accounts")
async def search(call: Call) -> Response:
    """Find people; with `resolve`, a handle that is not known is asked for."""
    given = call.parameters
    found = await search_everything(
        call.services,
        call.person,
        given.text("q"),
        Page(limit=given.number("limit", _MOST_ACCOUNTS, least=1, most=_MOST_ACCOUNTS * 2)),
        resolve=given.flag("resolve"),
        offset=given.number("offset", 0, least=0, most=_MOST_OFFSET),
        following=given.flag("following"),
        kinds=frozenset({"accounts"}),
    )
    approvals = await permissions_to_feature(call.services, call.person, found.people)
    return answer([account(call.site, person, approval=approvals[person.id]) for person in found.people])


@routes.get("/v1/accounts")
@open_to_all("read:accounts")
async def several(call: Call) -> Response:
    """Show several people."""
    ids = call.parameters.ids("id", most=_MOST_ACCOUNTS)
    return answer([account(call.site, one) for one in await people.get_people(call.services, ids)])


@routes.get("/v1/accounts/<account_id>")
@open_to_all("read:accounts")
async def one(call: Call, account_id: str) -> Response:
    """Show a person."""
    return answer(await _whole(call, await people.get_person_by_id(call.services, path_id(account_id))))


async def _whole(call: Call, person: Person) -> dict[str, Any]:
    """Write a person, with what featuring them comes to for the caller."""
    approvals = await permissions_to_feature(call.services, call.caller, [person])
    return account(call.site, person, approval=approvals[person.id])


@routes.get("/v1/accounts/<account_id>/statuses")
@open_to_all("read:statuses")
async def statuses(call: Call, account_id: str) -> Response:
    """Show what a person wrote, boosted or pinned, as far as the caller may see it."""
    given = call.parameters
    person = await people.get_person_by_id(call.services, path_id(account_id))
    page = read_page(given)
    if given.flag("pinned"):
        shown = await timelines.get_pinned(call.services, call.caller, person, details=True)
        return answer(Statuses(call.site, shown, call.caller).all())
    shown = await timelines.get_entries_of(
        call.services,
        call.caller,
        person,
        page,
        replies=not given.flag("exclude_replies"),
        boosts=not given.flag("exclude_reblogs"),
        tag=given.text("tagged") or None,
        only_media=given.flag("only_media"),
        details=True,
    )
    return call.statuses(shown, page)


@routes.get("/v1/accounts/<account_id>/followers")
@open_to_all("read:accounts")
async def followers(call: Call, account_id: str) -> Response:
    """Show who follows a person."""
    return await _connected(call, account_id, "followers")


@routes.get("/v1/accounts/<account_id>/following")
@open_to_all("read:accounts")
async def following(call: Call, account_id: str) -> Response:
    """Show whom a person follows."""
    return await _connected(call, account_id, "following")


async def _connected(call: Call, account_id: str, direction: str) -> Response:
    page = read_page(call.parameters, default=40)
    person = await people.get_person_by_id(call.services, path_id(account_id))
    return call.accounts(await rosters.get_connected(call.services, call.caller, person, direction, page), page)
