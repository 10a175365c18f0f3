"""What the announced version of the API promises is there: apps decide by it what they ask for."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from federation.actions import site
from web.client_api.instance import _USAGE

if TYPE_CHECKING:
    from quart import Quart

    from federation.services import Services
    from tests.client_api.conftest import App

# By the version that brought it, as the reference dates them: Mastodon 4.3 (2), 4.4 (3 to 6), 4.5 (7), 4.6 (8 and on).
PROMISED = {
    2: [
        ("GET", "/api/v2/notifications"), ("GET", "/api/v2/notifications/{}"),
        ("POST", "/api/v2/notifications/{}/dismiss"), ("GET", "/api/v2/notifications/{}/accounts"),
    ],
    4: [("DELETE", "/api/v1/media/{}")],
    6: [
        ("POST", "/api/v1/tags/{}/feature"), ("GET", "/api/v1/accounts/{}/endorsements"),
        ("GET", "/api/v1/instance/terms_of_service"),
    ],
    7: [
        ("GET", "/api/v1/statuses/{}/quotes"), ("POST", "/api/v1/statuses/{}/quotes/{}/revoke"),
        ("PUT", "/api/v1/statuses/{}/interaction_policy"),
    ],
    8: [
        ("GET", "/api/v1/profile"), ("PATCH", "/api/v1/profile"), ("GET", "/api/v1/annual_reports/{}/state"),
        ("POST", "/api/v1/annual_reports/{}/generate"),
    ],
    10: [
        ("POST", "/api/v1/collections"), ("GET", "/api/v1/accounts/{}/collections"),
        ("GET", "/api/v1/accounts/{}/in_collections"),
    ],  # and fallbacks of notifications: test_api_collections.py
    # 11: descriptions of portraits by update_credentials: test_api_preferences.py
}  # fmt: skip


async def test_what_the_announced_version_promises_is_there(app: Quart, nobody: App) -> None:
    told = await nobody.get("/api/v2/instance")
    routes = {
        (method, re.sub(r"<[^>]*>", "{}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods or set()
    }
    announced = told["api_versions"]["mastodon"]
    assert announced >= 11
    missing = [one for version, promised in PROMISED.items() if version <= announced for one in promised]
    assert not set(missing) - routes
    assert told["version"].startswith("4.6.1 (compatible; Thoughts ")
    assert (await nobody.get("/api/v1/instance"))["version"] == told["version"]


async def test_the_terms_are_linked_where_there_are_any(services: Services, app: Quart, ann: App, nobody: App) -> None:
    assert ann.person is not None
    urls = (await nobody.get("/api/v2/instance"))["configuration"]["urls"]
    assert urls["terms_of_service"] is None
    assert (await nobody.client.get(urls["privacy_policy"])).status_code == 200
    await site.save_text(services, ann.person, "terms", "Be fair.", effective_on=date(2026, 1, 1))
    app.extensions.pop(_USAGE)  # known for a minute
    urls = (await nobody.get("/api/v2/instance"))["configuration"]["urls"]
    assert "Be fair." in (await nobody.client.get(urls["terms_of_service"])).text
