"""Exploring: thoughts, hashtags and pages that trend, and people who want to be found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from quart import Blueprint, Response, request

from federation.actions import discovering, link_trends, people, site, trends
from federation.actions.people import get_person_by_id
from storage.people import Person
from web.current import asked_languages, me, path_id, services, viewer
from web.flashes import flash
from web.forms import go_back
from web.paging import PAGE_SIZE, asked_offset, asked_page, cut, cut_ranking
from web.presenting.people import person_rows
from web.presenting.thoughts import Presenter, each_once
from web.presenting.trends import link_trend_view, trend_view
from web.rendering import render
from web.security import rate_limited, signed_in

blueprint = Blueprint("explore", __name__)

_SUGGESTED: Final = 8
_WHY: Final = {
    "friends_of_friends": "Followed by people you follow",
    "most_interactions": "Much liked and boosted these days",
    "most_followed": "Much followed here",
}


async def _page(kind: str, found: Sequence[Any], **more: Any) -> Response:
    """Render a part of a ranking, of which one more than fits was asked for."""
    newer_url, older_url = cut_ranking(len(found), PAGE_SIZE)
    return render(
        "explore.html",
        current="search",
        kind=kind,
        is_on=bool(found) or kind == "people" or (await site.get_switches(services()))["trends"],
        newer_url=newer_url,
        older_url=older_url,
        **more,
    )


@blueprint.get("/explore")
async def thoughts() -> Response:
    """Show thoughts that trend."""
    shown = await trends.get_trending_thoughts(
        services(), viewer(), languages=asked_languages(), offset=asked_offset(), limit=PAGE_SIZE + 1
    )
    views = each_once(Presenter(shown, viewer(), "public").many(shown.entries[:PAGE_SIZE]))
    return await _page("thoughts", shown.entries, thoughts=views)


@blueprint.get("/explore/tags")
async def tags() -> Response:
    """Show hashtags that trend."""
    found = await trends.get_trending_tags(services(), viewer(), offset=asked_offset(), limit=PAGE_SIZE + 1)
    now = services().now()
    return await _page("tags", found, tags=tuple(trend_view(one, now) for one in found[:PAGE_SIZE]))


@blueprint.get("/explore/links")
async def links() -> Response:
    """Show pages that trend, or who links to one of them."""
    if url := request.args.get("url"):
        return await _linking(url)
    found = await link_trends.get_trending_pages(
        services(), viewer(), languages=asked_languages(), offset=asked_offset(), limit=PAGE_SIZE + 1
    )
    now = services().now()
    return await _page("links", found, links=tuple(link_trend_view(one, now) for one in found[:PAGE_SIZE]))


async def _linking(url: str) -> Response:
    page = asked_page()
    shown = await link_trends.get_linking(services(), viewer(), url, page)
    found = cut(shown.entries, page, lambda entry: entry.id)
    return render(
        "explore.html",
        current="search",
        kind="linking",
        is_on=True,
        thoughts=each_once(Presenter(shown, viewer(), "public").many(found.items)),
        newer_url=found.newer_url,
        older_url=found.older_url,
    )


@blueprint.get("/explore/people")
async def directory() -> Response:
    """Show those who want to be found, and whom the viewer may want to follow."""
    who, newest = viewer(), request.args.get("order") == "new"
    is_local, offset = request.args.get("where") == "here", asked_offset()
    found = await discovering.get_directory(
        services(), newest=newest, local=is_local, limit=PAGE_SIZE + 1, offset=offset
    )
    suggested: list[tuple[Person, str]] = []
    if who is not None and not offset:
        suggested = await discovering.get_suggestions(services(), who, limit=_SUGGESTED)
    everybody = [*found[:PAGE_SIZE], *(person for person, _ in suggested)]
    relations = await people.get_relations(services(), who, [one.id for one in everybody]) if who else {}
    rows = person_rows([person for person, _ in suggested], relations, who)
    return await _page(
        "people",
        found,
        rows=person_rows(found[:PAGE_SIZE], relations, who),
        suggested=tuple((row, _WHY[why]) for row, (_, why) in zip(rows, suggested, strict=True)),
        newest=newest,
        is_local=is_local,
    )


@blueprint.post("/explore/people/<person_id>/dismiss")
@signed_in
@rate_limited("people", "60/minute")
async def dismiss(person_id: str) -> Response:
    """Suggest somebody no more."""
    person = await get_person_by_id(services(), path_id(person_id))
    await discovering.dismiss_suggestion(services(), me(), person)
    flash(f"@{person.handle} is suggested no more.")
    return await go_back("/explore/people")
