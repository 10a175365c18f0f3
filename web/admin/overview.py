"""The overview, and what all admin pages say."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from quart import Blueprint, Response, request

from federation.actions import hosts
from federation.actions.overview import get_attention, get_overview
from web.current import parse_uuid, services
from web.paging import PAGE_SIZE, page_url
from web.presenting.administration import audit_view, host_view, overview_view
from web.rendering import render

blueprint = Blueprint("overview", __name__)

_WORST = 5
_AUDIT_PAGE = 2 * PAGE_SIZE


async def admin_page(template: str, *, http_status: int = 200, **context: Any) -> Response:
    """Render an admin page, with what waits for admins in its navigation."""
    attention = await get_attention(services())
    return render(
        f"admin/{template}.html",
        current="admin",
        failed_count=attention.failed,
        pending_count=attention.pending_people,
        report_count=attention.open_reports,
        trend_count=attention.waiting_trends,
        http_status=http_status,
        **context,
    )


@blueprint.get("")
async def overview() -> Response:
    """Show the health of the server."""
    found = await get_overview(services())
    troubled = await hosts.list_hosts(services(), state="down", limit=200)
    worst = sorted(troubled, key=lambda host: -host.backlog)[:_WORST]
    return await admin_page(
        "overview",
        overview=overview_view(found, await get_attention(services()), version=version("thoughts")),
        troubled=tuple(host_view(host) for host in worst),
        engines=(
            ("PostgreSQL", "Answers.", True),
            ("Redis", "Answers." if not found.redis else "Away: pages and inbox go on without it.", not found.redis),
        ),
    )


@blueprint.get("/audit")
async def audit() -> Response:
    """Show what admins did, newest first."""
    before = parse_uuid(request.args.get("before"))
    found = await hosts.list_audit(services(), before=before, limit=_AUDIT_PAGE + 1)
    entries = found[:_AUDIT_PAGE]
    return await admin_page(
        "audit",
        entries=tuple(audit_view(entry) for entry in entries),
        newer_url=request.path if before else None,
        older_url=page_url(before=str(entries[-1].id)) if len(found) > _AUDIT_PAGE else None,
    )
