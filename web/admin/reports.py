"""Reports: what people tell of each other, and what is decided."""

from __future__ import annotations

from quart import Blueprint, Response, request

from federation.actions import moderating, reports
from federation.actions.people import get_account
from federation.errors import Invalid, NotFound
from storage.entries import Page
from web.admin.overview import admin_page
from web.current import me, parse_uuid, path_id, services
from web.flashes import flash
from web.forms import go, typed
from web.paging import page_url
from web.presenting.reports import case_view

blueprint = Blueprint("reports", __name__)

_PAGE = 30


@blueprint.get("/reports")
async def all_reports() -> Response:
    """List reports, the open ones unless asked otherwise."""
    resolved = request.args.get("state") == "resolved"
    before = parse_uuid(request.args.get("before"))
    found = await reports.list_cases(
        services(), me(), Page(limit=_PAGE + 1, older_than=before), resolved=resolved
    )  # fmt: skip
    shown = found[:_PAGE]
    return await admin_page(
        "reports",
        cases=tuple(case_view(case, me()) for case in shown),
        resolved=resolved,
        newer_url=page_url() if before else None,
        older_url=page_url(before=str(shown[-1].report.id)) if len(found) > _PAGE else None,
    )


@blueprint.get("/reports/<report_id>")
async def one(report_id: str) -> Response:
    """Show a report, and what can be done."""
    case = await reports.get_case(services(), me(), path_id(report_id))
    return await admin_page("report", case=case_view(case, me()), actions=moderating.ACTIONS)


@blueprint.post("/reports/<report_id>")
async def decide(report_id: str) -> Response:
    """Do something about the reported person, or close or open the report."""
    form = await typed()
    case = await reports.get_case(services(), me(), path_id(report_id))
    action = form.get("action", "")
    try:
        if action == "resolve":
            await reports.resolve(services(), me(), case.report.id)
            flash("The report is closed.")
        elif action == "reopen":
            await reports.reopen(services(), me(), case.report.id)
            flash("The report is open again.")
        elif action in moderating.ACTIONS:
            target = await get_account(services(), case.report.target_id)
            measure = moderating.Measure(action, text=form.get("text", ""), report_id=case.report.id)
            await moderating.take_measure(services(), me(), target, measure)
            flash("Done, and the report is closed.")
        else:
            raise NotFound("There is no such thing to do.")
    except Invalid as exc:
        flash(exc.message, "warn")
    return go(f"/admin/reports/{case.report.id}")
