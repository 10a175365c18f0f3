"""What the caller is to others: follow, block, mute, and requests. /v1/accounts/:id/*, /v1/follow_requests*"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from quart import Blueprint, Response

from federation.actions import blocks, follows, people, rosters
from storage.people import Person
from web.client_api.answers import answer
from web.client_api.authentication import scoped
from web.client_api.call import Call
from web.client_api.entities.accounts import relationship
from web.client_api.paging import read_page
from web.current import path_id

routes = Blueprint("relationships", __name__)

_MOST_RELATIONSHIPS: Final = 100
_LONGEST_MUTE_S: Final = 10 * 365 * 24 * 3600


async def _person(call: Call, account_id: str) -> Person:
    return await people.get_person_by_id(call.services, path_id(account_id))


async def _show(call: Call, person: Person) -> Response:
    return answer(relationship(await people.get_relation(call.services, call.person, person)))


@routes.get("/v1/accounts/relationships")
@scoped("read:follows")
async def relationships(call: Call) -> Response:
    """Show what the caller is to several people, in the order asked for."""
    ids = call.parameters.ids("id", most=_MOST_RELATIONSHIPS)
    found = await people.get_relations(call.services, call.person, ids)
    return answer([relationship(found[one]) for one in ids if one in found])


@routes.post("/v1/accounts/<account_id>/follow")
@scoped("write:follows")
async def follow(call: Call, account_id: str) -> Response:
    """Follow somebody, or change whether their boosts show and their thoughts notify."""
    person = await _person(call, account_id)
    await follows.follow_person(
        call.services,
        call.person,
        person,
        show_boosts=call.parameters.optional_flag("reblogs"),
        notify=call.parameters.optional_flag("notify"),
    )
    return await _show(call, person)


@routes.post("/v1/accounts/<account_id>/unfollow")
@scoped("write:follows")
async def unfollow(call: Call, account_id: str) -> Response:
    """Stop following somebody."""
    person = await _person(call, account_id)
    await follows.unfollow_person(call.services, call.person, person)
    return await _show(call, person)


@routes.post("/v1/accounts/<account_id>/remove_from_followers")
@scoped("write:follows")
async def remove_from_followers(call: Call, account_id: str) -> Response:
    """Make somebody stop following the caller."""
    person = await _person(call, account_id)
    await follows.reject_follow(call.services, call.person, person)
    return await _show(call, person)


@routes.post("/v1/accounts/<account_id>/block")
@scoped("write:blocks")
async def block(call: Call, account_id: str) -> Response:
    """Block somebody."""
    person = await _person(call, account_id)
    await blocks.block_person(call.services, call.person, person)
    return await _show(call, person)


@routes.post("/v1/accounts/<account_id>/unblock")
@scoped("write:blocks")
async def unblock(call: Call, account_id: str) -> Response:
    """Unblock somebody."""
    person = await _person(call, account_id)
    await blocks.unblock_person(call.services, call.person, person)
    return await _show(call, person)


@routes.post("/v1/accounts/<account_id>/mute")
@scoped("write:mutes")
async def mute(call: Call, account_id: str) -> Response:
    """Mute somebody, for ever or for a while (`duration`, seconds)."""
    person = await _person(call, account_id)
    duration_s = call.parameters.number("duration", 0, least=0, most=_LONGEST_MUTE_S)
    await blocks.mute_person(
        call.services,
        call.person,
        person,
        hide_notifications=call.parameters.flag("notifications", default=True),
        lasts=timedelta(seconds=duration_s) if duration_s else None,
    )
    return await _show(call, person)


@routes.post("/v1/accounts/<account_id>/unmute")
@scoped("write:mutes")
async def unmute(call: Call, account_id: str) -> Response:
    """Unmute somebody."""
    person = await _person(call, account_id)
    await blocks.unmute_person(call.services, call.person, person)
    return await _show(call, person)


@routes.get("/v1/follow_requests")
@scoped("read:follows")
async def follow_requests(call: Call) -> Response:
    """Show who asks to follow the caller."""
    page = read_page(call.parameters, default=40)
    return call.accounts(await rosters.get_requests(call.services, call.person, page), page)


@routes.post("/v1/follow_requests/<account_id>/authorize")
@scoped("write:follows")
async def authorize(call: Call, account_id: str) -> Response:
    """Accept a request."""
    person = await _person(call, account_id)
    await follows.accept_follow(call.services, call.person, person)
    return await _show(call, person)


@routes.post("/v1/follow_requests/<account_id>/reject")
@scoped("write:follows")
async def reject(call: Call, account_id: str) -> Response:
    """Reject a request."""
    person = await _person(call, account_id)
    await follows.reject_follow(call.services, call.person, person)
    return await _show(call, person)
