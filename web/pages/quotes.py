"""Who quotes a thought, and taking one's consent back."""

from __future__ import annotations

from quart import Blueprint, Response, request

from federation.actions import timelines
from federation.actions.quote_consent import revoke_quote
from federation.actions.shown_quotes import get_quotes
from federation.errors import NotFound
from storage.entries import Page
from web.current import me, parse_uuid, path_id, services, viewer
from web.flashes import flash
from web.forms import go_back, typed
from web.paging import page_url
from web.presenting.thoughts import Presenter
from web.rendering import render
from web.security import signed_in

blueprint = Blueprint("quotes", __name__)

_PAGE = 20


@blueprint.get("/thoughts/<thought_id>/quotes")
async def quotes(thought_id: str) -> Response:
    """List what quotes a thought, newest first."""
    who, before = viewer(), parse_uuid(request.args.get("before"))
    about = await timelines.get_entry(services(), who, path_id(thought_id))
    view = Presenter(about, who).one(about.entries[0])
    if view is None:
        raise NotFound("This thought is gone, or not yours to see.")
    found = await get_quotes(services(), who, about.entries[0].thought.id, Page(limit=_PAGE + 1, older_than=before))
    shown = await timelines.show_thoughts(services(), who, found[:_PAGE])
    return render(
        "quotes.html",
        thought=view,
        quotes=Presenter(shown, who, "thread").all(),
        newer_url=page_url() if before else None,
        older_url=page_url(before=str(found[_PAGE - 1].id)) if len(found) > _PAGE else None,
    )


@blueprint.post("/thoughts/<thought_id>/quotes/revoke")
@signed_in
async def revoke(thought_id: str) -> Response:
    """Take back the consent to a quote of one's own thought."""
    quoting = parse_uuid((await typed()).get("quoting"))
    if quoting is None:
        raise NotFound("This thought does not quote yours.")
    await revoke_quote(services(), me(), path_id(thought_id), quoting)
    flash("Your thought is not shown there any more, and other servers are told.")
    return await go_back("/home")
