"""Tokens, scopes, cookies, CORS, rate limits, and errors as apps read them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from federation.actions import accounts, sessions
from federation.actions.scopes import allows
from tests.services_fixture import Browser, make_person
from web.client_api.authentication import REQUESTS

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person
    from tests.client_api.conftest import App, OpenApp

ME = "/api/v1/accounts/verify_credentials"


async def test_a_token_is_read_from_the_header_the_query_or_the_body(services: Services, nobody: App) -> None:
    person = await make_person(services, "ann")
    token = await sessions.create_token(services, person)
    for options in ({"headers": {"authorization": f"bearer {token}"}}, {"params": {"access_token": token}}):
        assert (await nobody.call("GET", ME, **options))["username"] == "ann"
    await nobody.call("POST", "/api/v1/statuses", data={"access_token": token, "status": "Hi"})


async def test_a_personal_api_key_is_a_token_until_it_is_revoked(services: Services, nobody: App) -> None:
    person = await make_person(services, "ann")
    headers = {"authorization": f"Bearer {await sessions.create_api_key(services, person, 'script')}"}
    assert (await nobody.call("GET", ME, headers=headers))["username"] == "ann"
    (key,) = await sessions.list_api_keys(services, person)
    assert key.last_used_at is not None
    assert key.last_used_from == "127.0.0.0/24"
    await sessions.revoke_api_key(services, person, key.id)
    refused = await nobody.call("GET", ME, headers=headers, expected=401)
    assert refused == {"error": "The access token was revoked"}


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "Basic YTpi", "Bearer ", "Bearer " + "x" * 5000, "wrong"])
async def test_what_is_no_token_is_401(nobody: App, header: str) -> None:
    answer = await nobody.client.get(ME, headers={"authorization": header})
    assert answer.status_code == 401
    assert answer.json() == {"error": "The access token is invalid"}


async def test_a_wrong_token_is_refused_where_none_is_needed(nobody: App) -> None:
    path = "/api/v1/timelines/public"
    await nobody.get(path)
    await nobody.call("GET", path, headers={"authorization": "Bearer wrong"}, expected=401)


async def test_a_suspended_persons_token_opens_nothing(ann: App, services: Services) -> None:
    assert ann.person is not None
    await accounts.suspend(services, None, ann.person)
    for path in (ME, "/api/v1/timelines/public"):
        assert await ann.get(path, expected=403) == {"error": "Your login is currently disabled"}
    assert await ann.post("/api/v1/statuses", status="x", expected=403)


async def test_a_session_cookie_counts_for_nothing(
    services: Services, client_for: Callable[[Person], Awaitable[Browser]]
) -> None:
    browser = await client_for(await make_person(services, "ann"))
    assert (await browser.get(ME)).status_code == 401
    public = await browser.client.post("/api/v1/statuses", json={"status": "forged"})
    assert public.status_code == 401


@pytest.mark.parametrize(
    ("granted", "scope", "allowed"),
    [
        ("read", "read:statuses", True),
        ("read:statuses", "read:statuses", True),
        ("read:statuses", "read:accounts", False),
        ("write", "read:statuses", False),
        ("follow", "write:follows", True),
        ("follow", "write:statuses", False),
        ("read:statuses", "read", False),
        ("admin:read", "admin:read:accounts", True),
        ("read", "admin:read:accounts", False),
        ("admin:read:accounts", "admin:read", False),
        ("profile", "read:accounts", False),
    ],
)
def test_scopes_hold_their_parts(granted: str, scope: str, allowed: bool) -> None:
    assert allows(frozenset({granted}), scope) is allowed


async def test_a_granular_scope_opens_its_routes_alone(ann: App, open_app: OpenApp) -> None:
    reader = await open_app(ann.person, scopes="read:statuses")
    await reader.get("/api/v1/timelines/home")
    await reader.get(ME, expected=403)
    answer = await reader.post("/api/v1/statuses", status="x", expected=403)
    assert answer == {"error": "This action is outside the authorized scopes"}


async def test_any_page_may_call_but_never_with_cookies(ann: App) -> None:
    origin = {"origin": "https://app.example"}
    preflight = await ann.client.options("/api/v1/statuses", headers=origin | {"access-control-request-method": "POST"})
    assert preflight.status_code == 204
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert "Authorization" in preflight.headers["access-control-allow-headers"]
    for path in (ME, "/api/v1/nowhere", "/api/v1/statuses/17"):
        answer = await ann.client.get(path, headers=origin)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "Link" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in answer.headers
        assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/statuses", "/api/v2/media", "/api/v1/streaming", "/api/oembed", "/oauth/token", "/oauth/revoke",
        "/oauth/userinfo", "/.well-known/oauth-authorization-server", "/.well-known/webfinger",
        "/.well-known/nodeinfo", "/nodeinfo/2.0", "/nodeinfo/2.1",
    ],
)  # fmt: skip
async def test_apps_in_browsers_may_ask_from_anywhere(nobody: App, path: str) -> None:
    """As Elk and Phanpy do, which first ask whether they may."""
    asking = {
        "origin": "https://elk.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,idempotency-key",
    }
    preflight = await nobody.client.options(path, headers=asking)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in preflight.headers


@pytest.mark.parametrize("path", ["/", "/settings/profile", "/oauth/authorize", "/signin"])
async def test_pages_are_read_by_no_other_origin(nobody: App, path: str) -> None:
    for method in ("OPTIONS", "GET"):
        answer = await nobody.client.request(method, path, headers={"origin": "https://elk.example"})
        assert "access-control-allow-origin" not in answer.headers


async def test_what_does_not_exist_is_json_404(ann: App) -> None:
    for method, path in (
        ("GET", "/api/v1/nowhere"),
        ("PATCH", "/api/v1/timelines/home"),
        ("GET", "/api"),
        ("PUT", "/api/"),
    ):
        assert "error" in await ann.call(method, path, expected=404)


async def test_an_upload_that_is_too_large_is_json_413(ann: App) -> None:
    answer = await ann.call("POST", "/api/v1/statuses", data={"status": "x" * 1_100_000}, expected=413)
    assert "error" in answer


async def test_a_failure_is_json_and_says_nothing_of_its_cause(ann: App, services: Services) -> None:
    async with services.database.connection() as db:
        await db.execute("ALTER TABLE mutes RENAME COLUMN expires_at TO secret_detail")
    answer = await ann.call("GET", "/api/v1/timelines/home", expected=500)
    assert "secret" not in str(answer)


async def test_calls_are_counted_per_account_and_refused_beyond_the_limit(
    ann: App, bob: App, services: Services
) -> None:
    services.settings = replace(services.settings, rate_limits=True)
    first = await ann.client.get(ME)
    assert first.headers["x-ratelimit-limit"] == str(REQUESTS)
    assert first.headers["x-ratelimit-remaining"] == str(REQUESTS - 1)
    assert first.headers["x-ratelimit-reset"].endswith("Z")
    assert ann.person is not None
    for _ in range(REQUESTS):
        await services.limiter.spend("api", str(ann.person.id), limit=REQUESTS, window_s=300)
    refused = await ann.client.get(ME)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert (await bob.client.get(ME)).status_code == 200


async def test_calls_are_not_counted_when_limits_are_off(ann: App) -> None:
    assert "x-ratelimit-limit" not in (await ann.client.get(ME)).headers
