"""Web Push subscriptions: /v1/push/subscription, one per token."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from quart import Blueprint, Response

from federation.actions import pushing
from federation.actions.pushing import ALERTS, Wanted
from federation.errors import Unauthenticated
from storage.pushes import Subscription
from web.client_api.answers import answer
from web.client_api.authentication import scoped, token_of
from web.client_api.call import Call
from web.client_api.parameters import Parameters

routes = Blueprint("push", __name__)

_PATH: Final = "/v1/push/subscription"


def _token_id(call: Call) -> UUID:
    if call.bearer is None:
        raise Unauthenticated("This method requires an authenticated user")
    return call.bearer.token_id


async def _written(call: Call, subscription: Subscription) -> dict[str, Any]:
    return {
        "id": str(subscription.id),
        "endpoint": subscription.endpoint,
        "standard": subscription.standard,
        "alerts": {alert: alert in subscription.alerts for alert in ALERTS},
        "policy": subscription.policy,
        "server_key": await pushing.server_key(call.services),
    }


def _alerts(data: Parameters) -> list[str]:
    alerts = data.nested("alerts")
    return [alert for alert in ALERTS if alerts.flag(alert)]


@routes.get(_PATH)
@scoped("push")
async def show(call: Call) -> Response:
    """Show the token's subscription."""
    return answer(await _written(call, await pushing.get_subscription(call.services, _token_id(call))))


@routes.post(_PATH)
@scoped("push")
async def subscribe(call: Call) -> Response:
    """Subscribe the token, in place of what it subscribed before."""
    given = call.parameters.nested("subscription")
    keys, data = given.nested("keys"), call.parameters.nested("data")
    wanted = Wanted(
        endpoint=given.text("endpoint"),
        p256dh=keys.text("p256dh"),
        auth=keys.text("auth"),
        standard=given.flag("standard"),
        alerts=_alerts(data),
        policy=data.text("policy") or "all",
    )
    token = token_of(call.parameters) or ""
    made = await pushing.subscribe(call.services, call.person, _token_id(call), token, wanted)
    return answer(await _written(call, made))


@routes.put(_PATH)
@scoped("push")
async def change(call: Call) -> Response:
    """Change of what the subscription tells."""
    data = call.parameters.nested("data")
    policy = data.optional_text("policy") or call.parameters.optional_text("policy")
    alerts = _alerts(data) if data.has("alerts") else None
    changed = await pushing.change_subscription(call.services, _token_id(call), alerts, policy or None)
    return answer(await _written(call, changed))


@routes.delete(_PATH)
@scoped("push")
async def unsubscribe(call: Call) -> Response:
    """End the subscription."""
    await pushing.unsubscribe(call.services, _token_id(call))
    return answer({})
