"""How a thought read before it was edited."""

from __future__ import annotations

from quart import Blueprint, Response

from federation.actions import timelines
from federation.actions.edit_thought import list_versions
from federation.errors import NotFound
from web.current import path_id, services, viewer
from web.presenting.thoughts import Presenter
from web.presenting.versions import version_views
from web.rendering import render

blueprint = Blueprint("versions", __name__)


@blueprint.get("/thoughts/<thought_id>/history")
async def history(thought_id: str) -> Response:
    """Show every version of a thought to whoever may read it, the present one first."""
    who = viewer()
    shown = await timelines.get_entry(services(), who, path_id(thought_id), details=True)
    entry = shown.entries[0]
    view = Presenter(shown, who).one(entry)
    if view is None:
        raise NotFound("This thought is gone, or not yours to see.")
    earlier = await list_versions(services(), who, entry.thought.id)
    views = version_views(view, entry.thought, earlier, shown.polls.get(entry.thought.id))
    return render("history.html", thought=view, versions=views, noindex=True)
