"""Networks that an admin shut out see neither pages nor the API, send nothing and hear nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.actions.gates import set_network
from tests.acting import scalar
from tests.services_fixture import make_person
from web.current import SERVICES

if TYPE_CHECKING:
    from quart import Quart

    from federation.services import Services
    from tests.services_fixture import Browser


async def test_a_network_without_access_sees_nothing(app: Quart, services: Services, stranger: Browser) -> None:
    assert app.extensions[SERVICES] is services
    boss = await make_person(services, "boss", role="admin")
    await set_network(services, boss, "192.0.2.0/24", "no_access")
    for path in ("/about", "/api/v2/instance"):
        # The test's client is a trusted proxy: what it forwards for is who asks.
        assert (await stranger.get(path, headers={"X-Forwarded-For": "192.0.2.7"})).status_code == 403
        assert (await stranger.get(path, headers={"X-Forwarded-For": "198.51.100.7"})).status_code == 200
    assert (await stranger.get("/health/live", headers={"X-Forwarded-For": "192.0.2.7"})).status_code == 200


async def test_nothing_is_taken_from_a_network_without_access(services: Services, stranger: Browser) -> None:
    boss = await make_person(services, "boss", role="admin")
    await set_network(services, boss, "192.0.2.0/24", "no_access")
    for path in ("/inbox", "/users/boss/inbox"):
        for source, status in (("192.0.2.7", 403), ("::ffff:192.0.2.7", 403), ("198.51.100.7", 400)):
            headers = {"X-Forwarded-For": source, "content-type": "application/activity+json"}
            answer = await stranger.client.post(path, content=b"{}", headers=headers)
            assert answer.status_code == status, (path, source)
    assert await scalar(services, "SELECT count(*) FROM inbox_activities") == 0
