"""Reports for moderators: /v1/admin/reports*."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from uuid import UUID

from quart import Blueprint, Response

from federation.actions import reports
from federation.actions.administration import get_dossiers
from federation.actions.reports import Case
from web.client_api.answers import answer
from web.client_api.authentication import scoped
from web.client_api.call import Call
from web.client_api.entities.administration import admin_report
from web.client_api.paging import read_page
from web.current import path_id

routes = Blueprint("reports", __name__)

_READ: Final = "admin:read:reports"
_WRITE: Final = "admin:write:reports"
_MOST_RULES: Final = 100


async def _written(call: Call, cases: Sequence[Case]) -> list[dict[str, Any]]:
    named = {person.id: person for case in cases for person in case.people.values()}
    dossiers = await get_dossiers(call.services, call.person, list(named.values()))
    return [admin_report(call.site, case, dossiers, call.person) for case in cases]


@routes.get("/v1/admin/reports")
@scoped(_READ)
async def page_of(call: Call) -> Response:
    """List reports, the open ones unless asked otherwise."""
    given = call.parameters
    page = read_page(given, default=100)
    cases = await reports.list_cases(
        call.services,
        call.person,
        page,
        resolved=given.flag("resolved"),
        reporter_id=given.id("account_id"),
        target_id=given.id("target_account_id"),
    )
    return call.paged(await _written(call, cases), page, [case.report.id for case in cases])


async def _show(call: Call, report_id: UUID) -> Response:
    case = await reports.get_case(call.services, call.person, report_id)
    return answer((await _written(call, [case]))[0])


@routes.get("/v1/admin/reports/<report_id>")
@scoped(_READ)
async def one(call: Call, report_id: str) -> Response:
    """Show a report."""
    return await _show(call, path_id(report_id))


@routes.put("/v1/admin/reports/<report_id>")
@scoped(_WRITE)
async def change(call: Call, report_id: str) -> Response:
    """Say anew what a report is about."""
    given, wanted = call.parameters, path_id(report_id)
    before = (await reports.get_case(call.services, call.person, wanted)).report
    rules = given.texts("rule_ids", most=_MOST_RULES) if given.has("rule_ids") else before.rule_ids
    await reports.reclassify(call.services, call.person, wanted, given.text("category", before.category), rules)
    return await _show(call, wanted)


async def _assign_to_self(call: Call, report_id: UUID) -> object:
    return await reports.assign(call.services, call.person, report_id, call.person)


async def _unassign(call: Call, report_id: UUID) -> object:
    return await reports.assign(call.services, call.person, report_id, None)


async def _resolve(call: Call, report_id: UUID) -> object:
    return await reports.resolve(call.services, call.person, report_id)


async def _reopen(call: Call, report_id: UUID) -> object:
    return await reports.reopen(call.services, call.person, report_id)


_VERBS: Final[dict[str, Callable[[Call, UUID], Awaitable[object]]]] = {
    "assign_to_self": _assign_to_self,
    "unassign": _unassign,
    "resolve": _resolve,
    "reopen": _reopen,
}


@routes.post(f"/v1/admin/reports/<report_id>/<any({', '.join(_VERBS)}):verb>")
@scoped(_WRITE)
async def decide(call: Call, report_id: str, verb: str) -> Response:
    """Take a report on, give it back, close it or open it again."""
    wanted = path_id(report_id)
    await _VERBS[verb](call, wanted)
    return await _show(call, wanted)
