"""Remote servers: how we get on, pause and resume."""

from __future__ import annotations

from quart import Blueprint, Response, request

from federation.actions import hosts
from federation.errors import NotFound
from web.admin.overview import admin_page
from web.current import me, services
from web.flashes import flash
from web.forms import go_back, typed
from web.paging import page_url
from web.presenting.administration import host_view
from web.view_models import counted

blueprint = Blueprint("hosts", __name__)

_PAGE = 50
# The filter's words and those of the actions.
_STATES = {"troubled": "down", "probing": "down", "paused": "paused", "blocked": "blocked", "well": "ok"}


@blueprint.get("/federation")
async def federation() -> Response:
    """List remote servers by name."""
    host, state = request.args.get("host", "").strip().lower(), request.args.get("state", "")
    state = state if state in _STATES else ""
    after, wanted = request.args.get("after", ""), _STATES.get(state, "")
    found = await hosts.list_hosts(services(), after=after, matching=host, state=wanted, limit=_PAGE + 1)
    shown = found[:_PAGE]
    return await admin_page(
        "federation",
        hosts=tuple(host_view(one) for one in shown),
        host=host,
        state=state,
        total=await hosts.count_hosts(services(), matching=host, state=wanted),
        newer_url=page_url() if after else None,
        older_url=page_url(after=shown[-1].host) if len(found) > _PAGE else None,
    )


@blueprint.post("/federation")
async def act() -> Response:
    """Pause or resume a server, or send it everything that waits now."""
    form = await typed()
    host = form.get("host", "")
    match form.get("action"):
        case "pause":
            await hosts.pause_host(services(), host, by=me())
            flash(f"Nothing is sent to {host} until you resume it. Nothing is lost.")
        case "resume":
            await hosts.resume_host(services(), host, by=me())
            flash(f"Sending to {host} again.")
        case "retry":
            count = await hosts.retry_host(services(), host, by=me())
            flash(f"{counted(count, 'delivery', 'deliveries')} to {host} due now.")
        case _:
            raise NotFound("There is no such thing to do.")
    return await go_back("/admin/federation")
