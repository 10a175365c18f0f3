"""Hashtags: /v1/tags/*, /v1/followed_tags, /v1/featured_tags*, /v1/accounts/:id/featured_tags."""

from __future__ import annotations

from quart import Blueprint, Response

from federation.actions import people, tags
from web.client_api.answers import answer
from web.client_api.authentication import open_to_all, scoped
from web.client_api.call import Call
from web.client_api.entities.search import featured_tag, tag
from web.client_api.paging import read_page
from web.current import path_id

routes = Blueprint("tags", __name__)


async def _show(call: Call, name: str) -> Response:
    return answer(tag(call.site, await tags.get_hashtag(call.services, call.caller, name), call.caller))


@routes.get("/v1/tags/<name>")
@open_to_all("read:follows", "read:statuses")
async def one(call: Call, name: str) -> Response:
    """Show a tag: how much it is used, and whether the caller follows it."""
    return await _show(call, name)


@routes.post("/v1/tags/<name>/follow")
@scoped("write:follows")
async def follow(call: Call, name: str) -> Response:
    """Follow a tag."""
    await tags.follow_tag(call.services, call.person, name)
    return await _show(call, name)


@routes.post("/v1/tags/<name>/unfollow")
@scoped("write:follows")
async def unfollow(call: Call, name: str) -> Response:
    """Follow a tag no longer."""
    await tags.unfollow_tag(call.services, call.person, name)
    return await _show(call, name)


@routes.post("/v1/tags/<name>/feature")
@scoped("write:accounts")
async def feature(call: Call, name: str) -> Response:
    """Show a tag on the caller's profile."""
    await tags.feature_tag(call.services, call.person, tags.tag_name(name))
    return await _show(call, name)


@routes.post("/v1/tags/<name>/unfeature")
@scoped("write:accounts")
async def unfeature(call: Call, name: str) -> Response:
    """Take a tag from the caller's profile."""
    await tags.unfeature_tag(call.services, call.person, name)
    return await _show(call, name)


@routes.get("/v1/followed_tags")
@scoped("read:follows")
async def followed(call: Call) -> Response:
    """Show the tags that the caller follows."""
    page = read_page(call.parameters, default=100, most=200)
    ties = await tags.get_followed(call.services, call.person, page)
    found = await tags.get_hashtags(call.services, call.caller, [one.name for one in ties])
    return call.paged([tag(call.site, one, call.caller) for one in found], page, [one.id for one in ties])


@routes.get("/v1/featured_tags")
@scoped("read:accounts")
async def featured(call: Call) -> Response:
    """Show the tags on the caller's profile."""
    found = await tags.get_featured(call.services, call.person)
    return answer([featured_tag(call.site, call.person, one) for one in found])


@routes.post("/v1/featured_tags")
@scoped("write:accounts")
async def add_featured(call: Call) -> Response:
    """Show a tag on the caller's profile."""
    made = await tags.feature_tag(call.services, call.person, call.parameters.text("name"))
    return answer(featured_tag(call.site, call.person, made))


@routes.delete("/v1/featured_tags/<featured_id>")
@scoped("write:accounts")
async def remove_featured(call: Call, featured_id: str) -> Response:
    """Take a tag from the caller's profile."""
    await tags.unfeature_by_id(call.services, call.person, path_id(featured_id))
    return answer({})


@routes.get("/v1/featured_tags/suggestions")
@scoped("read:accounts")
async def suggestions(call: Call) -> Response:
    """Show the tags that the caller used most of late."""
    found = await tags.suggest_featured(call.services, call.person)
    return answer([tag(call.site, one, call.caller) for one in found])


@routes.get("/v1/accounts/<account_id>/featured_tags")
@open_to_all("read:accounts")
async def featured_by(call: Call, account_id: str) -> Response:
    """Show the tags on somebody's profile."""
    person = await people.get_person_by_id(call.services, path_id(account_id))
    found = await tags.get_featured(call.services, person)
    return answer([featured_tag(call.site, person, one) for one in found])
