"""Coming and going: every registration mode, lockout, the first run, password, address, keys, leaving."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from federation.actions.instance import first_run_code
from federation.settings import Registration, Settings
from tests.services_fixture import PASSWORD, Browser, make_person, make_settings

if TYPE_CHECKING:
    from pathlib import Path

    from federation.services import Services
    from storage.people import Person

ClientFor = Callable[["Person"], Awaitable[Browser]]
NEW = {"username": "eve", "email": "eve@mail.example", "password": "boats in the fog"}


@pytest.fixture
def settings(tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """Settings with the registration that a test names."""
    registration = getattr(request, "param", Registration.OPEN)
    return replace(make_settings(tmp_path), registration=registration)


def registration(mode: Registration) -> pytest.MarkDecorator:
    """Run a test with one registration mode."""
    return pytest.mark.parametrize("settings", [mode], indirect=True, ids=[mode.value])


async def test_open_sign_up_leads_home(stranger: Browser) -> None:
    answer = await stranger.post("/signup", NEW)
    assert answer.status_code == 303
    page = await stranger.page(answer.headers["location"])
    assert "Welcome, @eve." in page
    assert "Welcome, @eve." not in await stranger.page("/home")


@registration(Registration.APPROVAL)
async def test_request_to_join_waits_for_an_admin(
    stranger: Browser, services: Services, client_for: ClientFor
) -> None:  # fmt: skip
    answer = await stranger.post("/signup", {**NEW, "reason": "I know Ada from the boats."})
    assert "A person will read your request" in answer.text
    assert "waits for an admin" in (await stranger.post("/signin", {"name": "eve", **NEW})).text
    admin = await client_for(await make_person(services, "root", role="admin"))
    page = await admin.page("/admin/people?state=pending")
    assert "I know Ada from the boats." in page
    path = page.partition('action="/admin/people/')[2].partition('"')[0]
    assert path.endswith("/approve")
    await admin.post(f"/admin/people/{path}", {"next": "/admin/people"})
    assert (await stranger.post("/signin", {"name": "eve", **NEW})).headers["location"] == "/home"


@registration(Registration.APPROVAL)
async def test_declined_request_frees_the_name(stranger: Browser, services: Services, client_for: ClientFor) -> None:
    await stranger.post("/signup", NEW)
    admin = await client_for(await make_person(services, "root", role="admin"))
    page = await admin.page("/admin/people?state=pending")
    person_id = page.partition('action="/admin/people/')[2].partition("/")[0]
    await admin.post(f"/admin/people/{person_id}/reject")
    assert "A person will read" in (await stranger.post("/signup", NEW)).text


@registration(Registration.INVITE)
async def test_invitation_lets_in_as_often_as_it_says(
    stranger: Browser, services: Services, client_for: ClientFor
) -> None:  # fmt: skip
    assert (await stranger.post("/signup", NEW)).status_code == 422
    host = await client_for(await make_person(services, "ada"))
    await host.post("/settings/invites", {"max_uses": "1", "days": "7"})
    code = (await host.page("/settings/invites")).partition("/signup?invite=")[2].partition("<")[0]
    assert code in await stranger.page(f"/signup?invite={code}")
    assert (await stranger.post("/signup", {**NEW, "invite": code})).status_code == 303
    await stranger.post("/signout")
    second = {**NEW, "username": "max", "email": "max@mail.example", "invite": code}
    answer = await stranger.post("/signup", second)
    assert answer.status_code == 422
    assert "used up" in answer.text


@registration(Registration.INVITE)
async def test_withdrawn_invitation_is_worthless(stranger: Browser, services: Services, client_for: ClientFor) -> None:
    host = await client_for(await make_person(services, "ada"))
    await host.post("/settings/invites", {"max_uses": "5", "days": "1"})
    page = await host.page("/settings/invites")
    code = page.partition("/signup?invite=")[2].partition("<")[0]
    path = page.partition('action="/settings/invites/')[2].partition('"')[0]
    await host.post(f"/settings/invites/{path}")
    assert (await stranger.post("/signup", {**NEW, "invite": code})).status_code == 422


@registration(Registration.CLOSED)
async def test_closed_sign_up_takes_nobody(stranger: Browser) -> None:
    assert "Closed for now" in await stranger.page("/signup")
    assert (await stranger.post("/signup", NEW)).status_code == 422
    assert (await stranger.post("/signin", {"name": "eve", **NEW})).status_code == 422


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"username": "ev e"}, "letters, digits"),
        ({"username": "admin"}, "reserved"),
        ({"email": "nowhere"}, "e-mail"),
        ({"password": "short"}, "at least 8"),
        ({"username": "ADA"}, "taken"),
        ({"email": "ADA@mail.example"}, "exists already"),
    ],
)
async def test_sign_up_says_what_is_wrong_and_keeps_what_was_typed(
    wrong: dict[str, str], words: str, stranger: Browser, services: Services
) -> None:
    await make_person(services, "ada")
    answer = await stranger.post("/signup", {**NEW, **wrong})
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{wrong.get("email", NEW["email"])}"' in answer.text
    assert NEW["password"] not in answer.text


async def test_wrong_passwords_lock_the_account_for_that_place_alone(stranger: Browser, services: Services) -> None:
    await make_person(services, "ada")
    for _ in range(5):
        answer = await stranger.post("/signin", {"name": "ada", "password": "wrong"})
        assert answer.status_code == 422
        assert "do not go together" in answer.text
    right = {"name": "ada", "password": PASSWORD}
    locked = await stranger.post("/signin", right)
    assert locked.status_code == 429
    assert int(locked.headers["retry-after"]) > 0
    elsewhere = await stranger.post("/signin", right, headers={"x-forwarded-for": "203.0.113.9"})
    assert elsewhere.status_code == 303


async def test_unknown_name_and_wrong_password_look_the_same(stranger: Browser, services: Services) -> None:
    await make_person(services, "ada")
    known = (await stranger.post("/signin", {"name": "ada", "password": "wrong"})).text
    unknown = (await stranger.post("/signin", {"name": "nobody", "password": "wrong"})).text
    words = "That username and password do not go together."
    assert words in known
    assert words in unknown


async def test_first_run_makes_one_admin_for_the_right_code(stranger: Browser, services: Services) -> None:
    code = await first_run_code(services.database)
    assert code is not None
    wrong = await stranger.post("/first-run", {**NEW, "code": "00000000"})
    assert wrong.status_code == 422
    assert "not the code" in wrong.text
    assert (await stranger.post("/first-run", {**NEW, "code": code})).headers["location"] == "/home"
    await stranger.page("/admin")
    await stranger.post("/signout")
    assert (await stranger.get("/first-run")).headers["location"] == "/"
    again = {**NEW, "username": "max", "email": "max@mail.example", "code": code}
    assert (await stranger.post("/first-run", again)).status_code == 422
    assert (await stranger.post("/signin", {"name": "max", **NEW})).status_code == 422


async def test_password_change_asks_for_the_old_one_and_ends_other_sessions(
    services: Services, client_for: ClientFor, stranger: Browser
) -> None:
    ada = await make_person(services, "ada")
    here, there = await client_for(ada), await client_for(ada)
    new = {"password": "another long one", "again": "another long one"}
    wrong = await here.post("/settings/account/password", {"current": "wrong", **new})
    assert "present password is not right" in wrong.text
    unequal = await here.post("/settings/account/password", {"current": PASSWORD, **new, "again": "x"})
    assert "not the same" in unequal.text
    assert (await here.post("/settings/account/password", {"current": PASSWORD, **new})).status_code == 303
    await here.page("/home")
    assert (await there.get("/home")).status_code == 303
    assert (await stranger.post("/signin", {"name": "ada", "password": "another long one"})).status_code == 303


async def test_address_change_asks_for_the_password_and_takes_no_address_twice(
    services: Services, client_for: ClientFor
) -> None:
    await make_person(services, "bob")
    client = await client_for(await make_person(services, "ada"))
    path = "/settings/account/email"
    wrong = await client.post(path, {"email": "new@mail.example", "email_current": "wrong"})
    assert wrong.status_code == 422
    taken = await client.post(path, {"email": "BOB@mail.example", "email_current": PASSWORD})
    assert "Another account has this" in taken.text
    await client.post(path, {"email": "new@mail.example", "email_current": PASSWORD})
    assert 'value="new@mail.example"' in await client.page("/settings/account")


async def test_deleted_account_is_gone_for_people_and_servers(
    services: Services, client_for: ClientFor, stranger: Browser
) -> None:
    client = await client_for(await make_person(services, "ada"))
    path = "/settings/account/delete"
    assert (await client.post(path, {"confirm": "bob", "delete_current": PASSWORD})).status_code == 422
    assert (await client.post(path, {"confirm": "ada", "delete_current": "wrong"})).status_code == 422
    assert (await client.post(path, {"confirm": "ada", "delete_current": PASSWORD})).headers["location"] == "/"
    assert (await client.get("/home")).status_code == 303
    for page in ("/@ada", "/@ada/followers", "/@ada.rss", "/@ada/feed.atom"):
        assert (await stranger.get(page)).status_code == 410, page
    actor = await stranger.get("/users/ada", headers={"accept": "application/activity+json"})
    assert actor.status_code == 410


async def test_the_only_admin_can_neither_leave_nor_be_suspended(services: Services, client_for: ClientFor) -> None:
    root = await make_person(services, "root", role="admin")
    client = await client_for(root)
    page = await client.post("/settings/account/delete", {"confirm": "root", "delete_current": PASSWORD})
    assert page.status_code == 422
    assert "root is the only admin" in page.text
    refused = await client.post(f"/admin/people/{root.id}/suspend", {"next": "/admin/people"})
    assert refused.status_code == 409
    assert "root is the only admin" in refused.text
    await client.page("/admin/people")
    other = await client_for(await make_person(services, "other", role="admin"))
    await other.post(f"/admin/people/{root.id}/suspend", {"next": "/admin/people"})
    assert (await client.get("/admin/people")).status_code == 303


async def test_api_key_is_shown_once_and_can_be_revoked(services: Services, client_for: ClientFor) -> None:
    client = await client_for(await make_person(services, "ada"))
    made = await client.post("/settings/api-keys", {"name": "Weather <bot>"})
    key = made.text.partition('data-copy="')[2].partition('"')[0]
    assert len(key) > 30
    assert "Weather &lt;bot&gt;" in made.text
    page = await client.page("/settings/api-keys")
    assert key not in page
    path = page.partition('action="/settings/api-keys/')[2].partition('"')[0]
    await client.post(f"/settings/api-keys/{path}")
    assert "No keys yet." in await client.page("/settings/api-keys")


async def test_suspended_person_cannot_sign_in_and_is_not_shown(
    services: Services, client_for: ClientFor, stranger: Browser
) -> None:
    ada = await make_person(services, "ada")
    client = await client_for(ada)
    admin = await client_for(await make_person(services, "root", role="admin"))
    await admin.post(f"/admin/people/{ada.id}/suspend")
    assert (await client.get("/home")).status_code == 303
    assert (await stranger.get("/@ada")).status_code == 404
    assert "suspended" in (await stranger.post("/signin", {"name": "ada", "password": PASSWORD})).text
    assert "suspend" in await admin.page("/admin/audit")
    await admin.post(f"/admin/people/{ada.id}/unsuspend")
    await stranger.page("/@ada")
