"""Lists of thoughts: home, local, federated, tags, bookmarks; and the welcome of a stranger."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from quart import Blueprint, Response

from federation.actions import announcements, overview, tags, timelines
from federation.actions.timelines import Shown
from federation.errors import Invalid
from storage.entries import Entry, Page
from web.current import me, services, viewer
from web.current import signed_in as signed_in_as
from web.flashes import flash
from web.forms import go, go_back
from web.pages.composing import new_composer
from web.paging import Cut, asked_page, cut
from web.presenting.announcements import announcement_views
from web.presenting.thoughts import Presenter, each_once
from web.rendering import render
from web.security import rate_limited, signed_in

blueprint = Blueprint("timelines", __name__)

_WELCOME_SHOWS = 10
_TAGS_SHOWN = 100
# Where the viewer's filters look on each page; what one kept oneself is shown whatever they say.
_FILTERED_AS = {"home": "home", "local": "public", "federated": "public", "tag": "public"}


def _page(kind: str, title: str, shown: Shown, cut_entries: Cut[Entry], *, current: str = "", **more: Any) -> Response:
    return render(
        "timeline.html",
        kind=kind,
        title=title,
        thoughts=each_once(Presenter(shown, viewer(), _FILTERED_AS.get(kind, "")).many(cut_entries.items)),
        newer_url=cut_entries.newer_url,
        older_url=cut_entries.older_url,
        current=current or kind,
        **more,
    )


def _by_entry(shown: Shown, page: Page) -> Cut[Entry]:
    return cut(shown.entries, page, lambda entry: entry.id)


@blueprint.get("/")
async def start() -> Response:
    """Welcome a stranger; send everybody else home."""
    if viewer() is not None:
        return go("/home")
    about = await overview.get_about(services())
    shown = await timelines.get_public(services(), None, Page(limit=_WELCOME_SHOWS), local=True)
    return render(
        "welcome.html",
        current="home",
        description="",
        people=about.summary.people,
        thoughts=Presenter(shown, None).all(),
    )


@blueprint.get("/home")
@signed_in
async def home() -> Response:
    """Show what the people say whom the viewer follows."""
    page = asked_page()
    shown = await timelines.get_home(services(), me(), page)
    found = _by_entry(shown, page)
    first = page.older_than is None and page.newer_than is None
    more: dict[str, Any] = {}
    if first:
        more["composer"] = new_composer()
        # Told by the query that counts what is unread: where nothing stands, nothing is asked.
        if (session := signed_in_as()) is not None and session.waiting.announced:
            posted = await announcements.get_posted(services(), me(), with_dismissed=False)
            more["announcements"] = announcement_views(posted)
    return _page("home", "Home", shown, found, **more)


@blueprint.get("/local")
async def local() -> Response:
    """Show what our own people say in public."""
    page = asked_page()
    shown = await timelines.get_public(services(), viewer(), page, local=True)
    return _page("local", "Local", shown, _by_entry(shown, page))


@blueprint.get("/federated")
async def federated() -> Response:
    """Show everything public that reaches this server."""
    page = asked_page()
    shown = await timelines.get_public(services(), viewer(), page, local=False)
    return _page("federated", "Federated", shown, _by_entry(shown, page))


@blueprint.get("/tags/<name>")
async def tag(name: str) -> Response:
    """Show public thoughts with a hashtag."""
    page = asked_page()
    shown = await timelines.get_tagged(services(), viewer(), unquote(name), page)
    hashtag = await tags.get_hashtag(services(), viewer(), unquote(name))
    uses = sum(day.uses for day in hashtag.history)
    found = _by_entry(shown, page)
    return _page(
        "tag", f"#{hashtag.display_name}", shown, found, current="search", hashtag=hashtag, tag_count=uses
    )  # fmt: skip


@blueprint.get("/tags")
@signed_in
async def followed_tags() -> Response:
    """List the tags that the viewer follows."""
    page = asked_page(_TAGS_SHOWN)
    found = cut(await tags.get_followed(services(), me(), page), page, lambda tie: tie.id)
    return render(
        "tags.html",
        current="search",
        tags=tuple(tie.name for tie in found.items),
        newer_url=found.newer_url,
        older_url=found.older_url,
    )


_TAG_VERBS = {
    "follow": tags.follow_tag,
    "unfollow": tags.unfollow_tag,
    "feature": tags.feature_tag,
    "unfeature": tags.unfeature_tag,
}


@blueprint.post(f"/tags/<name>/<any({', '.join(map(repr, _TAG_VERBS))}):verb>")
@signed_in
@rate_limited("tags", "60/minute")
async def act_on_tag(name: str, verb: str) -> Response:
    """Follow a tag, or show it on the viewer's profile, or take that back."""
    try:
        await _TAG_VERBS[verb](services(), me(), unquote(name))
    except Invalid as exc:
        flash(exc.message, "warn")
    return await go_back(f"/tags/{name}")


@blueprint.get("/bookmarks")
@signed_in
async def bookmarks() -> Response:
    """Show what the viewer keeps."""
    page = asked_page()
    return _kept_page("bookmarks", "Bookmarks", await timelines.get_bookmarks(services(), me(), page), page)


@blueprint.get("/likes")
@signed_in
async def likes() -> Response:
    """Show what the viewer liked."""
    page = asked_page()
    return _kept_page("likes", "Likes", await timelines.get_likes(services(), me(), page), page)


def _kept_page(kind: str, title: str, shown: Shown, page: Page) -> Response:
    """Answer with a page that is keyed by the bookmarks' or likes' own ids."""
    ties = cut(list(zip(shown.entries, shown.cursors or (), strict=False)), page, lambda tie: tie[1])
    return _page(kind, title, shown, Cut([entry for entry, _ in ties.items], ties.newer_url, ties.older_url))
