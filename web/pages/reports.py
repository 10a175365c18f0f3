"""Reporting somebody to those who look after this place."""

from __future__ import annotations

from uuid import UUID

from quart import Blueprint, Response, request

from federation.actions import timelines
from federation.actions.collections import get_collection
from federation.actions.moderating import list_warnings
from federation.actions.people import get_person_by_id
from federation.actions.reports import CATEGORIES, MAX_COMMENT, Complaint, report_person
from federation.errors import Invalid
from web.current import me, parse_uuid, path_id, services
from web.flashes import flash
from web.forms import Problems, go, problems, typed
from web.presenting.collections import shelf_views
from web.presenting.people import person_view
from web.presenting.thoughts import Presenter
from web.rendering import render
from web.security import rate_limited, signed_in

blueprint = Blueprint("reports", __name__)


@blueprint.get("/people/<person_id>/report")
@signed_in
async def form(person_id: str) -> Response:
    """Ask what is wrong."""
    about = {name: request.args.get(name, "") for name in ("thought", "collection")}
    return await _page(path_id(person_id), about, {})


@blueprint.post("/people/<person_id>/report")
@signed_in
@rate_limited("reports", "60/hour")
async def send(person_id: str) -> Response:
    """Tell the moderators."""
    form = await typed()
    thought_id, collection_id = parse_uuid(form.get("thought")), parse_uuid(form.get("collection"))
    person = await get_person_by_id(services(), path_id(person_id))
    category = form.get("category", "")
    complaint = Complaint(
        thought_ids=[thought_id] if thought_id is not None else [],
        comment=form.get("comment", ""),
        category=category if category in CATEGORIES else "other",
        forward="forward" in form,
        collection_ids=[collection_id] if collection_id is not None else [],
    )
    try:
        await report_person(services(), me(), person, complaint)
    except Invalid as exc:
        return await _page(person.id, form, problems(exc))
    flash("Thank you. Those who look after this place have your report.")
    return go(f"/@{person.handle}")


async def _page(person_id: UUID, form: dict[str, str], errors: Problems) -> Response:
    person = await get_person_by_id(services(), person_id)
    thought_id, collection_id = parse_uuid(form.get("thought")), parse_uuid(form.get("collection"))
    shelf = await get_collection(services(), me(), collection_id) if collection_id is not None else None
    collection = shelf_views(shelf, me())[0] if shelf is not None else None
    thought = None
    if thought_id is not None:
        shown = await timelines.get_entries(services(), me(), [thought_id])
        own = [entry for entry in shown.entries if entry.thought.user_id == person.id]
        thought = Presenter(shown, me()).one(own[0]) if own else None
    return render(
        "report.html",
        current="",
        person=person_view(person),
        thought=thought,
        thought_id=str(thought_id) if thought is not None else "",
        collection=collection if collection is not None and collection.owner.id == str(person.id) else None,
        form=form,
        errors=errors,
        max_comment=MAX_COMMENT,
        http_status=422 if errors else 200,
    )


_DECISIONS = {
    "none": "You were warned",
    "disable": "Your account was locked",
    "mark_statuses_as_sensitive": "Some of your thoughts were covered as sensitive",
    "delete_statuses": "Some of your thoughts were deleted",
    "sensitive": "All your media are covered as sensitive",
    "silence": "Only those who follow you see your thoughts",
    "suspend": "Your account was suspended",
}


@blueprint.get("/settings/warnings")
@signed_in
async def warnings() -> Response:
    """Show what moderators decided about the viewer."""
    found = await list_warnings(services(), me())
    return render(
        "settings/warnings.html",
        current="settings",
        warnings=tuple((_DECISIONS[one.action], one.text, one.created_at, len(one.thought_ids)) for one in found),
    )
