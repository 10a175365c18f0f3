"""Trends and hashtags: what is shown, what waits for a look, and what can be written and found."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from quart import Blueprint, Response, request

from federation.actions import link_trends, moderating_tags, site, trends
from federation.actions.moderating_tags import TagRules
from federation.errors import Invalid, NotFound
from federation.protocol.text import normalise_tag
from web.admin.overview import admin_page
from web.current import me, path_id, services
from web.flashes import flash
from web.forms import Problems, go, go_back, problems, typed
from web.paging import asked_offset, cut_ranking
from web.presenting.trends import judged_link_view, judged_tag_view, judged_thought_views

blueprint = Blueprint("trends", __name__)

_PAGE: Final = 40
_VERBS: Final = {"approve": True, "reject": False}


async def _page(what: str, found: int, **more: Any) -> Response:
    newer_url, older_url = cut_ranking(found, _PAGE)
    return await admin_page(
        "trends",
        what=what,
        switches=await site.get_switches(services()),
        newer_url=newer_url,
        older_url=older_url,
        **more,
    )


@blueprint.get("/trends")
async def tags() -> Response:
    """List hashtags that trend, for deciding about them; lead to another one that somebody typed."""
    if typed_name := request.args.get("q", "").strip():
        return await _lead_to(normalise_tag(typed_name))
    found = await trends.list_tags_to_judge(services(), me(), offset=asked_offset(), limit=_PAGE + 1)
    now = services().now()
    return await _page("tags", len(found), tags=tuple(judged_tag_view(one, now) for one in found[:_PAGE]))


async def _lead_to(name: str | None) -> Response:
    try:
        found = await moderating_tags.get_tag(services(), me(), name or "")
    except NotFound:
        flash("Nobody we know of has used that as a hashtag.", "warn")
        return go("/admin/trends")
    return go(f"/admin/tags/{quote(found.hashtag.name, safe='')}")


@blueprint.get("/trends/thoughts")
async def thoughts() -> Response:
    """List thoughts that trend, for deciding about them."""
    judged = await trends.list_thoughts_to_judge(services(), me(), offset=asked_offset(), limit=_PAGE + 1)
    return await _page("thoughts", len(judged.shown.entries), thoughts=judged_thought_views(judged, me())[:_PAGE])


@blueprint.get("/trends/links")
async def links() -> Response:
    """List pages that trend, for deciding about them."""
    found = await link_trends.list_pages_to_judge(services(), me(), offset=asked_offset(), limit=_PAGE + 1)
    now = services().now()
    return await _page("links", len(found), links=tuple(judged_link_view(one, now) for one in found[:_PAGE]))


@blueprint.post("/trends/switches")
async def turn() -> Response:
    """Turn trends, and their review, on or off."""
    form = await typed()
    for name in site.SWITCHES:
        await site.turn_switch(services(), me(), name, is_on=name in form)
    flash("Saved.")
    return await go_back("/admin/trends")


@blueprint.post(f"/trends/tags/<tag_id>/<any({', '.join(_VERBS)}):verb>")
async def judge_tag(tag_id: str, verb: str) -> Response:
    """Say whether a hashtag may trend."""
    rules = TagRules(trendable=_VERBS[verb])
    decided = await moderating_tags.moderate_tag(services(), me(), path_id(tag_id), rules)
    flash(f"#{decided.hashtag.display_name} {'may trend' if _VERBS[verb] else 'does not trend'} from now on.")
    return await go_back("/admin/trends")


@blueprint.post(f"/trends/thoughts/<thought_id>/<any({', '.join(_VERBS)}):verb>")
async def judge_thought(thought_id: str, verb: str) -> Response:
    """Say whether a thought may trend."""
    await trends.judge_thought(services(), me(), path_id(thought_id), trendable=_VERBS[verb])
    flash(f"The thought {'may trend' if _VERBS[verb] else 'does not trend'} from now on.")
    return await go_back("/admin/trends/thoughts")


@blueprint.post(f"/trends/links/<card_id>/<any({', '.join(_VERBS)}):verb>")
async def judge_link(card_id: str, verb: str) -> Response:
    """Say whether a page may trend."""
    await link_trends.judge_page(services(), me(), path_id(card_id), trendable=_VERBS[verb])
    flash(f"The page {'may trend' if _VERBS[verb] else 'does not trend'} from now on.")
    return await go_back("/admin/trends/links")


@blueprint.post(f"/trends/publishers/<publisher_id>/<any({', '.join(_VERBS)}):verb>")
async def judge_publisher(publisher_id: str, verb: str) -> Response:
    """Say whether the pages of a host may trend."""
    judged = await link_trends.judge_publisher(services(), me(), path_id(publisher_id), trendable=_VERBS[verb])
    flash(f"Pages of {judged.host} {'may trend' if _VERBS[verb] else 'do not trend'} from now on.")
    return await go_back("/admin/trends/links")


async def _tag_page(name: str, errors: Problems | None = None) -> Response:
    found = await moderating_tags.get_tag(services(), me(), name)
    return await admin_page(
        "tag",
        tag=judged_tag_view(found, services().now()),
        form=await typed() if errors else {},
        rules=found.rules,
        errors=errors or {},
        http_status=422 if errors else 200,
    )


@blueprint.get("/tags/<name>")
async def tag(name: str) -> Response:
    """Show what was decided about a hashtag, for changing it."""
    return await _tag_page(name)


@blueprint.post("/tags/<name>")
async def moderate(name: str) -> Response:
    """Decide about a hashtag."""
    form = await typed()
    rules = TagRules(form.get("display_name", "").strip(), "usable" in form, "listable" in form, "trendable" in form)
    try:
        decided = await moderating_tags.moderate_tag(services(), me(), name, rules)
    except Invalid as exc:
        return await _tag_page(name, problems(exc))
    flash(f"#{decided.hashtag.display_name} is saved.")
    return await go_back("/admin/trends")
