"""Letters through a real mail server: confirming an address, a forgotten password, and what happens when it is away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from federation.actions import accounts, dead_letters, letters, scheduling, sessions
from federation.actions.people import get_any_person
from federation.errors import Forbidden, Unauthenticated
from federation.protocol.handles import Handle
from federation.settings import Registration, Settings
from storage.failed_events import Filter
from tests.acting import execute, scalar, told
from tests.client_api.oauth import Client, bearer, register, sign_up
from tests.post_office import PostOffice, open_post_office
from tests.services_fixture import PASSWORD, Browser, make_person, make_settings
from web.current import SETTINGS

if TYPE_CHECKING:
    from pathlib import Path

    from quart import Quart

    from federation.services import Services
    from storage.people import Person
    from tests.client_api.conftest import App

ME = "/api/v1/accounts/verify_credentials"
CONFIRMATIONS = "/api/v1/emails/confirmations"
ClientFor = Callable[["Person"], Awaitable[Browser]]


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    """A mail server."""
    async with open_post_office() as opened:
        yield opened


@pytest.fixture
def settings(tmp_path: Path, office: PostOffice) -> Settings:
    """An open instance that writes letters."""
    return make_settings(tmp_path, smtp_url=office.url, mail_from="hello@thoughts.example")


@pytest.fixture
async def client(nobody: App) -> Client:
    """A registered app."""
    return await register(nobody)


async def ada(services: Services) -> Person:
    return await get_any_person(services, Handle("ada"))


async def open_link(stranger: Browser, path: str) -> int:
    """Open the link of a confirmation and press its button."""
    page = await stranger.page(path)
    assert "Is this your address?" in page
    return (await stranger.post("/confirm", {"token": path.rpartition("=")[2]})).status_code


async def test_an_account_waits_until_its_address_is_confirmed(
    client: Client, nobody: App, services: Services, office: PostOffice, stranger: Browser
) -> None:
    boss = await make_person(services, "boss", role="admin")
    token = await sign_up(client)
    refused = await nobody.call("GET", ME, expected=403, **bearer(token))
    assert refused == {"error": "Your login is missing a confirmed e-mail address"}
    with pytest.raises(Forbidden, match="open the link"):
        await sessions.sign_in(services, "ada", PASSWORD, address="192.0.2.1", user_agent="")
    assert (await stranger.get("/@ada")).status_code == 404
    assert await letters.drain(services) == 1
    (letter,) = office.letters
    assert (letter["To"], letter["From"]) == ("ada@mail.example", "hello@thoughts.example")
    link = office.link()
    await stranger.page(link)
    await nobody.call("GET", ME, expected=403, **bearer(token))
    assert await told(services, boss) == []
    assert await open_link(stranger, link) == 303
    assert await told(services, boss) == [("admin.sign_up", "ada", None)]
    assert (await nobody.call("GET", ME, **bearer(token)))["username"] == "ada"
    await sessions.sign_in(services, "ada", PASSWORD, address="192.0.2.1", user_agent="")
    assert (await stranger.get(link)).status_code == 404
    assert (await stranger.post("/confirm", {"token": link.rpartition("=")[2]})).status_code == 404


async def test_the_page_for_signing_up_says_to_look_into_the_mail(
    stranger: Browser, services: Services, office: PostOffice
) -> None:
    form = {"username": "ada", "email": "ada@mail.example", "password": PASSWORD}
    answer = await stranger.post("/signup", form)
    assert "One more step" in answer.text
    assert "session" not in str(answer.headers.get_list("set-cookie"))
    await letters.drain(services)
    assert await open_link(stranger, office.link()) == 303


async def test_with_approval_too_an_account_waits_for_both(
    app: Quart, client: Client, nobody: App, services: Services, office: PostOffice, stranger: Browser
) -> None:
    app.config[SETTINGS] = services.settings = replace(services.settings, registration=Registration.APPROVAL)
    token = await sign_up(client)
    await letters.drain(services)
    assert await open_link(stranger, office.link()) == 303
    refused = await nobody.call("GET", ME, expected=403, **bearer(token))
    assert refused == {"error": "Your login is currently pending approval"}
    await accounts.approve(services, None, await ada(services))
    await nobody.call("GET", ME, **bearer(token))
    await letters.drain(services)
    assert office.letters[-1]["Subject"] == "You are in"


async def test_an_approved_account_still_needs_its_address(
    app: Quart, client: Client, nobody: App, services: Services, office: PostOffice
) -> None:
    app.config[SETTINGS] = services.settings = replace(services.settings, registration=Registration.APPROVAL)
    token = await sign_up(client)
    await accounts.approve(services, None, await ada(services))
    refused = await nobody.call("GET", ME, expected=403, **bearer(token))
    assert refused == {"error": "Your login is missing a confirmed e-mail address"}
    # What the letter cannot do, an admin can.
    await accounts.approve(services, None, await ada(services))
    await nobody.call("GET", ME, **bearer(token))


async def test_a_link_is_too_old_after_two_days(
    client: Client, services: Services, office: PostOffice, stranger: Browser
) -> None:
    await sign_up(client)
    await letters.drain(services)
    await execute(services, "UPDATE mails SET created_at = created_at - interval '3 days'")
    assert (await stranger.get(office.link())).status_code == 404
    answer = await stranger.post("/confirm", {"token": office.link().rpartition("=")[2]})
    assert answer.status_code == 404
    assert (await ada(services)).state == "pending"


async def test_only_the_app_that_signed_up_sends_the_letter_again(
    client: Client, nobody: App, services: Services, office: PostOffice, stranger: Browser
) -> None:
    token = await sign_up(client)
    await nobody.call("POST", CONFIRMATIONS, json={"email": "right@mail.example"}, **bearer(token))
    await letters.drain(services)
    assert [letter["To"] for letter in office.letters] == ["ada@mail.example", "right@mail.example"]
    first, second = office.letters
    del office.letters[1:]
    # The first letter went to an address that is not theirs any more.
    assert (await stranger.post("/confirm", {"token": office.link().rpartition("=")[2]})).status_code == 404
    office.letters[:] = [first, second]
    other = await sessions.create_token(services, await _other_token_of(services))
    refused = await nobody.call("POST", CONFIRMATIONS, expected=403, headers={"authorization": f"Bearer {other}"})
    assert "only available to the application" in refused["error"]
    for email in ("nowhere", "bob@mail.example"):
        if email != "nowhere":
            await make_person(services, "bob")
        await nobody.call("POST", CONFIRMATIONS, expected=422, json={"email": email}, **bearer(token))


async def _other_token_of(services: Services) -> Person:
    return await make_person(services, "eve")


async def test_a_new_address_counts_once_its_link_is_opened(
    services: Services, office: PostOffice, client_for: ClientFor, stranger: Browser
) -> None:
    person = await make_person(services, "ada")
    browser = await client_for(person)
    form = {"email": "new@mail.example", "email_current": PASSWORD}
    assert (await browser.post("/settings/account/email", form)).status_code == 303
    assert await accounts.get_email(services, person) == "ada@mail.example"
    await letters.drain(services)
    assert office.letters[-1]["To"] == "new@mail.example"
    assert await open_link(stranger, office.link()) == 303
    assert await accounts.get_email(services, person) == "new@mail.example"


async def test_a_forgotten_password_is_replaced_and_everybody_else_is_out(
    services: Services, office: PostOffice, client_for: ClientFor, stranger: Browser, client: Client, nobody: App
) -> None:
    person = await make_person(services, "ada")
    browser = await client_for(person)
    token = await client.log_in(browser)
    key = await sessions.create_api_key(services, person, "script")
    assert "Look into your mail" in (await stranger.post("/password", {"email": "ada@mail.example"})).text
    await letters.drain(services)
    link = office.link()
    assert "@ada" in await stranger.page(link)
    secret = link.rpartition("=")[2]
    for wrong in ({"password": "short", "again": "short"}, {"password": "long enough", "again": "another one"}):
        assert (await stranger.post("/password/new", {"token": secret, **wrong})).status_code == 422
    new = {"token": secret, "password": "a brand new one", "again": "a brand new one"}
    assert (await stranger.post("/password/new", new)).status_code == 303
    await sessions.sign_in(services, "ada", "a brand new one", address="192.0.2.1", user_agent="")
    with pytest.raises(Unauthenticated):
        await sessions.sign_in(services, "ada", PASSWORD, address="192.0.2.1", user_agent="")
    assert (await browser.get("/settings/apps")).status_code == 303
    await nobody.call("GET", ME, expected=401, **bearer(token))
    await nobody.call("GET", ME, expected=401, headers={"authorization": f"Bearer {key}"})
    assert (await stranger.post("/password/new", new)).status_code == 404


async def test_nobody_learns_who_has_an_address(services: Services, office: PostOffice, stranger: Browser) -> None:
    person = await make_person(services, "ada")
    told = []
    for who in ("ada", "eve"):
        answer = await stranger.post("/password", {"email": f"{who}@mail.example"})
        told.append((answer.status_code, answer.text.partition("<main")[2].partition("</main>")[0].replace(who, "x")))
    assert told[0] == told[1]
    await accounts.suspend(services, None, person)
    await execute(services, "DELETE FROM mails")
    await stranger.post("/password", {"email": "ada@mail.example"})
    assert await letters.drain(services) == 0


async def test_a_confirmation_link_is_no_password_link(
    services: Services, client: Client, office: PostOffice, stranger: Browser
) -> None:
    await sign_up(client)
    await letters.drain(services)
    secret = office.link().rpartition("=")[2]
    new = {"token": secret, "password": "a brand new one", "again": "a brand new one"}
    assert (await stranger.post("/password/new", new)).status_code == 404


async def test_no_secret_of_a_link_is_stored(client: Client, services: Services, office: PostOffice) -> None:
    await sign_up(client)
    assert await scalar(services, "SELECT token_hash FROM mails") is None
    await letters.drain(services)
    assert office.link().rpartition("=")[2].encode() not in await scalar(services, "SELECT token_hash FROM mails")


async def test_a_letter_is_tried_again_while_the_mail_server_is_busy(
    client: Client, services: Services, office: PostOffice, stranger: Browser
) -> None:
    office.refusal = "451 come back later"
    await sign_up(client)
    await letters.drain(services)
    assert await letters.drain(services) == 0
    await execute(services, "UPDATE mails SET due_at = now()")
    office.refusal = ""
    await letters.drain(services)
    assert await open_link(stranger, office.link()) == 303


async def test_a_letter_that_is_refused_for_good_is_a_dead_letter_that_an_admin_revives(
    client: Client, services: Services, office: PostOffice
) -> None:
    office.refusal = "550 no such person"
    await sign_up(client)
    await letters.drain(services)
    (event,) = (await dead_letters.list_letters(services, Filter(kind="mail"))).events
    assert (event.host, event.last_status, event.subject) == ("127.0.0.1", 550, "Mail confirmation to @ada")
    office.refusal = ""
    assert await dead_letters.retry_letter(services, event.id, by=None) == "retried"
    await letters.drain(services)
    assert len(office.letters) == 1


async def test_a_mail_server_that_is_away_costs_an_attempt_and_nothing_else(
    app: Quart, client: Client, services: Services
) -> None:
    app.config[SETTINGS] = services.settings = replace(services.settings, smtp_url="smtp://127.0.0.1:1")
    await sign_up(client)
    await letters.drain(services)
    assert await scalar(services, "SELECT attempts FROM mails WHERE state = 'pending'") == 1


async def test_deleting_an_account_forgets_its_letters(services: Services, stranger: Browser) -> None:
    person = await make_person(services, "ada")
    await stranger.post("/password", {"email": "ada@mail.example"})
    await accounts.delete_account(services, person)
    assert await scalar(services, "SELECT count(*) FROM mails") == 0


async def test_who_scheduled_what_cannot_be_posted_gets_one_letter(
    services: Services, office: PostOffice, ann: App
) -> None:
    parent = await ann.publish("First")
    for text in ("One answer", "Another"):
        later = (services.now() + timedelta(days=1)).isoformat()
        await ann.post("/api/v1/statuses", status=text, in_reply_to_id=parent["id"], scheduled_at=later)
    await ann.call("DELETE", f"/api/v1/statuses/{parent['id']}")
    await execute(services, "UPDATE scheduled_thoughts SET due_at = now()")
    assert await scheduling.publish_due(services) == 0
    await letters.drain(services)
    assert [letter["Subject"] for letter in office.letters] == ["A thought of yours waits"]
    assert office.link().endswith("/scheduled")
