"""What Mastodon's API has and this server has not: answered as by a Mastodon on which it is switched off.

Identity proofs ended with Keybase, nobody translates here, no year is summed up, and nothing that an app would wait
for is fetched behind its back.
"""

from __future__ import annotations

from quart import Blueprint, Response

from federation.actions import people, timelines
from federation.errors import NotFound
from web.client_api.answers import answer
from web.client_api.authentication import scoped
from web.client_api.call import Call
from web.current import path_id

routes = Blueprint("switched_off", __name__)


@routes.get("/v1/accounts/<account_id>/identity_proofs")
@scoped()
async def identity_proofs(call: Call, account_id: str) -> Response:
    """List the proofs of who a person is elsewhere: none."""
    await people.get_person_by_id(call.services, path_id(account_id))
    return answer([])


@routes.post("/v1/statuses/<status_id>/translate")
@scoped("read:statuses")
async def translate(call: Call, status_id: str) -> Response:
    """Translate a thought: there is no translator."""
    await timelines.get_thought(call.services, call.caller, path_id(status_id))
    raise NotFound("Nothing is translated here.")


@routes.get("/v1/annual_reports")
@scoped("read:accounts")
async def annual_reports(call: Call) -> Response:
    """List the caller's years: none is summed up."""
    del call
    return answer({"annual_reports": [], "accounts": [], "statuses": []})


@routes.get("/v1/annual_reports/<year>")
@scoped("read:accounts")
async def annual_report(call: Call, year: str) -> Response:
    """Show a year of the caller's: there is none."""
    del call, year
    raise NotFound("No year is summed up here.")


@routes.get("/v1/annual_reports/<year>/state")
@scoped("read:accounts")
async def annual_report_state(call: Call, year: str) -> Response:
    """Say whether a year of the caller's can be had: it cannot."""
    del call, year
    return answer({"state": "ineligible"})


@routes.post("/v1/annual_reports/<year>/generate")
@scoped("write:accounts")
async def generate_annual_report(call: Call, year: str) -> Response:
    """Sum a year up: outside a campaign this does nothing."""
    del call, year
    return answer({})


@routes.post("/v1/annual_reports/<year>/read")
@scoped("write:accounts")
async def read_annual_report(call: Call, year: str) -> Response:
    """Mark a year as read: there is none."""
    del call, year
    raise NotFound("No year is summed up here.")


@routes.get("/v1_alpha/async_refreshes/<refresh_id>")
@scoped("read")
async def async_refresh(call: Call, refresh_id: str) -> Response:
    """Say how far something has got that was begun for the caller: nothing is."""
    del call, refresh_id
    raise NotFound("Nothing of that name is under way.")
