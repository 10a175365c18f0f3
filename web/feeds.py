"""Atom and RSS feeds of what a person says in public; a content warning stands for what it hides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from html import escape
from typing import Any

import jinja2
from quart import Blueprint, Response

from federation.actions import people, timelines
from federation.errors import NotFound
from federation.protocol.handles import Handle
from federation.protocol.sanitise import plain_text
from storage.entries import Page
from web.current import services, settings
from web.presenting.people import picture_url
from web.presenting.thoughts import Presenter
from web.rendering import TEMPLATES
from web.view_models import ThoughtView, iso

blueprint = Blueprint("feeds", __name__)

_ENTRIES = 20
_TITLE_CHARS = 80
_TYPES = {"atom": "application/atom+xml; charset=utf-8", "rss": "application/rss+xml; charset=utf-8"}


@cache
def _environment() -> jinja2.Environment:
    env = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES / "feeds"), autoescape=True, auto_reload=False)
    env.filters.update(iso=iso, rfc822=_rfc822, title_of=_title_of, with_media=_with_media)
    return env


def _rfc822(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


def _title_of(view: ThoughtView) -> str:
    words = " ".join((view.summary or plain_text(view.html)).split())
    return words if len(words) <= _TITLE_CHARS else words[: _TITLE_CHARS - 1] + "…"


def _with_media(view: ThoughtView) -> str:
    """Return a thought's HTML with its pictures; what is sensitive, video and sound become links."""
    parts = [view.html]
    for one in view.shown:
        if one.kind == "image" and not view.sensitive:
            parts.append(f'<p><img src="{escape(one.preview_url or one.url)}" alt="{escape(one.alt)}"></p>')
        else:
            parts.append(f'<p><a href="{escape(one.url)}">{escape(one.alt or one.label)}</a></p>')
    return "".join(parts)


@blueprint.get("/@<handle>/feed.atom")
@blueprint.get("/@<handle>.atom")
async def atom(handle: str) -> Response:
    """Serve a person's Atom feed (RFC 4287)."""
    return await _feed(handle, "atom")


@blueprint.get("/@<handle>/feed.rss")
@blueprint.get("/@<handle>.rss")
async def rss(handle: str) -> Response:
    """Serve a person's RSS 2.0 feed."""
    return await _feed(handle, "rss")


async def _feed(handle: str, kind: str) -> Response:
    parsed = Handle.parse(handle)
    if parsed is None:
        raise NotFound("There is nobody of that name.")
    person = await people.get_person(services(), parsed)
    if person.is_remote:
        raise NotFound("Feeds are for people of this server; theirs is on their own.")
    shown = await timelines.get_entries_of(services(), None, person, Page(limit=_ENTRIES), replies=False, boosts=False)
    # Readers elsewhere follow the links of a feed: they get those that were sent, not those to pages of ours.
    sent = {str(entry.thought.id): entry.thought.content for entry in shown.entries}
    views = [replace(view, html=sent[view.id]) for view in Presenter(shown, None).all()]
    context: dict[str, Any] = {
        "person": person,
        "handle": f"@{person.username}@{settings().account_domain}",
        "entries": views,
        "origin": settings().origin,
        "page_url": person.profile_url,
        "picture": picture_url(person, person.avatar_url),
        "updated_at": max((view.edited_at or view.published_at for view in views), default=person.created_at),
    }
    response = Response(_environment().get_template(f"{kind}.xml").render(context), content_type=_TYPES[kind])
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
