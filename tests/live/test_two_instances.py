"""Two real instances, each with its own engines and processes, federate over loopback HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.live.instance import Instance, eventually, running_instance

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("live")]


async def _home_has(instance: Instance, name: str, uri: str) -> dict[str, Any] | None:
    page = await instance.api(name, "GET", "/api/v1/timelines/home")
    return next((s for s in page if uri in (s["uri"], (s["reblog"] or {}).get("uri"))), None)


async def _notified(instance: Instance, name: str, kind: str, acct: str) -> dict[str, Any] | None:
    page = await instance.api(name, "GET", "/api/v1/notifications")
    return next((n for n in page if n["type"] == kind and n["account"]["acct"] == acct), None)


async def _relation(instance: Instance, name: str, account_id: str) -> dict[str, Any]:
    found = await instance.api(name, "GET", "/api/v1/accounts/relationships", params={"id[]": account_id})
    relation: dict[str, Any] = found[0]
    return relation


async def test_two_instances_exchange_everything(tmp_path: Path) -> None:
    async with running_instance(tmp_path / "a", "127.0.0.1") as a, running_instance(tmp_path / "b", "127.0.0.2") as b:
        a.person("alice")
        b.person("bob")
        alice_at_b, bob_at_a = f"alice@{a.authority}", f"bob@{b.authority}"

        # Follow, both ways.
        bob_id = (await a.find("alice", f"@{bob_at_a}"))["id"]
        await a.api("alice", "POST", f"/api/v1/accounts/{bob_id}/follow")

        async def follows() -> bool:
            return bool((await _relation(a, "alice", bob_id))["following"])

        await eventually(follows, what="the follow was accepted")
        await eventually(lambda: _notified(b, "bob", "follow", alice_at_b), what="bob learnt of his follower")
        alice_id = (await b.find("bob", f"@{alice_at_b}"))["id"]
        await b.api("bob", "POST", f"/api/v1/accounts/{alice_id}/follow")

        # Post, with markup that must survive and a script that must not.
        thought = await b.post(
            "bob", "Hello #fediverse from https://example.org <script>alert(1)</script>", language="en"
        )
        seen = await eventually(lambda: _home_has(a, "alice", thought["uri"]), what="the thought arrived")
        assert "<script" not in seen["content"]
        assert 'class="mention hashtag"' in seen["content"]
        assert seen["account"]["acct"] == bob_at_a

        # Reply, like, boost.
        reply = await a.post("alice", f"@{bob_at_a} hi yourself", in_reply_to_id=seen["id"])
        mention = await eventually(lambda: _notified(b, "bob", "mention", alice_at_b), what="bob was mentioned")
        assert mention["status"]["uri"] == reply["uri"]
        assert mention["status"]["in_reply_to_id"] == thought["id"]
        await a.api("alice", "POST", f"/api/v1/statuses/{seen['id']}/favourite")
        await eventually(lambda: _notified(b, "bob", "favourite", alice_at_b), what="the like arrived")
        await a.api("alice", "POST", f"/api/v1/statuses/{seen['id']}/reblog")
        await eventually(lambda: _notified(b, "bob", "reblog", alice_at_b), what="the boost arrived")
        counted = await b.api("bob", "GET", f"/api/v1/statuses/{thought['id']}")
        assert (counted["favourites_count"], counted["reblogs_count"], counted["replies_count"]) == (1, 1, 1)

        # Undo of like and boost.
        await a.api("alice", "POST", f"/api/v1/statuses/{seen['id']}/unfavourite")
        await a.api("alice", "POST", f"/api/v1/statuses/{seen['id']}/unreblog")

        async def taken_back() -> bool:
            status = await b.api("bob", "GET", f"/api/v1/statuses/{thought['id']}")
            return (status["favourites_count"], status["reblogs_count"]) == (0, 0)

        await eventually(taken_back, what="like and boost were taken back")

        # Edit, then delete.
        await b.api("bob", "PUT", f"/api/v1/statuses/{thought['id']}", json={"status": "Hello again"})

        async def edited() -> bool:
            status = await a.api("alice", "GET", f"/api/v1/statuses/{seen['id']}")
            return "Hello again" in status["content"] and status["edited_at"] is not None

        await eventually(edited, what="the edit arrived")
        await b.api("bob", "DELETE", f"/api/v1/statuses/{thought['id']}")

        async def deleted() -> bool:
            answer = await a.client.get(
                f"{a.origin}/api/v1/statuses/{seen['id']}", headers={"Authorization": f"Bearer {a.tokens['alice']}"}
            )
            return answer.status_code == 404

        await eventually(deleted, what="the deletion arrived")

        # A followers-only thought arrives, and strangers cannot read it anywhere.
        private = await b.post("bob", "Only for followers", visibility="private")
        hidden = await eventually(lambda: _home_has(a, "alice", private["uri"]), what="the private thought arrived")
        assert hidden["visibility"] == "private"
        stranger = await b.client.get(private["uri"], headers={"Accept": "application/activity+json"})
        assert stranger.status_code == 404
        assert (await a.client.get(f"{a.origin}/api/v1/statuses/{hidden['id']}")).status_code in (401, 404)

        # Unfollow, then block.
        await a.api("alice", "POST", f"/api/v1/accounts/{bob_id}/unfollow")

        async def lost_follower() -> bool:
            return not (await _relation(b, "bob", alice_id))["followed_by"]

        await eventually(lost_follower, what="bob lost his follower")
        await b.api("bob", "POST", f"/api/v1/accounts/{alice_id}/block")

        async def kept_apart() -> bool:
            relation = await _relation(a, "alice", bob_id)
            return bool(relation["blocked_by"]) and not relation["followed_by"]

        await eventually(kept_apart, what="the block arrived")
