"""The server itself: /v2/instance, /v1/instance*, /v1/custom_emojis."""

from __future__ import annotations

import time
from typing import Final

from quart import Blueprint, Response, current_app

from federation.actions import pushing
from federation.actions.emojis import list_enabled
from federation.actions.usage import Usage, get_usage
from web.client_api.answers import answer
from web.client_api.authentication import open_to_all
from web.client_api.call import Call
from web.client_api.entities.instance import custom_emoji, instance, instance_v1

routes = Blueprint("instance", __name__)

_USAGE: Final = "client_api_usage"
_KEPT_S: Final = 60.0


async def _usage(call: Call) -> Usage:
    """Return the numbers, counted anew once a minute."""
    known: tuple[float, Usage] | None = current_app.extensions.get(_USAGE)
    if known is not None and time.monotonic() - known[0] < _KEPT_S:
        return known[1]
    usage = await get_usage(call.services)
    current_app.extensions[_USAGE] = (time.monotonic(), usage)
    return usage


@routes.get("/v2/instance")
@open_to_all()
async def v2(call: Call) -> Response:
    """Show what this server is."""
    key = await pushing.server_key(call.services)
    return answer(instance(call.site, call.services.settings, await _usage(call), vapid_key=key))


@routes.get("/v1/instance")
@open_to_all()
async def v1(call: Call) -> Response:
    """Show what this server is, in the older form."""
    return answer(instance_v1(call.site, call.services.settings, await _usage(call)))


@routes.get("/v1/custom_emojis")
@open_to_all()
async def custom_emojis(call: Call) -> Response:
    """Show the emojis that people here may write."""
    return answer([custom_emoji(one) for one in await list_enabled(call.services)])
