"""Who quotes a status, and who may. /v1/statuses/:id/quotes*, /v1/statuses/:id/interaction_policy"""

from __future__ import annotations

from quart import Blueprint, Response

from federation.actions import timelines
from federation.actions.preferences import get_preferences
from federation.actions.quote_consent import revoke_quote, set_quote_policy
from federation.actions.shown_quotes import get_quotes
from web.client_api.answers import answer
from web.client_api.authentication import scoped
from web.client_api.call import Call
from web.client_api.paging import read_page
from web.current import path_id

routes = Blueprint("quotes", __name__)


@routes.get("/v1/statuses/<status_id>/quotes")
@scoped("read:statuses")
async def quotes(call: Call, status_id: str) -> Response:
    """List the statuses that quote one."""
    thought = await timelines.get_thought(call.services, call.caller, path_id(status_id))
    page = read_page(call.parameters)
    found = await get_quotes(call.services, call.caller, thought.id, page)
    return call.statuses(await timelines.show_thoughts(call.services, call.caller, found, details=True), page)


@routes.post("/v1/statuses/<status_id>/quotes/<quoting_status_id>/revoke")
@scoped("write:statuses")
async def revoke(call: Call, status_id: str, quoting_status_id: str) -> Response:
    """Take back the consent to a quote of one's own status."""
    thought = await timelines.get_thought(call.services, call.caller, path_id(status_id))
    quoting = await revoke_quote(call.services, call.person, thought.id, path_id(quoting_status_id))
    return answer(call.status(await timelines.get_entry(call.services, call.caller, quoting.id, details=True)))


@routes.put("/v1/statuses/<status_id>/interaction_policy")
@scoped("write:statuses")
async def interaction_policy(call: Call, status_id: str) -> Response:
    """Change who may quote one's own status; by default to what the caller prefers."""
    thought = await timelines.get_thought(call.services, call.caller, path_id(status_id))
    wanted = call.parameters.text("quote_approval_policy")
    if not wanted:
        wanted = (await get_preferences(call.services, call.person)).quote_policy
    changed = await set_quote_policy(call.services, call.person, thought.id, wanted)
    return answer(call.status(await timelines.get_entry(call.services, call.caller, changed.id, details=True)))
