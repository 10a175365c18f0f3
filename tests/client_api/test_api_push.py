"""Web Push subscriptions, and what workers send to them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from federation.actions import follows, pushing, reactions
from tests.acting import execute, say, scalar
from tests.client_api.contract import problems
from tests.push_service import PushService, Receiver, push_service

if TYPE_CHECKING:
    from federation.services import Services
    from tests.client_api.conftest import App, OpenApp

PATH = "/api/v1/push/subscription"


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with push_service() as service:
        yield service


@pytest.fixture
async def phone(open_app: OpenApp) -> App:
    """Pia's app, which may push."""
    return await open_app("pia", scopes="read push")


def wanted(service: PushService, receiver: Receiver, **data: Any) -> dict[str, Any]:
    return {
        "subscription": {"endpoint": service.url, "keys": {"p256dh": receiver.p256dh, "auth": receiver.auth}},
        "data": {"alerts": {"favourite": True, "follow": True}} | data,
    }


async def like(services: Services, phone: App, by: App) -> None:
    assert phone.person is not None
    assert by.person is not None
    said = await say(services, phone.person, "like this")
    await reactions.like_thought(services, by.person, said.id)


@pytest.mark.parametrize("standard", [True, False])
async def test_a_notification_reaches_the_app_and_nobody_else_can_read_it(
    services: Services, service: PushService, phone: App, bob: App, standard: bool
) -> None:
    receiver = Receiver()
    body = wanted(service, receiver)
    body["subscription"]["standard"] = standard
    made = await phone.post(PATH, **body)
    assert problems("WebPushSubscription", made) == []
    instance = await phone.get("/api/v2/instance")
    assert made["server_key"] == instance["configuration"]["vapid"]["public_key"]
    await like(services, phone, bob)
    assert await pushing.drain(services) == 1
    [(sealed, headers)] = service.taken
    told = orjson.loads(receiver.decrypt(sealed, headers))
    [notification] = await phone.get("/api/v1/notifications")
    assert (told["notification_id"], told["notification_type"]) == (notification["id"], "favourite")
    assert (told["title"], told["body"]) == ("bob likes your thought", "like this")
    assert f"Bearer {told['access_token']}" == phone.client.headers["Authorization"]
    assert int(headers["ttl"]) > 0
    assert made["server_key"] in headers["authorization" if standard else "crypto-key"]
    assert await pushing.drain(services) == 0, "once is enough"


async def test_only_the_scope_push_subscribes(services: Services, service: PushService, ann: App, nobody: App) -> None:
    for method, body in (("GET", {}), ("POST", wanted(service, Receiver())), ("PUT", {}), ("DELETE", {})):
        await ann.call(method, PATH, expected=403, json=body)
        await nobody.call(method, PATH, expected=401, json=body)
    assert await scalar(services, "SELECT count(*) FROM push_subscriptions") == 0


async def test_alerts_and_policy_decide_what_is_pushed(
    services: Services, service: PushService, phone: App, bob: App
) -> None:
    await phone.post(PATH, **wanted(service, Receiver(), policy="followed"))
    await like(services, phone, bob)
    assert await pushing.drain(services) == 0, "bob is not followed"
    changed = await phone.call("PUT", PATH, json={"data": {"alerts": {"follow": True}, "policy": "all"}})
    assert {alert for alert, on in changed["alerts"].items() if on} == {"follow"}
    await like(services, phone, bob)
    assert await pushing.drain(services) == 0, "favourites are off"
    assert bob.person is not None
    assert phone.person is not None
    await follows.follow_person(services, bob.person, phone.person)
    assert await pushing.drain(services) == 1
    assert await phone.get(PATH) == changed
    assert await phone.call("DELETE", PATH) == {}
    await phone.get(PATH, expected=404)


@pytest.mark.parametrize("status", [404, 410, 403])
async def test_a_dead_endpoint_ends_the_subscription(
    services: Services, service: PushService, phone: App, bob: App, status: int
) -> None:
    await phone.post(PATH, **wanted(service, Receiver()))
    service.status = status
    await like(services, phone, bob)
    await pushing.drain(services)
    await phone.get(PATH, expected=404)
    assert await scalar(services, "SELECT count(*) FROM pushes") == 0


async def test_a_push_service_in_trouble_is_asked_again_a_bounded_number_of_times(
    services: Services, service: PushService, phone: App, bob: App
) -> None:
    await phone.post(PATH, **wanted(service, Receiver()))
    service.status = 503
    await like(services, phone, bob)
    tried = 0
    while await scalar(services, "SELECT count(*) FROM pushes"):
        assert await pushing.drain(services) == 1
        assert await pushing.drain(services) == 0, "not before its time"
        tried += 1
        await execute(services, "UPDATE pushes SET due_at = now() - $1::interval", timedelta(seconds=1))
    assert tried == len(service.taken) == 6
    await phone.get(PATH)


async def test_a_subscription_ends_with_its_token(
    services: Services, service: PushService, phone: App, bob: App
) -> None:
    await phone.post(PATH, **wanted(service, Receiver()))
    await execute(services, "UPDATE access_tokens SET revoked_at = now()")
    await like(services, phone, bob)
    await pushing.drain(services)
    assert service.taken == []
    assert await scalar(services, "SELECT count(*) FROM push_subscriptions") == 0


async def test_a_notification_that_was_taken_back_is_not_pushed(
    services: Services, service: PushService, phone: App, bob: App
) -> None:
    await phone.post(PATH, **wanted(service, Receiver()))
    await like(services, phone, bob)
    await phone.post("/api/v1/notifications/clear", expected=403)
    await execute(services, "DELETE FROM notifications")
    assert await pushing.drain(services) == 0


async def test_endpoints_inside_our_network_are_never_asked(
    services: Services, service: PushService, phone: App, bob: App
) -> None:
    body = wanted(service, Receiver())
    body["subscription"]["endpoint"] = "https://10.0.0.1/push"
    await phone.post(PATH, **body)
    await like(services, phone, bob)
    await pushing.drain(services)
    await phone.get(PATH, expected=404)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"subscription": {"endpoint": "https://push.example/1"}},
        {"subscription": {"endpoint": "ftp://push.example/1", "keys": {}}},
        {"subscription": 7},
        {"data": {"policy": "some"}},
    ],
)
async def test_what_cannot_be_pushed_to_is_refused(
    services: Services, service: PushService, phone: App, wrong: dict[str, Any]
) -> None:
    body = wanted(service, Receiver()) | wrong if wrong else {}
    await phone.post(PATH, expected=422, **body)
    assert await scalar(services, "SELECT count(*) FROM push_subscriptions") == 0


async def test_an_endpoint_must_be_a_url(services: Services, service: PushService, phone: App) -> None:
    body = wanted(service, Receiver())
    for endpoint in ("", "x", "http://", "javascript:alert(1)", "https://push.example/" + "x" * 3000):
        body["subscription"]["endpoint"] = endpoint
        await phone.post(PATH, expected=422, **body)
