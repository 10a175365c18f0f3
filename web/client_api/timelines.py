"""Timelines, bookmarks and favourites: /v1/timelines/*, /v1/bookmarks, /v1/favourites."""

from __future__ import annotations

from quart import Blueprint, Response

from federation.actions import link_trends, timelines
from web.client_api.authentication import open_to_all, scoped
from web.client_api.call import Call
from web.client_api.paging import read_page

routes = Blueprint("timelines", __name__)

_MOST_TAGS = 100


@routes.get("/v1/timelines/home")
@scoped("read:statuses")
async def home(call: Call) -> Response:
    """Show the caller's home timeline."""
    page = read_page(call.parameters)
    return call.statuses(await timelines.get_home(call.services, call.person, page, details=True), page)


@routes.get("/v1/timelines/direct")
@scoped("read:statuses")
async def direct(call: Call) -> Response:
    """Show the caller's direct thoughts one by one, as apps did that know no conversations."""
    page = read_page(call.parameters)
    return call.statuses(await timelines.get_direct(call.services, call.person, page, details=True), page)


@routes.get("/v1/timelines/public")
@open_to_all("read:statuses")
async def public(call: Call) -> Response:
    """Show the federated timeline, or its local or remote part."""
    page = read_page(call.parameters)
    local, remote = call.parameters.flag("local"), call.parameters.flag("remote")
    shown = await timelines.get_public(
        call.services, call.caller, page,
        local=local, remote=remote and not local, only_media=call.parameters.flag("only_media"), details=True,
    )  # fmt: skip
    return call.statuses(shown, page)


@routes.get("/v1/timelines/tag/<hashtag>")
@open_to_all("read:statuses")
async def tagged(call: Call, hashtag: str) -> Response:
    """Show public thoughts with a hashtag; with `any[]` of others too, with `all[]` and `none[]` fewer."""
    given = call.parameters
    page = read_page(call.parameters)
    local, remote = call.parameters.flag("local"), call.parameters.flag("remote")
    shown = await timelines.get_tagged(
        call.services,
        call.caller,
        hashtag,
        page,
        any_of=given.texts("any", most=_MOST_TAGS),
        all_of=given.texts("all", most=_MOST_TAGS),
        none_of=given.texts("none", most=_MOST_TAGS),
        local=local or not remote,
        remote=not local,
        only_media=call.parameters.flag("only_media"),
        details=True,
    )
    return call.statuses(shown, page)


@routes.get("/v1/timelines/link")
@open_to_all("read:statuses")
async def linking(call: Call) -> Response:
    """Show public thoughts that link to a page that trends, of people who want to be found."""
    page = read_page(call.parameters)
    url = call.parameters.text("url", "")
    return call.statuses(await link_trends.get_linking(call.services, call.caller, url, page, details=True), page)


@routes.get("/v1/bookmarks")
@scoped("read:bookmarks")
async def bookmarks(call: Call) -> Response:
    """Show what the caller bookmarked."""
    page = read_page(call.parameters)
    return call.statuses(await timelines.get_bookmarks(call.services, call.person, page, details=True), page)


@routes.get("/v1/favourites")
@scoped("read:favourites")
async def favourites(call: Call) -> Response:
    """Show what the caller liked."""
    page = read_page(call.parameters)
    return call.statuses(await timelines.get_likes(call.services, call.person, page, details=True), page)
