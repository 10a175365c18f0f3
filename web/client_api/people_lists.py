"""Whom the caller blocks and mutes: /v1/blocks, /v1/mutes."""

from __future__ import annotations

from quart import Blueprint, Response

from federation.actions import rosters
from web.client_api.authentication import scoped
from web.client_api.call import Call
from web.client_api.entities.accounts import muted_account
from web.client_api.paging import read_page

routes = Blueprint("people_lists", __name__)


@routes.get("/v1/blocks")
@scoped("read:blocks")
async def blocks(call: Call) -> Response:
    """Show whom the caller blocks."""
    page = read_page(call.parameters, default=40)
    return call.accounts(await rosters.get_blocked(call.services, call.person, page), page)


@routes.get("/v1/mutes")
@scoped("read:mutes")
async def mutes(call: Call) -> Response:
    """Show whom the caller mutes, and until when."""
    page = read_page(call.parameters, default=40)
    roster = await rosters.get_muted(call.services, call.person, page)
    written = [muted_account(call.site, person, roster.until.get(person.id)) for person in roster.people]
    return call.paged(written, page, roster.cursors, newer="since_id")
