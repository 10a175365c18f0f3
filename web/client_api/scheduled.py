"""Thoughts that are published later: /v1/scheduled_statuses*; POST /v1/statuses schedules them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quart import Blueprint, Response

from federation.actions import scheduling
from web.client_api.answers import answer
from web.client_api.authentication import scoped
from web.client_api.call import Call
from web.client_api.entities.scheduled import scheduled_status
from web.client_api.paging import read_page
from web.current import path_id

if TYPE_CHECKING:
    from storage.scheduled import Scheduled

routes = Blueprint("scheduled", __name__)


async def shown(call: Call, one: Scheduled) -> dict[str, Any]:
    """Write one with its uploads."""
    return scheduled_status(call.site, one, await scheduling.get_media_of(call.services, call.person, one))


@routes.get("/v1/scheduled_statuses")
@scoped("read:statuses")
async def all_of(call: Call) -> Response:
    """Show what the caller has scheduled."""
    page = read_page(call.parameters)
    agenda = await scheduling.get_agenda(call.services, call.person, page)
    written = [scheduled_status(call.site, one, agenda.media) for one in agenda.items]
    return call.paged(written, page, [one.id for one in agenda.items])


@routes.get("/v1/scheduled_statuses/<scheduled_id>")
@scoped("read:statuses")
async def one(call: Call, scheduled_id: str) -> Response:
    """Show one of the caller's scheduled thoughts."""
    found = await scheduling.get_scheduled(call.services, call.person, path_id(scheduled_id))
    return answer(await shown(call, found))


@routes.put("/v1/scheduled_statuses/<scheduled_id>")
@scoped("write:statuses")
async def change(call: Call, scheduled_id: str) -> Response:
    """Choose another time."""
    found = await scheduling.get_scheduled(call.services, call.person, path_id(scheduled_id))
    at = call.parameters.moment("scheduled_at")
    if at is not None:
        found = await scheduling.change_scheduled(call.services, call.person, found.id, at=at)
    return answer(await shown(call, found))


@routes.delete("/v1/scheduled_statuses/<scheduled_id>")
@scoped("write:statuses")
async def cancel(call: Call, scheduled_id: str) -> Response:
    """Cancel one of the caller's scheduled thoughts."""
    await scheduling.cancel_scheduled(call.services, call.person, path_id(scheduled_id))
    return answer({})
