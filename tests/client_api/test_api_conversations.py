"""Conversations, markers, joined notifications and the policy, through the client API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.client_api.conftest import App, OpenApp

POLICY = "/api/v2/notifications/policy"
REQUESTS = "/api/v1/notifications/requests"


async def test_conversation_goes_by_its_people_and_knows_what_is_unread(ann: App, bob: App, open_app: OpenApp) -> None:
    cleo = await open_app("cleo")
    first = await ann.publish("@bob psst", visibility="direct")
    answer = await bob.publish("@ann what", visibility="direct", in_reply_to_id=first["id"])
    await bob.publish("@ann @cleo come", visibility="direct", in_reply_to_id=first["id"])
    three, two = await ann.get("/api/v1/conversations")
    assert [one["acct"] for one in two["accounts"]] == ["bob"]
    assert {one["acct"] for one in three["accounts"]} == {"bob", "cleo"}
    assert (two["last_status"]["id"], two["unread"]) == (answer["id"], True)
    assert not (await ann.post(f"/api/v1/conversations/{two['id']}/read"))["unread"]
    assert [one["unread"] for one in await ann.get("/api/v1/conversations")] == [True, False]
    assert len(await cleo.get("/api/v1/conversations")) == 1
    for method, path in (("POST", f"{two['id']}/read"), ("DELETE", two["id"])):
        await bob.call(method, f"/api/v1/conversations/{path}", expected=404)
    await ann.call("DELETE", f"/api/v1/conversations/{two['id']}")
    assert [one["id"] for one in await ann.get("/api/v1/conversations")] == [three["id"]]


async def test_conversation_steps_back_when_its_last_thought_goes(ann: App, bob: App) -> None:
    first = await ann.publish("@bob psst", visibility="direct")
    answer = await bob.publish("@ann what", visibility="direct", in_reply_to_id=first["id"])
    await bob.call("DELETE", f"/api/v1/statuses/{answer['id']}")
    (talk,) = await ann.get("/api/v1/conversations")
    assert talk["last_status"]["id"] == first["id"]
    await ann.call("DELETE", f"/api/v1/statuses/{first['id']}")
    assert await ann.get("/api/v1/conversations") == await bob.get("/api/v1/conversations") == []


async def test_blocked_people_make_no_conversation(ann: App, bob: App) -> None:
    await ann.post(f"/api/v1/accounts/{bob.id}/mute")
    await bob.publish("@ann psst", visibility="direct")
    assert await ann.get("/api/v1/conversations") == []


async def test_markers_move_and_read_notifications(ann: App, bob: App) -> None:
    await bob.publish("@ann hi")
    (notice,) = await ann.get("/api/v1/notifications")
    moved = await ann.call("POST", "/api/v1/markers", data={"notifications[last_read_id]": notice["id"]})
    assert (moved["notifications"]["last_read_id"], moved["notifications"]["version"]) == (notice["id"], 1)
    assert (await ann.get("/api/v1/notifications/unread_count"))["count"] == 0
    again = await ann.post("/api/v1/markers", home={"last_read_id": "1"}, notifications={"last_read_id": "2"})
    assert again["notifications"]["version"] == 2
    assert set(await ann.get("/api/v1/markers", **{"timeline[]": ["home", "other"]})) == {"home"}
    for bad in ({"home": "x"}, {"home": {"last_read_id": ""}}, {"home": {"last_read_id": "x" * 65}}):
        await ann.post("/api/v1/markers", expected=422, **bad)


async def test_what_tells_the_same_is_one_group(ann: App, bob: App, open_app: OpenApp) -> None:
    cleo = await open_app("cleo")
    status = await ann.publish("Hello")
    for fan in (bob, cleo):
        await fan.post(f"/api/v1/statuses/{status['id']}/favourite")
        await fan.post(f"/api/v1/accounts/{ann.id}/follow")
    await bob.publish("@ann hi")
    found = await ann.get("/api/v2/notifications")
    kinds = [(group["type"], group["notifications_count"]) for group in found["notification_groups"]]
    assert kinds == [("mention", 1), ("follow", 2), ("favourite", 2)]
    likes = found["notification_groups"][2]
    assert likes["sample_account_ids"] == [cleo.id, bob.id]
    assert likes["status_id"] == status["id"]
    assert {one["id"] for one in found["accounts"]} == {bob.id, cleo.id}
    assert (await ann.get("/api/v2/notifications/unread_count"))["count"] == 3
    assert (await ann.get("/api/v1/notifications/unread_count"))["count"] == 5
    assert (await ann.get("/api/v1/notifications"))[-1]["group_key"] == likes["group_key"]
    path = f"/api/v2/notifications/{likes['group_key']}"
    assert len(await ann.get(f"{path}/accounts")) == 2
    assert (await ann.get(path))["notification_groups"][0]["notifications_count"] == 2
    await bob.get(path, expected=404)
    await bob.post(f"{path}/dismiss")
    assert len((await ann.get("/api/v2/notifications"))["notification_groups"]) == 3
    await ann.post(f"{path}/dismiss")
    assert len((await ann.get("/api/v2/notifications"))["notification_groups"]) == 2
    alone = await ann.get("/api/v2/notifications", **{"grouped_types[]": ["favourite"], "types[]": ["follow"]})
    assert len(alone["notification_groups"]) == 2
    await ann.get("/api/v2/notifications", expected=422, expand_accounts="all")


async def test_groups_page_and_come_again_where_they_go_on(ann: App, bob: App) -> None:
    said = [await bob.publish(f"@ann number {number}") for number in range(5)]
    first = await ann.get("/api/v2/notifications", limit=2)
    assert [one["status_id"] for one in first["notification_groups"]] == [said[4]["id"], said[3]["id"]]
    oldest = first["notification_groups"][-1]["page_min_id"]
    second = await ann.get("/api/v2/notifications", limit=2, max_id=oldest)
    assert [one["status_id"] for one in second["notification_groups"]] == [said[2]["id"], said[1]["id"]]


@pytest.mark.parametrize("rule", ["for_not_following", "for_not_followers", "for_new_accounts"])
async def test_policy_keeps_apart_until_accepted(ann: App, bob: App, rule: str) -> None:
    await ann.call("PATCH", POLICY, json={rule: "filter"})
    await bob.publish("@ann hi")
    assert await ann.get("/api/v1/notifications") == []
    assert len(await ann.get("/api/v1/notifications", include_filtered="true")) == 1
    assert (await ann.get("/api/v1/notifications/unread_count"))["count"] == 0
    (request,) = await ann.get(REQUESTS)
    assert (request["account"]["id"], request["notifications_count"]) == (bob.id, "1")
    assert (await ann.get(POLICY))["summary"] == {"pending_requests_count": 1, "pending_notifications_count": 1}
    await ann.post(f"{REQUESTS}/{request['id']}/accept")
    await bob.publish("@ann again")
    assert len(await ann.get("/api/v1/notifications")) == 2
    assert await ann.get(REQUESTS) == []


async def test_dismissed_requests_are_gone_and_come_again(ann: App, bob: App) -> None:
    await ann.call("PATCH", POLICY, data={"for_not_following": "filter"})
    await bob.publish("@ann hi")
    await ann.call("POST", f"{REQUESTS}/dismiss", data={"id[]": [bob.id]})
    assert await ann.get("/api/v1/notifications", include_filtered="true") == []
    await bob.publish("@ann hi again")
    assert len(await ann.get(REQUESTS)) == 1
    await bob.post(f"{REQUESTS}/{bob.id}/accept", expected=404)


async def test_dropped_never_comes_and_followed_people_always_do(ann: App, bob: App) -> None:
    await ann.call("PATCH", POLICY, json={"for_not_following": "drop", "for_private_mentions": "drop"})
    await bob.publish("@ann hi")
    assert await ann.get("/api/v1/notifications", include_filtered="true") == []
    await ann.post(f"/api/v1/accounts/{bob.id}/follow")
    await bob.publish("@ann psst", visibility="direct")
    assert len(await ann.get("/api/v1/notifications")) == 1
    for bad in ({"for_not_following": "maybe"}, {"for_new_accounts": ["accept", "drop"]}):
        await ann.call("PATCH", POLICY, expected=422, json=bad)


async def test_answers_to_oneself_are_no_private_mention_out_of_the_blue(ann: App, bob: App) -> None:
    await ann.call("PATCH", POLICY, json={"for_private_mentions": "filter"})
    mine = await ann.publish("@bob psst", visibility="direct")
    await bob.publish("@ann yes", visibility="direct", in_reply_to_id=mine["id"])
    assert len(await ann.get("/api/v1/notifications")) == 1
    await bob.publish("@ann another thing", visibility="direct")
    assert len(await ann.get("/api/v1/notifications")) == 1


async def test_direct_thoughts_are_listed_one_by_one_to_those_they_are_for(
    ann: App, bob: App, open_app: OpenApp
) -> None:
    carol = await open_app("carol")
    await ann.publish("@bob in front of everybody")
    first = await ann.publish("@bob psst", visibility="direct")
    second = await bob.publish("@ann yes?", visibility="direct", in_reply_to_id=first["id"])
    third = await carol.publish("@ann and I", visibility="direct")

    async def seen(app: App, **query: str) -> list[str]:
        return [one["id"] for one in await app.get("/api/v1/timelines/direct", **query)]

    assert await seen(ann) == [third["id"], second["id"], first["id"]]
    assert await seen(bob) == [second["id"], first["id"]]
    assert await seen(carol) == [third["id"]]
    assert await seen(ann, max_id=third["id"], limit="1") == [second["id"]]
    assert await seen(ann, min_id=first["id"], limit="1") == [second["id"]]
    await ann.post(f"/api/v1/accounts/{carol.id}/mute")
    assert await seen(ann) == [second["id"], first["id"]]
