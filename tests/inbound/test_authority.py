"""Who may do what: a good signature gives nobody power over the things of others."""

from __future__ import annotations

from typing import Any

import pytest

from federation.actions.blocks import block_person
from federation.actions.follows import follow_person
from federation.actions.hosts import block_domain
from tests.federation_peer import REMOTE, Peer, Server, nothing_happens, refused
from tests.payloads.mastodon import PUBLIC
from tests.remote.fediverse import Host, running

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def stored(server: Server, author: Peer, **more: Any) -> dict[str, Any]:
    """Let a note of a peer be stored here, and return it."""
    note = author.note(await server.person(), **more)
    assert await author.deliver(server, author.create(note)) == ""
    return note


async def ignored(server: Server, sender: Peer, activity: dict[str, Any], why: str) -> None:
    """Check that an activity is accepted and comes to nothing."""
    async with nothing_happens(server, sender, accepted=True):
        assert why in await sender.deliver(server, activity)


async def test_activity_id_of_another_host_is_refused(server: Server, peer: Peer, other: Host) -> None:
    bob = await server.person()
    async with nothing_happens(server, peer):
        forged = peer.create(peer.note(bob), id=f"{other.origin}/activities/1")
        refused(await peer.post(server, forged), 403, "id is not on its actor's server")


async def test_object_id_of_another_host_is_refused(server: Server, peer: Peer, other: Host) -> None:
    bob = await server.person()
    async with nothing_happens(server, peer):
        note = peer.note(bob, id=f"{other.origin}/notes/1")
        for kind in ("Create", "Update"):
            refused(await peer.post(server, peer.activity(kind, note)), 403, "not on its author's server")
        refused(await peer.post(server, peer.activity("Create", note["id"])), 403, "not on its author's server")


async def test_forged_author_is_refused(server: Server, peer: Peer, neighbour: Peer, stranger: Peer) -> None:
    bob = await server.person()
    async with nothing_happens(server, peer, neighbour):
        for victim in (neighbour, stranger):
            for kind in ("Create", "Update"):
                forged = peer.activity(kind, peer.note(bob, attributedTo=victim.ap_id))
                refused(await peer.post(server, forged), 403, "attributed to somebody else")


async def test_forged_author_of_an_object_that_is_only_named_is_ignored(
    server: Server, peer: Peer, neighbour: Peer
) -> None:
    bob = await server.person()
    await neighbour.known(server)
    note = neighbour.note(bob)
    neighbour.create(note)  # served, and not by the peer
    await ignored(server, peer, peer.activity("Create", note["id"]), "attributed to somebody else")


async def test_second_author_among_several_does_not_count(server: Server, peer: Peer, neighbour: Peer) -> None:
    bob = await server.person()
    async with nothing_happens(server, peer):
        forged = peer.activity("Create", peer.note(bob, attributedTo=[neighbour.ap_id, peer.ap_id]))
        refused(await peer.post(server, forged), 403, "attributed to somebody else")


async def test_create_of_a_stored_object_by_another_author_changes_nothing(
    server: Server, peer: Peer, neighbour: Peer
) -> None:
    bob = await server.person()
    private = neighbour.note(bob, to=[bob.ap_id], cc=[])
    await neighbour.deliver(server, neighbour.create(private))
    published = {**private, "to": [PUBLIC], "attributedTo": peer.ap_id}
    await ignored(server, peer, peer.create(published), "forged")
    await ignored(server, peer, peer.activity("Update", published), "not the author's")


async def test_repeated_create_by_its_author_does_not_change_the_audience(server: Server, peer: Peer) -> None:
    bob = await server.person()
    private = peer.note(bob, to=[bob.ap_id], cc=[])
    await peer.deliver(server, peer.create(private))
    async with nothing_happens(server, peer, accepted=True):
        await peer.deliver(server, peer.create({**private, "to": [PUBLIC]}))


async def test_delete_of_a_thing_of_a_neighbour_changes_nothing(server: Server, peer: Peer, neighbour: Peer) -> None:
    note = await stored(server, neighbour)
    await ignored(server, peer, peer.activity("Delete", note["id"]), "not the author's")


async def test_delete_of_a_thing_of_another_host_is_refused(server: Server, peer: Peer, stranger: Peer) -> None:
    note = await stored(server, stranger)
    async with nothing_happens(server, peer):
        refused(await peer.post(server, peer.activity("Delete", note["id"])), 403, "not on its actor's server")


async def test_delete_in_advance_does_not_keep_a_neighbour_from_writing(
    server: Server, peer: Peer, neighbour: Peer
) -> None:
    bob = await server.person()
    note = neighbour.note(bob)
    await peer.deliver(server, peer.activity("Delete", note["id"]))
    assert await neighbour.deliver(server, neighbour.create(note)) == ""
    assert await server.value("SELECT count(*) FROM thoughts WHERE ap_id = $1", note["id"]) == 1


async def test_delete_in_advance_does_not_take_the_place_of_the_owners(
    server: Server, peer: Peer, neighbour: Peer
) -> None:
    note = neighbour.note(await server.person())
    await peer.deliver(server, peer.activity("Delete", note["id"]))
    await neighbour.deliver(server, neighbour.activity("Delete", note["id"]))
    await peer.deliver(server, peer.activity("Delete", note["id"]))
    assert await neighbour.deliver(server, neighbour.create(note)) == "deleted before it arrived"


async def test_delete_and_update_of_another_actor_are_refused(server: Server, peer: Peer, neighbour: Peer) -> None:
    await neighbour.known(server)
    async with nothing_happens(server, peer, neighbour):
        refused(await peer.post(server, peer.activity("Update", neighbour.document)), 403, "only itself")
    for thing in (neighbour.document, neighbour.ap_id):
        await ignored(server, peer, peer.activity("Delete", thing), "deletes somebody else")


async def test_undo_of_what_others_did_changes_nothing(server: Server, peer: Peer, neighbour: Peer) -> None:
    bob = await server.person()
    note = await stored(server, neighbour)
    done = [
        neighbour.follow(bob),
        neighbour.activity("Like", note["id"]),
        neighbour.activity("Announce", note["id"]),
        neighbour.activity("Block", (await server.person()).ap_id),
    ]
    for activity in done:
        assert await neighbour.deliver(server, activity) == ""
    await peer.known(server)
    for activity in done:
        async with nothing_happens(server, peer, accepted=True):
            embedded = peer.activity("Undo", activity)
            refused(await peer.post(server, embedded), 403, "belongs to somebody else")
            await peer.deliver(server, peer.activity("Undo", {**activity, "actor": peer.ap_id}))
            await peer.deliver(server, peer.activity("Undo", activity["id"]))


async def test_undo_that_names_what_a_neighbour_did_leaves_ones_own(
    server: Server, peer: Peer, neighbour: Peer
) -> None:
    bob = await server.person()
    note = await stored(server, neighbour)
    for sender in (peer, neighbour):
        done = [
            sender.follow(bob),
            sender.activity("Like", note["id"]),
            sender.activity("Announce", note["id"]),
        ]
        for activity in done:
            assert await sender.deliver(server, activity) == ""
    for activity in done:  # the neighbour's
        await ignored(server, peer, peer.activity("Undo", activity["id"]), "nothing that we know")


async def test_undo_of_a_thing_of_another_host_is_refused(server: Server, peer: Peer, stranger: Peer) -> None:
    bob = await server.person()
    follow = stranger.follow(bob)
    await stranger.deliver(server, follow)
    async with nothing_happens(server, peer, stranger):
        for thing in (follow, follow["id"], {**follow, "actor": peer.ap_id}):
            refused(await peer.post(server, peer.activity("Undo", thing)), 403, "not on its actor's server")


@pytest.mark.parametrize("kind", ["Accept", "Reject"])
async def test_answer_to_a_follow_that_nobody_asked_for_changes_nothing(server: Server, peer: Peer, kind: str) -> None:
    bob = await server.person()
    follow_id = f"{server.origin}/activities/00000000-0000-7000-8000-000000000001"
    follow = {"id": follow_id, "type": "Follow", "actor": bob.ap_id, "object": peer.ap_id}
    for answered in (follow, follow_id):
        await ignored(server, peer, peer.activity(kind, answered), "nothing that we asked for")


@pytest.mark.parametrize("kind", ["Accept", "Reject"])
async def test_only_the_followed_may_answer(
    server: Server, peer: Peer, neighbour: Peer, stranger: Peer, kind: str
) -> None:
    bob = await server.person()
    followed = await neighbour.known(server)
    asked = await follow_person(server.services, bob, followed)
    follow = {"id": asked.ap_id, "type": "Follow", "actor": bob.ap_id, "object": neighbour.ap_id}
    for sender in (peer, stranger):
        async with nothing_happens(server, sender):
            refused(await sender.post(server, sender.activity(kind, follow)), 403, "Only the followed actor")
        for claim in ({**follow, "object": sender.ap_id}, {**follow, "object": None}, asked.ap_id):
            await ignored(server, sender, sender.activity(kind, claim), "nothing that we asked for")
    assert await server.value("SELECT state FROM follows WHERE ap_id = $1", asked.ap_id) == "pending"


async def test_follow_with_the_id_of_anothers_follow_changes_nothing(
    server: Server, peer: Peer, neighbour: Peer
) -> None:
    bob = await server.person()
    follow = neighbour.follow(bob)
    await neighbour.deliver(server, follow)
    await ignored(server, peer, {**peer.follow(bob), "id": follow["id"]}, "id of another follow")


async def test_pins_of_others_change_nothing(server: Server, peer: Peer, neighbour: Peer, stranger: Peer) -> None:
    mine, theirs = await stored(server, peer), await stored(server, neighbour)
    collection = peer.document["featured"]
    await neighbour.deliver(
        server, neighbour.activity("Add", theirs["id"], target=neighbour.document["featured"], id=None)
    )  # fmt: skip
    for kind, what, target in (
        ("Add", theirs["id"], collection),
        ("Add", mine["id"], neighbour.document["featured"]),
        ("Remove", theirs["id"], neighbour.document["featured"]),
    ):
        await ignored(server, peer, peer.activity(kind, what, target=target), "nothing that we act upon")
    async with nothing_happens(server, peer):
        foreign = peer.activity("Add", mine["id"], target=stranger.document["featured"])
        refused(await peer.post(server, foreign), 403, "collection is not on")


async def test_likes_and_boosts_of_hidden_thoughts_change_nothing(server: Server, peer: Peer, neighbour: Peer) -> None:
    bob = await server.person()
    note = neighbour.note(bob, to=[bob.ap_id], cc=[])
    await neighbour.deliver(server, neighbour.create(note))
    for kind in ("Like", "Announce"):
        await ignored(server, peer, peer.activity(kind, note["id"]), "not yours to see")
    await ignored(server, neighbour, neighbour.activity("Announce", note["id"]), "Only public thoughts")


async def test_forged_boost_shows_what_the_origin_says(server: Server, peer: Peer, stranger: Peer, other: Host) -> None:
    await peer.gain_follower(server)
    genuine = stranger.note(content="<p>Genuine</p>")
    stranger.create(genuine)
    forged = {**genuine, "content": "<p>Forged</p>"}
    await peer.deliver(server, peer.activity("Announce", forged))
    assert await server.value("SELECT content FROM thoughts WHERE ap_id = $1", genuine["id"]) == "<p>Genuine</p>"
    invented = {**stranger.note(), "content": "<p>Invented</p>"}
    await ignored(server, peer, peer.activity("Announce", invented), "404")


async def test_boost_of_a_thought_that_we_never_wrote_is_ignored(server: Server, peer: Peer) -> None:
    await peer.gain_follower(server)
    invented = f"{server.origin}/thoughts/00000000-0000-7000-8000-000000000001"
    await ignored(server, peer, peer.activity("Announce", invented), "never had")


async def test_thoughts_of_a_blocked_domain_do_not_come_in_through_others(server: Server, peer: Peer) -> None:
    await peer.gain_follower(server)
    bob = await server.person()
    async with running(REMOTE) as shady:
        await block_domain(server.services, shady.authority, "", by=None)
        enemy = Peer.at(shady)
        boosted, parent = enemy.note(), enemy.note()
        enemy.create(boosted)
        enemy.create(parent)
        await peer.deliver(server, peer.activity("Announce", boosted["id"]))
        await peer.deliver(server, peer.create(peer.note(bob, inReplyTo=parent["id"])))
    assert await server.value("SELECT count(*) FROM thoughts WHERE ap_id LIKE $1", f"{shady.origin}/%") == 0


async def test_blocked_person_cannot_follow_nor_notify(server: Server, peer: Peer) -> None:
    bob = await server.person()
    enemy = await peer.known(server)
    await block_person(server.services, bob, enemy)
    assert "blocks" in await peer.deliver(server, peer.follow(bob))
    mention = peer.note(bob)
    await peer.deliver(server, peer.create(mention))
    assert await server.value("SELECT count(*) FROM follows WHERE follower_id = $1", enemy.id) == 0
    assert await server.value("SELECT count(*) FROM notifications WHERE user_id = $1", bob.id) == 0
    sent = "SELECT type FROM activities WHERE user_id = $1 AND target_id = $2 ORDER BY seq"
    assert await server.rows(sent, bob.id, enemy.id) == [("Block",), ("Reject",)]


async def test_forwarded_activity_is_only_a_hint_to_read_its_object(server: Server, peer: Peer, stranger: Peer) -> None:
    await stranger.known(server)
    note = stranger.note(content="<p>As its server has it</p>")
    create = stranger.create(note)
    create["object"] = {**note, "content": "<p>As the messenger has it</p>"}
    async with nothing_happens(server, peer):
        refused(await peer.post(server, create), 403, "not who signed it")
    assert (await peer.post(server, {**create, "signature": {"type": "RsaSignature2017"}})).status_code == 202
    await server.drain()
    found = await server.value("SELECT content FROM thoughts WHERE ap_id = $1", note["id"])
    assert found == "<p>As its server has it</p>"


async def test_forwarded_delete_counts_only_when_the_origin_confirms_it(
    server: Server, peer: Peer, stranger: Peer
) -> None:
    note = await stored(server, stranger)
    forwarded = {**stranger.activity("Delete", note["id"]), "signature": {"type": "RsaSignature2017"}}
    async with nothing_happens(server, peer):
        assert (await peer.post(server, forwarded)).status_code == 202
    stranger.host.fail(note["id"], 410)
    await peer.post(server, forwarded)
    await server.drain()
    assert await server.value("SELECT count(*) FROM thoughts WHERE ap_id = $1", note["id"]) == 0


async def test_forwarded_delete_of_what_we_do_not_have_is_not_looked_up(
    server: Server, peer: Peer, stranger: Peer
) -> None:
    note = stranger.note()
    stranger.create(note)
    forwarded = {**stranger.activity("Delete", note["id"]), "signature": {"type": "RsaSignature2017"}}
    async with nothing_happens(server, peer):
        assert (await peer.post(server, forwarded)).status_code == 202
    assert stranger.host.count(note["id"]) == 0


async def test_forwarded_activity_about_a_thing_of_another_host_is_not_looked_up(
    server: Server, peer: Peer, stranger: Peer
) -> None:
    note = peer.note()
    peer.create(note)
    forwarded = {**stranger.activity("Create", note["id"]), "signature": {"type": "RsaSignature2017"}}
    async with nothing_happens(server, peer):
        assert (await peer.post(server, forwarded)).status_code == 202
    assert peer.host.count(note["id"]) == 0
