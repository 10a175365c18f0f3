"""The admin's pages of trends and hashtags."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from federation.actions import cards
from federation.actions.link_trends import get_trending_pages
from federation.actions.reactions import like_thought
from federation.actions.site import get_switches
from federation.actions.trends import get_trending_tags, get_trending_thoughts, refresh_trends
from tests.acting import execute, ids, say, scalar
from tests.client_api.linking import serve
from tests.remote.fediverse import running
from tests.services_fixture import Browser, make_person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person
    from storage.thoughts import Thought

    ClientFor = Callable[[Person], Awaitable[Browser]]


@pytest.fixture
async def loved(services: Services) -> Thought:
    """A thought that trends, with a hashtag that does."""
    crowd = [await make_person(services, name) for name in ("ben", "cleo", "dina")]
    await execute(services, "UPDATE users SET discoverable = true")
    said = [await say(services, person, f"{person.username} sees #fog") for person in crowd]
    for person in crowd:
        await like_thought(services, person, said[0].id)
    await refresh_trends(services)
    return said[0]


@pytest.fixture
async def admin(services: Services, client_for: ClientFor) -> Browser:
    """An admin's browser."""
    return await client_for(await make_person(services, "root", role="admin"))


async def names(services: Services) -> list[str]:
    return [one.display_name for one in await get_trending_tags(services, None, offset=0, limit=9)]


async def test_admins_look_first_when_they_want_to(services: Services, loved: Thought, admin: Browser) -> None:
    assert "waits for you" not in await admin.page("/admin")
    assert (await admin.post("/admin/trends/switches", {"trends": "1"})).status_code == 303
    assert await get_switches(services) == {"trends": True, "trendable_by_default": False}
    page = await admin.page("/admin/trends")
    assert "waits for you" in page
    assert 'Trends <b class="dot">2</b>' in page
    assert await names(services) == []
    tag_id = await scalar(services, "SELECT id FROM tags")
    await admin.post(f"/admin/trends/tags/{tag_id}/approve", {"next": "/admin/trends"})
    assert await names(services) == ["fog"]
    assert "ben sees" in await admin.page("/admin/trends/thoughts")
    await admin.post(f"/admin/trends/thoughts/{loved.id}/approve")
    assert ids(await get_trending_thoughts(services, None, offset=0, limit=9)) == [loved.id]
    assert 'Trends <b class="dot">' not in await admin.page("/admin/trends")


async def test_admins_keep_out_what_they_do_not_want(services: Services, loved: Thought, admin: Browser) -> None:
    tag_id = await scalar(services, "SELECT id FROM tags")
    await admin.post(f"/admin/trends/tags/{tag_id}/reject")
    await admin.post(f"/admin/trends/thoughts/{loved.id}/reject")
    assert await names(services) == []
    assert ids(await get_trending_thoughts(services, None, offset=0, limit=9)) == []
    for path in ("/admin/trends", "/admin/trends/thoughts"):
        assert "kept out" in await admin.page(path)


async def test_admins_decide_about_any_hashtag(services: Services, loved: Thought, admin: Browser) -> None:
    assert (await admin.get("/admin/trends?q=%23Fog")).headers["location"] == "/admin/tags/fog"
    assert (await admin.get("/admin/trends?q=never")).headers["location"] == "/admin/trends"
    form = {"display_name": "FoG", "usable": "1", "trendable": "1"}
    assert (await admin.post("/admin/tags/fog", form)).status_code == 303
    assert await names(services) == ["FoG"]
    assert "<h1>#FoG</h1>" in await admin.page("/tags/fog")
    assert await scalar(services, "SELECT usable AND NOT listable FROM tags")
    refused = await admin.post("/admin/tags/fog", {"display_name": "Frog"})
    assert refused.status_code == 422
    assert 'value="Frog"' in refused.text
    assert await names(services) == ["FoG"]
    assert (await admin.get("/admin/tags/never")).status_code == 404


async def test_only_admins_decide(services: Services, loved: Thought, client_for: ClientFor, stranger: Browser) -> None:
    mod = await client_for(await make_person(services, "mod", role="moderator"))
    tag_id = await scalar(services, "SELECT id FROM tags")
    paths = (
        "/admin/trends/switches", f"/admin/trends/tags/{tag_id}/reject",
        f"/admin/trends/thoughts/{loved.id}/reject", "/admin/tags/fog",
    )  # fmt: skip
    for path in paths:
        assert (await mod.post(path, {"display_name": "fog"})).status_code in (403, 404)
        assert (await stranger.post(path, {"display_name": "fog"})).status_code in (303, 403, 404)
    assert await names(services) == ["fog"]
    assert await get_switches(services) == {"trends": True, "trendable_by_default": True}


async def test_admins_decide_about_pages_and_their_publishers(
    services: Services, loved: Thought, admin: Browser
) -> None:
    async with running("127.0.0.4") as host:
        url = serve(host)
        for name in ("fay", "gil", "hal"):
            await say(services, await make_person(services, name), url)
        await cards.drain(services)
    await refresh_trends(services)
    await admin.post("/admin/trends/switches", {"trends": "1"})
    page = await admin.page("/admin/trends/links")
    assert "Fog &amp; sea" in page
    assert "waits for you" in page
    assert 'Trends <b class="dot">3</b>' in page

    async def are_shown() -> bool:
        return bool(await get_trending_pages(services, None, offset=0, limit=9))

    publisher = await scalar(services, "SELECT id FROM publishers")
    card = await scalar(services, "SELECT id FROM preview_cards")
    for path, shown in ((f"publishers/{publisher}/approve", True), (f"links/{card}/reject", False)):
        assert not shown or not await are_shown()
        assert (await admin.post(f"/admin/trends/{path}", {"next": "/admin/trends/links"})).status_code == 303
        assert await are_shown() is shown
    assert "kept out" in await admin.page("/admin/trends/links")
