"""Statuses through the API: publishing once, bodies of every form, boosts' ids, editing, deleting, who sees what."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from federation.services import Services
    from tests.client_api.conftest import App, OpenApp


async def test_an_idempotency_key_publishes_once(ann: App) -> None:
    once = {"Idempotency-Key": "a key"}
    first = await ann.call("POST", "/api/v1/statuses", json={"status": "Once"}, headers=once)
    again = await ann.call("POST", "/api/v1/statuses", json={"status": "Once"}, headers=once)
    assert again["id"] == first["id"]
    assert (await ann.get("/api/v1/accounts/verify_credentials"))["statuses_count"] == 1


async def test_an_idempotency_key_holds_against_a_race(ann: App) -> None:
    once = {"Idempotency-Key": "a key"}
    both = await asyncio.gather(
        *(ann.call("POST", "/api/v1/statuses", json={"status": "Once"}, headers=once) for _ in range(4))
    )
    assert len({status["id"] for status in both}) == 1


async def test_an_idempotency_key_is_of_one_person(ann: App, bob: App) -> None:
    once = {"Idempotency-Key": "a key"}
    first = await ann.call("POST", "/api/v1/statuses", json={"status": "Mine"}, headers=once)
    other = await bob.call("POST", "/api/v1/statuses", json={"status": "Mine"}, headers=once)
    assert first["id"] != other["id"]


async def test_every_kind_of_body_is_read(ann: App) -> None:
    wanted = {"status": "Hello", "visibility": "private", "sensitive": "true", "spoiler_text": "cw", "language": "de"}
    parts = {name: (None, value) for name, value in wanted.items()}
    for options in ({"json": wanted | {"sensitive": True}}, {"data": wanted}, {"files": parts}, {"params": wanted}):
        status = await ann.call("POST", "/api/v1/statuses", **options)
        assert (status["visibility"], status["sensitive"], status["spoiler_text"], status["language"]) == (
            "private", True, "cw", "de",
        )  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": ""},
        {"status": "x" * 501},
        {"status": "x", "visibility": "followers"},
        {"status": "x", "visibility": "secret"},
        {"status": "x", "media_ids": ["1"]},
        {"status": "x", "poll": {"options": ["a"], "expires_in": 300}},
        {"status": "x", "poll": {"options": ["a", "b"], "expires_in": 299}},
        {"status": "x", "poll": {"options": ["a", "a"], "expires_in": 300}},
        {"status": "x", "poll": {"options": ["a", "b" * 51], "expires_in": 300}},
        {"status": "x", "poll": {"options": ["a", "b"]}},
        {"status": "x", "poll": {"options": ["a", "b"], "expires_in": "soon"}},
        {"status": "x", "poll": "yes"},
        {"status": "x", "scheduled_at": "soon"},
        {"status": "x", "scheduled_at": "2199-01-01T00:00:00Z"},
        {"status": ["x"]},
        {"status": {"a": "x"}},
        {"status": "nul\0"},
        {"status": "x", "sensitive": "perhaps"},
        {"status": "x", "language": "x" * 99},
    ],
)
async def test_what_cannot_be_published_is_422_and_leaves_nothing(ann: App, body: dict[str, object]) -> None:
    answer = await ann.post("/api/v1/statuses", expected=422, **body)
    assert answer["error"]
    assert (await ann.get("/api/v1/accounts/verify_credentials"))["statuses_count"] == 0


async def test_a_body_that_is_no_object_is_422(ann: App) -> None:
    for body in (b"{", b"[]", b'"x"', b"1", b"\xff", b'{"status": "\\ud800"}'):
        headers = {"content-type": "application/json"}
        await ann.call("POST", "/api/v1/statuses", content=body, headers=headers, expected=422)


async def test_an_answer_to_what_is_missing_or_hidden_is_404(ann: App, bob: App) -> None:
    secret = await ann.publish("Secret", visibility="direct")
    for parent in (secret["id"], "17", "01890000-0000-7000-8000-000000000000"):
        await bob.post("/api/v1/statuses", status="Reply", in_reply_to_id=parent, expected=404)


async def test_a_boosts_id_reads_as_the_boost_and_acts_on_the_thought(ann: App, bob: App) -> None:
    thought = await ann.publish("Boost me")
    boost = await bob.post(f"/api/v1/statuses/{thought['id']}/reblog")
    assert boost["id"] != thought["id"]
    assert boost["reblog"]["id"] == thought["id"]
    assert boost["account"]["acct"] == "bob"
    assert boost["reblog"]["reblogged"]
    assert (await ann.get(f"/api/v1/statuses/{boost['id']}"))["reblog"]["id"] == thought["id"]
    liked = await ann.post(f"/api/v1/statuses/{boost['id']}/favourite")
    assert (liked["id"], liked["favourited"], liked["favourites_count"]) == (thought["id"], True, 1)
    reply = await ann.publish("Reply", in_reply_to_id=boost["id"])
    assert reply["in_reply_to_id"] == thought["id"]
    again = await bob.post(f"/api/v1/statuses/{boost['id']}/reblog")
    assert again["id"] == boost["id"]


async def test_a_boost_may_be_for_fewer_people(ann: App, bob: App, nobody: App) -> None:
    thought = await ann.publish("Boost me quietly")
    path = f"/api/v1/statuses/{thought['id']}"
    for bad in ("direct", "nobody"):
        await bob.post(f"{path}/reblog", expected=422, visibility=bad)
    boost = await bob.post(f"{path}/reblog", visibility="private")
    assert (boost["visibility"], boost["reblog"]["visibility"]) == ("private", "public")
    assert await nobody.get(f"/api/v1/accounts/{bob.id}/statuses") == []
    await nobody.get(f"/api/v1/statuses/{boost['id']}", expected=404)
    assert await ann.get(f"{path}/reblogged_by") == []


async def test_a_boost_is_taken_back_by_unreblog_or_by_deleting_it(ann: App, bob: App) -> None:
    thought = await ann.publish("Boost me")
    for undo in ("unreblog by boost", "unreblog by thought", "delete"):
        boost = await bob.post(f"/api/v1/statuses/{thought['id']}/reblog")
        if undo == "delete":
            await bob.call("DELETE", f"/api/v1/statuses/{boost['id']}")
        else:
            named = boost["id"] if undo == "unreblog by boost" else thought["id"]
            after = await bob.post(f"/api/v1/statuses/{named}/unreblog")
            assert (after["id"], after["reblogged"]) == (thought["id"], False)
        assert (await ann.get(f"/api/v1/statuses/{thought['id']}"))["reblogs_count"] == 0
        await bob.get(f"/api/v1/statuses/{boost['id']}", expected=404)


async def test_deleting_gives_the_text_back_and_a_thought_is_gone(ann: App) -> None:
    thought = await ann.publish("Wiht a mistake #oops")
    deleted = await ann.call("DELETE", f"/api/v1/statuses/{thought['id']}")
    assert deleted["text"] == "Wiht a mistake #oops"
    await ann.get(f"/api/v1/statuses/{thought['id']}", expected=404)
    assert "text" not in thought


async def test_nobody_edits_or_deletes_what_is_not_theirs(ann: App, open_app: OpenApp, services: Services) -> None:
    moderator = await open_app("mona")
    assert moderator.person is not None
    async with services.database.connection() as db:
        await db.execute("UPDATE users SET role = 'admin' WHERE id = $1", moderator.person.id)
    thought = await ann.publish("Mine")
    boost = await ann.post(f"/api/v1/statuses/{thought['id']}/reblog")
    for status_id in (thought["id"], boost["id"]):
        await moderator.call("DELETE", f"/api/v1/statuses/{status_id}", expected=404)
        await moderator.call("PUT", f"/api/v1/statuses/{status_id}", json={"status": "Yours"}, expected=404)
    assert "Mine" in (await ann.get(f"/api/v1/statuses/{thought['id']}"))["content"]


async def test_an_edit_keeps_the_versions_and_shows_the_source(ann: App, nobody: App) -> None:
    thought = await ann.publish("First", language="en")
    edited = await ann.call("PUT", f"/api/v1/statuses/{thought['id']}", data={"status": "Second", "spoiler_text": "cw"})
    assert edited["edited_at"] is not None
    assert edited["language"] == "en"
    source = await ann.get(f"/api/v1/statuses/{thought['id']}/source")
    assert source == {"id": thought["id"], "text": "Second", "spoiler_text": "cw"}
    versions = await nobody.get(f"/api/v1/statuses/{thought['id']}/history")
    assert [version["content"] for version in versions] == ["<p>First</p>", "<p>Second</p>"]


async def test_what_is_not_for_somebody_is_nowhere_for_them(ann: App, bob: App, nobody: App) -> None:
    secrets = [
        await ann.publish("unseen #unseen", visibility="private"),
        await ann.publish("unseen #unseen", visibility="direct"),
    ]
    ids = {secret["id"] for secret in secrets}
    lists = (
        "/api/v1/timelines/public", "/api/v1/timelines/tag/unseen", f"/api/v1/accounts/{ann.id}/statuses",
        f"/api/v1/accounts/{ann.id}/statuses?tagged=unseen", f"/api/v1/accounts/{ann.id}/statuses?pinned=true",
    )  # fmt: skip
    await ann.post(f"/api/v1/statuses/{secrets[0]['id']}/pin")
    for app in (bob, nobody):
        for path in lists:
            assert not ids & {status["id"] for status in await app.call("GET", path)}
        assert await app.get("/api/v1/statuses", **{"id[]": sorted(ids)}) == []
        assert (await app.get("/api/v2/search", q="unseen"))["statuses"] == []
        for status_id in ids:
            for part in ("", "/context", "/history", "/favourited_by", "/reblogged_by"):
                await app.get(f"/api/v1/statuses/{status_id}{part}", expected=404)
    for status_id in ids:
        await bob.get(f"/api/v1/statuses/{status_id}/source", expected=404)
        for verb in ("favourite", "reblog", "bookmark", "pin", "unfavourite", "unbookmark"):
            await bob.post(f"/api/v1/statuses/{status_id}/{verb}", expected=404)
    mine = await ann.get(f"/api/v1/accounts/{ann.id}/statuses")
    assert {status["id"] for status in mine} == ids


async def test_followers_see_what_is_private_and_the_named_what_is_direct(ann: App, bob: App) -> None:
    await bob.post(f"/api/v1/accounts/{ann.id}/follow")
    private = await ann.publish("For followers", visibility="private")
    direct = await ann.publish("For @bob", visibility="direct")
    assert (await bob.get(f"/api/v1/statuses/{private['id']}"))["visibility"] == "private"
    assert (await bob.get(f"/api/v1/statuses/{direct['id']}"))["visibility"] == "direct"
    assert [status["id"] for status in await bob.get("/api/v1/timelines/home")] == [direct["id"], private["id"]]
    await bob.post(f"/api/v1/statuses/{private['id']}/reblog", expected=403)


async def test_a_mention_that_was_edited_away_no_longer_shows_the_thought(ann: App, bob: App) -> None:
    thought = await ann.publish("Psst @bob", visibility="direct")
    notification = (await bob.get("/api/v1/notifications"))[0]
    assert notification["status"]["id"] == thought["id"]
    await ann.call("PUT", f"/api/v1/statuses/{thought['id']}", json={"status": "Nobody is meant any more"})
    assert await bob.get("/api/v1/notifications") == []
    await bob.get(f"/api/v1/notifications/{notification['id']}", expected=404)


async def test_flags_are_the_viewers_and_absent_for_strangers(ann: App, bob: App, nobody: App) -> None:
    thought = await ann.publish("Hello")
    await bob.post(f"/api/v1/statuses/{thought['id']}/bookmark")
    seen = await bob.get(f"/api/v1/statuses/{thought['id']}")
    assert (seen["bookmarked"], seen["favourited"], "pinned" in seen) == (True, False, False)
    assert (await ann.get(f"/api/v1/statuses/{thought['id']}"))["bookmarked"] is False
    stranger = await nobody.get(f"/api/v1/statuses/{thought['id']}")
    assert not {"bookmarked", "favourited", "reblogged", "muted", "filtered", "pinned"} & set(stranger)
