"""People's own pages, theirs and those of people elsewhere; followers, following, custom style."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote, unquote

from quart import Blueprint, Response, request

from federation.actions import collections, people, profiles, tags, ties, timelines
from federation.errors import NotFound, Temporary
from federation.protocol.handles import Handle
from storage.people import Person
from web.current import parse_uuid, services, settings, viewer
from web.forms import go
from web.paging import asked_page, cut, page_url
from web.presenting.collections import shelf_views
from web.presenting.people import person_rows, person_view, profile_view
from web.presenting.thoughts import Presenter, profile_meta
from web.rendering import render
from web.security import read_cookie, set_cookie

blueprint = Blueprint("profiles", __name__)

_FIRST_VISIT_TIMEOUT_S = 10.0
_HIDES_STYLES = "off"
_COLLECTIONS_SHOWN = 40


async def find_by_address(text: str) -> Person:
    """Return whom `/@TEXT` names; the first visit to somebody elsewhere asks their server, for signed-in people."""
    handle = Handle.parse(text)
    if handle is None:
        raise NotFound("There is nobody of that name.")
    try:
        async with asyncio.timeout(_FIRST_VISIT_TIMEOUT_S):
            return await people.get_person(services(), handle, viewer=viewer())
    except TimeoutError as exc:
        raise Temporary(f"{handle.host} did not answer in time.") from exc


def _css_choice() -> str | None:
    """Return what this visit asks of the person's own style: `on`, `off`, or nothing."""
    asked = request.args.get("css")
    return asked if asked in ("on", "off") else None


def shows_styles() -> bool:
    """Tell whether this browser shows people's profiles in their own style."""
    return read_cookie("styles") != _HIDES_STYLES


@blueprint.get("/@<handle>")
async def profile(handle: str) -> Response:
    """Show a person and what they wrote and boosted, without their answers to others."""
    return await _profile(handle, tab="thoughts")


@blueprint.get("/@<handle>/with_replies")
async def with_replies(handle: str) -> Response:
    """Show a person and everything they wrote."""
    return await _profile(handle, tab="replies")


@blueprint.get("/@<handle>/media")
async def media(handle: str) -> Response:
    """Show what a person posted with pictures, video or sound."""
    return await _profile(handle, tab="media")


@blueprint.get("/@<handle>/tagged/<tag>")
async def tagged(handle: str, tag: str) -> Response:
    """Show what a person wrote with a hashtag."""
    return await _profile(handle, tab="tagged", tag=unquote(tag))


@blueprint.get("/@<handle>/collections")
async def curated(handle: str) -> Response:
    """Show whom a person recommends, and the collections that they are in themselves."""
    person, who = await find_by_address(handle), viewer()
    if handle != person.handle:
        return go(f"/@{quote(person.handle, safe='@:')}/collections", 302)
    filling = await people.refresh_in_background(services(), person)
    own = await collections.get_collections_of(
        services(), who, person, limit=_COLLECTIONS_SHOWN, with_people=True
    )  # fmt: skip
    others = await collections.get_collections_featuring(
        services(), who, person, limit=_COLLECTIONS_SHOWN, with_people=True
    )
    return await _page_of(
        person, tab="collections", collections=shelf_views(own, who), featuring=shelf_views(others, who),
        filling=filling and not own.collections,
    )  # fmt: skip


async def _profile(handle: str, *, tab: str, tag: str | None = None) -> Response:
    person = await find_by_address(handle)
    if handle != person.handle:
        return go(f"/@{quote(person.handle, safe='@:')}", 302)
    who, page = viewer(), asked_page()
    filling = await people.refresh_in_background(services(), person)
    shown = await timelines.get_entries_of(
        services(), who, person, page, replies=tab in ("replies", "media"), tag=tag, only_media=tab == "media"
    )
    entries = cut(shown.entries, page, lambda entry: entry.id)
    first = page.older_than is None and page.newer_than is None
    pinned = await timelines.get_pinned(services(), who, person) if first and tab == "thoughts" else None
    return await _page_of(
        person,
        tab=tab,
        tag=tag,
        thoughts=Presenter(shown, who, "account").many(entries.items),
        pinned=Presenter(pinned, who, "account").all() if pinned else (),
        newer_url=entries.newer_url,
        older_url=entries.older_url,
        filling=filling and not entries.items,
    )


async def _page_of(person: Person, *, tab: str, **content: Any) -> Response:
    """Render a person's page with the content of a tab."""
    who = viewer()
    found = await profiles.get_profile(services(), who, person)
    stranger = who is not None and who.id != person.id
    familiar = (await ties.get_familiar(services(), who, [person.id]))[person.id] if who and stranger else []
    choice = _css_choice()
    styled = choice == "on" or (choice is None and shows_styles())
    view = profile_view(found, who, origin=settings().origin, css_enabled=styled)
    response = render(
        "profile.html",
        current="profile" if view.is_self else "",
        profile=view,
        tab=tab,
        familiar=tuple(person_view(one) for one in familiar),
        featured_tags=tuple(one.name for one in await tags.get_featured(services(), person)),
        meta=profile_meta(person, settings().origin),
        alternate_url=None if person.is_remote else person.ap_id,
        feed_url=view.feed_url,
        noindex=person.is_remote or not person.discoverable,
        **content,
    )
    if not person.is_remote:
        response.headers["Link"] = f'<{person.ap_id}>; rel="alternate"; type="application/activity+json"'
    return response


@blueprint.get("/@<handle>/<any(followers, following):direction>")
async def connections(handle: str, direction: str) -> Response:
    """List who follows a person, or whom they follow, as far as we know them."""
    person, who = await find_by_address(handle), viewer()
    before = parse_uuid(request.args.get("before"))
    found = await profiles.list_connected(services(), who, person, direction, before=before)
    relations = await people.get_relations(services(), who, [one.id for one in found.people]) if who else {}
    return render(
        "people.html",
        person=person_view(person),
        kind=direction,
        total=person.followers_count if direction == "followers" else person.following_count,
        rows=person_rows(found.people, relations, who),
        newer_url=request.path if before else None,
        older_url=page_url(before=str(found.next_cursor)) if found.next_cursor else None,
        partial=person.is_remote,
        remote_url=person.profile_url if person.is_remote else None,
        noindex=True,
    )


@blueprint.get("/@<handle>/style.css")
async def style(handle: str) -> Response:
    """Serve a person's own style, as the sanitiser left it (design: one origin, several worlds)."""
    parsed = Handle.parse(handle)
    if parsed is None:
        raise NotFound("There is nobody of that name.")
    person = await people.get_person(services(), parsed)
    css = (await profiles.get_custom_css(services(), person)).custom_css
    response = Response(css, content_type="text/css; charset=utf-8")
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def remember_styles(response: Response, *, shown: bool) -> None:
    """Keep in this browser whether people's own styles are shown."""
    set_cookie(response, "styles", "on" if shown else _HIDES_STYLES, max_age_s=365 * 24 * 3600)
