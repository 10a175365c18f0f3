"""Whom the caller blocks and mutes, and which servers: /v1/blocks, /v1/mutes, /v1/domain_blocks."""

from __future__ import annotations

from quart import Blueprint, Response

from federation.actions import refuse_domain, rosters
from web.client_api.answers import answer
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


@routes.get("/v1/domain_blocks")
@scoped("read:blocks")
async def domain_blocks(call: Call) -> Response:
    """Show the servers that the caller blocks."""
    page = read_page(call.parameters, default=100, most=200)
    found = await refuse_domain.get_refused(call.services, call.person, page)
    return call.paged([one.domain for one in found], page, [one.id for one in found], newer="since_id")


@routes.post("/v1/domain_blocks")
@scoped("write:blocks")
async def block_domain(call: Call) -> Response:
    """Block a server."""
    await refuse_domain.refuse_domain(call.services, call.person, call.parameters.text("domain"))
    return answer({})


@routes.delete("/v1/domain_blocks")
@scoped("write:blocks")
async def unblock_domain(call: Call) -> Response:
    """Block a server no longer."""
    await refuse_domain.accept_domain(call.services, call.person, call.parameters.text("domain"))
    return answer({})
