"""Reacting with an emoji: the page to choose one on, and the forms around it."""

from __future__ import annotations

from uuid import UUID

from quart import Blueprint, Response

from federation.actions import emoji_reactions, timelines
from federation.actions.emojis import list_enabled
from federation.errors import Invalid, NotFound
from web.current import me, path_id, services
from web.forms import go_back, typed
from web.presenting.emojis import MOST_OFFERED, USUAL, reaction_view
from web.presenting.people import person_view
from web.presenting.thoughts import Presenter
from web.rendering import render
from web.security import rate_limited, signed_in
from web.view_models import ReactorView

blueprint = Blueprint("emoji_reactions", __name__)


async def _page(thought_id: UUID, *, error: str = "", http_status: int = 200) -> Response:
    shown = await timelines.get_entry(services(), me(), thought_id)
    view = Presenter(shown, me()).one(shown.entries[0])
    if view is None:
        raise NotFound("This thought is gone, or not yours to see.")
    custom = await list_enabled(services())
    reactors = await emoji_reactions.list_reactors(services(), me(), shown.entries[0].thought.id)
    return render(
        "react.html",
        thought=view,
        usual=USUAL,
        custom=tuple(reaction_view(one.shortcode, one.url) for one in custom[:MOST_OFFERED]),
        reactors=tuple(ReactorView(person_view(one.person), reaction_view(one.name, one.url)) for one in reactors),
        error=error,
        http_status=http_status,
    )


@blueprint.get("/thoughts/<thought_id>/react")
@signed_in
async def choose(thought_id: str) -> Response:
    """Offer emojis to react with, and say who did."""
    return await _page(path_id(thought_id))


@blueprint.post("/thoughts/<thought_id>/react")
@signed_in
@rate_limited("react", "120/minute")
async def react(thought_id: str) -> Response:
    """React with an emoji; what is none is said on the page to choose one on."""
    wanted = path_id(thought_id)
    try:
        await emoji_reactions.react(services(), me(), wanted, (await typed()).get("emoji", ""))
    except Invalid as exc:
        return await _page(wanted, error=exc.message, http_status=422)
    return await go_back("/home")


@blueprint.post("/thoughts/<thought_id>/unreact")
@signed_in
@rate_limited("react", "120/minute")
async def unreact(thought_id: str) -> Response:
    """Take a reaction back."""
    await emoji_reactions.unreact(services(), me(), path_id(thought_id), (await typed()).get("emoji", ""))
    return await go_back("/home")
