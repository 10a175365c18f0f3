"""Who liked a thought, and who boosted it."""

from __future__ import annotations

from quart import Blueprint, Response, request

from federation.actions import people, rosters, timelines
from federation.errors import NotFound
from storage.entries import Page
from web.current import parse_uuid, path_id, services, viewer
from web.paging import page_url
from web.presenting.people import person_rows
from web.presenting.thoughts import Presenter
from web.rendering import render

blueprint = Blueprint("rosters", __name__)

_PAGE = 40


@blueprint.get("/thoughts/<thought_id>/<any(likes, boosts):reaction>")
async def reacted(thought_id: str, reaction: str) -> Response:
    """List who liked or boosted a thought, newest first, to whoever may read it."""
    who, before = viewer(), parse_uuid(request.args.get("before"))
    about = await timelines.get_entry(services(), who, path_id(thought_id))
    view = Presenter(about, who).one(about.entries[0])
    if view is None:
        raise NotFound("This thought is gone, or not yours to see.")
    page = Page(limit=_PAGE, older_than=before)
    roster = await rosters.get_reacted(services(), who, about.entries[0].id, reaction, page)
    relations = await people.get_relations(services(), who, [one.id for one in roster.people]) if who else {}
    return render(
        "reacted.html",
        thought=view,
        kind=reaction,
        rows=person_rows(roster.people, relations, who),
        newer_url=page_url() if before else None,
        older_url=page_url(before=str(roster.cursors[-1])) if len(roster.cursors) == _PAGE else None,
        noindex=True,
    )
