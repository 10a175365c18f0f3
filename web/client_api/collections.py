"""Collections: people whom somebody recommends. /v1/collections*, /v1/accounts/:id/collections, …/in_collections"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlencode

from quart import Blueprint, Response, request

from federation.actions import collections, people
from federation.actions.collections import CollectionForm, Shelf
from federation.actions.featuring import leave_collection
from federation.errors import Invalid
from web.client_api.answers import answer
from web.client_api.authentication import open_to_all, scoped
from web.client_api.call import Call
from web.client_api.entities.collections import collection, collection_item, collection_with_accounts
from web.client_api.parameters import Parameters
from web.current import parse_uuid, path_id

routes = Blueprint("collections", __name__)

_PAGE: Final = 40
_MOST: Final = 80
_MOST_OFFSET: Final = 10_000
_MOST_PEOPLE: Final = 150


def _form(given: Parameters, before: CollectionForm) -> CollectionForm:
    """Read what is said of a collection; what is not named stays."""
    return CollectionForm(
        name=given.text("name", before.name),
        description=given.text("description", before.description),
        language=given.text("language", before.language or "") or None,
        tag=given.text("tag_name", before.tag),
        sensitive=given.flag("sensitive", default=before.sensitive),
        discoverable=given.flag("discoverable", default=before.discoverable),
    )


def _wrapped(call: Call, shelf: Shelf) -> Response:
    return answer({"collection": collection(call.site, shelf, shelf.collections[0])})


@routes.post("/v1/collections")
@scoped("write:collections")
async def make(call: Call) -> Response:
    """Make a collection, with people in it if they want that."""
    given = call.parameters
    wanted = [parse_uuid(text.lower()) for text in given.texts("account_ids", most=_MOST_PEOPLE)]
    known = [one for one in wanted if one is not None]
    if len(known) != len(wanted):
        raise Invalid("account_ids must be ids of accounts.", field="account_ids")
    return _wrapped(
        call, await collections.make_collection(call.services, call.person, _form(given, CollectionForm("")), known)
    )


@routes.get("/v1/collections/<collection_id>")
@open_to_all("read:collections")
async def one(call: Call, collection_id: str) -> Response:
    """Show a collection with everybody in it."""
    shelf = await collections.get_collection(call.services, call.caller, path_id(collection_id))
    return answer(collection_with_accounts(call.site, shelf))


@routes.patch("/v1/collections/<collection_id>")
@scoped("write:collections")
async def edit(call: Call, collection_id: str) -> Response:
    """Change what a collection of the caller's says; what is not named stays."""
    shelf = await collections.get_collection(call.services, call.person, path_id(collection_id))
    found = shelf.collections[0]
    form = _form(call.parameters, collections.form_of(found))
    return _wrapped(call, await collections.edit_collection(call.services, call.person, found.id, form))


@routes.delete("/v1/collections/<collection_id>")
@scoped("write:collections")
async def delete(call: Call, collection_id: str) -> Response:
    """Delete a collection of the caller's."""
    await collections.delete_collection(call.services, call.person, path_id(collection_id))
    return answer({})


@routes.post("/v1/collections/<collection_id>/items")
@scoped("write:collections")
async def add(call: Call, collection_id: str) -> Response:
    """Put somebody into a collection of the caller's, or ask them."""
    given = call.parameters
    person_id = given.id("account_id")
    if person_id is None and not given.is_blank("account_id"):
        raise Invalid("There is no account of that id.", field="account_id")
    item = await collections.add_person(call.services, call.person, path_id(collection_id), person_id)
    return answer({"collection_item": collection_item(item)})


@routes.delete("/v1/collections/<collection_id>/items/<item_id>")
@scoped("write:collections")
async def remove(call: Call, collection_id: str, item_id: str) -> Response:
    """Take somebody out of a collection of the caller's."""
    await collections.remove_person(call.services, call.person, path_id(collection_id), path_id(item_id))
    return answer({})


@routes.post("/v1/collections/<collection_id>/items/<item_id>/revoke")
@scoped("write:collections")
async def revoke(call: Call, collection_id: str, item_id: str) -> Response:
    """Take the caller out of somebody's collection, for good."""
    await leave_collection(call.services, call.person, path_id(collection_id), path_id(item_id))
    return answer({})


@routes.get("/v1/accounts/<account_id>/collections")
@open_to_all("read:collections")
async def of_person(call: Call, account_id: str) -> Response:
    """Show the collections on a person's profile."""
    return await _page(call, account_id, collections.get_collections_of)


@routes.get("/v1/accounts/<account_id>/in_collections")
@open_to_all("read:collections")
async def featuring(call: Call, account_id: str) -> Response:
    """Show the collections that a person is in."""
    return await _page(call, account_id, collections.get_collections_featuring)


async def _page(call: Call, account_id: str, read: Callable[..., Awaitable[Shelf]]) -> Response:
    """Answer with a page counted by its offset, and the addresses of its neighbours."""
    given = call.parameters
    limit = given.number("limit", _PAGE, least=1, most=_MOST)
    offset = given.number("offset", 0, least=0, most=_MOST_OFFSET)
    person = await people.get_person_by_id(call.services, path_id(account_id))
    shelf = await read(call.services, call.caller, person, limit=limit, offset=offset)
    response = answer({"collections": [collection(call.site, shelf, found) for found in shelf.collections]})
    url = call.site.origin + request.path
    links = []
    if len(shelf.collections) == limit:
        links.append(f'<{url}?{urlencode({"limit": limit, "offset": offset + limit})}>; rel="next"')
    if offset:
        links.append(f'<{url}?{urlencode({"limit": limit, "offset": max(0, offset - limit)})}>; rel="prev"')
    if links:
        response.headers["Link"] = ", ".join(links)
    return response
