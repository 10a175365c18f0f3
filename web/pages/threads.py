"""A thought's own page: what it answers, and what answers it."""

from __future__ import annotations

from quart import Blueprint, Response, request

from federation.actions import timelines
from federation.actions.conversations import mark_thread_read
from federation.actions.polls import ask_for_tallies
from federation.errors import Gone, NotFound
from web.current import parse_uuid, path_id, services, settings, viewer
from web.forms import go
from web.pages.thoughts import answer_composer
from web.paging import page_url
from web.presenting.thoughts import (
    Presenter,
    begins_earlier,
    completeness,
    reply_views,
    taking_part,
    thought_meta,
)
from web.rendering import render

blueprint = Blueprint("threads", __name__)


@blueprint.get("/@<handle>/<uuid:thought_id>")
async def thread(handle: str, thought_id: object) -> Response:
    """Show a thread; the address always names the thought's author."""
    wanted = path_id(str(thought_id))
    who = viewer()
    try:
        after = parse_uuid(request.args.get("after"))
        found = await timelines.get_thread(services(), who, wanted, after=after)
    except NotFound as exc:
        if await timelines.was_deleted(services(), wanted):
            raise Gone("Its author has deleted this thought.") from exc
        raise
    presenter = Presenter(found.shown, who, "thread")
    view = presenter.one(found.entry)
    if view is None:
        raise NotFound("This thought is gone, or not yours to see.")
    if handle != view.author.handle or found.entry.thought.id != wanted:
        return go(view.url, 302)
    thought = found.entry.thought
    if who is not None and view.poll is not None and not view.author.is_local:
        await ask_for_tallies(services(), thought.id)
    if who is not None:
        await mark_thread_read(services(), who, thought)
    open_to_all = thought.visibility in ("public", "unlisted")
    others = dict.fromkeys(
        person.handle for person in (view.author,) if who is None or person.id != str(who.id)
    )  # fmt: skip
    mentions = "".join(f"@{name} " for name in others)
    page = render(
        "thread.html",
        thought=view,
        ancestors=presenter.many(found.ancestors),
        ancestors_missing=begins_earlier(found),
        replies=reply_views(found, presenter),
        completeness=completeness(found, view.author),
        people=taking_part(found, presenter),
        composer=await answer_composer(thought, view, mentions) if who else None,
        meta=thought_meta(view, settings().origin) if open_to_all else None,
        alternate_url=thought.ap_id if view.author.is_local else None,
        noindex=not open_to_all or not view.author.is_local,
        older_url=page_url(after=str(found.more_after)) if found.more_after else None,
        newer_url=view.url if after else None,
    )
    if view.author.is_local and open_to_all:
        page.headers["Link"] = f'<{thought.ap_id}>; rel="alternate"; type="application/activity+json"'
    return page
