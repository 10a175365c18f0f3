"""Which of the viewer's filters name a thought: chosen on a page of its own."""

from __future__ import annotations

from uuid import UUID

from quart import Blueprint, Response, request

from federation.actions import filters, timelines
from federation.actions.filters import FilterForm, OwnFilter
from federation.errors import Invalid, NotFound
from federation.protocol.filtering import CONTEXTS
from storage.filters import FilteredThought
from web.current import me, parse_uuid, path_id, services
from web.flashes import flash
from web.forms import Problems, go, problems
from web.presenting.thoughts import Presenter
from web.rendering import render
from web.security import rate_limited, signed_in
from web.view_models import FilterView

blueprint = Blueprint("filtering", __name__)


def _named(own: OwnFilter, thought_id: UUID) -> FilteredThought | None:
    return next((one for one in own.thoughts if one.thought_id == thought_id), None)


async def _page(entry_id: UUID, *, title: str = "", errors: Problems | None = None) -> Response:
    shown = await timelines.get_entry(services(), me(), entry_id)
    view = Presenter(shown, me()).one(shown.entries[0])
    if view is None:
        raise NotFound("This thought is gone, or not yours to see.")
    found = await filters.get_filters(services(), me())
    return render(
        "filter_thought.html",
        thought=view,
        filters=tuple(
            (
                FilterView(str(own.filter.id), own.filter.title, own.filter.action),
                _named(own, UUID(view.id)) is not None,
            )
            for own in found
        ),
        title=title,
        errors=errors or {},
        http_status=422 if errors else 200,
    )


@blueprint.get("/thoughts/<thought_id>/filter")
@signed_in
async def choose(thought_id: str) -> Response:
    """Offer the viewer's filters to put a thought under."""
    return await _page(path_id(thought_id))


@blueprint.post("/thoughts/<thought_id>/filter")
@signed_in
@rate_limited("filters", "30/minute")
async def save(thought_id: str) -> Response:
    """Put a thought under the filters that are ticked, and under a new one, and take it from the others."""
    form = await request.form
    thought = await timelines.get_thought(services(), me(), path_id(thought_id))
    wanted, title = {parse_uuid(text) for text in form.getlist("filter")}, form.get("title", "").strip()
    try:
        if title:
            made = await filters.make_filter(services(), me(), FilterForm(title, list(CONTEXTS)))
            wanted.add(made.filter.id)
        for own in await filters.get_filters(services(), me()):
            named = _named(own, thought.id)
            if own.filter.id in wanted and named is None:
                await filters.add_thought(services(), me(), own.filter.id, thought.id)
            elif own.filter.id not in wanted and named is not None:
                await filters.remove_thought(services(), me(), named.id)
    except Invalid as exc:
        return await _page(thought.id, title=title, errors=problems(exc))
    flash("Saved. Where a filter looks, it covers this thought.")
    return go(f"/thoughts/{thought.id}/filter")
