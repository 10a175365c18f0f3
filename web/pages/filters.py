"""The viewer's filters: words, and thoughts, that they do not want to read or not without a warning."""

from __future__ import annotations

from datetime import timedelta

from quart import Blueprint, Response, request

from federation.actions import filters
from federation.actions.filters import FilterForm, KeywordForm, OwnFilter
from federation.errors import Invalid
from federation.protocol.filtering import CONTEXTS
from storage.filters import Keyword
from web.current import me, parse_uuid, path_id, services
from web.flashes import flash
from web.forms import Problems, go, problems
from web.pages.settings import settings_page
from web.security import rate_limited, signed_in
from web.view_models import FilterView

blueprint = Blueprint("filters", __name__, url_prefix="/settings/filters")

_HOURS = frozenset({"1", "24", "168", "720"})
_KEEPS = "keep"


def _view(own: OwnFilter) -> FilterView:
    one = own.filter
    return FilterView(
        id=str(one.id),
        title=one.title,
        action=one.action,
        contexts=tuple(one.contexts),
        keywords="\n".join(word.keyword for word in own.keywords),
        whole_word=all(word.whole_word for word in own.keywords),
        expires_at=one.expires_at,
        expired=one.expires_at is not None and one.expires_at <= services().now(),
        thoughts=tuple((str(named.id), f"/thoughts/{named.thought_id}") for named in own.thoughts),
    )


async def _typed() -> tuple[FilterForm, list[str], bool, FilterView]:
    """Return what was typed: the filter, its keywords, whether they are whole words, and all of it as a view."""
    form = await request.form
    hours = form.get("hours", "")
    wanted = FilterForm(
        title=form.get("title", ""),
        contexts=[context for context in CONTEXTS if context in form.getlist("context")],
        action=form.get("action", "warn"),
        lasts=timedelta(hours=int(hours)) if hours in _HOURS else None,
        keep_end=hours == _KEEPS,
    )
    lines = list(
        dict.fromkeys(" ".join(line.split()) for line in form.get("keywords", "").splitlines() if line.strip())
    )
    whole = "whole_word" in form
    view = FilterView("", wanted.title, wanted.action, tuple(wanted.contexts), form.get("keywords", ""), whole)
    return wanted, lines, whole, view


def _changes(lines: list[str], known: list[Keyword], *, whole_word: bool) -> list[KeywordForm]:
    """Return what makes the known keywords those that were typed."""
    before = {word.keyword: word for word in known}
    forms = [KeywordForm(id=word.id, remove=True) for word in known if word.keyword not in lines]
    for line in lines:
        word = before.get(line)
        if word is None or word.whole_word != whole_word:
            forms.append(KeywordForm(line, whole_word, word.id if word else None))
    return forms


async def _overview(form: FilterView | None = None, errors: Problems | None = None) -> Response:
    return settings_page(
        "filters",
        filters=tuple(_view(own) for own in await filters.get_filters(services(), me())),
        form=form or FilterView("", ""),
        errors=errors,
    )


@blueprint.get("")
@signed_in
async def overview() -> Response:
    """List the viewer's filters, with a form for another one."""
    return await _overview()


@blueprint.post("")
@signed_in
@rate_limited("filters", "30/minute")
async def make() -> Response:
    """Make a filter."""
    wanted, lines, whole, view = await _typed()
    try:
        await filters.make_filter(services(), me(), wanted, _changes(lines, [], whole_word=whole))
    except Invalid as exc:
        return await _overview(view, problems(exc))
    flash("The filter holds from now on.")
    return go("/settings/filters")


@blueprint.get("/<filter_id>")
@signed_in
async def edit(filter_id: str) -> Response:
    """Show a filter, for changing it."""
    own = await filters.get_filter(services(), me(), path_id(filter_id))
    return settings_page("filter", filter=_view(own), form=_view(own))


@blueprint.post("/<filter_id>")
@signed_in
@rate_limited("filters", "30/minute")
async def save(filter_id: str) -> Response:
    """Save a filter."""
    own = await filters.get_filter(services(), me(), path_id(filter_id))
    wanted, lines, whole, view = await _typed()
    changes = _changes(lines, own.keywords, whole_word=whole)
    try:
        await filters.change_filter(services(), me(), own.filter.id, wanted, changes)
    except Invalid as exc:
        return settings_page("filter", filter=_view(own), form=view, errors=problems(exc))
    flash("The filter is saved.")
    return go("/settings/filters")


@blueprint.post("/<filter_id>/delete")
@signed_in
async def delete(filter_id: str) -> Response:
    """Delete a filter."""
    await filters.delete_filter(services(), me(), path_id(filter_id))
    flash("The filter is gone.")
    return go("/settings/filters")


@blueprint.post("/<filter_id>/forget")
@signed_in
async def forget(filter_id: str) -> Response:
    """Let a filter no longer name a thought."""
    own = await filters.get_filter(services(), me(), path_id(filter_id))
    named = parse_uuid((await request.form).get("named"))
    if named is not None and named in {one.id for one in own.thoughts}:
        await filters.remove_thought(services(), me(), named)
    return go(f"/settings/filters/{own.filter.id}")
