"""Notifications: /v1/notifications*"""

from __future__ import annotations

from typing import Final, TypedDict
from uuid import UUID

from quart import Blueprint, Response

from federation.actions import notice_groups, notices
from web.client_api.answers import answer
from web.client_api.authentication import scoped
from web.client_api.call import Call
from web.client_api.entities.notifications import notifications
from web.client_api.paging import read_page
from web.current import path_id

routes = Blueprint("notifications", __name__)

_MOST_TYPES: Final = 40
_LIMIT: Final = 100
_NOBODY: Final = UUID(int=0)


class Filters(TypedDict):
    """Which notifications are asked for."""

    types: list[str] | None
    exclude: list[str] | None
    actor_id: UUID | None


def read_filters(call: Call) -> Filters:
    """Read which notifications are asked for; nobody caused any whose id is malformed."""
    given = call.parameters
    actor_id = given.id("account_id")
    return {
        "types": given.texts("types", most=_MOST_TYPES) or None,
        "exclude": given.texts("exclude_types", most=_MOST_TYPES) or None,
        "actor_id": _NOBODY if actor_id is None and not given.is_blank("account_id") else actor_id,
    }


def read_supported(call: Call) -> list[str] | None:
    """Read which kinds the app knows; None when it does not say."""
    given = call.parameters
    return given.texts("supported_types", most=_MOST_TYPES) if given.has("supported_types") else None


@routes.get("/v1/notifications")
@scoped("read:notifications")
async def page_of(call: Call) -> Response:
    """Show the caller's notifications, of some types or of one person alone when asked."""
    page = read_page(call.parameters, default=40)
    with_filtered = call.parameters.flag("include_filtered")
    found = await notices.get_notifications(
        call.services, call.person, page, **read_filters(call), with_filtered=with_filtered, details=True
    )
    written = notifications(call.site, found, call.person, supported=read_supported(call))
    return call.paged(written, page, [one.id for one in found.notifications])


@routes.get("/v1/notifications/unread_count")
@scoped("read:notifications")
async def unread_count(call: Call) -> Response:
    """Count the caller's unread notifications, up to 100 or the limit given."""
    limit = call.parameters.number("limit", _LIMIT, least=1, most=1000)
    count = await notice_groups.count_unread(call.services, call.person, **read_filters(call), limit=limit)
    return answer({"count": count})


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
    return answer(notifications(call.site, found, call.person, supported=read_supported(call))[0])


@routes.post("/v1/notifications/<notification_id>/dismiss")
@scoped("write:notifications")
async def dismiss(call: Call, notification_id: str) -> Response:
    """Delete a notification of the caller's."""
    await notices.dismiss_notification(call.services, call.person, path_id(notification_id))
    return answer({})
