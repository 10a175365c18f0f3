"""Finding people: /v1/suggestions*, /v2/suggestions, /v1/directory."""

from __future__ import annotations

from typing import Final

from quart import Blueprint, Response

from federation.actions import discovering, people
from federation.errors import Invalid
from web.client_api.answers import answer
from web.client_api.authentication import open_to_all, scoped
from web.client_api.call import Call
from web.client_api.entities.accounts import account
from web.current import path_id

routes = Blueprint("discovering", __name__)

_LIMIT: Final = 40
_MOST: Final = 80
_MOST_OFFSET: Final = 10_000
_ORDERS: Final = ("active", "new")
# What older apps know the sources by.
_SOURCES: Final = {
    "friends_of_friends": "past_interactions",
    "most_interactions": "global",
    "most_followed": "global",
}


def _limit(call: Call) -> int:
    return call.parameters.number("limit", _LIMIT, least=1, most=_MOST)


@routes.get("/v1/suggestions")
@scoped("read")
async def v1(call: Call) -> Response:
    """Show whom the caller may want to follow."""
    found = await discovering.get_suggestions(call.services, call.person, limit=_limit(call))
    return answer([account(call.site, person) for person, _ in found])


@routes.get("/v2/suggestions")
@scoped("read")
async def v2(call: Call) -> Response:
    """Show whom the caller may want to follow, and why."""
    found = await discovering.get_suggestions(call.services, call.person, limit=_limit(call))
    return answer(
        [
            {"source": _SOURCES[source], "sources": [source], "account": account(call.site, person)}
            for person, source in found
        ]
    )


@routes.delete("/v1/suggestions/<account_id>")
@scoped("read")
async def dismiss(call: Call, account_id: str) -> Response:
    """Suggest somebody no more."""
    person = await people.get_person_by_id(call.services, path_id(account_id))
    await discovering.dismiss_suggestion(call.services, call.person, person)
    return answer({})


@routes.get("/v1/directory")
@open_to_all()
async def directory(call: Call) -> Response:
    """Show those who want to be found."""
    given = call.parameters
    order = given.text("order") or "active"
    if order not in _ORDERS:
        raise Invalid("The order is active or new.", field="order")
    found = await discovering.get_directory(
        call.services, newest=order == "new", local=given.flag("local"), limit=_limit(call),
        offset=given.number("offset", 0, least=0, most=_MOST_OFFSET),
    )  # fmt: skip
    return answer([account(call.site, person) for person in found])
