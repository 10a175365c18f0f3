"""Signing up through an app: who gets an account, and what is said to those who do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from federation.actions import accounts, sessions
from federation.actions.people import get_any_person
from federation.protocol.handles import Handle
from federation.settings import Registration
from tests.acting import scalar
from tests.client_api.contract import OPERATIONS, problems
from tests.client_api.oauth import FORM, Client, bearer, register, sign_up
from tests.services_fixture import make_person
from web.current import SETTINGS

if TYPE_CHECKING:
    from quart import Quart

    from federation.services import Services
    from tests.client_api.conftest import App, OpenApp

ME = "/api/v1/accounts/verify_credentials"
CONFIRMATIONS = "/api/v1/emails/confirmations"
Change = Callable[..., None]


@pytest.fixture
def change(app: Quart, services: Services) -> Change:
    """Changes settings of the running application."""

    def change(**changes: Any) -> None:
        app.config[SETTINGS] = services.settings = replace(services.settings, **changes)

    return change


@pytest.fixture
async def client(nobody: App) -> Client:
    """A registered app."""
    return await register(nobody)


async def test_a_token_of_a_new_account_works_at_once_when_registration_is_open(client: Client, nobody: App) -> None:
    token = await sign_up(client)
    assert problems(OPERATIONS["POST", "/api/v1/accounts"]["answer"], token) == []
    assert token["scope"] == "read write follow push"
    assert (await nobody.call("GET", ME, **bearer(token)))["username"] == "ada"
    await nobody.call("POST", "/api/v1/statuses", json={"status": "Hi"}, **bearer(token))
    refused = await nobody.call("POST", CONFIRMATIONS, expected=403, **bearer(token))
    assert refused["error"] == "This method is only available while the e-mail is awaiting confirmation"


async def test_forms_are_taken_as_well_as_json(client: Client, nobody: App) -> None:
    token = await client.token(grant_type="client_credentials", scope="write:accounts")
    form = {name: "true" if value is True else str(value) for name, value in FORM.items()}
    await nobody.call("POST", "/api/v1/accounts", data=form, **bearer(token))


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("username", "", "ERR_BLANK"),
        ("username", "a b", "ERR_INVALID"),
        ("username", "admin", "ERR_RESERVED"),
        ("username", "bob", "ERR_TAKEN"),
        ("email", "nowhere", "ERR_INVALID"),
        ("email", "BOB@mail.example", "ERR_TAKEN"),
        ("password", None, "ERR_BLANK"),
        ("password", "short", "ERR_TOO_SHORT"),
        ("password", "x" * 257, "ERR_TOO_LONG"),
        ("agreement", False, "ERR_ACCEPTED"),
        ("agreement", None, "ERR_ACCEPTED"),
    ],
)
async def test_what_is_wrong_with_a_form_is_said_by_field(
    client: Client, services: Services, field: str, value: Any, code: str
) -> None:
    await make_person(services, "bob")
    refused = await sign_up(client, expected=422, **{field: value})
    assert refused["error"]
    assert refused["details"][field][0]["error"] == code
    assert await scalar(services, "SELECT count(*) FROM users WHERE email IS NOT NULL") == 1


async def test_everything_that_is_missing_is_said_at_once(client: Client) -> None:
    refused = await sign_up(client, expected=422, email="", password="", agreement=False)
    assert refused["error"] == (
        "Validation failed: Email can't be blank, Password can't be blank, Agreement must be accepted"
    )
    assert {field: one[0]["error"] for field, one in refused["details"].items()} == {
        "email": "ERR_BLANK", "password": "ERR_BLANK", "agreement": "ERR_ACCEPTED",
    }  # fmt: skip


async def test_only_an_app_with_the_scope_may_make_accounts(client: Client, nobody: App, services: Services) -> None:
    reading = await client.token(grant_type="client_credentials", scope="read")
    await nobody.call("POST", "/api/v1/accounts", expected=403, json=FORM, **bearer(reading))
    await nobody.call("POST", "/api/v1/accounts", expected=401, json=FORM)
    key = await sessions.create_api_key(services, await make_person(services, "bob"), "script")
    await nobody.call(
        "POST", "/api/v1/accounts", expected=403, json=FORM, headers={"authorization": f"Bearer {key}"}
    )  # fmt: skip


async def test_nobody_gets_in_where_registration_is_closed_or_by_invitation(
    client: Client, change: Change, services: Services
) -> None:
    change(registration=Registration.CLOSED)
    await sign_up(client, expected=403)
    change(registration=Registration.INVITE)
    await sign_up(client, expected=403)
    bob = await make_person(services, "bob")
    await sign_up(client, invite_code=await accounts.make_invite(services, bob))


async def test_a_pending_account_may_do_nothing_until_it_is_approved(
    client: Client, change: Change, nobody: App, services: Services
) -> None:
    change(registration=Registration.APPROVAL)
    token = await sign_up(client)
    waiting = {"error": "Your login is currently pending approval"}
    assert await nobody.call("GET", ME, expected=403, **bearer(token)) == waiting
    assert await nobody.call("POST", "/api/v1/statuses", expected=403, json={"status": "x"}, **bearer(token)) == waiting
    await nobody.call("GET", "/api/v1/timelines/public", **bearer(token))
    assert await scalar(services, "SELECT sign_up_reason FROM users WHERE username = 'ada'") == "I like it here"
    await accounts.approve(services, None, await get_any_person(services, Handle("ada")))
    assert (await nobody.call("GET", ME, **bearer(token)))["username"] == "ada"


async def test_those_who_look_after_the_place_hear_of_newcomers_once_they_are_in(
    client: Client, change: Change, services: Services, open_app: OpenApp
) -> None:
    boss = await open_app(await make_person(services, "boss", role="admin"))
    mod = await open_app(await make_person(services, "mod", role="moderator"))
    bob = await open_app("bob")
    await sign_up(client)
    change(registration=Registration.APPROVAL)
    await sign_up(client, username="carol", email="carol@mail.example")

    async def heard(app: App) -> list[tuple[str, str]]:
        return [(one["type"], one["account"]["username"]) for one in await app.get("/api/v1/notifications")]

    assert await heard(boss) == await heard(mod) == [("admin.sign_up", "ada")]
    await accounts.approve(services, boss.person, await get_any_person(services, Handle("carol")))
    assert await heard(boss) == await heard(mod) == [("admin.sign_up", "carol"), ("admin.sign_up", "ada")]
    assert await heard(bob) == []
