"""What admins tell everybody: the page of it, putting it away, reacting."""

from __future__ import annotations

from quart import Blueprint, Response

from federation.actions import announcements
from federation.actions.emojis import list_enabled
from federation.errors import Invalid
from web.current import me, path_id, services
from web.flashes import flash
from web.forms import go_back, typed
from web.presenting.announcements import announcement_views
from web.presenting.emojis import MOST_OFFERED, USUAL, reaction_view
from web.rendering import render
from web.security import rate_limited, signed_in

blueprint = Blueprint("announcements", __name__)


@blueprint.get("/announcements")
@signed_in
async def standing() -> Response:
    """Show everything that stands, also what was put away."""
    posted = await announcements.get_posted(services(), me(), with_dismissed=True)
    custom = await list_enabled(services()) if posted.announcements else []
    return render(
        "announcements.html",
        current="home",
        announcements=announcement_views(posted),
        usual=USUAL,
        custom=tuple(reaction_view(one.shortcode, one.url) for one in custom[:MOST_OFFERED]),
    )


@blueprint.post("/announcements/<announcement_id>/dismiss")
@signed_in
async def dismiss(announcement_id: str) -> Response:
    """Put an announcement away."""
    await announcements.dismiss_announcement(services(), me(), path_id(announcement_id))
    return await go_back("/home")


@blueprint.post("/announcements/<announcement_id>/react")
@signed_in
@rate_limited("react", "120/minute")
async def react(announcement_id: str) -> Response:
    """React with an emoji."""
    try:
        emoji = (await typed()).get("emoji", "")
        await announcements.react_to_announcement(services(), me(), path_id(announcement_id), emoji)
    except Invalid as exc:
        flash(exc.message, "warn")
    return await go_back("/announcements")


@blueprint.post("/announcements/<announcement_id>/unreact")
@signed_in
@rate_limited("react", "120/minute")
async def unreact(announcement_id: str) -> Response:
    """Take a reaction back."""
    emoji = (await typed()).get("emoji", "")
    await announcements.unreact_to_announcement(services(), me(), path_id(announcement_id), emoji)
    return await go_back("/announcements")
