"""Collections as apps know them: who may what, pages, and what the viewer sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from federation.actions import follows
from tests.client_api.contract import problems
from tests.services_fixture import make_remote_person

if TYPE_CHECKING:
    from federation.services import Services
    from tests.client_api.conftest import App, OpenApp

COLLECTIONS = "/api/v1/collections"


@pytest.fixture(autouse=True)
async def findable(ann: App, bob: App) -> None:
    for app in (ann, bob):
        await app.call("PATCH", "/api/v1/profile", json={"discoverable": True})


async def _make(app: App, *featured: App, **facts: Any) -> dict[str, Any]:
    body = {"name": "Good company", "discoverable": True, "account_ids": [one.id for one in featured], **facts}
    made: dict[str, Any] = (await app.post(COLLECTIONS, **body))["collection"]
    return made


async def test_a_collection_is_made_changed_and_deleted(ann: App, bob: App, nobody: App) -> None:
    made = await _make(ann, bob, description="<Worth> reading", tag_name="#Boats", language="en", sensitive=True)
    assert (made["local"], made["sensitive"], made["item_count"]) == (True, True, 1)
    assert made["tag"] == {"name": "boats", "url": "http://localhost:8000/tags/boats"}
    assert made["url"] == f"http://localhost:8000/@ann/collections/{made['id']}"
    path = f"{COLLECTIONS}/{made['id']}"
    changed = (await ann.call("PATCH", path, json={"name": "Better", "tag_name": ""}))["collection"]
    assert (changed["name"], changed["description"], changed["tag"]) == ("Better", "<Worth> reading", None)
    shown = await nobody.get(path)
    assert [one["acct"] for one in shown["accounts"]] == ["ann", "bob"]
    assert shown["collection"]["items"][0]["account_id"] == bob.id
    assert await ann.call("DELETE", path) == {}
    await nobody.get(path, expected=404)


async def test_strangers_to_a_collection_get_403(ann: App, bob: App, open_app: OpenApp) -> None:
    made, carol = await _make(ann, bob), await open_app("carol")
    path, item = f"{COLLECTIONS}/{made['id']}", made["items"][0]["id"]
    for method, place in (
        ("PATCH", path), ("DELETE", path), ("POST", f"{path}/items"), ("DELETE", f"{path}/items/{item}"),
        ("POST", f"{path}/items/{item}/revoke"),
    ):  # fmt: skip
        answer = await carol.call(method, place, expected=403, json={"account_id": bob.id, "name": "Mine"})
        assert answer == {"error": "This action is not allowed"}
    assert (await ann.get(path))["collection"]["item_count"] == 1


async def test_who_cannot_be_added_is_refused(ann: App, bob: App, open_app: OpenApp) -> None:
    made, shy = await _make(ann, bob), await open_app("shy")
    items = f"{COLLECTIONS}/{made['id']}/items"
    assert (await ann.post(items, expected=422))["error"] == "`account_id` parameter is missing"
    await ann.post(items, expected=422, account_id="nobody")
    await ann.post(items, expected=404, account_id=made["id"])
    await ann.post(items, expected=403, account_id=shy.id)
    await ann.post(items, expected=422, account_id=bob.id)
    await bob.post(f"/api/v1/accounts/{ann.id}/block")
    await ann.get(f"{COLLECTIONS}/{made['id']}")
    await ann.post(items, expected=403, account_id=bob.id)
    assert (await ann.get(f"{COLLECTIONS}/{made['id']}"))["collection"]["items"] == []


async def test_bad_forms_make_nothing(ann: App, bob: App) -> None:
    for body in (
        {}, {"name": ""}, {"name": "x" * 41}, {"name": "x", "description": "x" * 101}, {"name": "x", "tag_name": "a b"},
        {"name": "x", "account_ids": ["1"]}, {"name": "x", "language": "!"}, {"name": {"a": 1}},
        {"name": "x", "discoverable": "perhaps"}, {"name": "x", "account_ids": [bob.id] * 200},
    ):  # fmt: skip
        await ann.post(COLLECTIONS, expected=422, **body)
    assert await ann.get(f"/api/v1/accounts/{ann.id}/collections") == {"collections": []}


async def test_people_waiting_to_be_asked_show_to_the_owner_only(services: Services, ann: App, nobody: App) -> None:
    eve = await make_remote_person(services, "eve", feature_policy=2)
    made = await _make(ann)
    path = f"{COLLECTIONS}/{made['id']}"
    item = (await ann.post(f"{path}/items", account_id=str(eve.id)))["collection_item"]
    assert (item["state"], item["account_id"]) == ("pending", str(eve.id))
    assert (await ann.get(path))["collection"]["items"] == [item]
    shown = await nobody.get(path)
    assert (shown["collection"]["items"], [one["acct"] for one in shown["accounts"]]) == ([], ["ann"])


async def test_blocked_people_are_left_out_for_the_viewer(ann: App, bob: App, open_app: OpenApp) -> None:
    made, carol = await _make(ann, bob), await open_app("carol")
    await carol.post(f"/api/v1/accounts/{bob.id}/block")
    shown = await carol.get(f"{COLLECTIONS}/{made['id']}")
    assert (shown["collection"]["item_count"], len(shown["accounts"])) == (0, 1)


async def test_pages_count_by_their_offset(ann: App, bob: App) -> None:
    made = [(await _make(ann, bob, name=f"Number {number}"))["id"] for number in range(3)]
    for path in (f"/api/v1/accounts/{ann.id}/collections", f"/api/v1/accounts/{bob.id}/in_collections"):
        first = await bob.client.get(path, params={"limit": 2})
        assert [one["id"] for one in first.json()["collections"]] == made[:0:-1]
        assert first.headers["Link"] == f'<http://localhost:8000{path}?limit=2&offset=2>; rel="next"'
        second = await bob.client.get(path, params={"limit": 2, "offset": 2})
        assert [one["id"] for one in second.json()["collections"]] == made[:1]
        assert second.headers["Link"] == f'<http://localhost:8000{path}?limit=2&offset=0>; rel="prev"'


async def test_notifications_carry_the_collection(ann: App, bob: App) -> None:
    made = await _make(ann, bob)
    (notice,) = await bob.get("/api/v1/notifications")
    assert (notice["type"], notice["collection"]["id"], notice["account"]["id"]) == (
        "added_to_collection", made["id"], ann.id,
    )  # fmt: skip
    grouped = (await bob.get("/api/v2/notifications"))["notification_groups"]
    assert grouped[0]["collection"]["name"] == "Good company"
    await ann.call("PATCH", f"{COLLECTIONS}/{made['id']}", json={"sensitive": True})
    assert [one["type"] for one in await bob.get("/api/v1/notifications")] == [
        "collection_update", "added_to_collection",
    ]  # fmt: skip


async def test_apps_that_say_what_they_know_get_words_for_the_rest(ann: App, bob: App) -> None:
    await ann.call("PATCH", "/api/v1/profile", json={"display_name": "Ann <b>"})
    await _make(ann, bob)
    await ann.publish("@bob hello")
    every = [f"/api/v{version}/notifications" for version in (1, 2)]
    asked: list[tuple[list[str] | None, str | None]] = [
        (None, None), (["added_to_collection"], None), (["mention"], "Ann &lt;b&gt; put you in a collection"),
    ]  # fmt: skip
    for known, words in asked:
        for path in every:
            found = await bob.get(path, **({"supported_types[]": known} if known else {}))
            mention, told = found["notification_groups"] if "v2" in path else found
            assert "fallback" not in mention
            assert told.get("fallback", {}).get("title") == words
            assert problems("[Notification]" if "v1" in path else "GroupedNotificationsResults", found) == []
    one = (await bob.get(every[0]))[1]["id"]
    assert "fallback" in await bob.get(f"{every[0]}/{one}", **{"supported_types[]": "mention"})


async def test_accounts_say_whether_the_caller_may_feature_them(
    services: Services, ann: App, bob: App, nobody: App
) -> None:
    async def approval(app: App, of: App) -> dict[str, Any]:
        found: dict[str, Any] = (await app.get(f"/api/v1/accounts/{of.id}"))["feature_approval"]
        return found

    assert await approval(ann, bob) == {"automatic": ["public"], "manual": [], "current_user": "automatic"}
    assert (await approval(nobody, bob))["current_user"] == "denied"
    await bob.call("PATCH", "/api/v1/profile", json={"locked": True})
    assert await approval(ann, bob) == {"automatic": ["followers"], "manual": [], "current_user": "denied"}
    assert ann.person is not None
    assert bob.person is not None
    await ann.post(f"/api/v1/accounts/{bob.id}/follow")
    await follows.accept_follow(services, bob.person, ann.person)
    assert (await approval(ann, bob))["current_user"] == "automatic"
    (found,) = await ann.get("/api/v1/accounts/search", q="bob")
    assert found["feature_approval"]["current_user"] == "automatic"
    await bob.call("PATCH", "/api/v1/profile", json={"discoverable": False})
    assert (await approval(ann, bob))["current_user"] == "denied"
    eve = await make_remote_person(services, "eve")
    assert (await ann.get(f"/api/v1/accounts/{eve.id}"))["feature_approval"]["current_user"] == "missing"
