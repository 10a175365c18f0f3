"""Notifications: /v1/notifications*"""

from __future__ import annotations

from typing import Final

from quart import Blueprint, Response

from federation.actions import notices
from web.client_api.answers import answer
from web.client_api.authentication import scoped
from web.client_api.call import Call
from web.client_api.entities.notifications import notifications
from web.client_api.paging import read_page
from web.current import path_id

routes = Blueprint("notifications", __name__)

_MOST_TYPES: Final = 40


@routes.get("/v1/notifications")
@scoped("read:notifications")
async def page_of(call: Call) -> Response:
    """Show the caller's notifications, of some types or of one person alone when asked."""
    given = call.parameters
    page = read_page(given, default=40)
    actor_id = given.id("account_id")
    if actor_id is None and not given.is_blank("account_id"):
        return answer([])
    found = await notices.get_notifications(
        call.services,
        call.person,
        page,
        types=given.texts("types", most=_MOST_TYPES) or None,
        exclude=given.texts("exclude_types", most=_MOST_TYPES) or None,
        actor_id=actor_id,
        details=True,
    )
    written = notifications(call.site, found, call.person)
    return call.paged(written, page, [one.id for one in found.notifications])


@routes.get("/v1/notifications/unread_count")
@scoped("read:notifications")
async def unread_count(call: Call) -> Response:
    """Count the caller's unread notifications, up to 100."""
    return answer({"count": await notices.count_unread(call.services, call.person)})


@routes.post("/v1/notifications/clear")
@scoped("write:notifications")
async def clear(call: Call) -> Response:
    """Delete all of the caller's notifications."""
    await notices.clear_notifications(call.services, call.person)
    return answer({})


@routes.get("/v1/notifications/<notification_id>")
@scoped("read:notifications")
async def one(call: Call, notification_id: str) -> Response:
    """Show a notification of the caller's."""
    found = await notices.get_notification(call.services, call.person, path_id(notification_id))
    return answer(notifications(call.site, found, call.person)[0])


@routes.post("/v1/notifications/<notification_id>/dismiss")
@scoped("write:notifications")
async def dismiss(call: Call, notification_id: str) -> Response:
    """Delete a notification of the caller's."""
    await notices.dismiss_notification(call.services, call.person, path_id(notification_id))
    return answer({})
