"""Trends through the client API, and what moderators decide about them and about hashtags."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from federation.actions import site
from federation.actions.trends import refresh_trends
from tests.acting import execute, scalar
from tests.client_api.conftest import ADMIN_SCOPES
from tests.client_api.contract import problems

if TYPE_CHECKING:
    from federation.services import Services
    from tests.client_api.conftest import App, OpenApp

ADMIN = "/api/v1/admin"


@pytest.fixture
async def loved(services: Services, open_app: OpenApp) -> list[str]:
    """Two thoughts that trend, the stronger first, of people who all used #fog, and two of them #sea too."""
    apps = [await open_app(name) for name in ("ada", "ben", "cleo", "dina")]
    await execute(services, "UPDATE users SET discoverable = true")
    said = [await app.publish("#fog and #sea" if number else "#fog") for number, app in enumerate(apps)]
    for number, app in enumerate(apps):
        await app.post(f"/api/v1/statuses/{said[0]['id']}/favourite")
        if number:
            await app.post(f"/api/v1/statuses/{said[1]['id']}/favourite")
    await refresh_trends(services)
    return [said[0]["id"], said[1]["id"]]


async def names(app: App, path: str = "/api/v1/trends/tags", **query: Any) -> list[str]:
    return [tag["name"] for tag in await app.get(path, **query)]


async def ids(app: App, path: str = "/api/v1/trends/statuses", **query: Any) -> list[str]:
    return [status["id"] for status in await app.get(path, **query)]


async def test_trends_are_there_for_all_with_their_week(loved: list[str], nobody: App, ann: App) -> None:
    for app in (nobody, ann):
        assert await names(app) == await names(app, "/api/v1/trends") == ["fog", "sea"]
        assert await ids(app) == loved
    [fog, sea] = await nobody.get("/api/v1/trends/tags")
    assert [fog["history"][0]["accounts"], sea["history"][0]["uses"], len(fog["history"])] == ["4", "3", 7]
    await ann.post("/api/v1/tags/sea/follow")
    assert [tag["following"] for tag in await ann.get("/api/v1/trends/tags")] == [False, True]


async def test_trends_are_paged_by_place(loved: list[str], nobody: App) -> None:
    for path in ("/api/v1/trends/tags", "/api/v1/trends/statuses"):
        whole = await nobody.get(path)
        first = await nobody.client.get(path, params={"limit": 1, "lang": "en"})
        assert first.json() == whole[:1]
        links = {rel: url for url, rel in re.findall(r'<([^>]*)>; rel="(\w+)"', first.headers["Link"])}
        assert links == {"next": f"http://localhost:8000{path}?limit=1&lang=en&offset=1"}
        second = await nobody.client.get(links["next"])
        assert second.json() == whole[1:]
        assert 'offset=0>; rel="prev"' in second.headers["Link"]
        last = await nobody.client.get(path, params={"offset": 2})
        assert last.json() == []
        assert "next" not in last.headers["Link"]
        await nobody.get(path, expected=422, offset="many")
        assert await nobody.get(path, offset=-1, limit=0) == whole


async def test_what_is_in_the_wanted_language_comes_first(
    services: Services, loved: list[str], nobody: App, ann: App
) -> None:
    await execute(services, "UPDATE thoughts SET language = 'en' WHERE id = $1", loved[0])
    await execute(services, "UPDATE thoughts SET language = 'de-AT' WHERE id = $1", loved[1])
    assert await ids(nobody) == await ids(nobody, lang="en") == loved
    assert await ids(nobody, lang="de") == loved[::-1]
    german = await nobody.client.get("/api/v1/trends/statuses", headers={"accept-language": "fr, de-CH;q=0.5"})
    assert [one["id"] for one in german.json()] == loved[::-1]
    await ann.call("PATCH", "/api/v1/accounts/update_credentials", json={"source": {"language": "de"}})
    assert await ids(ann) == loved[::-1]


async def test_switched_off_trends_are_empty_lists(
    services: Services, loved: list[str], boss: App, nobody: App
) -> None:
    assert boss.person is not None
    await site.turn_switch(services, boss.person, "trends", is_on=False)
    for path in ("/api/v1/trends", "/api/v1/trends/tags", "/api/v1/trends/statuses"):
        assert await nobody.get(path) == []
    assert await names(boss, f"{ADMIN}/trends/tags") == ["fog", "sea"]


async def test_where_trends_are_reviewed_only_approved_ones_show(
    services: Services, loved: list[str], boss: App, mod: App, nobody: App
) -> None:
    assert boss.person is not None
    await site.turn_switch(services, boss.person, "trendable_by_default", is_on=False)
    assert await names(nobody) == await ids(nobody) == []
    tags = await mod.get(f"{ADMIN}/trends/tags")
    assert [(tag["name"], tag["requires_review"], tag["trendable"]) for tag in tags] == [
        ("fog", True, False), ("sea", True, False),
    ]  # fmt: skip
    approved = await mod.post(f"{ADMIN}/trends/tags/{tags[1]['id']}/approve")
    assert problems("AdminTag", approved) == problems("Tag", approved) == []
    assert (approved["trendable"], approved["requires_review"]) == (True, False)
    assert await names(nobody) == ["sea"]
    statuses = await mod.get(f"{ADMIN}/trends/statuses")
    assert [(one["id"], one["requires_review"]) for one in statuses] == [(one, True) for one in loved]
    decided = await mod.post(f"{ADMIN}/trends/statuses/{loved[1]}/approve")
    assert problems("Status", decided) == []
    assert decided["requires_review"] is False
    assert await ids(nobody) == [loved[1]]


async def test_rejected_trends_do_not_show_also_after_the_next_scores(
    services: Services, loved: list[str], mod: App, nobody: App
) -> None:
    await mod.post(f"{ADMIN}/trends/tags/fog/reject")
    await mod.post(f"{ADMIN}/trends/statuses/{loved[0]}/reject")
    for _ in range(2):
        assert await names(nobody) == ["sea"]
        assert await ids(nobody) == loved[1:]
        assert (await names(mod, f"{ADMIN}/trends/tags"), await ids(mod, f"{ADMIN}/trends/statuses")) == (
            ["fog", "sea"], loved,
        )  # fmt: skip
        await refresh_trends(services)
    await mod.post(f"{ADMIN}/trends/statuses/{loved[0]}/approve")
    assert await ids(nobody) == loved
    assert await scalar(services, "SELECT count(*) FROM audit_log") == 3


async def test_a_tag_that_cannot_be_used_is_refused_and_trends_no_more(
    services: Services, loved: list[str], mod: App, ann: App, nobody: App
) -> None:
    old = await ann.publish("nothing yet")
    changed = await mod.call("PUT", f"{ADMIN}/tags/fog", json={"usable": False})
    assert (changed["usable"], changed["listable"], changed["requires_review"]) == (False, True, False)
    await ann.post("/api/v1/statuses", expected=422, status="once more #Fog")
    await ann.call("PUT", f"/api/v1/statuses/{old['id']}", expected=422, json={"status": "now #fog"})
    assert await scalar(services, "SELECT count(*) FROM thoughts WHERE user_id = $1", old["account"]["id"]) == 1
    assert await names(nobody) == ["sea"]
    await refresh_trends(services)
    assert await names(mod, f"{ADMIN}/trends/tags") == ["sea"]
    await mod.call("PUT", f"{ADMIN}/tags/fog", json={"usable": True})
    await ann.publish("at last #fog")


async def test_a_tag_that_is_not_listed_is_not_found_by_searching(loved: list[str], mod: App, ann: App) -> None:
    async def found() -> list[str]:
        return [tag["name"] for tag in (await ann.get("/api/v2/search", q="fo", type="hashtags"))["hashtags"]]

    assert await found() == ["fog"]
    await mod.call("PUT", f"{ADMIN}/tags/fog", json={"listable": False})
    assert await found() == []
    assert await names(ann) == ["fog", "sea"]


async def test_a_tag_is_shown_in_the_letters_that_moderators_chose(loved: list[str], mod: App, nobody: App) -> None:
    changed = await mod.call("PUT", f"{ADMIN}/tags/fog", data={"display_name": "FoG"})
    assert changed["name"] == "FoG"
    assert await names(nobody) == ["FoG", "sea"]
    assert (await nobody.get("/api/v1/tags/fog"))["name"] == "FoG"
    await mod.call("PUT", f"{ADMIN}/tags/fog", expected=422, json={"display_name": "Frog"})
    assert (await nobody.get("/api/v1/tags/fog"))["name"] == "FoG"


async def test_tags_are_listed_shown_and_decided_for_moderators_alone(
    loved: list[str], boss: App, mod: App, ann: App, nobody: App, open_app: OpenApp
) -> None:
    curious, tame = await open_app(ann.person, scopes=ADMIN_SCOPES), await open_app(boss.person, scopes="read write")
    reader = await open_app(boss.person, scopes="admin:read")
    [sea, fog] = await mod.get(f"{ADMIN}/tags")
    assert {fog["name"], sea["name"]} == {"fog", "sea"}
    for one in (fog, sea):
        assert problems("AdminTag", one) == problems("Tag", one) == []
        assert await mod.get(f"{ADMIN}/tags/{one['id']}") == one
    assert await mod.get(f"{ADMIN}/tags", max_id=sea["id"]) == [fog]
    reads = ("tags", f"tags/{fog['id']}", "trends/tags", "trends/statuses")
    writes = [
        ("PUT", f"tags/{fog['id']}"),
        *(
            ("POST", f"trends/{what}/{verb}")
            for what in (f"tags/{fog['id']}", f"statuses/{loved[0]}")
            for verb in ("approve", "reject")
        ),
    ]
    for path in reads:
        await boss.get(f"{ADMIN}/{path}")
        for app, status in ((curious, 403), (tame, 403), (nobody, 401)):
            await app.get(f"{ADMIN}/{path}", expected=status)
    for method, path in writes:
        for app, status in ((curious, 403), (tame, 403), (reader, 403), (nobody, 401)):
            await app.call(method, f"{ADMIN}/{path}", expected=status, json={"usable": False})
    assert await names(nobody) == ["fog", "sea"]


async def test_what_is_no_trend_cannot_be_decided(loved: list[str], mod: App, ann: App) -> None:
    private = await ann.publish("psst", visibility="private")
    for path in (f"tags/{uuid4()}", "tags/never", "tags/two%20words", f"statuses/{uuid4()}", "statuses/1"):
        await mod.post(f"{ADMIN}/trends/{path}/approve", expected=404)
    await mod.post(f"{ADMIN}/trends/statuses/{private['id']}/approve", expected=404)
    for path in (f"tags/{uuid4()}", "tags/never"):
        await mod.get(f"{ADMIN}/{path}", expected=404)
        await mod.call("PUT", f"{ADMIN}/{path}", expected=404, json={"usable": False})
    await mod.call("PUT", f"{ADMIN}/tags/fog", expected=422, json={"usable": "perhaps"})
