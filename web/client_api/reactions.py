"""What people do to a status: favourite, boost, bookmark, pin; and who did. /v1/statuses/:id/*"""

from __future__ import annotations

from uuid import UUID

from quart import Blueprint, Response

from federation.actions import blocks, reactions, rosters, timelines
from federation.errors import Invalid
from web.client_api.answers import answer
from web.client_api.authentication import open_to_all, scoped
from web.client_api.call import Call
from web.client_api.entities.accounts import STORED_VISIBILITY
from web.client_api.paging import read_page
from web.current import path_id

routes = Blueprint("reactions", __name__)


async def _thought_id(call: Call, status_id: str) -> UUID:
    """Return the thought that a status's id stands for: a boost's for the boosted one."""
    return (await timelines.get_thought(call.services, call.caller, path_id(status_id))).id


async def _show(call: Call, entry_id: UUID) -> Response:
    return answer(call.status(await timelines.get_entry(call.services, call.caller, entry_id, details=True)))


@routes.post("/v1/statuses/<status_id>/favourite")
@scoped("write:favourites")
async def favourite(call: Call, status_id: str) -> Response:
    """Like a thought."""
    thought_id = await _thought_id(call, status_id)
    await reactions.like_thought(call.services, call.person, thought_id)
    return await _show(call, thought_id)


@routes.post("/v1/statuses/<status_id>/unfavourite")
@scoped("write:favourites")
async def unfavourite(call: Call, status_id: str) -> Response:
    """Take a like back."""
    thought_id = await _thought_id(call, status_id)
    await reactions.unlike_thought(call.services, call.person, thought_id)
    return await _show(call, thought_id)


@routes.post("/v1/statuses/<status_id>/reblog")
@scoped("write:statuses")
async def reblog(call: Call, status_id: str) -> Response:
    """Boost a thought, for all who may see it or fewer; answer with the boost, also when it was boosted before."""
    thought_id = await _thought_id(call, status_id)
    wanted = call.parameters.text("visibility")
    if wanted not in ("", *STORED_VISIBILITY):
        raise Invalid("The visibility is public, unlisted or private.", field="visibility")
    boost_id = await reactions.boost_thought(
        call.services, call.person, thought_id, visibility=STORED_VISIBILITY.get(wanted)
    )
    if boost_id is None:
        boost_id = await reactions.find_boost(call.services, call.person, thought_id)
    return await _show(call, boost_id or thought_id)


@routes.post("/v1/statuses/<status_id>/unreblog")
@scoped("write:statuses")
async def unreblog(call: Call, status_id: str) -> Response:
    """Take a boost back, named by its own id or the thought's; answer with the thought."""
    thought_id = await _thought_id(call, status_id)
    await reactions.unboost_thought(call.services, call.person, thought_id)
    return await _show(call, thought_id)


@routes.post("/v1/statuses/<status_id>/bookmark")
@scoped("write:bookmarks")
async def bookmark(call: Call, status_id: str) -> Response:
    """Bookmark a thought."""
    thought_id = await _thought_id(call, status_id)
    await reactions.bookmark_thought(call.services, call.person, thought_id)
    return await _show(call, thought_id)


@routes.post("/v1/statuses/<status_id>/unbookmark")
@scoped("write:bookmarks")
async def unbookmark(call: Call, status_id: str) -> Response:
    """Take a bookmark away."""
    thought_id = await _thought_id(call, status_id)
    await reactions.unbookmark_thought(call.services, call.person, thought_id)
    return await _show(call, thought_id)


@routes.post("/v1/statuses/<status_id>/pin")
@scoped("write:accounts")
async def pin(call: Call, status_id: str) -> Response:
    """Pin a thought to the caller's profile."""
    thought_id = await _thought_id(call, status_id)
    await reactions.pin_thought(call.services, call.person, thought_id)
    return await _show(call, thought_id)


@routes.post("/v1/statuses/<status_id>/unpin")
@scoped("write:accounts")
async def unpin(call: Call, status_id: str) -> Response:
    """Unpin a thought."""
    thought_id = await _thought_id(call, status_id)
    await reactions.unpin_thought(call.services, call.person, thought_id)
    return await _show(call, thought_id)


@routes.post("/v1/statuses/<status_id>/mute")
@scoped("write:mutes")
async def mute(call: Call, status_id: str) -> Response:
    """Hear no more of a thought's thread."""
    thought_id = await _thought_id(call, status_id)
    await blocks.mute_thread(call.services, call.person, thought_id)
    return await _show(call, thought_id)


@routes.post("/v1/statuses/<status_id>/unmute")
@scoped("write:mutes")
async def unmute(call: Call, status_id: str) -> Response:
    """Hear of a thought's thread again."""
    thought_id = await _thought_id(call, status_id)
    await blocks.unmute_thread(call.services, call.person, thought_id)
    return await _show(call, thought_id)


@routes.get("/v1/statuses/<status_id>/favourited_by")
@open_to_all("read:statuses")
async def favourited_by(call: Call, status_id: str) -> Response:
    """Show who liked a thought."""
    return await _reacted(call, status_id, "likes")


@routes.get("/v1/statuses/<status_id>/reblogged_by")
@open_to_all("read:statuses")
async def reblogged_by(call: Call, status_id: str) -> Response:
    """Show who boosted a thought."""
    return await _reacted(call, status_id, "boosts")


async def _reacted(call: Call, status_id: str, reaction: str) -> Response:
    page = read_page(call.parameters, default=40)
    roster = await rosters.get_reacted(call.services, call.caller, path_id(status_id), reaction, page)
    return call.accounts(roster, page)
