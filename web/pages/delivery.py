"""Where one's own thought went: the delivery report."""

from __future__ import annotations

from quart import Blueprint, Response, request

from federation.actions import delivery_report, timelines
from federation.errors import NotFound
from federation.protocol.handles import normalise_host
from web.current import me, path_id, services
from web.flashes import flash
from web.forms import go_back, typed
from web.paging import page_url
from web.presenting.deliveries import delivery_view
from web.presenting.thoughts import Presenter
from web.rendering import render
from web.security import rate_limited, signed_in
from web.view_models import counted

blueprint = Blueprint("delivery", __name__)


@blueprint.get("/thoughts/<thought_id>/delivery")
@signed_in
async def report(thought_id: str) -> Response:
    """Show which servers have a thought, which are tried again, and which refused it."""
    wanted = path_id(thought_id)
    after = normalise_host(request.args.get("after_host", "")) or ""
    found = await delivery_report.get_report(services(), me(), wanted, after_host=after)
    shown = await timelines.show_thoughts(services(), me(), [found.thought])
    view = Presenter(shown, me()).one(shown.entries[0])
    if view is None:
        raise NotFound("This thought is gone, or not yours to see.")
    receipt = found.receipt
    views = sorted((delivery_view(host) for host in found.hosts), key=lambda one: one.state in ("delivered", "dropped"))
    full = len(found.hosts) >= delivery_report.HOSTS_PER_PAGE
    return render(
        "delivery.html",
        thought=view,
        deliveries=tuple(views),
        reached=receipt.delivered,
        waiting=receipt.pending,
        failed=receipt.failed,
        total=receipt.delivered + receipt.pending + receipt.failed,
        newer_url=request.path if after else None,
        older_url=page_url(after_host=found.hosts[-1].host) if full else None,
    )


@blueprint.post("/thoughts/<thought_id>/delivery/retry")
@signed_in
@rate_limited("retry-delivery", "20/minute")
async def retry(thought_id: str) -> Response:
    """Try again now at one host, or wherever it failed."""
    host = (await typed()).get("host", "")
    count = await delivery_report.retry_deliveries(services(), me(), path_id(thought_id), host=host)
    flash(
        f"Trying {counted(count, 'delivery', 'deliveries')} again now." if count else "There is nothing to try again."
    )
    return await go_back("/home")
