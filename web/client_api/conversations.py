"""Direct thoughts by conversation, and how far the caller has read: /v1/conversations*, /v1/markers."""

from __future__ import annotations

from typing import Any, Final

from quart import Blueprint, Response

from federation.actions import conversations, markers
from federation.actions.markers import TIMELINES
from storage.markers import Marker
from web.client_api.answers import answer
from web.client_api.authentication import scoped
from web.client_api.call import Call
from web.client_api.entities.conversations import conversations as written
from web.client_api.entities.site import moment
from web.client_api.paging import read_page
from web.current import path_id

routes = Blueprint("conversations", __name__)

_MOST_TIMELINES: Final = 20


@routes.get("/v1/conversations")
@scoped("read:statuses")
async def page_of(call: Call) -> Response:
    """Show the caller's conversations."""
    page = read_page(call.parameters)
    talks = await conversations.get_conversations(call.services, call.person, page, details=True)
    cursors = [one.last_thought_id for one in talks.conversations]
    return call.paged(written(call.site, talks, call.person), page, cursors)


@routes.delete("/v1/conversations/<row_id>")
@scoped("write:conversations")
async def forget(call: Call, row_id: str) -> Response:
    """Take a conversation from the list."""
    await conversations.forget_conversation(call.services, call.person, path_id(row_id))
    return answer({})


@routes.post("/v1/conversations/<row_id>/read")
@scoped("write:conversations")
async def read(call: Call, row_id: str) -> Response:
    """Take note that a conversation was read."""
    talks = await conversations.mark_read(call.services, call.person, path_id(row_id))
    return answer(written(call.site, talks, call.person)[0])


def _markers(found: list[Marker]) -> dict[str, Any]:
    return {
        one.timeline: {"last_read_id": one.last_read_id, "version": one.version, "updated_at": moment(one.updated_at)}
        for one in found
    }


@routes.get("/v1/markers")
@scoped("read:statuses")
async def get_markers(call: Call) -> Response:
    """Show how far the caller has read timelines."""
    wanted = call.parameters.texts("timeline", most=_MOST_TIMELINES)
    return answer(_markers(await markers.get_markers(call.services, call.person, wanted)))


@routes.post("/v1/markers")
@scoped("write:statuses")
async def set_markers(call: Call) -> Response:
    """Take note of how far the caller has read timelines."""
    given = call.parameters
    wanted = {name: given.nested(name).text("last_read_id") for name in TIMELINES if given.has(name)}
    return answer(_markers(await markers.set_markers(call.services, call.person, wanted)))
