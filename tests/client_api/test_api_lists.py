"""Lists through the client API."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.client_api.conftest import App


async def test_list_is_made_changed_in_part_and_deleted(ann: App) -> None:
    made = await ann.post("/api/v1/lists", title="Friends")
    assert made | {"id": ""} == {"id": "", "title": "Friends", "replies_policy": "list", "exclusive": False}
    changed = await ann.call("PUT", f"/api/v1/lists/{made['id']}", data={"exclusive": "true"})
    assert changed == made | {"exclusive": True}
    assert await ann.get("/api/v1/lists") == [changed]
    await ann.call("DELETE", f"/api/v1/lists/{made['id']}")
    assert await ann.get("/api/v1/lists") == []


async def test_members_are_added_listed_and_removed(ann: App, bob: App) -> None:
    made = await ann.post("/api/v1/lists", title="Friends")
    accounts = f"/api/v1/lists/{made['id']}/accounts"
    answer = await ann.post(accounts, expected=404, account_ids=[bob.id])
    assert answer["error"] == "Record not found"
    await ann.post(f"/api/v1/accounts/{bob.id}/follow")
    await ann.call("POST", accounts, data={"account_ids[]": [bob.id]})
    await ann.post(accounts, expected=422, account_ids=[bob.id])
    assert [one["id"] for one in await ann.get(accounts)] == [bob.id]
    assert [one["id"] for one in await ann.get(f"/api/v1/accounts/{bob.id}/lists")] == [made["id"]]
    await ann.call("DELETE", accounts, params={"account_ids[]": [bob.id]})
    assert await ann.get(accounts) == []


async def test_timeline_pages_in_both_directions(ann: App, bob: App) -> None:
    await ann.post(f"/api/v1/accounts/{bob.id}/follow")
    made = await ann.post("/api/v1/lists", title="Friends")
    await ann.post(f"/api/v1/lists/{made['id']}/accounts", account_ids=[bob.id])
    said = [(await bob.publish(f"number {number}"))["id"] for number in range(5)][::-1]
    path = f"/api/v1/timelines/list/{made['id']}"
    assert [one["id"] for one in await ann.get(path, limit=2)] == said[:2]
    assert [one["id"] for one in await ann.get(path, limit=2, max_id=said[1])] == said[2:4]
    assert [one["id"] for one in await ann.get(path, limit=2, min_id=said[4])] == said[2:4]


async def test_bad_lists_change_nothing(ann: App) -> None:
    for body in ({}, {"title": " "}, {"title": ["a"]}, {"title": "x", "replies_policy": "all"}, {"title": "x" * 300}):
        await ann.post("/api/v1/lists", expected=422, **body)
    await ann.post("/api/v1/lists", expected=422, title="x", exclusive="perhaps")
    assert await ann.get("/api/v1/lists") == []


async def test_lists_belong_to_their_owner(ann: App, bob: App) -> None:
    made = await bob.post("/api/v1/lists", title="Private")
    for method, path in (
        ("GET", f"/api/v1/lists/{made['id']}"),
        ("PUT", f"/api/v1/lists/{made['id']}"),
        ("DELETE", f"/api/v1/lists/{made['id']}"),
        ("GET", f"/api/v1/lists/{made['id']}/accounts"),
        ("POST", f"/api/v1/lists/{made['id']}/accounts"),
        ("DELETE", f"/api/v1/lists/{made['id']}/accounts"),
        ("GET", f"/api/v1/timelines/list/{made['id']}"),
    ):
        await ann.call(method, path, expected=404, json={"title": "Mine now", "account_ids": [ann.id]})
    assert await bob.get("/api/v1/lists") == [made]
