"""Two real instances exchange what people say beyond text: polls and votes, quotes and consent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.live.instance import Instance, eventually, running_instance

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("live")]


async def _follow(follower: Instance, name: str, handle: str) -> None:
    account = await follower.find(name, handle)
    await follower.api(name, "POST", f"/api/v1/accounts/{account['id']}/follow")

    async def follows() -> bool:
        found = await follower.api(name, "GET", "/api/v1/accounts/relationships", params={"id[]": account["id"]})
        return bool(found[0]["following"])

    await eventually(follows, what="the follow was accepted")


async def _arrived(instance: Instance, name: str, uri: str) -> dict[str, Any]:
    async def in_home() -> dict[str, Any] | None:
        page = await instance.api(name, "GET", "/api/v1/timelines/home")
        return next((status for status in page if status["uri"] == uri), None)

    found: dict[str, Any] = await eventually(in_home, what="the thought arrived")
    return found


async def _poll(instance: Instance, name: str, status_id: str) -> dict[str, Any]:
    poll: dict[str, Any] = (await instance.api(name, "GET", f"/api/v1/statuses/{status_id}"))["poll"]
    return poll


async def test_two_instances_exchange_polls(tmp_path: Path) -> None:
    async with running_instance(tmp_path / "a", "127.0.0.1") as a, running_instance(tmp_path / "b", "127.0.0.2") as b:
        a.person("alice")
        b.person("bob")
        await _follow(b, "bob", f"@alice@{a.authority}")
        poll = {"options": ["Tea", "Coffee", "Water"], "expires_in": 3600, "multiple": True}
        asked = await a.post("alice", "What to drink?", poll=poll)
        seen = await _arrived(b, "bob", asked["uri"])
        assert [one["title"] for one in seen["poll"]["options"]] == poll["options"]
        assert (seen["poll"]["multiple"], seen["poll"]["voted"]) == (True, False)
        voted = await b.api("bob", "POST", f"/api/v1/polls/{seen['poll']['id']}/votes", json={"choices": [0, 2]})
        assert voted["own_votes"] == [0, 2]

        async def counted() -> bool:
            there = await _poll(a, "alice", asked["id"])
            return [one["votes_count"] for one in there["options"]] == [1, 0, 1] and there["voters_count"] == 1

        await eventually(counted, what="the votes were counted")

        changed = {"status": "What to drink now?", "poll": {**poll, "options": ["Tea", "Coffee"]}}
        await a.api("alice", "PUT", f"/api/v1/statuses/{asked['id']}", json=changed)

        async def begun_anew() -> bool:
            here = await _poll(b, "bob", seen["id"])
            return (len(here["options"]), here["votes_count"], here["voted"]) == (2, 0, False)

        await eventually(begun_anew, what="the edit reset the votes")


async def test_two_instances_exchange_quotes(tmp_path: Path) -> None:
    async with running_instance(tmp_path / "a", "127.0.0.1") as a, running_instance(tmp_path / "b", "127.0.0.2") as b:
        a.person("alice")
        b.person("bob")
        await _follow(b, "bob", f"@alice@{a.authority}")
        await _follow(a, "alice", f"@bob@{b.authority}")
        wise = await a.post("alice", "Wise words")
        seen = await _arrived(b, "bob", wise["uri"])
        assert seen["quote_approval"] == {"automatic": ["public"], "manual": [], "current_user": "automatic"}
        quoting = await b.post("bob", "So true", quoted_status_id=seen["id"])
        assert quoting["quote"]["state"] in ("pending", "accepted")

        async def state(instance: Instance, name: str, status_id: str) -> dict[str, Any]:
            quote: dict[str, Any] = (await instance.api(name, "GET", f"/api/v1/statuses/{status_id}"))["quote"]
            return quote

        async def accepted() -> bool:
            return bool((await state(b, "bob", quoting["id"]))["state"] == "accepted")

        await eventually(accepted, what="the quote was agreed to")
        there = await _arrived(a, "alice", quoting["uri"])

        async def shown() -> bool:
            quote = await state(a, "alice", there["id"])
            return bool(quote["state"] == "accepted" and quote["quoted_status"]["id"] == wise["id"])

        await eventually(shown, what="the quote is shown where it was agreed to")
        notices = await a.api("alice", "GET", "/api/v1/notifications", params={"types[]": "quote"})
        assert [one["status"]["id"] for one in notices] == [there["id"]]
        path = f"/api/v1/statuses/{wise['id']}/quotes"
        assert [one["id"] for one in await a.api("alice", "GET", path)] == [there["id"]]

        await a.api("alice", "POST", f"{path}/{there['id']}/revoke")

        async def revoked() -> bool:
            return bool((await state(b, "bob", quoting["id"])) == {"state": "revoked", "quoted_status": None})

        await eventually(revoked, what="the consent was taken back")

        await a.api(
            "alice", "PUT", f"/api/v1/statuses/{wise['id']}/interaction_policy",
            json={"quote_approval_policy": "nobody"},
        )  # fmt: skip

        async def closed() -> bool:
            status = await b.api("bob", "GET", f"/api/v1/statuses/{seen['id']}")
            return bool(status["quote_approval"]["current_user"] == "denied")

        await eventually(closed, what="the policy arrived")


async def test_two_instances_exchange_collections(tmp_path: Path) -> None:
    async with running_instance(tmp_path / "a", "127.0.0.1") as a, running_instance(tmp_path / "b", "127.0.0.2") as b:
        for instance, names in ((a, ("alice", "ann")), (b, ("bob", "ben"))):
            for name in names:
                instance.person(name)
                await instance.api(name, "PATCH", "/api/v1/profile", json={"discoverable": True})
        await _follow(b, "ben", f"@alice@{a.authority}")
        await a.api("alice", "POST", "/api/v1/featured_tags", json={"name": "boats"})
        alice = await b.find("ben", f"@alice@{a.authority}")
        bob = await a.find("alice", f"@bob@{b.authority}")
        assert bob["feature_approval"] == {"automatic": ["public"], "manual": [], "current_user": "automatic"}
        ann = await a.find("alice", "@ann")
        wanted = {
            "name": "Good company",
            "discoverable": True,
            "tag_name": "boats",
            "account_ids": [ann["id"], bob["id"]],
        }
        made = (await a.api("alice", "POST", "/api/v1/collections", json=wanted))["collection"]
        assert [item["state"] for item in made["items"]] == ["accepted", "pending"]

        async def agreed() -> bool:
            there = (await a.api("ann", "GET", f"/api/v1/collections/{made['id']}"))["collection"]
            return [item["account_id"] for item in there["items"]] == [ann["id"], bob["id"]]

        await eventually(agreed, what="the one asked agreed")

        async def arrived() -> dict[str, Any] | None:
            found = await b.api("ben", "GET", f"/api/v1/accounts/{alice['id']}/collections")
            return next((one for one in found["collections"] if one["item_count"] == 2), None)

        seen: dict[str, Any] = await eventually(arrived, what="the collection arrived with both")
        assert (seen["uri"], seen["name"], seen["local"], seen["tag"]["name"]) == (
            made["uri"], "Good company", False, "boats",
        )  # fmt: skip
        shown = await b.api("ben", "GET", f"/api/v1/collections/{seen['id']}")
        assert [one["acct"] for one in shown["accounts"]] == [f"alice@{a.authority}", f"ann@{a.authority}", "bob"]
        notices = await b.api("bob", "GET", "/api/v1/notifications")
        assert [(one["type"], one["collection"]["id"]) for one in notices] == [("added_to_collection", seen["id"])]

        async def tagged() -> bool:
            return [
                one["name"] for one in await b.api("ben", "GET", f"/api/v1/accounts/{alice['id']}/featured_tags")
            ] == ["boats"]

        await eventually(tagged, what="the hashtag arrived")

        own = shown["collection"]["items"][1]["id"]
        await b.api("bob", "POST", f"/api/v1/collections/{seen['id']}/items/{own}/revoke")

        async def left() -> bool:
            there = (await a.api("alice", "GET", f"/api/v1/collections/{made['id']}"))["collection"]
            return [item["account_id"] for item in there["items"]] == [ann["id"]]

        await eventually(left, what="the consent was taken back")
        await a.api("alice", "DELETE", f"/api/v1/collections/{made['id']}")

        async def gone() -> bool:
            found = await b.api("ben", "GET", f"/api/v1/accounts/{alice['id']}/collections")
            return bool(found["collections"] == [])

        await eventually(gone, what="the collection is gone")
