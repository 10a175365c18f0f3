"""Filters: /v2/filters*, and /v1/filters*, where every keyword counts as a filter of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from quart import Blueprint, Response

from federation.actions import filters
from federation.actions.filters import MOST_KEYWORDS, FilterForm, KeywordForm, OwnFilter
from federation.errors import Invalid, NotFound
from storage.filters import Keyword
from web.client_api.answers import answer
from web.client_api.authentication import scoped
from web.client_api.call import Call
from web.client_api.entities.filters import filter_, filter_status, filter_v1, keyword
from web.client_api.parameters import Parameters
from web.current import path_id

routes = Blueprint("filters", __name__)

_MOST_CONTEXTS: Final = 20
_LONGEST_S: Final = 10 * 365 * 24 * 3600


def _form(given: Parameters, before: FilterForm) -> FilterForm:
    """Read what is said of a filter; what is not named stays. `expires_in` with nothing in it means for ever."""
    lasts, keep_end = before.lasts, before.keep_end
    if given.has("expires_in") or given.is_null("expires_in"):
        seconds = given.number("expires_in", 0, least=0, most=_LONGEST_S)
        lasts, keep_end = timedelta(seconds=seconds) if seconds else None, False
    return FilterForm(
        title=given.text("title", before.title),
        contexts=given.texts("context", most=_MOST_CONTEXTS) if given.has("context") else before.contexts,
        action=given.text("filter_action", before.action),
        lasts=lasts,
        keep_end=keep_end,
    )


def _as_form(own: OwnFilter) -> FilterForm:
    return FilterForm(own.filter.title, own.filter.contexts, own.filter.action, keep_end=True)


def _keyword(given: Parameters, before: KeywordForm) -> KeywordForm:
    return KeywordForm(
        keyword=given.text("keyword", before.keyword),
        whole_word=given.flag("whole_word", default=before.whole_word),
    )


def _keywords(given: Parameters, known: OwnFilter | None = None) -> list[KeywordForm]:
    """Read `keywords_attributes`: to be added, or with the id of a known one changed or removed."""
    before = {one.id: one for one in known.keywords} if known else {}
    forms = []
    for one in given.records("keywords_attributes", most=MOST_KEYWORDS * 2) or ():
        keyword_id = one.id("id")
        if one.has("id") and keyword_id not in before:
            raise NotFound("This filter has no such keyword.")
        stored = before[keyword_id] if keyword_id else None
        form = _keyword(one, KeywordForm(stored.keyword, stored.whole_word) if stored else KeywordForm())
        forms.append(KeywordForm(form.keyword, form.whole_word, keyword_id, one.flag("_destroy")))
    return forms


@routes.get("/v2/filters")
@scoped("read:filters")
async def all_of(call: Call) -> Response:
    """Show the caller's filters."""
    return answer([filter_(one) for one in await filters.get_filters(call.services, call.person)])


@routes.post("/v2/filters")
@scoped("write:filters")
async def make(call: Call) -> Response:
    """Make a filter, with keywords."""
    given = call.parameters
    form, keywords = _form(given, FilterForm("", ())), _keywords(given)
    return answer(filter_(await filters.make_filter(call.services, call.person, form, keywords)))


@routes.get("/v2/filters/<filter_id>")
@scoped("read:filters")
async def one(call: Call, filter_id: str) -> Response:
    """Show a filter."""
    return answer(filter_(await filters.get_filter(call.services, call.person, path_id(filter_id))))


@routes.put("/v2/filters/<filter_id>")
@scoped("write:filters")
async def change(call: Call, filter_id: str) -> Response:
    """Change a filter and its keywords."""
    known = await filters.get_filter(call.services, call.person, path_id(filter_id))
    form, keywords = _form(call.parameters, _as_form(known)), _keywords(call.parameters, known)
    return answer(filter_(await filters.change_filter(call.services, call.person, known.filter.id, form, keywords)))


@routes.delete("/v2/filters/<filter_id>")
@scoped("write:filters")
async def delete(call: Call, filter_id: str) -> Response:
    """Delete a filter."""
    await filters.delete_filter(call.services, call.person, path_id(filter_id))
    return answer({})


@routes.get("/v2/filters/<filter_id>/keywords")
@scoped("read:filters")
async def keywords_of(call: Call, filter_id: str) -> Response:
    """Show a filter's keywords."""
    own = await filters.get_filter(call.services, call.person, path_id(filter_id))
    return answer([keyword(one) for one in own.keywords])


@routes.post("/v2/filters/<filter_id>/keywords")
@scoped("write:filters")
async def add_keyword(call: Call, filter_id: str) -> Response:
    """Add a keyword to a filter."""
    own = await filters.get_filter(call.services, call.person, path_id(filter_id))
    form = _keyword(call.parameters, KeywordForm())
    return answer(keyword(await filters.add_keyword(call.services, call.person, own.filter.id, form)))


@routes.get("/v2/filters/keywords/<keyword_id>")
@scoped("read:filters")
async def one_keyword(call: Call, keyword_id: str) -> Response:
    """Show a keyword."""
    return answer(keyword(await filters.get_keyword(call.services, call.person, path_id(keyword_id))))


@routes.put("/v2/filters/keywords/<keyword_id>")
@scoped("write:filters")
async def change_keyword(call: Call, keyword_id: str) -> Response:
    """Change a keyword."""
    found = await filters.get_keyword(call.services, call.person, path_id(keyword_id))
    form = _keyword(call.parameters, KeywordForm(found.keyword, found.whole_word))
    return answer(keyword(await filters.change_keyword(call.services, call.person, found.id, form)))


@routes.delete("/v2/filters/keywords/<keyword_id>")
@scoped("write:filters")
async def delete_keyword(call: Call, keyword_id: str) -> Response:
    """Delete a keyword."""
    await filters.delete_keyword(call.services, call.person, path_id(keyword_id))
    return answer({})


@routes.get("/v2/filters/<filter_id>/statuses")
@scoped("read:filters")
async def statuses_of(call: Call, filter_id: str) -> Response:
    """Show the statuses that a filter names."""
    own = await filters.get_filter(call.services, call.person, path_id(filter_id))
    return answer([filter_status(one) for one in own.thoughts])


@routes.post("/v2/filters/<filter_id>/statuses")
@scoped("write:filters")
async def add_status(call: Call, filter_id: str) -> Response:
    """Let a filter name a status."""
    own = await filters.get_filter(call.services, call.person, path_id(filter_id))
    entry_id = call.parameters.id("status_id")
    if entry_id is None:
        raise NotFound("This thought is gone, or not yours to see.")
    return answer(filter_status(await filters.add_thought(call.services, call.person, own.filter.id, entry_id)))


@routes.get("/v2/filters/statuses/<filtered_id>")
@scoped("read:filters")
async def one_status(call: Call, filtered_id: str) -> Response:
    """Show which status a filter names."""
    found = await filters.get_filtered_thought(call.services, call.person, path_id(filtered_id))
    return answer(filter_status(found))


@routes.delete("/v2/filters/statuses/<filtered_id>")
@scoped("write:filters")
async def delete_status(call: Call, filtered_id: str) -> Response:
    """Let a filter no longer name a status."""
    return answer(filter_status(await filters.remove_thought(call.services, call.person, path_id(filtered_id))))


# --- The older form --------------------------------------------------------------------------------


def _v1_form(given: Parameters, before: FilterForm) -> FilterForm:
    """Read an older filter; its phrase is the title of the filter that holds it, if it is a new one."""
    form = _form(given, before)
    hide = given.flag("irreversible", default=before.action == "hide")
    action = "hide" if hide else "warn" if before.action == "hide" else before.action
    return FilterForm(before.title or given.text("phrase"), form.contexts, action, form.lasts, form.keep_end)


async def _v1(call: Call, keyword_id: str) -> tuple[OwnFilter, Keyword]:
    found = await filters.get_keyword(call.services, call.person, path_id(keyword_id))
    return await filters.get_filter(call.services, call.person, found.filter_id), found


@routes.get("/v1/filters")
@scoped("read:filters")
async def v1_all_of(call: Call) -> Response:
    """Show every keyword of the caller's filters."""
    found = await filters.get_filters(call.services, call.person)
    return answer([filter_v1(own.filter, one) for own in found for one in own.keywords])


@routes.post("/v1/filters")
@scoped("write:filters")
async def v1_make(call: Call) -> Response:
    """Make a filter of one keyword."""
    given = call.parameters
    word = KeywordForm(given.text("phrase"), whole_word=given.flag("whole_word"))
    own = await filters.make_filter(call.services, call.person, _v1_form(given, FilterForm("", ())), [word])
    return answer(filter_v1(own.filter, own.keywords[0]))


@routes.get("/v1/filters/<keyword_id>")
@scoped("read:filters")
async def v1_one(call: Call, keyword_id: str) -> Response:
    """Show a keyword with its filter's rules."""
    own, found = await _v1(call, keyword_id)
    return answer(filter_v1(own.filter, found))


@routes.put("/v1/filters/<keyword_id>")
@scoped("write:filters")
async def v1_change(call: Call, keyword_id: str) -> Response:
    """Change a keyword, and the rules of its filter unless other keywords share them."""
    own, found = await _v1(call, keyword_id)
    given, before = call.parameters, _as_form(own)
    form = _v1_form(given, before)
    if len(own.keywords) > 1 and form != before:
        raise Invalid("These parameters cannot be changed from this application: the filter has several keywords.")
    word = KeywordForm(
        given.text("phrase", found.keyword), given.flag("whole_word", default=found.whole_word), found.id
    )
    changed = await filters.change_filter(call.services, call.person, own.filter.id, form, [word])
    return answer(filter_v1(changed.filter, next(one for one in changed.keywords if one.id == found.id)))


@routes.delete("/v1/filters/<keyword_id>")
@scoped("write:filters")
async def v1_delete(call: Call, keyword_id: str) -> Response:
    """Delete a keyword, and its filter when it was the last."""
    await filters.delete_keyword(call.services, call.person, path_id(keyword_id), with_empty=True)
    return answer({})
