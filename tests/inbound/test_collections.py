"""Collections of people across the wire: asked, answered, told, looked into, and taken back (FEP-7aa9)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from federation.actions import collections, profiles, sessions
from federation.actions.blocks import block_person
from federation.actions.collections import CollectionForm
from federation.actions.featuring import leave_collection
from federation.actions.profiles import ProfileForm
from storage.people import Person
from tests.federation_peer import Peer, Server, nothing_happens, refused
from tests.payloads.mastodon import AS
from tests.remote.fediverse import Host

pytestmark = pytest.mark.asyncio(loop_scope="module")

JSON = {"accept": "application/activity+json"}


def _collection(peer: Peer, *items: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Serve a collection at its owner's host and return it; None among `changes` deletes."""
    document = {
        "@context": AS, "id": peer.new_id("collections"), "type": "FeaturedCollection", "attributedTo": peer.ap_id,
        "name": "Good people", "summary": "<p>Worth <b>reading</b></p>", "sensitive": False, "discoverable": True,
        "topic": {"type": "Hashtag", "name": "#Boats"}, "totalItems": len(items), "orderedItems": list(items),
        **changes,
    }  # fmt: skip
    document = {name: value for name, value in document.items() if value is not None}
    peer.host.put(document["id"], document)
    return document


def _item(peer: Peer, person: str, stamp: str | None) -> dict[str, Any]:
    item = {"id": peer.new_id("items"), "type": "FeaturedItem", "featuredObject": person, "featureAuthorization": stamp}
    return {name: value for name, value in item.items() if value is not None}


def _stamp(giver: Peer, collection: str, *, at: Peer | None = None, **changes: Any) -> str:
    """Serve somebody's consent, at their own host unless told otherwise."""
    stamp_id = (at or giver).new_id("stamps")
    document = {
        "@context": AS, "id": stamp_id, "type": "FeatureAuthorization", "interactingObject": collection,
        "interactionTarget": giver.ap_id,
    } | changes  # fmt: skip
    (at or giver).host.put(stamp_id, document)
    return stamp_id


def _add(peer: Peer, collection: dict[str, Any]) -> dict[str, Any]:
    return peer.activity("Add", collection, target=peer.document["featuredCollections"])


def _request(peer: Peer, person: Person, collection: dict[str, Any]) -> dict[str, Any]:
    return peer.activity("FeatureRequest", person.ap_id, instrument=collection["id"])


async def _findable(server: Server, choice: str = "public") -> Person:
    person = await server.person()
    return await profiles.edit_profile(server.services, person, ProfileForm("", "", feature_policy=choice))


async def _shown(server: Server, ap_id: str) -> list[str]:
    """Return whom a stranger sees in a collection, by actor id, through the real route."""
    found = await server.value("SELECT id FROM collections WHERE ap_id = $1", ap_id)
    if found is None:
        return []
    answer = (await server.client.get(f"/api/v1/collections/{found}")).json()
    names = {one["id"]: one["uri"] for one in answer["accounts"]}
    return [names[item["account_id"]] for item in answer["collection"]["items"]]


async def _states(server: Server, ap_id: str) -> dict[str, str]:
    rows = await server.rows(
        """SELECT i.person_ap_id, i.state FROM collection_items i JOIN collections c ON c.id = i.collection_id
        WHERE c.ap_id = $1""",
        ap_id,
    )
    return dict(rows)  # type: ignore[arg-type]


# --- They feature ours -----------------------------------------------------------------------------


async def test_a_request_is_accepted_with_a_stamp_that_anybody_can_read(server: Server, remote: Host) -> None:
    peer, bob = Peer.at(remote), await _findable(server)
    theirs = _collection(peer)
    request = _request(peer, bob, theirs)
    assert await peer.deliver(server, request) == ""
    accept = (await server.sent(bob))[-1]
    assert (accept["type"], accept["to"]) == ("Accept", [peer.ap_id])
    assert accept["object"] == {
        "type": "FeatureRequest", "id": request["id"], "actor": peer.ap_id, "object": bob.ap_id,
        "instrument": theirs["id"],
    }  # fmt: skip
    document = (await server.client.get(accept["result"].removeprefix(server.origin), headers=JSON)).json()
    assert (document["type"], document["interactingObject"], document["interactionTarget"]) == (
        "FeatureAuthorization", theirs["id"], bob.ap_id,
    )  # fmt: skip
    assert await server.notices(bob) == ["added_to_collection"]
    assert await _shown(server, theirs["id"]) == [bob.ap_id]
    item = _item(peer, bob.ap_id, accept["result"])
    assert await peer.deliver(server, peer.activity("Add", item, target=theirs["id"])) == ""
    assert await _shown(server, theirs["id"]) == [bob.ap_id]
    assert await peer.deliver(server, peer.activity("Remove", item["id"], target=theirs["id"])) == ""
    assert await _shown(server, theirs["id"]) == []


async def test_a_request_against_the_setting_is_rejected(server: Server, remote: Host) -> None:
    peer, bob = Peer.at(remote), await _findable(server, "followers")
    theirs = _collection(peer)
    assert "refused" in await peer.deliver(server, _request(peer, bob, theirs))
    reject = (await server.sent(bob))[-1]
    assert reject["type"] == "Reject"
    assert "result" not in reject
    assert await _shown(server, theirs["id"]) == []
    assert await server.notices(bob) == []
    await peer.deliver(server, peer.follow(bob))
    assert await peer.deliver(server, _request(peer, bob, theirs)) == ""


async def test_blocked_people_may_not_feature(server: Server, remote: Host) -> None:
    peer, bob = Peer.at(remote), await _findable(server)
    theirs = _collection(peer)
    await block_person(server.services, bob, await peer.known(server))
    assert "refused" in await peer.deliver(server, _request(peer, bob, theirs))
    assert await server.value("SELECT count(*) FROM feature_authorizations WHERE person_id = $1", bob.id) == 0


async def test_a_collection_of_somebody_else_gives_no_consent(server: Server, remote: Host, stranger: Peer) -> None:
    peer, neighbour, bob = Peer.at(remote), Peer.at(remote), await _findable(server)
    theirs = _collection(neighbour)
    assert "refused" in await peer.deliver(server, _request(peer, bob, theirs))
    away = {**_request(peer, bob, theirs), "instrument": _collection(stranger)["id"]}
    async with nothing_happens(server, peer):
        refused(await peer.post(server, away), 403)
    forged = _collection(peer, attributedTo=neighbour.ap_id)
    assert "refused" in await peer.deliver(server, _request(peer, bob, forged))
    assert await server.value("SELECT count(*) FROM feature_authorizations WHERE person_id = $1", bob.id) == 0


async def test_consent_that_was_taken_back_is_not_given_again(server: Server, remote: Host) -> None:
    peer, bob = Peer.at(remote), await _findable(server)
    theirs = _collection(peer)
    await peer.deliver(server, _request(peer, bob, theirs))
    stamp = (await server.sent(bob))[-1]["result"]
    found, item = (await server.rows("SELECT collection_id, id FROM collection_items WHERE stamp = $1", stamp))[0]
    await leave_collection(server.services, bob, found, item)
    delete = (await server.sent(bob))[-1]
    assert (delete["type"], delete["object"]["id"]) == ("Delete", stamp)
    assert (await server.client.get(stamp.removeprefix(server.origin), headers=JSON)).status_code == 404
    assert "refused" in await peer.deliver(server, _request(peer, bob, theirs))
    update = peer.activity("Update", {**theirs, "orderedItems": [_item(peer, bob.ap_id, stamp)]})
    assert await peer.deliver(server, update) == ""
    assert await _shown(server, theirs["id"]) == []


async def test_a_stamp_of_ours_is_not_made_by_claiming_it(server: Server, remote: Host) -> None:
    peer, bob = Peer.at(remote), await _findable(server)
    await peer.gain_follower(server)
    theirs = _collection(peer, _item(peer, bob.ap_id, f"{server.origin}/feature_authorizations/{UUID(int=1)}"))
    assert await peer.deliver(server, _add(peer, theirs)) == ""
    assert await _shown(server, theirs["id"]) == []
    assert await server.notices(bob) == []


# --- Their collections -----------------------------------------------------------------------------


async def test_a_collection_shows_those_whose_stamps_hold(server: Server, remote: Host, stranger: Peer) -> None:
    peer, friend = Peer.at(remote), Peer.at(remote)
    theirs = _collection(peer)
    listed = [
        _item(peer, friend.ap_id, _stamp(friend, theirs["id"])),
        _item(peer, stranger.ap_id, _stamp(stranger, theirs["id"])),
    ]
    theirs = _collection(peer, *listed, id=theirs["id"])
    assert await peer.deliver(server, _add(peer, theirs)) == ""
    assert await _shown(server, theirs["id"]) == [friend.ap_id, stranger.ap_id]
    found = await server.value("SELECT id FROM collections WHERE ap_id = $1", theirs["id"])
    shown = (await server.client.get(f"/api/v1/collections/{found}")).json()["collection"]
    assert (shown["name"], shown["description"], shown["local"]) == ("Good people", "Worth reading", False)
    assert shown["tag"]["name"] == "boats"


@pytest.mark.parametrize(
    "forgery", ["elsewhere", "other collection", "other person", "other type", "missing", "gone", "somebody else's"]
)
async def test_without_a_stamp_that_holds_nobody_shows(
    server: Server, remote: Host, stranger: Peer, forgery: str
) -> None:
    peer, mallory = Peer.at(remote), Peer.at(remote)
    theirs = _collection(peer)
    stamps: dict[str, str | None] = {
        "elsewhere": _stamp(stranger, theirs["id"], at=peer),
        "other collection": _stamp(stranger, peer.new_id("collections")),
        "other person": _stamp(stranger, theirs["id"], interactionTarget=mallory.ap_id),
        "other type": _stamp(stranger, theirs["id"], type="QuoteAuthorization"),
        "missing": None,
        "gone": stranger.new_id("stamps"),
        "somebody else's": _stamp(stranger, theirs["id"], attributedTo=stranger.new_id("users")),
    }
    theirs = _collection(peer, _item(peer, stranger.ap_id, stamps[forgery]), id=theirs["id"])
    assert await peer.deliver(server, _add(peer, theirs)) == ""
    assert await _states(server, theirs["id"]) == {stranger.ap_id: "rejected"}
    assert await _shown(server, theirs["id"]) == []


async def test_a_collection_changes_at_its_owners_word(server: Server, remote: Host, stranger: Peer) -> None:
    peer, bob = Peer.at(remote), await _findable(server)
    theirs = _collection(peer)
    await peer.deliver(server, _request(peer, bob, theirs))
    update = peer.activity("Update", {**theirs, "name": "Better people", "updated": "2026-01-01T00:00:00Z"})
    # The present time stood for the missing one: older news do not count.
    assert await peer.deliver(server, update) == "is older than what we have"
    update = peer.activity("Update", {**theirs, "name": "Better people", "updated": "2099-01-01T00:00:00Z"})
    assert await peer.deliver(server, update) == ""
    assert await server.value("SELECT name FROM collections WHERE ap_id = $1", theirs["id"]) == "Better people"
    assert await server.notices(bob) == ["added_to_collection", "collection_update"]
    # It is not in the document, but agreed to: its server tells of that later.
    assert await _shown(server, theirs["id"]) == [bob.ap_id]
    assert await peer.deliver(server, peer.activity("Delete", theirs["id"])) == ""
    assert await _shown(server, theirs["id"]) == []
    assert await peer.deliver(server, _add(peer, theirs)) == "is deleted already"


async def test_a_collection_taken_from_a_profile_is_gone(server: Server, remote: Host) -> None:
    peer = Peer.at(remote)
    theirs = _collection(peer)
    await peer.deliver(server, _add(peer, theirs))
    remove = peer.activity("Remove", theirs["id"], target=peer.document["featuredCollections"])
    assert await peer.deliver(server, remove) == ""
    assert await server.value("SELECT count(*) FROM collections WHERE ap_id = $1", theirs["id"]) == 0


async def test_nobody_else_touches_a_collection(server: Server, remote: Host, stranger: Peer) -> None:
    peer, neighbour = Peer.at(remote), Peer.at(remote)
    for one in (peer, neighbour, stranger):
        await one.known(server)
    theirs = _collection(peer, _item(peer, stranger.ap_id, None))
    theirs["orderedItems"][0]["featureAuthorization"] = _stamp(stranger, theirs["id"])
    await peer.deliver(server, _add(peer, theirs))
    assert await _shown(server, theirs["id"]) == [stranger.ap_id]
    item = _item(neighbour, neighbour.ap_id, _stamp(neighbour, theirs["id"]))
    listed = theirs["orderedItems"][0]["id"]
    async with nothing_happens(server, neighbour, accepted=True):
        for activity in (
            neighbour.activity("Add", item, target=theirs["id"]),
            neighbour.activity("Remove", listed, target=theirs["id"]),
            neighbour.activity("Remove", theirs["id"], target=neighbour.document["featuredCollections"]),
        ):
            assert (await neighbour.post(server, activity)).status_code == 202
    async with nothing_happens(server, neighbour, stranger):
        for activity in (
            neighbour.activity("Update", {**theirs, "name": "Mine"}),
            neighbour.activity("Delete", {**theirs, "id": theirs["id"]}),
        ):
            refused(await neighbour.post(server, activity), 403)
        refused(await stranger.post(server, stranger.activity("Add", item, target=theirs["id"])), 403)
    taken = {**theirs, "attributedTo": neighbour.ap_id}
    async with nothing_happens(server, neighbour, accepted=True):
        await neighbour.post(server, neighbour.activity("Add", taken, target=neighbour.document["featuredCollections"]))
    assert await _shown(server, theirs["id"]) == [stranger.ap_id]


async def test_a_stamp_is_taken_back_by_who_gave_it(server: Server, remote: Host, stranger: Peer) -> None:
    peer = Peer.at(remote)
    theirs = _collection(peer)
    stamp = _stamp(stranger, theirs["id"])
    theirs = _collection(peer, _item(peer, stranger.ap_id, stamp), id=theirs["id"])
    await peer.deliver(server, _add(peer, theirs))
    gone = {"id": stamp, "type": "FeatureAuthorization"}
    refused(await peer.post(server, peer.activity("Delete", gone)), 403)
    assert await _shown(server, theirs["id"]) == [stranger.ap_id]
    assert await stranger.deliver(server, stranger.activity("Delete", gone)) == ""
    assert await _shown(server, theirs["id"]) == []


# --- Ours feature them -----------------------------------------------------------------------------


async def test_ours_wait_for_the_answer_and_tell_of_it(server: Server, stranger: Peer) -> None:
    ada = await server.person()
    await stranger.known(server)
    person = await stranger.known(server)
    form = CollectionForm("Ours", discoverable=True)
    shelf = await collections.make_collection(server.services, ada, form, [person.id])
    ours = shelf.collections[0]
    add, request = (await server.sent(ada))[-2:]
    assert (add["type"], add["object"]["orderedItems"]) == ("Add", [])
    assert (request["type"], request["object"], request["instrument"]) == ("FeatureRequest", person.ap_id, ours.ap_id)
    document = (await server.client.get(f"/collections/{ours.id}", headers=JSON)).json()
    assert (document["type"], document["totalItems"]) == ("FeaturedCollection", 0)
    stamp = stranger.new_id("stamps")
    foreign = stranger.activity("Accept", request["id"], result="https://elsewhere.example/stamps/1")
    assert "answers nothing" in await stranger.deliver(server, foreign)
    # As Mastodon answers: the request by its id alone.
    assert await stranger.deliver(server, stranger.activity("Accept", request["id"], result=stamp)) == ""
    document = (await server.client.get(f"/collections/{ours.id}", headers=JSON)).json()
    (item,) = document["orderedItems"]
    assert (item["featuredObject"], item["featureAuthorization"]) == (person.ap_id, stamp)
    assert (await server.client.get(item["id"].removeprefix(server.origin), headers=JSON)).json()["id"] == item["id"]
    listed = (await server.client.get(f"/users/{ada.username}/collections", headers=JSON)).json()
    assert [one["id"] for one in listed["orderedItems"]] == [ours.ap_id]
    gone = stranger.activity("Delete", {"id": stamp, "type": "FeatureAuthorization"})
    assert await stranger.deliver(server, gone) == ""
    assert (await server.sent(ada))[-1]["type"] == "Remove"
    document = (await server.client.get(f"/collections/{ours.id}", headers=JSON)).json()
    assert document["orderedItems"] == []
    await collections.delete_collection(server.services, ada, ours.id)
    assert (await server.client.get(f"/collections/{ours.id}", headers=JSON)).status_code == 410


async def test_a_refusal_ends_the_wait(server: Server, stranger: Peer) -> None:
    ada, person = await server.person(), await stranger.known(server)
    shelf = await collections.make_collection(server.services, ada, CollectionForm("Ours"), [person.id])
    request = (await server.sent(ada))[-1]
    reject = stranger.activity("Reject", {**request, "@context": None})
    assert await stranger.deliver(server, reject) == ""
    assert await _states(server, shelf.collections[0].ap_id) == {person.ap_id: "rejected"}


# --- Pasted addresses ------------------------------------------------------------------------------


async def test_a_pasted_address_brings_a_collection(server: Server, remote: Host, stranger: Peer) -> None:
    peer, bob = Peer.at(remote), await server.person()
    theirs = _collection(peer)
    theirs = _collection(peer, _item(peer, stranger.ap_id, _stamp(stranger, theirs["id"])), id=theirs["id"])
    token = await sessions.create_token(server.services, bob, ["read"])

    async def search(url: str, *, resolve: bool) -> list[dict[str, Any]]:
        query = {"q": url, "resolve": str(resolve).lower()}
        answer = await server.client.get(
            "/api/v2/search", params=query, headers={"authorization": f"Bearer {token}"}
        )  # fmt: skip
        found: list[dict[str, Any]] = answer.json()["collections"]
        return found

    assert await search(theirs["id"], resolve=False) == []
    (found,) = await search(theirs["id"], resolve=True)
    assert (found["uri"], found["items"]) == (theirs["id"], [])
    await server.drain()
    (found,) = await search(theirs["id"], resolve=False)
    assert found["item_count"] == 1
    ours = (await collections.make_collection(server.services, bob, CollectionForm("Ours"))).collections[0]
    for address in (ours.ap_id, ours.url):
        assert [one["id"] for one in await search(address, resolve=False)] == [str(ours.id)]


# --- Hashtags of profiles --------------------------------------------------------------------------


async def test_hashtags_of_profiles_come_and_go(server: Server, peer: Peer, stranger: Peer) -> None:
    person = await peer.known(server)
    featured = peer.document["featured"]

    async def shown() -> list[str]:
        answer = await server.client.get(f"/api/v1/accounts/{person.id}/featured_tags")
        return [one["name"] for one in answer.json()]

    boats = {"type": "Hashtag", "name": "#Boats", "href": f"{peer.ap_id}/tagged/boats"}
    assert await peer.deliver(server, peer.activity("Add", boats, target=featured)) == ""
    assert await shown() == ["boats"]
    assert "no hashtag" in await peer.deliver(server, peer.activity("Add", boats, target=peer.followers))
    assert await peer.deliver(server, peer.activity("Remove", boats, target=featured)) == ""
    assert await shown() == []
