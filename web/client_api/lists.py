"""Lists, their members and their timelines: /v1/lists*, /v1/accounts/:id/lists, /v1/timelines/list/:id."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from quart import Blueprint, Response

from federation.actions import lists, people
from federation.actions.lists import ListForm
from storage.lists import PersonList
from web.client_api.answers import answer
from web.client_api.authentication import scoped
from web.client_api.call import Call
from web.client_api.paging import read_page
from web.client_api.parameters import Parameters
from web.current import path_id

routes = Blueprint("lists", __name__)

_MOST_AT_ONCE: Final = 1000


def _written(one: PersonList) -> dict[str, Any]:
    return {
        "id": str(one.id), "title": one.title, "replies_policy": one.replies_policy, "exclusive": one.exclusive,
    }  # fmt: skip


def _form(given: Parameters, before: ListForm) -> ListForm:
    """Read what is said of a list; what is not named stays."""
    return ListForm(
        title=given.text("title", before.title),
        replies_policy=given.text("replies_policy", before.replies_policy),
        exclusive=given.flag("exclusive", default=before.exclusive),
    )


@routes.get("/v1/lists")
@scoped("read:lists")
async def all_of(call: Call) -> Response:
    """Show the caller's lists."""
    return answer([_written(one) for one in await lists.get_lists(call.services, call.person)])


@routes.post("/v1/lists")
@scoped("write:lists")
async def make(call: Call) -> Response:
    """Make a list."""
    return answer(_written(await lists.make_list(call.services, call.person, _form(call.parameters, ListForm("")))))


@routes.get("/v1/lists/<list_id>")
@scoped("read:lists")
async def one(call: Call, list_id: str) -> Response:
    """Show a list of the caller's."""
    return answer(_written(await lists.get_list(call.services, call.person, path_id(list_id))))


@routes.put("/v1/lists/<list_id>")
@scoped("write:lists")
async def change(call: Call, list_id: str) -> Response:
    """Rename a list, or change its rules."""
    found = await lists.get_list(call.services, call.person, path_id(list_id))
    form = _form(call.parameters, ListForm(found.title, found.replies_policy, found.exclusive))
    return answer(_written(await lists.change_list(call.services, call.person, found.id, form)))


@routes.delete("/v1/lists/<list_id>")
@scoped("write:lists")
async def delete(call: Call, list_id: str) -> Response:
    """Delete a list."""
    await lists.delete_list(call.services, call.person, path_id(list_id))
    return answer({})


@routes.get("/v1/lists/<list_id>/accounts")
@scoped("read:lists")
async def members(call: Call, list_id: str) -> Response:
    """Show who is on a list; `limit=0` asks for everybody."""
    page = read_page(call.parameters, default=40)
    if call.parameters.text("limit") == "0":
        page = replace(page, limit=_MOST_AT_ONCE)
    return call.accounts(await lists.get_members(call.services, call.person, path_id(list_id), page), page)


@routes.post("/v1/lists/<list_id>/accounts")
@scoped("write:lists")
async def add(call: Call, list_id: str) -> Response:
    """Put people on a list."""
    ids = call.parameters.ids("account_ids", most=_MOST_AT_ONCE)
    await lists.add_to_list(call.services, call.person, path_id(list_id), ids)
    return answer({})


@routes.delete("/v1/lists/<list_id>/accounts")
@scoped("write:lists")
async def remove(call: Call, list_id: str) -> Response:
    """Take people off a list."""
    ids = call.parameters.ids("account_ids", most=_MOST_AT_ONCE)
    await lists.remove_from_list(call.services, call.person, path_id(list_id), ids)
    return answer({})


@routes.get("/v1/accounts/<account_id>/lists")
@scoped("read:lists")
async def with_person(call: Call, account_id: str) -> Response:
    """Show which of the caller's lists a person is on."""
    person = await people.get_person_by_id(call.services, path_id(account_id))
    return answer([_written(one) for one in await lists.get_lists_with(call.services, call.person, person)])


@routes.get("/v1/timelines/list/<list_id>")
@scoped("read:lists")
async def timeline(call: Call, list_id: str) -> Response:
    """Show what the people on a list say."""
    page = read_page(call.parameters)
    shown = await lists.get_list_timeline(call.services, call.person, path_id(list_id), page, details=True)
    return call.statuses(shown, page)
