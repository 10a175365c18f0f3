"""Reports: POST /v1/reports."""

from __future__ import annotations

from typing import Final

from quart import Blueprint, Response

from federation.actions.people import get_person_by_id
from federation.actions.reports import Complaint, report_person
from federation.errors import NotFound
from web.client_api.answers import answer
from web.client_api.authentication import scoped
from web.client_api.call import Call
from web.client_api.entities.reports import report
from web.security import count

routes = Blueprint("reports", __name__)

_MOST: Final = 100


@routes.post("/v1/reports")
@scoped("write:reports")
async def make(call: Call) -> Response:
    """Tell the moderators of somebody."""
    await count("reports", "60/hour")
    given = call.parameters
    account_id = given.id("account_id")
    if account_id is None:
        raise NotFound("There is nobody to report.")
    target = await get_person_by_id(call.services, account_id)
    rules = given.texts("rule_ids", most=_MOST)
    complaint = Complaint(
        thought_ids=given.ids("status_ids", most=_MOST),
        comment=given.text("comment"),
        category="violation" if rules else given.text("category") or "other",
        rule_ids=rules,
        forward=given.flag("forward"),
        collection_ids=given.ids("collection_ids", most=_MOST),
    )
    made = await report_person(call.services, call.person, target, complaint)
    return answer(report(call.site, made, target))
