"""The documentation says what the code does: every route, its scopes and what it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.services_fixture import Browser
from web.client_api.authentication import ACCESS

if TYPE_CHECKING:
    from quart import Quart


async def test_every_route_of_the_api_is_documented(app: Quart, stranger: Browser) -> None:
    document = (await stranger.get("/docs/openapi.json")).json()
    told = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    guarded = {
        (method, rule.endpoint)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("client_api.") and not rule.endpoint.endswith(".unknown")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert len(told) >= len(guarded)
    assert [endpoint for _, endpoint in guarded if not hasattr(app.view_functions[endpoint], ACCESS)] == []


async def test_a_route_is_described_by_its_own_code(stranger: Browser) -> None:
    document = (await stranger.get("/docs/openapi.json")).json()
    publish = document["paths"]["/api/v1/statuses"]["post"]
    assert (
        publish["summary"]
        == "Publish a thought, once per Idempotency-Key, or with `scheduled_at` keep it to be published then."
    )
    assert publish["security"] == [{"token": ["write:statuses"]}]
    properties = publish["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert properties["status"] == {"type": "string"}
    assert properties["sensitive"] == {"type": "boolean"}
    one = document["paths"]["/api/v1/statuses/{status_id}"]["get"]
    assert one["parameters"][0] == {"name": "status_id", "in": "path", "required": True, "schema": {"type": "string"}}
    assert one["security"] == [{"token": ["read:statuses"]}, {}]
    lookup = document["paths"]["/api/v1/accounts/lookup"]["get"]
    assert {"name": "acct", "in": "query", "schema": {"type": "string"}} in lookup["parameters"]


async def test_the_page_shows_it_without_scripts_from_elsewhere(stranger: Browser) -> None:
    answer = await stranger.get("/docs")
    assert answer.status_code == 200
    assert "POST /api/v1/statuses</code>" in answer.text
    assert "<code>write:statuses</code>" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "https://" not in answer.text.partition("<main")[2].partition("</main>")[0].replace("http://localhost", "")
