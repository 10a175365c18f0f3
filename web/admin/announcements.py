"""Announcements: write, publish at once or at their time, take down, delete."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from quart import Blueprint, Response, request

from federation.actions import announcing
from federation.actions.announcing import AnnouncementDraft
from federation.errors import Conflict, Invalid, NotFound
from storage.announcements import Announcement
from web.admin.overview import admin_page
from web.current import me, parse_uuid, path_id, services
from web.flashes import flash
from web.forms import Problems, go, problems, typed
from web.paging import page_url
from web.presenting.announcements import announcement_row

blueprint = Blueprint("announcements", __name__)

_PAGE = 30
_LIST = "/admin/announcements"
_TIMES = ("starts_at", "ends_at", "scheduled_at")


async def _list(form: Mapping[str, str] | None = None, errors: Problems | None = None) -> Response:
    before = parse_uuid(request.args.get("before"))
    found = await announcing.list_announcements(services(), me(), before=before, limit=_PAGE + 1)
    shown = found[:_PAGE]
    return await admin_page(
        "announcements",
        rows=tuple(announcement_row(one) for one in shown),
        form=form or {},
        errors=errors or {},
        most=announcing.MOST_CHARS,
        newer_url=page_url() if before else None,
        older_url=page_url(before=str(shown[-1].id)) if len(found) > _PAGE else None,
        http_status=422 if errors else 200,
    )


async def _one(found: Announcement, form: Mapping[str, str] | None = None, errors: Problems | None = None) -> Response:
    return await admin_page(
        "announcement",
        row=announcement_row(found),
        form=form if form is not None else _standing(found),
        errors=errors or {},
        most=announcing.MOST_CHARS,
        http_status=422 if errors else 200,
    )


def _standing(found: Announcement) -> dict[str, str]:
    """Return what a form shows of an announcement: moments in UTC, as such inputs take them."""
    times = {name: at for name in _TIMES if (at := getattr(found, name)) is not None}
    form = {name: at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M") for name, at in times.items()}
    return form | {"source": found.source} | ({"all_day": "1"} if found.all_day else {})


def _draft(form: Mapping[str, str]) -> AnnouncementDraft:
    starts_at, ends_at, scheduled_at = (_moment(form, name) for name in _TIMES)
    return AnnouncementDraft(
        form.get("source", ""), starts_at, ends_at, all_day="all_day" in form, scheduled_at=scheduled_at
    )  # fmt: skip


def _moment(form: Mapping[str, str], name: str) -> datetime | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as exc:
        raise Invalid("This is not a day and time.", field=name) from exc


@blueprint.get("/announcements")
async def every() -> Response:
    """List announcements, and offer to write one."""
    return await _list()


@blueprint.post("/announcements")
async def write() -> Response:
    """Write an announcement: publish it, or keep it until its time or until somebody does."""
    form = await typed()
    publish = form.get("action") == "publish"
    try:
        written = await announcing.write_announcement(services(), me(), _draft(form), publish=publish)
    except (Invalid, Conflict) as exc:
        return await _list(form, problems(exc))
    waits = "It is published when its time comes." if written.scheduled_at else "It is kept as a draft."
    flash("Everybody is told." if publish else waits)
    return go(_LIST)


@blueprint.get("/announcements/<announcement_id>")
async def one(announcement_id: str) -> Response:
    """Show an announcement for changing it."""
    return await _one(await announcing.get_announcement(services(), me(), path_id(announcement_id)))


@blueprint.post("/announcements/<announcement_id>")
async def change(announcement_id: str) -> Response:
    """Write an announcement anew."""
    wanted, form = path_id(announcement_id), await typed()
    try:
        changed = await announcing.edit_announcement(services(), me(), wanted, _draft(form))
    except (Invalid, Conflict) as exc:
        return await _one(await announcing.get_announcement(services(), me(), wanted), form, problems(exc))
    flash("Saved, and everybody sees it so." if changed.published else "Saved.")
    return go(_LIST)


@blueprint.post("/announcements/<announcement_id>/<any(publish, unpublish, delete):verb>")
async def decide(announcement_id: str, verb: str) -> Response:
    """Publish an announcement, take it down, or delete it."""
    try:
        flash(await _decided(path_id(announcement_id), verb))
    except Conflict as exc:
        flash(exc.message, "warn")
    return go(_LIST)


async def _decided(announcement_id: UUID, verb: str) -> str:
    match verb:
        case "publish":
            await announcing.publish_announcement(services(), me(), announcement_id)
            return "Everybody is told."
        case "unpublish":
            await announcing.unpublish_announcement(services(), me(), announcement_id)
            return "It is taken down."
        case "delete":
            await announcing.delete_announcement(services(), me(), announcement_id)
            return "The announcement is gone."
    raise NotFound("There is no such thing to do.")
