"""Dead letters: filter, look inside, retry, discard."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from quart import Blueprint, Response, request

from federation.actions import dead_letters
from federation.errors import Conflict, NotFound
from storage.failed_events import Filter
from web.admin.overview import admin_page
from web.current import me, parse_uuid, path_id, services
from web.flashes import flash
from web.forms import go_back, typed
from web.paging import page_url
from web.presenting.deliveries import failed_view
from web.view_models import FailedFilters, counted

blueprint = Blueprint("failed", __name__)

_KINDS = ("delivery", "inbox", "fetch", "mail")
_AGES = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
}


def _filters(asked: Mapping[str, str]) -> FailedFilters:
    kind, age = asked.get("kind", ""), asked.get("age", "")
    return FailedFilters(
        host=asked.get("host", "").strip().lower(),
        kind=kind if kind in _KINDS else "",
        error=asked.get("error", ""),
        age=age if age in _AGES else "",
        state="resolved" if asked.get("state") == "resolved" else "open",
    )


def _which(filters: FailedFilters) -> Filter:
    return Filter(
        host=filters.host,
        kind=filters.kind,
        error_class=filters.error,
        older_than=services().now() - _AGES[filters.age] if filters.age else None,
        resolved=filters.state == "resolved",
    )


@blueprint.get("/failed")
async def failed() -> Response:
    """List what did not get through, newest first."""
    filters = _filters(request.args)
    before = parse_uuid(request.args.get("before"))
    size = dead_letters.PAGE
    letters = await dead_letters.list_letters(services(), _which(filters), before=before, limit=size + 1)
    shown = letters.events[:size]
    return await admin_page(
        "failed",
        filters=filters,
        rows=tuple(failed_view(event) for event in shown),
        total=letters.total,
        kinds=_KINDS,
        errors_known=tuple(await dead_letters.list_error_classes(services())),
        newer_url=page_url() if before else None,
        older_url=page_url(before=str(shown[-1].id)) if len(letters.events) > size else None,
    )


@blueprint.get("/failed/<event_id>")
async def failed_one(event_id: str) -> Response:
    """Look inside a dead letter."""
    event, activity = await dead_letters.get_letter(services(), path_id(event_id))
    return await admin_page("failed_one", failed=failed_view(event, activity))


@blueprint.post("/failed")
async def act() -> Response:
    """Retry or discard the chosen ones, or all that match."""
    form = await typed()
    which = _which(_filters(form))
    match form.get("action"):
        case "retry":
            flash(_said(await _each("retry"), "sent again"))
        case "discard":
            flash(_said(await _each("discard"), "discarded"))
        case "retry-matching":
            flash(_said(await dead_letters.retry_matching(services(), which, by=me()), "sent again"))
        case "discard-matching":
            flash(_said(await dead_letters.discard_matching(services(), which, by=me()), "discarded"))
        case _:
            raise NotFound("There is no such thing to do.")
    return await go_back("/admin/failed")


async def _each(action: str) -> int:
    """Do it to each of the chosen ones; who was faster elsewhere is passed over."""
    act_on = {"retry": dead_letters.retry_letter, "discard": dead_letters.discard_letter}[action]
    count = 0
    for text in (await request.form).getlist("ids"):
        try:
            await act_on(services(), path_id(text), by=me())
        except Conflict:
            continue
        count += 1
    return count


def _said(count: int, done: str) -> str:
    return f"{counted(count, 'thing')} {done}." if count else "Nothing was left to do."
