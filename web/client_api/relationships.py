"""What the caller is to others: follow, block, mute, and requests. /v1/accounts/:id/*, /v1/follow_requests*"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from quart import Blueprint, Response

from federation.actions import blocks, follows, people, profiles, rosters, ties
from storage.people import Person
from web.client_api.answers import answer
from web.client_api.authentication import open_to_all, scoped
from web.client_api.call import Call
from web.client_api.entities.accounts import account, relationship
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
    found = await people.get_relations(
        call.services, call.person, ids, with_suspended=call.parameters.flag("with_suspended")
    )  # fmt: skip
    return answer([relationship(found[one]) for one in ids if one in found])


@routes.post("/v1/accounts/<account_id>/follow")
@scoped("write:follows")
async def follow(call: Call, account_id: str) -> Response:
    """Follow somebody, or change whether their boosts show, their thoughts notify, and which languages are read."""
    person, given = await _person(call, account_id), call.parameters
    await follows.follow_person(
        call.services,
        call.person,
        person,
        show_boosts=given.optional_flag("reblogs"),
        notify=given.optional_flag("notify"),
        languages=[one for one in given.texts("languages", most=_MOST_RELATIONSHIPS) if one]
        if given.has("languages")
        else None,
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


@routes.post("/v1/accounts/<account_id>/note")
@scoped("write:accounts")
async def note(call: Call, account_id: str) -> Response:
    """Note something down about somebody, for the caller alone."""
    person = await _person(call, account_id)
    await ties.set_note(call.services, call.person, person, call.parameters.text("comment"))
    return await _show(call, person)


@routes.post("/v1/accounts/<account_id>/endorse")
@routes.post("/v1/accounts/<account_id>/pin")
@scoped("write:accounts")
async def endorse(call: Call, account_id: str) -> Response:
    """Put somebody among the caller's top friends."""
    person = await _person(call, account_id)
    await ties.add_top_friend(call.services, call.person, person)
    return await _show(call, person)


@routes.post("/v1/accounts/<account_id>/unendorse")
@routes.post("/v1/accounts/<account_id>/unpin")
@scoped("write:accounts")
async def unendorse(call: Call, account_id: str) -> Response:
    """Take somebody from the caller's top friends."""
    person = await _person(call, account_id)
    await ties.remove_top_friend(call.services, call.person, person)
    return await _show(call, person)


@routes.get("/v1/accounts/familiar_followers")
@scoped("read:follows")
async def familiar_followers(call: Call) -> Response:
    """Show whom the caller follows among the followers of several people."""
    ids = call.parameters.ids("id", most=_MOST_RELATIONSHIPS)
    found = await ties.get_familiar(call.services, call.person, ids)
    return answer(
        [
            {"id": str(one), "accounts": [account(call.site, person) for person in common]}
            for one, common in found.items()
        ]
    )


@routes.get("/v1/endorsements")
@scoped("read:accounts")
async def endorsements(call: Call) -> Response:
    """Show the caller's top friends."""
    return answer([account(call.site, one) for one in await profiles.list_top_friends(call.services, call.person)])


@routes.get("/v1/accounts/<account_id>/endorsements")
@open_to_all("read:accounts")
async def endorsed_by(call: Call, account_id: str) -> Response:
    """Show somebody's top friends."""
    friends = await profiles.list_top_friends(call.services, await _person(call, account_id))
    return answer([account(call.site, one) for one in friends])


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
