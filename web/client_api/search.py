"""Search: /v2/search."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from quart import Blueprint, Response

from federation.actions import tags
from federation.actions.collections import Shelf
from federation.actions.search import Found, search_everything
from federation.actions.timelines import Shown
from federation.errors import Invalid, Unauthenticated
from web.client_api.answers import answer
from web.client_api.authentication import open_to_all
from web.client_api.call import Call
from web.client_api.entities.search import search as written
from web.client_api.paging import read_page

routes = Blueprint("search", __name__)

_KINDS: Final = frozenset({"accounts", "statuses", "hashtags"})
_MOST_OFFSET: Final = 10_000


@routes.get("/v2/search")
@open_to_all("read:search")
async def search(call: Call) -> Response:
    """Find people, thoughts and hashtags; only people with an account here page through, or make us ask others."""
    given = call.parameters
    query, kind = given.text("q"), given.text("type")
    if not query.strip():
        raise Invalid("param is missing or the value is empty: q", field="q")
    if kind and kind not in _KINDS:
        raise Invalid("The type is accounts, statuses or hashtags.", field="type")
    resolve, offset = given.flag("resolve"), given.number("offset", 0, least=0, most=_MOST_OFFSET)
    if call.caller is None and (resolve or offset):
        raise Unauthenticated("Search queries that resolve remote resources or page need a signed-in person.")
    kinds = frozenset({kind}) if kind else _KINDS
    found = await search_everything(
        call.services,
        call.caller,
        query,
        read_page(given),
        resolve=resolve,
        offset=offset,
        following=given.flag("following") and call.caller is not None,
        kinds=kinds,
        details=True,
    )
    found = _only(found, kinds)
    hashtags = await tags.get_hashtags(call.services, call.caller, found.tags)
    return answer(written(call.site, found, hashtags, call.caller))


def _only(found: Found, kinds: frozenset[str]) -> Found:
    """Leave out what was not asked for: a pasted address may mean something else."""
    return replace(
        found,
        people=found.people if "accounts" in kinds else [],
        shown=found.shown if "statuses" in kinds else Shown([], {}, {}),
        tags=found.tags if "hashtags" in kinds else [],
        shelf=found.shelf if kinds == _KINDS else Shelf([], {}),
    )
