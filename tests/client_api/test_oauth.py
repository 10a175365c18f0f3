"""OAuth through the real routes: who gets a token for what, and who does not."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from federation.actions import accounts, sessions
from tests.acting import execute, scalar
from tests.client_api.contract import OPERATIONS, problems
from tests.client_api.oauth import IVORY, OOB, answers, bearer, pkce, register
from tests.services_fixture import PASSWORD, Browser, make_person, sign_in
from web.current import SETTINGS

if TYPE_CHECKING:
    from quart import Quart

    from federation.services import Services
    from storage.people import Person
    from tests.client_api.conftest import App

ME = "/api/v1/accounts/verify_credentials"
INVALID_GRANT = "invalid_grant"


@pytest.fixture
async def ada(services: Services) -> Person:
    """Somebody with an account."""
    return await make_person(services, "ada")


@pytest.fixture
async def person(client_for: Callable[[Person], Awaitable[Browser]], ada: Person) -> Browser:
    """Ada's browser."""
    return await client_for(ada)


# --- Apps ------------------------------------------------------------------------------------------


async def test_an_app_is_registered_and_told_its_secret_once(nobody: App, services: Services) -> None:
    uris = ["https://ivory.example/done", "http://127.0.0.1/done"]
    client = await register(nobody, website="https://ivory.example/", redirect_uris=uris)
    assert problems(OPERATIONS["POST", "/api/v1/apps"]["answer"], client.entity) == []
    assert client.entity["redirect_uris"] == uris
    assert client.entity["redirect_uri"] == "\n".join(uris)
    assert client.entity["scopes"] == ["read", "write", "follow", "push"]
    stored = await scalar(services, "SELECT secret_hash FROM apps")
    assert client.entity["client_secret"].encode() not in stored
    token = await client.token(grant_type="client_credentials")
    shown = await nobody.call("GET", "/api/v1/apps/verify_credentials", **bearer(token))
    assert shown["name"] == "Ivory"
    assert "client_secret" not in shown
    assert problems(OPERATIONS["GET", "/api/v1/apps/verify_credentials"]["answer"], shown) == []


async def test_an_app_without_scopes_may_only_read(nobody: App) -> None:
    assert (await register(nobody, scopes=None)).entity["scopes"] == ["read"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("client_name", "", "Name can't be blank"),
        ("client_name", "x" * 61, "Name is too long (maximum is 60 characters)"),
        ("redirect_uris", "", "Redirect URI can't be blank"),
        ("redirect_uris", "accept", "Redirect URI must be an absolute URI."),
        ("redirect_uris", "javascript:alert(1)", "Redirect URI is forbidden by the server."),
        ("redirect_uris", "data:text/html,x", "Redirect URI is forbidden by the server."),
        ("redirect_uris", "https://app.example/#x", "Redirect URI cannot contain a fragment."),
        ("redirect_uris", 'https://app.example/"><x', "Redirect URI must be a valid URI."),
        ("redirect_uris", "https://", "Redirect URI must be an absolute URI."),
        ("redirect_uris", "https://[x", "Redirect URI must be a valid URI."),
        ("redirect_uris", f"https://app.example/{'x' * 2000}", "Redirect URI is too long (maximum is 2000 characters)"),
        ("scopes", "read everything", "Scopes doesn't match configured on the server."),
        ("website", "javascript:alert(1)", "Website is not a valid URL"),
    ],
)
async def test_an_app_that_is_wrong_is_not_registered(
    nobody: App, services: Services, field: str, value: str, words: str
) -> None:
    body = {"client_name": "x", "redirect_uris": IVORY, "scopes": "read", field: value}
    assert await nobody.post("/api/v1/apps", expected=422, **body) == {"error": f"Validation failed: {words}"}
    assert await scalar(services, "SELECT count(*) FROM apps") == 0


# --- Authorization code ----------------------------------------------------------------------------


async def test_a_person_lets_an_app_in(nobody: App, person: Browser, services: Services) -> None:
    client = await register(nobody)
    answer = await client.decide(person)
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("ivory://accept?code=")
    assert answers(answer)["state"] == "s t&ate"
    token = await client.exchange(answers(answer)["code"])
    assert problems("Token", token) == []
    assert token["token_type"] == "Bearer"
    assert token["scope"] == "read write"
    assert "expires_in" not in token
    assert (await nobody.call("GET", ME, **bearer(token)))["username"] == "ada"
    stored = await scalar(services, "SELECT string_agg(encode(token_hash, 'escape'), '') FROM access_tokens")
    assert token["access_token"] not in stored


async def test_the_page_says_who_asks_for_what(nobody: App, person: Browser) -> None:
    client = await register(nobody, client_name="<b>Ivory</b>", website="https://ivory.example/")
    page = await person.page(f"/oauth/authorize?{urlencode(client.query())}")
    assert "&lt;b&gt;Ivory&lt;/b&gt;" in page
    assert "ivory.example" in page
    assert "@ada" in page
    assert "do everything in your name" in page
    assert "send notifications" not in page


async def test_a_stranger_signs_in_first_and_comes_back(stranger: Browser, nobody: App, ada: Person) -> None:
    client = await register(nobody)
    path = f"/oauth/authorize?{urlencode(client.query(state='x' * 3000))}"
    answer = await stranger.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/signin?next=")
    form = {"name": ada.username, "password": PASSWORD, "next": path}
    answer = await stranger.post("/signin", form)
    assert answer.headers["location"] == path
    assert await client.code(stranger)


async def test_somebody_else_can_be_chosen_without_losing_the_way(nobody: App, person: Browser) -> None:
    client = await register(nobody)
    answer = await person.post("/oauth/switch", await client.consent_form(person))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/signin?next=%2Foauth%2Fauthorize%3F")
    assert (await person.get("/settings/apps")).status_code == 303


async def test_a_person_may_refuse(nobody: App, person: Browser, services: Services) -> None:
    client = await register(nobody)
    answer = await client.decide(person, "deny")
    assert answers(answer)["error"] == "access_denied"
    assert answers(answer)["state"] == "s t&ate"
    assert await scalar(services, "SELECT count(*) FROM authorization_codes") == 0


async def test_another_page_cannot_let_an_app_in(nobody: App, person: Browser, services: Services) -> None:
    client = await register(nobody)
    form = await client.consent_form(person) | {"decision": "allow"}
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert (await person.post("/oauth/authorize", form, headers=headers)).status_code == 403
    without = {name: value for name, value in form.items() if name != "csrf_token"}
    assert (await person.client.post("/oauth/authorize", data=without)).status_code == 403
    assert await scalar(services, "SELECT count(*) FROM authorization_codes") == 0


async def test_an_app_without_a_page_gets_a_code_for_copying(nobody: App, person: Browser) -> None:
    client = await register(nobody, OOB)
    answer = await client.decide(person)
    assert answer.headers["location"].startswith("/oauth/authorize/native?code=")
    assert answers(answer)["code"] in await person.page(answer.headers["location"])
    await client.exchange(answers(answer)["code"])


async def test_a_code_works_once_and_a_second_use_revokes_its_token(nobody: App, person: Browser) -> None:
    client = await register(nobody)
    code = await client.code(person)
    token = await client.exchange(code)
    refused = await client.exchange(code, expected=400)
    assert refused["error"] == INVALID_GRANT
    assert refused["error_description"].startswith("The provided authorization grant is invalid")
    await nobody.call("GET", ME, expected=401, **bearer(token))


async def test_of_two_exchanges_at_once_one_gets_the_token(nobody: App, person: Browser, services: Services) -> None:
    client = await register(nobody)
    body = {
        **client.credentials, "grant_type": "authorization_code", "code": await client.code(person),
        "redirect_uri": IVORY,
    }  # fmt: skip
    found = await asyncio.gather(*(nobody.client.post("/oauth/token", data=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in found) == [200, 400, 400, 400]
    assert await scalar(services, "SELECT count(*) FROM access_tokens") == 1


async def test_a_code_is_short_lived(nobody: App, person: Browser, services: Services) -> None:
    client = await register(nobody)
    code = await client.code(person)
    await execute(services, "UPDATE authorization_codes SET expires_at = expires_at - interval '10 minutes'")
    assert (await client.exchange(code, expected=400))["error"] == INVALID_GRANT


async def test_a_code_belongs_to_one_app_and_one_redirect(nobody: App, person: Browser) -> None:
    client, other = await register(nobody, redirect_uris=[IVORY, OOB]), await register(nobody)
    code = await client.code(person)
    assert (await other.exchange(code, expected=400))["error"] == INVALID_GRANT
    assert (await client.exchange(code, expected=400, redirect_uri=OOB))["error"] == INVALID_GRANT
    for secret in ("", "wrong"):
        assert (await client.exchange(code, expected=401, client_secret=secret))["error"] == "invalid_client"
    await client.exchange(code)


async def test_a_suspended_persons_code_gets_nothing(
    nobody: App, person: Browser, services: Services, ada: Person
) -> None:
    client = await register(nobody)
    code = await client.code(person)
    await accounts.suspend(services, None, ada)
    assert (await client.exchange(code, expected=400))["error"] == INVALID_GRANT


async def test_pkce_ties_the_code_to_who_asked(nobody: App, person: Browser) -> None:
    client = await register(nobody)
    verifier, challenge = pkce()
    code = await client.code(person, **challenge)
    for wrong in ({}, {"code_verifier": "x" * 43}, {"code_verifier": challenge["code_challenge"]}):
        assert (await client.exchange(code, expected=400, **wrong))["error"] == INVALID_GRANT
    await client.exchange(code, code_verifier=verifier)
    plain = await client.code(person)
    assert (await client.exchange(plain, expected=400, code_verifier=verifier))["error"] == INVALID_GRANT


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client_id": "nobody"}, "unknown client"),
        ({"client_id": ""}, "Missing required parameter: client_id."),
        ({"redirect_uri": ""}, "Missing required parameter: redirect_uri."),
        ({"redirect_uri": "https://evil.example/"}, "redirect uri is malformed"),
        ({"redirect_uri": "ivory://accept/"}, "redirect uri is malformed"),
        ({"redirect_uri": "ivory://accept?x=1"}, "redirect uri is malformed"),
        ({"redirect_uri": "IVORY://accept"}, "redirect uri is malformed"),
        ({"redirect_uri": OOB}, "redirect uri is malformed"),
        ({"response_type": "token"}, "does not support this response type"),
        ({"response_mode": "form_post"}, "does not support this response mode"),
        ({"scope": "read admin:read"}, "requested scope is invalid"),
        ({"scope": "everything"}, "requested scope is invalid"),
        ({"code_challenge": "x" * 43, "code_challenge_method": "plain"}, "must be S256"),
        ({"code_challenge": "x" * 43}, "must be S256"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "must be a SHA-256"),
    ],
)
async def test_a_wrong_request_is_told_to_the_person_and_leads_nowhere(
    nobody: App, person: Browser, services: Services, changes: dict[str, str], words: str
) -> None:
    client = await register(nobody)
    answer = await person.get(f"/oauth/authorize?{urlencode(client.query(**changes))}")
    assert answer.status_code in (400, 401)
    assert words in answer.text
    forged = await person.post("/oauth/authorize", {**client.query(**changes), "decision": "allow"})
    assert forged.status_code in (400, 401)
    assert await scalar(services, "SELECT count(*) FROM authorization_codes") == 0


@pytest.mark.parametrize(
    ("registered", "asked", "fits"),
    [
        ("http://127.0.0.1/done", "http://127.0.0.1:49152/done", True),
        ("http://127.0.0.1:8000/done", "http://127.0.0.1:49152/done", True),
        ("http://[::1]/done", "http://[::1]:49152/done", True),
        ("http://127.0.0.1/done", "http://127.0.0.1:49152/other", False),
        ("http://127.0.0.1/done", "http://user@127.0.0.1:49152/done", False),
        ("http://127.0.0.1/done", "http://127.0.0.1:x/done", False),
        ("http://app.example/done", "http://app.example:81/done", False),
        ("https://127.0.0.1/done", "https://127.0.0.1:81/done", False),
        ("http://127.0.0.1/done", "http://127.0.0.1.evil.example:1/done", False),
    ],
)
async def test_only_the_port_of_a_loopback_address_is_free(
    nobody: App, person: Browser, registered: str, asked: str, fits: bool
) -> None:
    client = await register(nobody, registered)
    answer = await person.get(f"/oauth/authorize?{urlencode(client.query(redirect_uri=asked))}")
    assert answer.status_code == (200 if fits else 400)


@pytest.mark.parametrize(
    ("uri", "source"),
    [
        (IVORY, "ivory:"),
        ("https://elk.example/api/oauth", "https:"),
        ("http://127.0.0.1:4000/done", "http://127.0.0.1:4000"),
        ("http://[::1]:4000/done", "http:"),
        ("com.example.app:/oauth", "com.example.app:"),
    ],
)
async def test_the_pages_policy_lets_the_redirect_through(nobody: App, person: Browser, uri: str, source: str) -> None:
    client = await register(nobody, uri)
    answer = await person.get(f"/oauth/authorize?{urlencode(client.query())}")
    policy = answer.headers["content-security-policy"]
    assert f"form-action 'self' {source};" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["cache-control"] == "private, no-store"


async def test_answers_are_added_to_a_query_that_is_there(nobody: App, person: Browser) -> None:
    client = await register(nobody, "https://app.example/done?keep=1")
    answer = await client.decide(person)
    assert answer.headers["location"].startswith("https://app.example/done?keep=1&code=")


async def test_parts_of_what_an_app_registered_for_can_be_asked_for(nobody: App, person: Browser) -> None:
    client = await register(nobody)
    token = await client.log_in(person, scope="read:accounts read:accounts")
    assert token["scope"] == "read:accounts"
    await nobody.call("GET", "/api/v1/timelines/home", expected=403, **bearer(token))
    assert (await client.log_in(person, scope=""))["scope"] == "read"


# --- Other grants ----------------------------------------------------------------------------------


async def test_an_apps_own_token_speaks_for_nobody(nobody: App) -> None:
    client = await register(nobody)
    token = await client.token(grant_type="client_credentials", scope="read write")
    assert problems("Token", token) == []
    assert "refresh_token" not in token
    refused = await nobody.call("GET", ME, expected=422, **bearer(token))
    assert refused == {"error": "This method requires an authenticated user"}
    await nobody.call("POST", "/api/v1/statuses", expected=422, json={"status": "x"}, **bearer(token))
    await nobody.call("GET", "/api/v1/timelines/public", **bearer(token))
    assert (await client.token(expected=400, grant_type="client_credentials", scope="admin:read"))["error"] == (
        "invalid_scope"
    )


async def test_a_client_may_prove_itself_by_http_basic_or_json(nobody: App) -> None:
    client = await register(nobody)
    pair = f"{client.entity['client_id']}:{client.entity['client_secret']}"
    for secret, status in ((pair, 200), (pair + "x", 401), ("%%%", 401)):
        text = base64.b64encode(secret.encode()).decode()
        answer = await nobody.client.post(
            "/oauth/token", data={"grant_type": "client_credentials"}, headers={"authorization": f"Basic {text}"}
        )
        assert answer.status_code == status
    body = {**client.credentials, "grant_type": "client_credentials"}
    assert (await nobody.call("POST", "/oauth/token", json=body))["scope"] == "read"
    assert await nobody.call("POST", "/oauth/token", files={name: (None, text) for name, text in body.items()})


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "magic"}, "unsupported_grant_type"),
        ({"grant_type": "password", "username": "ada", "password": PASSWORD}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x", "redirect_uri": IVORY}, "invalid_grant"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
        ({"grant_type": "client_credentials", "scope": "everything"}, "invalid_scope"),
    ],
)
async def test_wrong_requests_for_tokens_are_named_as_the_standard_does(
    nobody: App, ada: Person, body: dict[str, str], error: str
) -> None:
    client = await register(nobody)
    refused = await client.token(expected=400, **body)
    assert refused["error"] == error
    assert refused["error_description"]


async def test_broken_bodies_are_refused(nobody: App) -> None:
    for options in ({"content": b"{", "headers": {"content-type": "application/json"}}, {"json": {"grant_type": {}}}):
        answer = await nobody.client.post("/oauth/token", **options)
        assert answer.status_code == 422
        assert "error" in answer.json()


async def test_the_password_grant_works_where_it_is_allowed(
    app: Quart, nobody: App, services: Services, ada: Person
) -> None:
    app.config[SETTINGS] = services.settings = replace(services.settings, password_grant=True)
    client = await register(nobody)
    body = {"grant_type": "password", "username": "ada@mail.example", "password": PASSWORD, "scope": "read"}
    token = await client.token(**body)
    assert (await nobody.call("GET", ME, **bearer(token)))["username"] == "ada"
    for _ in range(5):
        assert (await client.token(expected=400, **{**body, "password": "wrong"}))["error"] == INVALID_GRANT
    locked = await nobody.client.post("/oauth/token", data={**client.credentials, **body})
    assert locked.status_code == 429
    metadata = await nobody.get("/.well-known/oauth-authorization-server")
    assert "password" in metadata["grant_types_supported"]


# --- Refreshing and revoking -----------------------------------------------------------------------


async def test_a_refresh_replaces_both_tokens(nobody: App, person: Browser) -> None:
    client = await register(nobody)
    first = await client.log_in(person)
    second = await client.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert second["scope"] == first["scope"]
    await nobody.call("GET", ME, expected=401, **bearer(first))
    await nobody.call("GET", ME, **bearer(second))


async def test_a_refresh_token_that_comes_again_revokes_all_that_came_of_it(nobody: App, person: Browser) -> None:
    client = await register(nobody)
    first = await client.log_in(person)
    again = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = await client.token(**again)
    await nobody.call("GET", ME, **bearer(second))
    assert (await client.token(expected=400, **again))["error"] == INVALID_GRANT
    await nobody.call("GET", ME, expected=401, **bearer(second))
    refused = await client.token(expected=400, grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert refused["error"] == INVALID_GRANT


async def test_a_lost_answer_to_a_refresh_can_be_asked_for_again_for_a_moment(
    nobody: App, person: Browser, services: Services
) -> None:
    client = await register(nobody)
    first = await client.log_in(person)
    again = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    lost = await client.token(**again)
    third = await client.token(**again)
    await nobody.call("GET", ME, expected=401, **bearer(lost))
    await execute(services, "UPDATE access_tokens SET revoked_at = revoked_at - interval '1 hour'")
    assert (await client.token(expected=400, **again))["error"] == INVALID_GRANT
    await nobody.call("GET", ME, expected=401, **bearer(third))


async def test_a_refresh_gives_no_more_than_was_granted_and_only_to_its_app(nobody: App, person: Browser) -> None:
    client, other = await register(nobody), await register(nobody)
    token = await client.log_in(person, scope="read")
    body = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    assert (await client.token(expected=400, scope="read write", **body))["error"] == "invalid_scope"
    assert (await other.token(expected=400, **body))["error"] == INVALID_GRANT
    assert (await client.token(scope="read:statuses", **body))["scope"] == "read:statuses"


async def test_an_app_gives_its_token_back(nobody: App, person: Browser) -> None:
    client, other = await register(nobody), await register(nobody)
    token, second = await client.log_in(person), await client.log_in(person)

    async def revoke(who: Any, text: str, expected: int) -> Any:
        return await nobody.call("POST", "/oauth/revoke", expected=expected, data={**who.credentials, "token": text})

    refused = await revoke(other, token["access_token"], 403)
    assert refused == {
        "error": "unauthorized_client", "error_description": "You are not authorized to revoke this token",
    }  # fmt: skip
    await nobody.call("GET", ME, **bearer(token))
    assert await revoke(client, token["access_token"], 200) == {}
    assert await nobody.call("GET", ME, expected=401, **bearer(token)) == {"error": "The access token was revoked"}
    assert await revoke(client, token["access_token"], 200) == {}
    assert await revoke(client, "unknown", 200) == {}
    assert await revoke(client, second["refresh_token"], 200) == {}
    await nobody.call("GET", ME, expected=401, **bearer(second))
    await nobody.call("POST", "/oauth/revoke", expected=403, data={"client_id": "x", "token": "y"})


async def test_a_person_sees_the_apps_they_let_in_and_shuts_them_out(
    nobody: App, person: Browser, services: Services, client_for: Callable[[Person], Awaitable[Browser]]
) -> None:
    client = await register(nobody)
    token = await client.log_in(person)
    waiting = await client.code(person)
    await nobody.call("GET", ME, **bearer(token))
    page = await person.page("/settings/apps")
    assert "Ivory" in page
    assert "127.0.0.0/24" in page
    app_id = client.entity["id"]
    bob = await client_for(await make_person(services, "bob"))
    assert (await bob.post(f"/settings/apps/{app_id}/revoke")).status_code == 404
    await nobody.call("GET", ME, **bearer(token))
    assert (await person.post(f"/settings/apps/{app_id}/revoke")).status_code == 303
    await nobody.call("GET", ME, expected=401, **bearer(token))
    assert (await client.exchange(waiting, expected=400))["error"] == INVALID_GRANT
    refused = await client.token(expected=400, grant_type="refresh_token", refresh_token=token["refresh_token"])
    assert refused["error"] == INVALID_GRANT
    assert f"/settings/apps/{app_id}/revoke" not in await person.page("/settings/apps")


async def test_deleting_an_account_ends_what_its_apps_may_do(
    nobody: App, person: Browser, services: Services, ada: Person
) -> None:
    client = await register(nobody)
    token, code = await client.log_in(person), await client.code(person)
    await accounts.delete_account(services, ada)
    await nobody.call("GET", ME, expected=401, **bearer(token))
    assert (await client.exchange(code, expected=400))["error"] == INVALID_GRANT


# --- What is told of it all ------------------------------------------------------------------------


async def test_userinfo_tells_who_it_is(nobody: App, person: Browser, ada: Person) -> None:
    client = await register(nobody, scopes="read profile")
    token = await client.log_in(person, scope="profile")
    told = await nobody.call("GET", "/oauth/userinfo", **bearer(token))
    assert told["sub"] == ada.ap_id
    assert told["preferred_username"] == "ada"
    assert await nobody.call("POST", "/oauth/userinfo", **bearer(token)) == told
    assert (await nobody.call("GET", ME, **bearer(token)))["username"] == "ada"
    await nobody.call("GET", "/oauth/userinfo", expected=403, **bearer(await client.log_in(person, scope="read")))
    await nobody.call("GET", "/oauth/userinfo", expected=401)


async def test_the_server_describes_itself(nobody: App) -> None:
    metadata = await nobody.get("/.well-known/oauth-authorization-server")
    kind = OPERATIONS["GET", "/.well-known/oauth-authorization-server"]["answer"]
    assert problems(kind, metadata) == []
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["grant_types_supported"] == ["authorization_code", "client_credentials", "refresh_token"]
    assert {"read", "write:statuses", "admin:write:reports", "profile"} <= set(metadata["scopes_supported"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/oauth/token"),
        ("POST", "/oauth/revoke"),
        ("GET", "/oauth/userinfo"),
        ("GET", "/.well-known/oauth-authorization-server"),
        ("GET", "/.well-known/webfinger"),
        ("GET", "/.well-known/nodeinfo"),
        ("GET", "/nodeinfo/2.1"),
        ("GET", "/api/v1/instance"),
    ],
)
async def test_scripts_of_any_page_may_ask(nobody: App, method: str, path: str) -> None:
    origin = {"origin": "https://elk.example"}
    answer = await nobody.client.request(method, path, headers=origin)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    preflight = await nobody.client.options(path, headers=origin | {"access-control-request-method": method})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"


async def test_the_consent_page_is_for_no_script(nobody: App, person: Browser) -> None:
    client = await register(nobody)
    answer = await person.get(f"/oauth/authorize?{urlencode(client.query())}", headers={"origin": "https://x.example"})
    assert "access-control-allow-origin" not in answer.headers


async def test_a_session_cookie_is_no_client_and_no_token(
    app: Quart, services: Services, person: Browser, ada: Person
) -> None:
    await sign_in(services, person, ada)
    assert (await person.client.post("/oauth/token", data={"grant_type": "client_credentials"})).status_code == 401
    assert (await person.get("/oauth/userinfo")).status_code == 401


async def test_a_thought_names_the_app_it_was_written_with(
    nobody: App, person: Browser, services: Services, ada: Person
) -> None:
    client = await register(nobody, website="https://ivory.example/")
    token = await client.log_in(person)
    status = await nobody.call("POST", "/api/v1/statuses", json={"status": "Hi"}, **bearer(token))
    assert status["application"] == {"name": "Ivory", "website": "https://ivory.example/"}
    key = await sessions.create_api_key(services, ada, "script")
    mine = await nobody.call(
        "POST", "/api/v1/statuses", json={"status": "Ho"}, headers={"authorization": f"Bearer {key}"}
    )
    assert mine["application"] is None
