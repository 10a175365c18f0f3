"""What admins tell everybody here: /v1/announcements*"""

from __future__ import annotations

from quart import Blueprint, Response

from federation.actions import announcements
from web.client_api.answers import answer
from web.client_api.authentication import scoped
from web.client_api.call import Call
from web.client_api.entities import announcements as entities
from web.current import path_id

routes = Blueprint("announcements", __name__)


@routes.get("/v1/announcements")
@scoped()
async def standing(call: Call) -> Response:
    """List the announcements; those that the caller put away only `with_dismissed`."""
    with_dismissed = call.parameters.flag("with_dismissed", default=True)
    posted = await announcements.get_posted(call.services, call.person, with_dismissed=with_dismissed)
    return answer(entities.announcements(call.site, posted, call.person))


@routes.post("/v1/announcements/<announcement_id>/dismiss")
@scoped("write:accounts")
async def dismiss(call: Call, announcement_id: str) -> Response:
    """Put an announcement away."""
    await announcements.dismiss_announcement(call.services, call.person, path_id(announcement_id))
    return answer({})


@routes.put("/v1/announcements/<announcement_id>/reactions/<name>")
@scoped("write:favourites")
async def react(call: Call, announcement_id: str, name: str) -> Response:
    """React to an announcement with an emoji, or with the shortcode of one."""
    await announcements.react_to_announcement(call.services, call.person, path_id(announcement_id), name)
    return answer({})


@routes.delete("/v1/announcements/<announcement_id>/reactions/<name>")
@scoped("write:favourites")
async def unreact(call: Call, announcement_id: str, name: str) -> Response:
    """Take a reaction back."""
    await announcements.unreact_to_announcement(call.services, call.person, path_id(announcement_id), name)
    return answer({})
