"""Forms come from our own pages, sessions end when told to, and nobody is sent elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from werkzeug.routing import AnyConverter

from tests.services_fixture import ORIGIN, PASSWORD, Browser, browser, make_person, sign_in
from web.current import SETTINGS
from web.forms import local_path
from web.security import cookie_name

if TYPE_CHECKING:
    from quart import Quart

    from federation.services import Services
    from federation.settings import Settings
    from storage.people import Person

ClientFor = Callable[["Person"], Awaitable[Browser]]
OF_PROGRAMS = ("client_api", "documents", "discovery", "oauth_endpoints")
SAME = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}


@pytest.fixture
async def ada(services: Services) -> Person:
    """Somebody with an account."""
    return await make_person(services, "ada")


async def _posted(services: Services, person: Person) -> int:
    async with services.database.connection() as db:
        return int(await db.fetchval("SELECT count(*) FROM thoughts WHERE user_id = $1", person.id))


async def test_form_without_token_changes_nothing(services: Services, client_for: ClientFor, ada: Person) -> None:
    client = (await client_for(ada)).client
    for data in ({"source": "hi"}, {"source": "hi", "csrf_token": "x.y"}, {"source": "hi", "csrf_token": ""}):
        answer = await client.post("/compose", data=data, headers=SAME)
        assert answer.status_code == 403
    assert await _posted(services, ada) == 0


async def test_token_of_another_session_is_worthless(
    app: Quart, services: Services, client_for: ClientFor, ada: Person
) -> None:
    bob = await make_person(services, "bob")
    token = await (await client_for(bob)).token()
    again = await (await sign_in(services, browser(app), ada)).token()
    for foreign in (token, again):
        answer = await (await client_for(ada)).post("/compose", {"source": "hi", "csrf_token": foreign})
        assert answer.status_code == 403
    assert await _posted(services, ada) == 0


async def test_token_of_a_stranger_is_worthless_after_signing_in(
    stranger: Browser, services: Services, ada: Person
) -> None:
    token = await stranger.token()
    await sign_in(services, stranger, ada)
    answer = await stranger.post("/compose", {"source": "hi", "csrf_token": token})
    assert answer.status_code == 403


async def test_visitor_cannot_choose_what_the_token_is_bound_to(stranger: Browser, settings: Settings) -> None:
    token = await stranger.token()
    name = cookie_name(settings, "visitor")
    value = stranger.client.cookies[name]
    stranger.client.cookies.clear()
    stranger.client.cookies.set(name, value.partition(".")[0] + ".forged")
    answer = await stranger.client.post("/theme", data={"theme": "dark", "csrf_token": token}, headers=SAME)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:8001"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_form_from_elsewhere_changes_nothing_even_with_the_token(
    headers: dict[str, str], services: Services, client_for: ClientFor, ada: Person
) -> None:
    client = await client_for(ada)
    data = {"source": "hi", "csrf_token": await client.token()}
    answer = await client.client.post("/compose", data=data, headers=headers)
    assert answer.status_code == 403
    assert await _posted(services, ada) == 0


async def test_every_form_is_guarded(app: Quart, client_for: ClientFor, services: Services) -> None:
    root = await make_person(services, "root", role="admin")
    client = (await client_for(root)).client
    guarded = 0
    adapter = app.url_map.bind("localhost:8000")
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or rule.endpoint.startswith(
            ("client_api", "documents", "discovery", "oauth_endpoints")
        ):
            continue
        chosen = {name: min(one.items) for name, one in rule._converters.items() if isinstance(one, AnyConverter)}
        path = adapter.build(rule.endpoint, {name: str(root.id) for name in rule.arguments} | chosen, method="POST")
        answer = await client.post(path, data={"next": "/"}, headers=SAME)
        assert answer.status_code == 403, path
        guarded += 1
    assert guarded > 25


async def test_session_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger: Browser, ada: Person) -> None:
    answer = await stranger.post("/signin", {"name": "ada", "password": PASSWORD})
    cookie = next(c for c in answer.headers.get_list("set-cookie") if "thoughts-session-" in c)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


async def test_two_instances_on_one_host_keep_their_cookies_apart(settings: Settings) -> None:
    other = replace(settings, origin="http://localhost:8001")
    secure = replace(settings, origin="https://here.example")
    assert cookie_name(settings, "session") != cookie_name(other, "session")
    assert cookie_name(secure, "session").startswith("__Host-")


async def test_revoked_session_opens_nothing(client_for: ClientFor, ada: Person) -> None:
    here, there = await client_for(ada), await client_for(ada)
    page = await here.page("/settings/sessions")
    other = page.partition('name="id" value="')[2].partition('"')[0]
    assert (await here.post("/settings/sessions/revoke", {"id": other})).status_code == 303
    assert (await there.get("/home")).status_code == 303
    await here.page("/home")


async def test_signing_out_ends_the_session_itself(client_for: ClientFor, ada: Person, settings: Settings) -> None:
    client = await client_for(ada)
    secret = client.client.cookies[cookie_name(settings, "session")]
    answer = await client.post("/signout", {"next": "/"})
    assert answer.headers["location"] == "/"
    client.client.cookies.set(cookie_name(settings, "session"), secret)
    assert (await client.get("/home")).status_code == 303


async def test_cookies_mean_nothing_to_the_api(client_for: ClientFor, ada: Person) -> None:
    answer = await (await client_for(ada)).get("/api/v1/accounts/verify_credentials")
    assert answer.status_code in (401, 404)


@pytest.mark.parametrize(
    "there",
    [
        "https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "evil", "",
        "/a\r\nSet-Cookie: x=1", "/\tx", "///evil.example", "http:/evil", "\\\\evil.example", "/ok\x7f",
    ],
)  # fmt: skip
async def test_nobody_is_sent_elsewhere(there: str, stranger: Browser, ada: Person) -> None:
    assert local_path(there, "/home") == "/home"
    answer = await stranger.post("/signin", {"name": "ada", "password": PASSWORD, "next": there})
    assert answer.headers["location"] == "/home"


async def test_sign_in_leads_back_to_where_one_was(stranger: Browser, ada: Person) -> None:
    answer = await stranger.post("/signin", {"name": "ada", "password": PASSWORD, "next": "/settings/profile?x=1#y"})
    assert answer.headers["location"] == "/settings/profile?x=1#y"


async def test_attempts_beyond_the_limit_are_refused_with_a_time(
    stranger: Browser, app: Quart, settings: Settings
) -> None:
    app.config[SETTINGS] = replace(settings, rate_limits=True)
    form = {"username": "x", "email": "x", "password": "x"}
    answers = [await stranger.post("/signup", form) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_flash_of_somebody_else_is_not_shown(stranger: Browser, settings: Settings) -> None:
    stranger.client.cookies.set(cookie_name(settings, "flash"), "0000.0You%20have%20won")
    assert "You have won" not in await stranger.page("/about")


async def test_every_accept_header_of_a_request_counts_for_its_error(stranger: Browser) -> None:
    both = [("accept", "text/html;q=0.5"), ("accept", "application/activity+json")]
    for headers, expected in ((both, "application/json"), (both[:1], "text/html; charset=utf-8")):
        answer = await stranger.client.get("/nothing/here", headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (404, expected)
