"""What each activity does, from the inbox to the rows: once, whatever comes twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from federation.actions.blocks import block_person
from federation.actions.follows import accept_follow, follow_person
from federation.actions.reactions import boost_thought
from federation.inbound import process
from federation.services import Services
from storage import thoughts
from tests.federation_peer import Peer, Server, Signing, nothing_happens
from tests.payloads.mastodon import AS, PUBLIC

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def twice(server: Server, peer: Peer, activity: dict[str, Any]) -> str:
    """Deliver an activity two times: only the first changes anything."""
    outcome = await peer.deliver(server, activity)
    before = await server.state()
    assert (await peer.post(server, activity)).status_code == 202
    await server.drain()
    after = await server.state()
    assert {name for name in after if after[name] != before[name]} <= {"instances"}
    return outcome


async def count(server: Server, table: str, column: str, value: object) -> int:
    found: int = await server.value(f"SELECT count(*) FROM {table} WHERE {column} = $1", value)
    return found


async def home(server: Server, person_id: UUID) -> int:
    return await count(server, "home_entries", "user_id", person_id)


async def test_follow_of_an_open_account_is_accepted(server: Server, peer: Peer) -> None:
    bob = await server.person()
    follow = peer.follow(bob)
    assert await twice(server, peer, follow) == ""
    assert await server.notices(bob) == ["follow"]
    assert await server.value("SELECT followers_count FROM users WHERE id = $1", bob.id) == 1
    (accept,) = await server.sent(bob)
    assert (accept["type"], accept["object"]["id"], accept["object"]["actor"]) == ("Accept", follow["id"], peer.ap_id)


async def test_repeated_follow_is_answered_again_by_its_new_id(server: Server, peer: Peer) -> None:
    bob = await server.person()
    await peer.deliver(server, peer.follow(bob))
    again = peer.follow(bob)
    assert await peer.deliver(server, again) == ""
    assert await server.value("SELECT followers_count FROM users WHERE id = $1", bob.id) == 1
    assert [one["object"]["id"] for one in await server.sent(bob)][1:] == [again["id"]]
    assert await server.notices(bob) == ["follow"]


async def test_follow_of_a_locked_account_waits(server: Server, peer: Peer) -> None:
    bob = await server.person()
    await server.rows("UPDATE users SET locked = true WHERE id = $1", bob.id)
    follow = peer.follow(bob)
    assert await twice(server, peer, follow) == ""
    assert await server.value("SELECT state FROM follows WHERE ap_id = $1", follow["id"]) == "pending"
    assert (await server.notices(bob), await server.sent(bob)) == (["follow_request"], [])
    await accept_follow(server.services, bob, await peer.known(server))
    assert await server.notices(bob) == ["follow"]
    assert [one["type"] for one in await server.sent(bob)] == ["Accept"]


async def test_follow_of_somebody_who_blocks_is_rejected(server: Server, peer: Peer) -> None:
    bob = await server.person()
    await block_person(server.services, bob, await peer.known(server))
    follow = peer.follow(bob)
    assert "blocks" in await peer.deliver(server, follow)
    reject = (await server.sent(bob))[-1]
    assert (reject["type"], reject["object"]["id"]) == ("Reject", follow["id"])
    assert await count(server, "follows", "following_id", bob.id) == 0


async def test_follow_of_nobody_here_is_ignored(server: Server, peer: Peer) -> None:
    for target in (f"{server.origin}/users/nobody", PUBLIC, peer.ap_id):
        async with nothing_happens(server, peer, accepted=True):
            assert await peer.deliver(server, peer.activity("Follow", target)) == "follows nobody here"


@pytest.mark.parametrize("how", ["embedded", "by id"])
async def test_follow_is_undone(server: Server, peer: Peer, how: str) -> None:
    bob = await server.person()
    follow = peer.follow(bob)
    await peer.deliver(server, follow)
    assert await twice(server, peer, peer.activity("Undo", follow if how == "embedded" else follow["id"])) == ""
    assert await count(server, "follows", "following_id", bob.id) == 0
    assert await server.value("SELECT followers_count FROM users WHERE id = $1", bob.id) == 0
    assert await server.notices(bob) == []


@pytest.mark.parametrize("how", ["embedded", "by id", "without an id"])
async def test_our_follow_is_accepted(server: Server, peer: Peer, how: str) -> None:
    bob = await server.person()
    note = peer.note()
    await peer.gain_follower(server)
    await peer.deliver(server, peer.create(note))
    follow = await follow_person(server.services, bob, await peer.known(server))
    assert follow.state == "pending"
    embedded = {"id": follow.ap_id, "type": "Follow", "actor": bob.ap_id, "object": peer.ap_id}
    answered = {"embedded": embedded, "by id": follow.ap_id, "without an id": {**embedded, "id": ""}}[how]
    assert await twice(server, peer, peer.activity("Accept", answered)) == ""
    assert await server.value("SELECT state FROM follows WHERE ap_id = $1", follow.ap_id) == "accepted"
    assert await server.value("SELECT following_count FROM users WHERE id = $1", bob.id) == 1
    assert await home(server, bob.id) == 1


@pytest.mark.parametrize("state", ["pending", "accepted"])
async def test_our_follow_is_rejected(server: Server, peer: Peer, state: str) -> None:
    bob = await server.person()
    follow = await follow_person(server.services, bob, await peer.known(server))
    if state == "accepted":
        await peer.deliver(server, peer.activity("Accept", follow.ap_id))
    assert await twice(server, peer, peer.activity("Reject", follow.ap_id)) == ""
    assert await count(server, "follows", "follower_id", bob.id) == 0
    assert await server.value("SELECT following_count FROM users WHERE id = $1", bob.id) == 0


AUDIENCES = {
    "public": ([PUBLIC], ["{followers}"]),
    "unlisted": (["{followers}"], [PUBLIC]),
    "followers": (["{followers}"], []),
    "direct": (["{bob}"], []),
}


@pytest.mark.parametrize("visibility", AUDIENCES)
async def test_thought_comes_to_whom_it_is_for(server: Server, peer: Peer, visibility: str) -> None:
    ann, bob = await peer.gain_follower(server), await server.person()
    to, cc = AUDIENCES[visibility]
    names = {"{followers}": peer.followers, "{bob}": bob.ap_id}
    note = peer.note(bob, to=[names.get(one, one) for one in to], cc=[names.get(one, one) for one in cc])
    assert await twice(server, peer, peer.create(note)) == ""
    thought = await server.thought(note["id"])
    assert thought is not None
    assert thought.visibility == visibility
    assert await home(server, ann.id) == (0 if visibility == "direct" else 1)
    # Named and addressed: only then does it concern bob.
    assert await server.notices(bob) == (["mention"] if visibility == "direct" else [])
    await expect_readers(
        server, thought.id, {None: visibility in ("public", "unlisted"), ann.id: visibility != "direct"}
    )


async def expect_readers(server: Server, thought_id: UUID, expected: dict[UUID | None, bool]) -> None:
    async with server.services.database.connection() as db:
        found = {viewer: await thoughts.find_visible(db, viewer, thought_id) is not None for viewer in expected}
    assert found == expected


async def test_personal_inbox_makes_its_owner_an_addressee(server: Server, peer: Peer) -> None:
    bob = await server.person()
    note = peer.note(to=[], cc=[])
    create = peer.create(note)
    assert await peer.deliver(server, create, inbox=f"/users/{bob.username}/inbox") == ""
    thought = await server.thought(note["id"])
    assert thought is not None
    assert thought.visibility == "direct"
    await expect_readers(server, thought.id, {bob.id: True, None: False})
    edited = {**note, "content": "<p>Better</p>", "updated": "2026-12-01T00:00:00Z"}
    await peer.deliver(server, peer.activity("Update", edited), inbox=f"/users/{bob.username}/inbox")
    await expect_readers(server, thought.id, {bob.id: True})


async def test_mention_without_being_addressed_notifies_nobody(server: Server, peer: Peer) -> None:
    bob = await server.person()
    await peer.gain_follower(server)
    assert await peer.deliver(server, peer.create(peer.note(bob, cc=[peer.followers]))) == ""
    assert await server.notices(bob) == []


async def test_thought_that_concerns_nobody_is_ignored(server: Server, peer: Peer) -> None:
    async with nothing_happens(server, peer, accepted=True):
        assert await peer.deliver(server, peer.create(peer.note())) == "concerns nobody here"


async def test_reply_joins_its_parent(server: Server, peer: Peer) -> None:
    bob = await server.person()
    parent = await server.publish(bob)
    reply = peer.note(bob, inReplyTo=parent.ap_id)
    assert await twice(server, peer, peer.create(reply)) == ""
    stored = await server.thought(reply["id"])
    assert stored is not None
    assert (stored.reply_to, stored.reply_to_user_id) == (parent.id, bob.id)
    parent_now = await server.thought(parent.ap_id)
    assert parent_now is not None
    assert parent_now.replies_count == 1
    await peer.deliver(server, peer.activity("Delete", reply["id"]))
    parent_now = await server.thought(parent.ap_id)
    assert parent_now is not None
    assert parent_now.replies_count == 0


async def test_late_parent_is_read_and_adopts_its_reply(server: Server, peer: Peer, stranger: Peer) -> None:
    bob = await server.person()
    grandparent = stranger.note()
    parent = stranger.note(inReplyTo=grandparent["id"])
    for note in (grandparent, parent):
        stranger.create(note)
    reply = peer.note(bob, inReplyTo=parent["id"])
    assert await peer.deliver(server, peer.create(reply)) == ""
    chain = [await server.thought(note["id"]) for note in (reply, parent, grandparent)]
    assert [one.reply_to for one in chain[:2] if one] == [one.id for one in chain[1:] if one]
    assert [one.replies_count for one in chain if one] == [0, 1, 1]
    assert await server.notices(bob) == ["mention"]


async def test_reply_to_what_cannot_be_read_stays_alone(server: Server, peer: Peer, stranger: Peer) -> None:
    bob = await server.person()
    reply = peer.note(bob, inReplyTo=stranger.new_id("notes"))
    assert await peer.deliver(server, peer.create(reply)) == ""
    stored = await server.thought(reply["id"])
    assert stored is not None
    assert (stored.reply_to, stored.reply_to_ap_id) == (None, reply["inReplyTo"])


async def test_old_thought_enters_no_home_and_notifies_nobody(server: Server, peer: Peer) -> None:
    bob = await peer.gain_follower(server)
    old = (datetime.now(UTC) - timedelta(days=4)).isoformat()
    note = peer.note(bob, published=old)
    assert await peer.deliver(server, peer.create(note)) == ""
    assert await server.thought(note["id"]) is not None
    assert (await home(server, bob.id), await server.notices(bob)) == (0, [])


async def test_thought_from_the_future_is_of_now(server: Server, peer: Peer) -> None:
    bob = await server.person()
    note = peer.note(bob, published="2999-01-01T00:00:00Z")
    await peer.deliver(server, peer.create(note))
    stored = await server.thought(note["id"])
    assert stored is not None
    assert stored.created_at <= datetime.now(UTC)


async def test_edit_keeps_the_version_before(server: Server, peer: Peer) -> None:
    bob, carol = await server.person(), await server.person()
    note = peer.note(bob)
    await peer.deliver(server, peer.create(note))
    stored = await server.thought(note["id"])
    assert stored is not None
    await boost_thought(server.services, bob, stored.id)
    edited = {**peer.note(bob, carol, content="<p>Better</p>"), "id": note["id"], "updated": note["published"]}
    assert await twice(server, peer, peer.activity("Update", edited)) == ""
    now = await server.thought(note["id"])
    assert now is not None
    assert now.content == "<p>Better</p>"
    assert await server.rows("SELECT content FROM thought_edits WHERE thought_id = $1", stored.id) == [
        ("<p>Hello</p>",)
    ]
    assert (await server.notices(bob), await server.notices(carol)) == (["mention", "update"], ["mention"])


async def test_older_edit_changes_nothing(server: Server, peer: Peer) -> None:
    bob = await server.person()
    note = peer.note(bob)
    await peer.deliver(server, peer.create(note))
    for content, updated in (("<p>Second</p>", "2026-11-20T12:00:00Z"), ("<p>First</p>", "2026-11-20T11:00:00Z")):
        await peer.deliver(server, peer.activity("Update", {**note, "content": content, "updated": updated}))
    stored = await server.thought(note["id"])
    assert stored is not None
    assert stored.content == "<p>Second</p>"


async def test_edit_does_not_change_who_may_see_it(server: Server, peer: Peer) -> None:
    bob = await server.person()
    note = peer.note(bob, to=[bob.ap_id], cc=[])
    await peer.deliver(server, peer.create(note))
    public = {**note, "to": [PUBLIC], "content": "<p>Now for all</p>", "updated": "2026-11-21T00:00:00Z"}
    await peer.deliver(server, peer.activity("Update", public))
    stored = await server.thought(note["id"])
    assert stored is not None
    assert (stored.content, stored.visibility) == ("<p>Now for all</p>", "direct")


async def test_edit_of_what_we_do_not_have_yet_brings_it(server: Server, peer: Peer) -> None:
    bob = await server.person()
    note = peer.note(bob, updated="2026-11-21T00:00:00Z")
    assert await peer.deliver(server, peer.activity("Update", note)) == ""
    assert await server.thought(note["id"]) is not None


@pytest.mark.parametrize(
    ("addressed", "inbox", "told"),
    [("to", "/inbox", True), ("cc", "/inbox", True), ("", "own", True), ("", "/inbox", False)],
)
@pytest.mark.parametrize("visibility", ["public", "followers"])
async def test_answer_without_a_mention_tells_whom_it_answers_when_addressed(
    server: Server, peer: Peer, visibility: str, addressed: str, inbox: str, told: bool
) -> None:
    bob = await server.person()
    thought = await server.publish(bob)
    to = [PUBLIC] if visibility == "public" else [peer.followers]
    fields = {"to": to, "cc": [], "inReplyTo": thought.ap_id}
    fields[addressed or "cc"] = [*fields[addressed or "cc"], *([bob.ap_id] if addressed else [])]
    inbox = f"/users/{bob.username}/inbox" if inbox == "own" else inbox
    note = peer.note(**fields)
    assert await peer.deliver(server, peer.create(note), inbox=inbox) == ""
    assert await server.notices(bob) == (["mention"] if told else [])
    stored = await server.thought(note["id"])
    assert stored is not None
    async with server.services.database.connection() as db:
        seen = await thoughts.find_visible(db, bob.id, stored.id)
    assert (seen is not None) == (told or visibility == "public")
    edited = peer.activity("Update", {**note, "content": "<p>Edited</p>", "updated": "2099-01-01T00:00:00Z"})
    await peer.deliver(server, edited, inbox=inbox)
    assert await server.notices(bob) == (["mention"] if told else [])


async def test_answer_names_nobody_else_whom_it_is_addressed_to(server: Server, peer: Peer) -> None:
    bob, eve = await server.person(), await server.person()
    thought = await server.publish(bob)
    note = peer.note(to=[PUBLIC], cc=[bob.ap_id, eve.ap_id], inReplyTo=thought.ap_id)
    await peer.deliver(server, peer.create(note))
    assert (await server.notices(bob), await server.notices(eve)) == (["mention"], [])


@pytest.mark.parametrize("how", ["id", "tombstone", "object"])
async def test_deletion_leaves_a_tombstone(server: Server, peer: Peer, how: str) -> None:
    bob = await server.person()
    note = peer.note(bob)
    create = peer.create(note)
    await peer.deliver(server, create)
    thing = {"id": note["id"], "tombstone": {"id": note["id"], "type": "Tombstone"}, "object": note}[how]
    assert await twice(server, peer, peer.activity("Delete", thing)) == ""
    assert await server.thought(note["id"]) is None
    assert await server.notices(bob) == []
    assert await peer.deliver(server, {**create, "id": peer.new_id()}) == "deleted before it arrived"
    assert await server.value("SELECT thoughts_count FROM users WHERE ap_id = $1", peer.ap_id) == 0


async def test_deletion_that_comes_first_keeps_the_thought_away(server: Server, peer: Peer) -> None:
    bob = await server.person()
    note = peer.note(bob)
    assert await twice(server, peer, peer.activity("Delete", note["id"])) == "unknown, remembered"
    assert await peer.deliver(server, peer.create(note)) == "deleted before it arrived"
    assert await server.thought(note["id"]) is None


@pytest.mark.parametrize("how", ["embedded", "by id"])
async def test_like_and_unlike(server: Server, peer: Peer, how: str) -> None:
    bob = await server.person()
    thought = await server.publish(bob)
    like = peer.activity("Like", thought.ap_id)
    assert await twice(server, peer, like) == ""
    assert await peer.deliver(server, {**like, "id": peer.new_id()}) == ""
    assert await server.value("SELECT likes_count FROM thoughts WHERE id = $1", thought.id) == 1
    assert await server.notices(bob) == ["favourite"]
    assert await twice(server, peer, peer.activity("Undo", like if how == "embedded" else like["id"])) == ""
    assert await server.value("SELECT likes_count FROM thoughts WHERE id = $1", thought.id) == 0
    assert await server.notices(bob) == []


async def test_undone_reaction_leaves_the_like(server: Server, peer: Peer) -> None:
    thought = await server.publish(await server.person())
    await peer.deliver(server, peer.activity("Like", thought.ap_id))
    react = peer.activity("EmojiReact", thought.ap_id, content="🎉")
    await peer.deliver(server, react)
    await peer.deliver(server, peer.activity("Undo", react))
    assert await server.value("SELECT likes_count FROM thoughts WHERE id = $1", thought.id) == 1


@pytest.mark.parametrize(("to", "visibility"), [(PUBLIC, "public"), ("followers", "followers")])
async def test_boost_is_for_those_it_is_addressed_to(server: Server, peer: Peer, to: str, visibility: str) -> None:
    thought = await server.publish(await server.person())
    boost = peer.activity("Announce", thought.ap_id, to=[to if to == PUBLIC else f"{peer.ap_id}/followers"])
    assert await twice(server, peer, boost) == ""
    assert await server.value("SELECT visibility FROM entries WHERE ap_id = $1", boost["id"]) == visibility


@pytest.mark.parametrize("how", ["embedded", "by id"])
async def test_boost_of_our_thought(server: Server, peer: Peer, how: str) -> None:
    ann, bob = await peer.gain_follower(server), await server.person()
    thought = await server.publish(bob)
    boost = peer.activity("Announce", thought.ap_id, published="2999-01-01T00:00:00Z", to=[PUBLIC])
    assert await twice(server, peer, boost) == ""
    assert await server.value("SELECT boosts_count FROM thoughts WHERE id = $1", thought.id) == 1
    assert (await home(server, ann.id), await server.notices(bob)) == (1, ["reblog"])
    assert await server.value("SELECT created_at <= now() FROM entries WHERE ap_id = $1", boost["id"])
    assert await twice(server, peer, peer.activity("Undo", boost if how == "embedded" else boost["id"])) == ""
    assert await server.value("SELECT boosts_count FROM thoughts WHERE id = $1", thought.id) == 0
    assert await server.notices(bob) == []


async def test_boost_of_an_unknown_thought_reads_it_from_its_server(server: Server, peer: Peer, stranger: Peer) -> None:
    ann = await peer.gain_follower(server)
    note = stranger.note()
    stranger.create(note)
    assert await twice(server, peer, peer.activity("Announce", note["id"])) == ""
    stored = await server.thought(note["id"])
    assert stored is not None
    assert (stored.boosts_count, await home(server, ann.id)) == (1, 1)


async def test_boost_by_somebody_whom_nobody_follows_reads_nothing(server: Server, peer: Peer, stranger: Peer) -> None:
    note = stranger.note()
    stranger.create(note)
    assert await peer.deliver(server, peer.activity("Announce", note["id"])) == "concerns nobody here"
    assert stranger.host.count(note["id"]) == 0


async def test_boost_whose_origin_is_away_is_tried_again(server: Server, peer: Peer, stranger: Peer) -> None:
    await peer.gain_follower(server)
    note = stranger.note()
    stranger.host.fail(note["id"], 503)
    boost = peer.activity("Announce", note["id"])
    await peer.deliver(server, boost)
    pending = "SELECT state, attempts FROM inbox_activities ORDER BY seq DESC LIMIT 1"
    assert await server.rows(pending) == [("pending", 1)]
    stranger.create(note)
    await due_again(server)
    await server.drain()
    assert await server.rows(pending) == [("done", 1)]
    assert await server.thought(note["id"]) is not None


async def due_again(server: Server) -> None:
    await server.rows("UPDATE inbox_activities SET due_at = now() WHERE state = 'pending'")


async def test_block_parts_two_people_until_it_is_undone(server: Server, peer: Peer) -> None:
    bob = await peer.gain_follower(server)
    await peer.deliver(server, peer.follow(bob))
    await peer.deliver(server, peer.create(peer.note(bob)))
    block = peer.activity("Block", bob.ap_id)
    assert await twice(server, peer, block) == ""
    them = await peer.known(server)
    assert await server.rows("SELECT blocker_id FROM blocks WHERE blocked_id = $1", bob.id) == [(them.id,)]
    assert (
        await count(server, "follows", "follower_id", bob.id) + await count(server, "follows", "following_id", bob.id)
        == 0
    )
    assert (await home(server, bob.id), await server.notices(bob)) == (0, [])
    thought = await server.value("SELECT id FROM thoughts WHERE user_id = $1", them.id)
    await expect_readers(server, thought, {bob.id: False, None: True})
    assert await twice(server, peer, peer.activity("Undo", block)) == ""
    await expect_readers(server, thought, {bob.id: True})


async def test_update_of_an_actor_is_read_from_its_server(server: Server, peer: Peer) -> None:
    await peer.known(server)
    peer.host.put(peer.ap_id, {**peer.document, "name": "As served"})
    assert await peer.deliver(server, peer.activity("Update", {**peer.document, "name": "As sent"})) == ""
    assert (await peer.known(server)).display_name == "As served"


async def test_deletion_of_an_actor_takes_everything_along(server: Server, peer: Peer) -> None:
    bob = await peer.gain_follower(server)
    await peer.deliver(server, peer.follow(bob))
    ours = await server.publish(bob)
    for activity in (
        peer.create(peer.note(bob, inReplyTo=ours.ap_id)),
        peer.activity("Like", ours.ap_id),
        peer.activity("Announce", ours.ap_id),
    ):
        assert await peer.deliver(server, activity) == ""
    peer.host.fail(peer.ap_id, 410)
    assert (await peer.post(server, peer.activity("Delete", peer.ap_id))).status_code == 202
    await server.drain()
    assert await count(server, "users", "ap_id", peer.ap_id) == 0
    assert await server.rows("SELECT followers_count, following_count FROM users WHERE id = $1", bob.id) == [(0, 0)]
    counts = "SELECT likes_count, boosts_count FROM thoughts WHERE id = $1"
    assert await server.rows(counts, ours.id) == [(0, 0)]
    assert await server.notices(bob) == []
    assert await count(server, "tombstones", "owner_ap_id", peer.ap_id) == 1


async def test_pins_can_be_added_removed_and_added_again(server: Server, peer: Peer) -> None:
    note = peer.note(await server.person())
    await peer.deliver(server, peer.create(note))
    featured = peer.document["featured"]
    pins = "SELECT count(*) FROM pins p JOIN thoughts t ON t.id = p.thought_id WHERE t.ap_id = $1"
    for number, kind in enumerate(("Add", "Remove", "Add")):
        # As Mastodon sends it: without an id, so the two Adds have the same bytes.
        pin = peer.activity(kind, note["id"], target=featured, id=None)
        at = datetime.now(UTC) - timedelta(minutes=3 - number)
        assert (await peer.post(server, pin, Signing(at=at))).status_code == 202
        await server.drain()
        assert await server.value(pins, note["id"]) == (kind == "Add")


async def test_unknown_activities_are_accepted_and_ignored(server: Server, peer: Peer) -> None:
    for kind in ("Listen", "Dislike", "Move", "Question"):
        async with nothing_happens(server, peer, accepted=True):
            thing = peer.activity(kind, peer.ap_id, target=peer.ap_id)
            assert "not something we act upon" in await peer.deliver(server, thing)


async def test_crash_in_a_handler_is_tried_again_and_then_a_dead_letter(
    server: Server, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def break_down(_services: Services, _envelope: object, _activity: object) -> str:
        raise ZeroDivisionError

    bob = await server.person()
    await peer.known(server)
    kind = type(process.wire.parse_activity({"@context": AS, **peer.follow(bob)}))
    with monkeypatch.context() as broken:
        broken.setitem(process.HANDLERS, kind, break_down)
        assert "ZeroDivisionError" in await peer.deliver(server, peer.follow(bob))
        for _ in process.PAUSES_S:
            assert await count(server, "failed_events", "kind", "inbox") == 0
            await due_again(server)
            await server.drain()
    letters = await server.rows(
        "SELECT host, error_class, subject, jsonb_array_length(attempts) FROM failed_events WHERE kind = 'inbox'"
    )
    assert letters == [(peer.host.authority, "crash", f"Follow from {peer.ap_id}", len(process.PAUSES_S) + 1)]
    # The others go on.
    assert await peer.deliver(server, peer.follow(await server.person())) == ""


async def test_activities_of_one_signer_are_processed_in_order(server: Server, peer: Peer) -> None:
    bob = await server.person()
    note = peer.note(bob)
    for number in range(8):
        edited = {**note, "content": f"<p>{number}</p>", "updated": f"2026-11-20T10:00:0{number}Z"}
        await peer.post(server, peer.activity("Update" if number else "Create", edited))
    await server.drain()
    stored = await server.thought(note["id"])
    assert stored is not None
    assert stored.content == "<p>7</p>"
    assert await count(server, "thought_edits", "thought_id", stored.id) == 7
