"""What the server says of itself: what admins write, what is counted, and thoughts shown on other pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from federation.actions import hosts, site
from federation.actions.gates import DomainRefusal, set_domain
from tests.acting import execute, say
from tests.client_api.contract import OPERATIONS, problems
from tests.services_fixture import ORIGIN, Browser, make_person, make_remote_person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person
    from tests.client_api.conftest import App

ClientFor = Callable[["Person"], Awaitable[Browser]]
TERMS = "/api/v1/instance/terms_of_service"


@pytest.fixture
async def root(services: Services) -> Person:
    """An admin."""
    return await make_person(services, "root", role="admin")


async def test_admins_write_what_everybody_reads(
    services: Services, root: Person, client_for: ClientFor, stranger: Browser, nobody: App
) -> None:
    browser = await client_for(root)
    texts = {"description": "A harbour.", "about": "It began\n\nwith a <b>boat</b>.", "privacy": "We keep little."}
    for kind, content in texts.items():
        assert (await browser.post(f"/admin/site/{kind}", {"content": content})).status_code == 303
    assert (await browser.post("/admin/site/rules", {"text": "Be kind.", "hint": "Always."})).status_code == 303
    assert "A harbour." in await browser.page("/admin/site")
    (rule,) = await nobody.get("/api/v1/instance/rules")
    assert (rule["text"], rule["hint"]) == ("Be kind.", "Always.")
    shown = await nobody.get("/api/v2/instance")
    assert shown["description"] == "A harbour."
    assert shown["rules"] == [rule]
    content = (await nobody.get("/api/v1/instance/extended_description"))["content"]
    assert content == "<p>It began</p><p>with a &lt;b&gt;boat&lt;/b&gt;.</p>"
    assert (await nobody.get("/api/v1/instance/privacy_policy"))["content"] == "<p>We keep little.</p>"
    for path, words in (("/about", "A harbour."), ("/about", "Be kind."), ("/signup", "Be kind."),
                        ("/privacy", "We keep little.")):  # fmt: skip
        assert words in await stranger.page(path)
    assert (await browser.post(f"/admin/site/rules/{rule['id']}/delete")).status_code == 303
    assert await nobody.get("/api/v1/instance/rules") == []
    async with services.database.connection() as db:
        assert await db.fetchval("SELECT count(*) FROM audit_log WHERE actor_id = $1", root.id) == 5


async def test_only_admins_write(services: Services, client_for: ClientFor, nobody: App) -> None:
    browser = await client_for(await make_person(services, "ada"))
    assert (await browser.post("/admin/site/description", {"content": "Mine"})).status_code == 403
    assert (await browser.post("/admin/site/rules", {"text": "Mine"})).status_code == 403
    assert "Mine" not in str(await nobody.get("/api/v2/instance"))


async def test_what_is_too_long_comes_back(services: Services, root: Person, client_for: ClientFor) -> None:
    browser = await client_for(root)
    for path, form in (
        ("description", {"content": "x" * 501}), ("terms", {"content": "x"}), ("rules", {"text": ""}),
        ("terms", {"content": "x", "effective_on": "soon"}), ("rules", {"text": "x", "hint": "x" * 1001}),
    ):  # fmt: skip
        assert (await browser.post(f"/admin/site/{path}", form)).status_code == 422


async def test_there_is_always_something_about_privacy(nobody: App, stranger: Browser) -> None:
    assert "e-mail address" in (await nobody.get("/api/v1/instance/privacy_policy"))["content"]
    assert "e-mail address" in await stranger.page("/privacy")
    assert await nobody.get("/api/v1/instance/extended_description") == {"updated_at": None, "content": ""}


async def test_terms_have_versions(services: Services, root: Person, nobody: App, stranger: Browser) -> None:
    await nobody.get(TERMS, expected=404)
    assert (await stranger.get("/terms")).status_code == 404
    for year in (2024, 2025, 2090):
        await site.save_text(services, root, "terms", f"Terms of {year}.", effective_on=date(year, 1, 1))
    now = await nobody.get(TERMS)
    assert (now["effective_date"], now["effective"], now["succeeded_by"]) == ("2025-01-01", True, "2090-01-01")
    to_come = await nobody.get(f"{TERMS}/2090-01-01")
    assert (to_come["effective"], to_come["succeeded_by"]) == (False, None)
    for day in ("2024-02-02", "soon"):
        await nobody.get(f"{TERMS}/{day}", expected=404)
    assert "Terms of 2025." in await stranger.page("/terms")


async def test_known_servers_are_told_but_no_refused_ones(services: Services, nobody: App, ann: App) -> None:
    for host in ("one.example", "two.example", "bad.example"):
        for name in ("x", "y"):
            await make_remote_person(services, name, host)
    await hosts.block_domain(services, "bad.example", "Spam", by=None)
    assert await nobody.get("/api/v1/instance/peers") == ["one.example", "two.example"]
    await nobody.get("/api/v1/instance/domain_blocks", expected=401)
    (block,) = await ann.get("/api/v1/instance/domain_blocks")
    # The reason is for the admins.
    assert (block["domain"], block["severity"], block["comment"], len(block["digest"])) == (
        "bad.example", "suspend", None, 64,
    )  # fmt: skip


async def test_people_read_of_refused_servers_what_the_admins_want_them_to(services: Services, ann: App) -> None:
    boss = await make_person(services, "boss", role="admin")
    for domain, refusal in (
        ("noted.example", DomainRefusal("noop")),
        ("loud.example", DomainRefusal("silence", private_comment="a feud", public_comment="Loud")),
        ("dark.example", DomainRefusal("suspend", obfuscate=True)),
    ):
        await set_domain(services, boss, domain, refusal, new=True)
    told = await ann.get("/api/v1/instance/domain_blocks")
    assert [(one["domain"], one["severity"], one["comment"]) for one in told] == [
        ("dark.****ple", "suspend", None), ("loud.example", "silence", "Loud"),
    ]  # fmt: skip
    assert told[0]["digest"] == sha256(b"dark.example").hexdigest()


async def test_weeks_count_what_really_happened(services: Services, ann: App, bob: App, nobody: App) -> None:
    await ann.publish("Hi")
    await bob.get("/api/v1/preferences")
    await make_remote_person(services, "eve")
    assert bob.person is not None
    await execute(services, "UPDATE users SET created_at = now() - interval '9 days' WHERE id = $1", bob.person.id)
    weeks = await nobody.get("/api/v1/instance/activity")
    assert len(weeks) == 12
    assert {name: weeks[0][name] for name in ("statuses", "logins", "registrations")} == {
        "statuses": "1", "logins": "2", "registrations": "1",
    }  # fmt: skip
    assert sum(int(week["registrations"]) for week in weeks) == 2
    assert int(weeks[0]["week"]) - int(weeks[1]["week"]) == 7 * 86400


async def test_languages_and_health_are_told(nobody: App) -> None:
    assert {"code": "en", "name": "English"} in await nobody.get("/api/v1/instance/languages")
    health = await nobody.client.get("/health")
    assert (health.status_code, health.text) == (200, "OK")


async def test_a_public_thought_can_be_shown_on_other_pages(services: Services, nobody: App, ann: App) -> None:
    assert ann.person is not None
    thought = await say(services, ann.person, "Look <b>here</b>")
    shown = await nobody.get("/api/oembed", url=f"{ORIGIN}/@ann/{thought.id}")
    assert problems(OPERATIONS["GET", "/api/oembed"]["answer"], shown) == []
    assert "Look &lt;b&gt;here&lt;/b&gt;" in shown["html"]
    assert "<script" not in shown["html"]
    private = await say(services, ann.person, "secret", visibility="followers")
    remote = f"https://remote.example/@ann/{thought.id}"
    for url in (f"{ORIGIN}/@ann/{private.id}", remote, f"{ORIGIN}/@ann", "", f"{ORIGIN}/@ann/{ann.id}"):
        await nobody.get("/api/oembed", url=url, expected=404)
