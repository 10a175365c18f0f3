"""Pages that trend through the client API, and what moderators decide about them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from federation.actions import cards, site
from federation.actions.trends import refresh_trends
from tests.acting import execute
from tests.client_api.contract import problems
from tests.client_api.linking import FULL, serve
from tests.remote.fediverse import running
from tests.services_fixture import make_person

if TYPE_CHECKING:
    from federation.services import Services
    from tests.client_api.conftest import App, OpenApp

ADMIN = "/api/v1/admin/trends/links"


@pytest.fixture
async def boss(services: Services, open_app: OpenApp) -> App:
    """An admin's app."""
    person = await make_person(services, "boss", role="admin")
    return await open_app(person, scopes="admin:read admin:write read write")


@pytest.fixture
async def pages(services: Services, open_app: OpenApp) -> AsyncIterator[list[str]]:
    """Two pages that trend, the stronger first."""
    async with running("127.0.0.4") as host:
        urls = [serve(host), f"{host.origin}/sea"]
        host.put("/sea", FULL.replace("Fog", "Sea"), "text/html")
        for number, name in enumerate(("ada", "ben", "cleo", "dina")):
            app = await open_app(name)
            for url in urls if number else urls[:1]:
                await app.publish(url)
        await execute(services, "UPDATE users SET discoverable = true")
        await cards.drain(services)
        await refresh_trends(services)
        yield urls


async def shown(app: App, path: str = "/api/v1/trends/links", **query: Any) -> list[str]:
    return [page["url"] for page in await app.get(path, **query)]


async def test_pages_that_trend_are_there_for_all_with_their_week(pages: list[str], nobody: App, ann: App) -> None:
    for app in (nobody, ann):
        assert await shown(app) == pages
    found = await nobody.get("/api/v1/trends/links")
    assert problems("[TrendsLink]", found) == []
    assert [len(one["history"]) for one in found] == [7, 7]
    assert [(one["history"][0]["uses"], one["history"][0]["accounts"]) for one in found] == [("4", "4"), ("3", "3")]
    assert await shown(nobody, limit=1) == pages[:1]
    assert await shown(nobody, offset=1) == pages[1:]
    statuses = await nobody.get("/api/v1/timelines/link", url=pages[1])
    assert [status["account"]["username"] for status in statuses] == ["dina", "cleo", "ben"]
    assert all(status["card"]["url"] == pages[1] for status in statuses)
    answer = await nobody.client.get("/api/v1/timelines/link", params={"url": pages[1], "limit": 1})
    assert f"max_id={statuses[0]['id']}" in answer.headers["Link"]
    for url in ("https://elsewhere.example/", "nonsense", ""):
        await nobody.get("/api/v1/timelines/link", expected=404, url=url)


async def test_switched_off_trends_show_no_pages(services: Services, pages: list[str], boss: App, nobody: App) -> None:
    assert boss.person is not None
    await site.turn_switch(services, boss.person, "trends", is_on=False)
    assert await shown(nobody) == []
    await nobody.get("/api/v1/timelines/link", expected=404, url=pages[0])
    assert await shown(boss, ADMIN) == pages


async def test_moderators_decide_about_pages_and_publishers(
    services: Services, pages: list[str], boss: App, nobody: App
) -> None:
    assert boss.person is not None
    await site.turn_switch(services, boss.person, "trendable_by_default", is_on=False)
    assert await shown(nobody) == []
    fog, sea = await boss.get(ADMIN)
    assert problems("[TrendsLink]", [fog, sea]) == []
    assert (fog["requires_review"], sea["requires_review"]) == (True, True)
    approved = await boss.post(f"{ADMIN}/{sea['id']}/approve")
    assert (approved["id"], approved["requires_review"]) == (sea["id"], False)
    assert await shown(nobody) == pages[1:]
    (publisher,) = await boss.get(f"{ADMIN}/publishers")
    assert (publisher["domain"], publisher["requires_review"]) == (fog["url"].split("/")[2], True)
    decided = await boss.post(f"{ADMIN}/publishers/{publisher['id']}/approve")
    assert (decided["trendable"], decided["requires_review"]) == (True, False)
    assert decided["reviewed_at"] is not None
    assert await shown(nobody) == pages
    await boss.post(f"{ADMIN}/publishers/{publisher['id']}/reject")
    await boss.post(f"{ADMIN}/{sea['id']}/reject")
    await refresh_trends(services)
    assert await shown(nobody) == []


async def test_only_moderators_decide(pages: list[str], boss: App, nobody: App, open_app: OpenApp) -> None:
    (publisher,) = await boss.get(f"{ADMIN}/publishers")
    card = (await boss.get(ADMIN))[0]["id"]
    paths = [f"{ADMIN}/{card}/reject", f"{ADMIN}/publishers/{publisher['id']}/reject"]
    person = await open_app("eve", scopes="admin:read admin:write read write")
    narrow = await open_app(boss.person, scopes="read write")
    for app, expected in ((person, 403), (narrow, 403), (nobody, 401)):
        for path in paths:
            await app.post(path, expected=expected)
        for path in (ADMIN, f"{ADMIN}/publishers"):
            await app.get(path, expected=expected)
    assert await shown(nobody) == pages
    for path in (ADMIN, f"{ADMIN}/publishers"):
        for bad in (str(uuid4()), "1", "x" * 300):
            await boss.post(f"{path}/{bad}/approve", expected=404)
