"""Custom emojis: add, sort, switch off, copy from other servers."""

from __future__ import annotations

from quart import Blueprint, Response, request

from federation.actions import emojis
from federation.errors import Conflict, Invalid
from federation.media.urls import proxied_path
from web.admin.overview import admin_page
from web.current import me, path_id, services
from web.flashes import flash
from web.forms import Problems, go, go_back, problems, typed
from web.paging import page_url
from web.view_models import EmojiView

blueprint = Blueprint("emojis", __name__)

_PAGE = 60
_COPY = "/admin/emojis/copy"


async def _page(*, errors: Problems | None = None, http_status: int = 200) -> Response:
    text, after = request.args.get("q", "").strip()[:64], request.args.get("after", "")[:64]
    found = await emojis.list_emojis(services(), after=after, text=text, limit=_PAGE + 1)
    shown = found[:_PAGE]
    form = await typed() if request.method == "POST" else {}
    return await admin_page(
        "emojis",
        emojis=tuple(
            EmojiView(
                one.shortcode, one.url, id=str(one.id), category=one.category, enabled=one.enabled,
                visible=one.visible_in_picker, host=one.copied_from or "",
            )
            for one in shown
        ),
        q=text,
        form=form,
        errors=errors or {},
        newer_url=page_url() if after else None,
        older_url=page_url(after=shown[-1].shortcode) if len(found) > _PAGE else None,
        http_status=http_status,
    )  # fmt: skip


@blueprint.get("/emojis")
async def own() -> Response:
    """List this server's emojis, and offer to add one."""
    return await _page()


@blueprint.post("/emojis")
async def add() -> Response:
    """Add an emoji from a picture."""
    form, files = await typed(), await request.files
    data = files["picture"].read() if "picture" in files and files["picture"].filename else b""
    try:
        added = await emojis.add_emoji(
            services(), me(), shortcode=form.get("shortcode", ""), category=form.get("category", ""), data=data
        )
    except Invalid as exc:
        return await _page(errors=problems(exc), http_status=422)
    except Conflict as exc:
        return await _page(errors={"shortcode": exc.message}, http_status=422)
    flash(f":{added.shortcode}: can be written now.")
    return go("/admin/emojis")


@blueprint.post("/emojis/<emoji_id>")
async def change(emoji_id: str) -> Response:
    """Change how an emoji is offered, or delete it."""
    wanted, form = path_id(emoji_id), await typed()
    if form.get("action") == "delete":
        gone = await emojis.delete_emoji(services(), me(), wanted)
        flash(f":{gone.shortcode}: is deleted. What was written with it keeps its picture.")
        return await go_back("/admin/emojis")
    try:
        changed = await emojis.change_emoji(
            services(), me(), wanted, category=form.get("category", ""),
            visible_in_picker="visible" in form, enabled="enabled" in form,
        )  # fmt: skip
    except Invalid as exc:
        flash(exc.message, "danger")
    else:
        flash(f":{changed.shortcode}: is saved.")
    return await go_back("/admin/emojis")


@blueprint.get("/emojis/copy")
async def elsewhere() -> Response:
    """List emojis that were seen in what other servers sent."""
    args = request.args
    host, text = args.get("host", "").strip().lower()[:255], args.get("q", "").strip()[:64]
    after = (args.get("after_host", "")[:255], args.get("after", "")[:128])
    found = await emojis.list_remote_emojis(services(), after=after, host=host, text=text, limit=_PAGE + 1)
    shown = found[:_PAGE]
    last = shown[-1] if shown else None
    return await admin_page(
        "emojis_copy",
        emojis=tuple(
            EmojiView(one.shortcode, proxied_path(one.url), host=one.host, enabled=not one.taken) for one in shown
        ),
        host=host,
        q=text,
        newer_url=page_url() if any(after) else None,
        older_url=page_url(after_host=last.host, after=last.shortcode) if last and len(found) > _PAGE else None,
    )


@blueprint.post("/emojis/copy")
async def copy() -> Response:
    """Copy an emoji of another server."""
    form = await typed()
    try:
        copied = await emojis.copy_emoji(services(), me(), form.get("host", ""), form.get("shortcode", ""))
    except (Invalid, Conflict) as exc:
        flash(exc.message, "danger")
    else:
        flash(f":{copied.shortcode}: can be written now.")
    return await go_back(_COPY)
