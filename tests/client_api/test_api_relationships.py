"""What the caller is to others, through the client API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.client_api.conftest import App, OpenApp


async def test_follow_options_are_kept_and_shown(ann: App, bob: App) -> None:
    follow = f"/api/v1/accounts/{bob.id}/follow"
    shown = await ann.call("POST", follow, data={"languages[]": ["en", "de"], "notify": "true", "reblogs": "false"})
    assert (shown["languages"], shown["notifying"], shown["showing_reblogs"]) == (["en", "de"], True, False)
    assert (await ann.post(follow))["languages"] == ["en", "de"]
    assert (await ann.post(follow, languages=[]))["languages"] is None
    await ann.post(follow, expected=422, languages=["!"])


async def test_note_and_place_among_friends_show_in_the_relationship(ann: App, bob: App) -> None:
    noted = await ann.post(f"/api/v1/accounts/{bob.id}/note", comment="From the boats")
    assert noted["note"] == "From the boats"
    await ann.post(f"/api/v1/accounts/{bob.id}/endorse", expected=422)
    await ann.post(f"/api/v1/accounts/{bob.id}/follow")
    assert (await ann.post(f"/api/v1/accounts/{bob.id}/endorse"))["endorsed"]
    assert [one["id"] for one in await ann.get("/api/v1/endorsements")] == [bob.id]
    assert not (await ann.post(f"/api/v1/accounts/{bob.id}/unendorse"))["endorsed"]
    assert (await bob.get("/api/v1/accounts/relationships", **{"id[]": [ann.id]}))[0]["note"] == ""


async def test_familiar_followers_name_each_id(ann: App, bob: App, open_app: OpenApp) -> None:
    cleo = await open_app("cleo")
    await ann.post(f"/api/v1/accounts/{cleo.id}/follow")
    await cleo.post(f"/api/v1/accounts/{bob.id}/follow")
    found = await ann.get("/api/v1/accounts/familiar_followers", **{"id[]": [bob.id, cleo.id]})
    assert [(one["id"], [who["id"] for who in one["accounts"]]) for one in found] == [
        (bob.id, [cleo.id]),
        (cleo.id, []),
    ]


@pytest.mark.parametrize("who", ["cleo", "bob"])
async def test_familiar_followers_tell_of_nobody_who_hides_their_ties(
    who: str, ann: App, bob: App, open_app: OpenApp
) -> None:
    cleo = await open_app("cleo")
    await ann.post(f"/api/v1/accounts/{cleo.id}/follow")
    await cleo.post(f"/api/v1/accounts/{bob.id}/follow")
    hiding = {"cleo": cleo, "bob": bob}[who]
    await hiding.call("PATCH", "/api/v1/accounts/update_credentials", json={"hide_collections": True})
    found = await ann.get("/api/v1/accounts/familiar_followers", **{"id[]": [bob.id]})
    assert found == [{"id": bob.id, "accounts": []}]


async def test_mute_says_when_it_ends_and_what_it_covers(ann: App, bob: App) -> None:
    muted = await ann.post(f"/api/v1/accounts/{bob.id}/mute", duration=3600, notifications=False)
    assert (muted["muting"], muted["muting_notifications"]) == (True, False)
    assert (await ann.get("/api/v1/mutes"))[0]["mute_expires_at"] == muted["muting_expires_at"]


async def test_muted_thread_shows_on_its_statuses(ann: App, bob: App) -> None:
    hello = await ann.publish("Hello")
    assert (await ann.post(f"/api/v1/statuses/{hello['id']}/mute"))["muted"]
    reply = await bob.publish("Well met @ann", in_reply_to_id=hello["id"])
    assert (await ann.get(f"/api/v1/statuses/{reply['id']}"))["muted"]
    assert await ann.get("/api/v1/notifications") == []
    assert not (await ann.post(f"/api/v1/statuses/{reply['id']}/unmute"))["muted"]
