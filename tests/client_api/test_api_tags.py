"""Tags and blocked servers through the client API."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.client_api.conftest import App


async def test_tag_tells_its_last_week_and_whether_it_is_followed(ann: App, bob: App, nobody: App) -> None:
    await bob.publish("#fog")
    await bob.publish("#fog again")
    shown = await ann.post("/api/v1/tags/Fog/follow")
    assert (shown["name"], shown["following"], len(shown["history"])) == ("fog", True, 7)
    assert (shown["history"][0]["uses"], shown["history"][0]["accounts"]) == ("2", "1")
    assert [one["name"] for one in await ann.get("/api/v1/followed_tags")] == ["fog"]
    assert "following" not in await nobody.get("/api/v1/tags/fog")
    assert not (await ann.post("/api/v1/tags/fog/unfollow"))["following"]
    found = await ann.get("/api/v2/search", q="fog", type="hashtags")
    assert found["hashtags"][0]["history"][0]["uses"] == "2"
    for bad in ("1", "two%20words", "x" * 300):
        for verb in ("follow", "feature"):
            await ann.post(f"/api/v1/tags/{bad}/{verb}", expected=404)


async def test_tag_timelines_mix_tags(ann: App, nobody: App) -> None:
    written = {text: (await ann.publish(text))["id"] for text in ("#fog", "#sea", "#fog #sea", "#Fog #sea #gale")}
    names = {thought_id: text for text, thought_id in written.items()}

    async def found(**wanted: list[str]) -> list[str]:
        shown = await nobody.get("/api/v1/timelines/tag/fog", **{f"{mode}[]": tags for mode, tags in wanted.items()})
        return [names[one["id"]] for one in shown]

    assert await found() == ["#Fog #sea #gale", "#fog #sea", "#fog"]
    assert await found(any=["SEA", "gale"]) == ["#Fog #sea #gale", "#fog #sea", "#sea", "#fog"]
    assert await found(all=["#sea"]) == ["#Fog #sea #gale", "#fog #sea"]
    assert await found(all=["sea", "gale"]) == ["#Fog #sea #gale"]
    assert await found(all=["sea"], none=["gale"]) == ["#fog #sea"]
    assert await found(all=["unused"]) == await found(all=["no tag"]) == []
    assert await found(none=["no tag"]) == await found()
    either = {"any[]": "sea"}
    path = "/api/v1/timelines/tag/fog"
    pages = [await nobody.get(path, limit=1, max_id=top, **either) for top in names]
    assert [[names[one["id"]] for one in page] for page in pages] == [[], ["#fog"], ["#sea"], ["#fog #sea"]]
    upwards = await nobody.get(path, limit=2, min_id=written["#fog"], **either)
    assert [names[one["id"]] for one in upwards] == ["#fog #sea", "#sea"]


async def test_featured_tags_are_on_the_profile_for_all(ann: App, nobody: App) -> None:
    await ann.publish("#fog")
    made = await ann.post("/api/v1/featured_tags", name="#Fog")
    assert (made["name"], made["statuses_count"]) == ("fog", "1")
    assert made["url"].endswith("/@ann/tagged/fog")
    assert await nobody.get(f"/api/v1/accounts/{ann.id}/featured_tags") == [made]
    assert (await ann.get("/api/v1/tags/fog"))["featuring"]
    await ann.post("/api/v1/featured_tags", expected=422, name="no tag")
    await ann.call("DELETE", f"/api/v1/featured_tags/{made['id']}")
    assert await ann.get("/api/v1/featured_tags") == []


async def test_featured_tags_belong_to_their_owner(ann: App, bob: App) -> None:
    made = await bob.post("/api/v1/featured_tags", name="fog")
    await ann.call("DELETE", f"/api/v1/featured_tags/{made['id']}", expected=404)
    assert len(await bob.get("/api/v1/featured_tags")) == 1


async def test_servers_are_blocked_and_unblocked(ann: App) -> None:
    await ann.call("POST", "/api/v1/domain_blocks", data={"domain": "Remote.example"})
    assert await ann.get("/api/v1/domain_blocks") == ["remote.example"]
    for bad in ("", "not a host", "localhost:8000"):
        await ann.post("/api/v1/domain_blocks", expected=422, domain=bad)
    await ann.call("DELETE", "/api/v1/domain_blocks", params={"domain": "remote.example"})
    assert await ann.get("/api/v1/domain_blocks") == []
