"""Announcements on pages: on top of home until they are put away, and written by admins."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from federation.actions import announcing
from federation.actions.announcing import AnnouncementDraft
from tests.acting import scalar
from tests.services_fixture import Browser, make_person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

ClientFor = Callable[["Person"], Awaitable[Browser]]


@pytest.fixture
async def root(services: Services) -> Person:
    """An admin."""
    return await make_person(services, "root", role="admin")


@pytest.fixture
async def ada(services: Services) -> Person:
    """Somebody who lives here."""
    return await make_person(services, "ada")


async def test_it_stands_on_top_of_home_until_it_is_put_away(
    services: Services, root: Person, ada: Person, client_for: ClientFor
) -> None:
    browser = await client_for(ada)
    assert 'class="announcement"' not in await browser.page("/home")
    told = await announcing.write_announcement(services, root, AnnouncementDraft("Hear @ada <b>"), publish=True)
    home = await browser.page("/home")
    assert "Hear" in home
    assert "&lt;b&gt;" in home
    assert (await browser.post(f"/announcements/{told.id}/dismiss", {"next": "/home"})).headers["location"] == "/home"
    assert "Hear" not in await browser.page("/home")
    assert "Hear" in await browser.page("/announcements")
    assert "Hear" in await (await client_for(root)).page("/home")


async def test_people_react_by_a_form_and_take_it_back(
    services: Services, root: Person, ada: Person, client_for: ClientFor
) -> None:
    browser = await client_for(ada)
    told = await announcing.write_announcement(services, root, AnnouncementDraft("Hear"), publish=True)
    await browser.post(f"/announcements/{told.id}/react", {"emoji": "🎉"})
    assert 'aria-label="🎉, 1 reaction"' in await browser.page("/home")
    await browser.post(f"/announcements/{told.id}/unreact", {"emoji": "🎉"})
    assert "1 reaction" not in await browser.page("/home")
    await browser.post(f"/announcements/{told.id}/react", {"emoji": "nonsense"})
    assert "not an emoji" in await browser.page("/announcements")


async def test_an_admin_writes_schedules_changes_takes_down_and_deletes(
    services: Services, root: Person, ada: Person, client_for: ClientFor
) -> None:
    boss, reader = await client_for(root), await client_for(ada)
    form = {"source": "Cake on Friday", "starts_at": "2100-01-01T10:00", "ends_at": "2100-01-02T10:00", "all_day": "1"}
    later = {**form, "scheduled_at": "2099-12-31T08:30", "action": "keep"}
    assert (await boss.post("/admin/announcements", later)).status_code == 303
    page = await boss.page("/admin/announcements")
    assert "It is published when its time comes." in page
    assert "31 Dec" in page
    told = await scalar(services, "SELECT id::text FROM announcements")
    one = f"/admin/announcements/{told}"
    shown = await boss.page(one)
    for value in ("2100-01-01T00:00", "2100-01-02T00:00", "2099-12-31T08:30"):
        assert f'value="{value}"' in shown
    assert (await boss.post(f"{one}/publish")).status_code == 303
    home = await reader.page("/home")
    assert "Cake on Friday" in home
    assert "1 Jan 2100 to 2 Jan 2100" in home
    await boss.post(f"{one}/publish")
    assert "It is published already." in await boss.page("/admin/announcements")
    await boss.post(one, {"source": "Tea on Friday"})
    assert "Tea on Friday" in await reader.page("/home")
    await boss.post(f"{one}/unpublish")
    assert "Tea" not in await reader.page("/home")
    await boss.post(f"{one}/delete")
    assert await scalar(services, "SELECT count(*) FROM announcements") == 0


async def test_what_is_wrong_is_said_and_what_was_typed_stays(root: Person, client_for: ClientFor) -> None:
    boss = await client_for(root)
    for form, words in (
        ({"source": ""}, "Write something first."),
        ({"source": "Kept", "starts_at": "soon"}, "This is not a day and time."),
        ({"source": "Kept", "starts_at": "2100-01-01T10:00"}, "Say when it ends, too."),
    ):
        answer = await boss.post("/admin/announcements", {**form, "action": "publish"})
        assert answer.status_code == 422
        assert words in answer.text
        assert form["source"] in answer.text


async def test_nobody_else_reaches_the_pages(
    services: Services, root: Person, ada: Person, client_for: ClientFor, stranger: Browser
) -> None:
    told = await announcing.write_announcement(services, root, AnnouncementDraft("Hear"), publish=True)
    paths = ("", f"/{told.id}", f"/{told.id}/unpublish", f"/{told.id}/delete")
    for visitor in (await client_for(ada), await client_for(await make_person(services, "mod", role="moderator"))):
        for path in paths:
            assert (await visitor.post(f"/admin/announcements{path}", {"source": "Mine"})).status_code in (403, 404)
    assert (await stranger.get("/announcements")).status_code == 303
    for verb in ("dismiss", "react", "unreact"):
        assert (await stranger.post(f"/announcements/{told.id}/{verb}", {"emoji": "🎉"})).status_code == 303
    assert await scalar(services, "SELECT source FROM announcements WHERE published") == "Hear"
    assert await scalar(services, "SELECT count(*) FROM announcement_reactions") == 0
