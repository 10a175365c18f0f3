"""Deleting thoughts: the tombstone, the bytes, who is told, and what stays."""

from __future__ import annotations

import asyncio

import pytest

from federation.actions import documents, reactions, timelines
from federation.actions.delete_thought import delete_thought
from federation.errors import Forbidden, Gone, NotFound
from federation.services import Services
from tests.acting import PAGE, PUBLIC, again, execute, follow, hear, ids, say, scalar, sent, told
from tests.services_fixture import make_person, make_remote_person


async def test_a_deleted_thought_leaves_a_tombstone_and_no_bytes(services: Services) -> None:
    ada = await make_person(services, "ada")
    thought = await say(services, ada, "a secret")
    await delete_thought(services, ada, thought.id)
    with pytest.raises(Gone):
        await documents.get_note(services, None, thought.id)
    with pytest.raises(NotFound):
        await timelines.get_thought(services, ada, thought.id)
    assert await scalar(services, "SELECT count(*) FROM activities WHERE payload LIKE '%secret%'::bytea") == 0
    create = await scalar(services, "SELECT id FROM activities WHERE type = 'Create'")
    with pytest.raises(Gone):
        await documents.get_activity(services, None, create)
    with pytest.raises(NotFound):
        await delete_thought(services, ada, thought.id)


async def test_everyone_who_may_hold_a_copy_is_told(services: Services) -> None:
    ada, fan = await make_person(services, "ada"), await make_person(services, "fan")
    liker, booster, answerer, named = [
        await make_remote_person(services, name, f"{name}.example")
        for name in ("liker", "booster", "answerer", "named")
    ]
    await follow(services, fan, ada)
    thought = await say(services, ada, "@named@named.example hi")
    await reactions.like_thought(services, liker, thought.id, ap_id="https://liker.example/l")
    await reactions.boost_thought(services, booster, thought.id, ap_id="https://booster.example/b")
    await hear(services, answerer, inReplyTo=thought.ap_id)
    # What the fan-out of the Create made of it.
    await execute(
        services,
        """INSERT INTO deliveries (activity_id, activity_seq, sender_id, inbox_url, host, ordering_key)
        SELECT id, seq, user_id, $1, 'named.example', ordering_key FROM activities WHERE type = 'Create'""",
        named.inbox_url,
    )
    await delete_thought(services, ada, thought.id)
    delete = (await sent(services))[-1]
    assert delete.type == "Delete"
    assert delete.to_followers
    assert delete.inboxes == sorted(one.inbox_url for one in (liker, booster, answerer, named))
    assert delete.document["object"] == {"id": thought.ap_id, "type": "Tombstone"}
    assert set(delete.document["to"]) >= {PUBLIC}


async def test_a_direct_thoughts_deletion_is_told_to_its_readers_only(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    thought = await say(services, ada, "@rita@remote.example psst", visibility="direct")
    await delete_thought(services, ada, thought.id)
    delete = (await sent(services))[-1]
    assert (delete.to_followers, PUBLIC in delete.document["to"]) == (False, False)
    assert delete.document["to"] == [rita.ap_id]


async def test_replies_outlive_their_parent(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    parent = await say(services, ada)
    reply = await say(services, bob, "yes", reply_to=parent.id)
    await delete_thought(services, ada, parent.id)
    left = await timelines.get_thought(services, None, reply.id)
    assert (left.reply_to, left.reply_to_ap_id) == (None, parent.ap_id)


async def test_what_hung_on_it_goes_and_counts_go_down(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    parent = await say(services, bob)
    thought = await say(services, ada, "hi @bob #tag", reply_to=parent.id)
    await reactions.like_thought(services, bob, thought.id)
    await reactions.boost_thought(services, bob, thought.id)
    await reactions.bookmark_thought(services, bob, thought.id)
    await reactions.pin_thought(services, ada, thought.id)
    await delete_thought(services, ada, thought.id)
    assert await told(services, bob) == await told(services, ada) == []
    assert ids(await timelines.get_bookmarks(services, bob, PAGE)) == []
    assert ids(await timelines.get_entries_of(services, None, bob, PAGE)) == [parent.id]
    assert (await again(services, ada)).thoughts_count == 0
    assert await scalar(services, "SELECT replies_count FROM thoughts WHERE id = $1", parent.id) == 0


async def test_only_the_author_and_moderators_delete(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    mod = await make_person(services, "mod", role="moderator")
    thought = await say(services, ada)
    with pytest.raises(Forbidden):
        await delete_thought(services, bob, thought.id)
    await delete_thought(services, mod, thought.id)
    assert (await sent(services))[-1].document["actor"] == ada.ap_id
    assert await scalar(services, "SELECT target FROM audit_log WHERE action = 'delete thought'") == thought.ap_id


async def test_a_moderators_deletion_of_a_remote_thought_stays_here(services: Services) -> None:
    mod, rita = await make_person(services, "mod", role="moderator"), await make_remote_person(services, "rita")
    thought = await hear(services, rita)
    await delete_thought(services, mod, thought.id)
    assert await sent(services) == []
    assert await scalar(services, "SELECT owner_ap_id FROM tombstones WHERE ap_id = $1", thought.ap_id) == rita.ap_id


async def test_a_thread_deleted_from_all_ends_at_once_does_not_deadlock(services: Services) -> None:
    ada = await make_person(services, "ada")
    for _ in range(6):
        chain = [await say(services, ada)]
        for _ in range(4):
            chain.append(await say(services, ada, "and", reply_to=chain[-1].id))
        await asyncio.gather(*(delete_thought(services, ada, one.id) for one in chain))
    assert await scalar(services, "SELECT count(*) FROM thoughts") == 0
    assert (await again(services, ada)).thoughts_count == 0


async def test_a_second_deletion_at_once_finds_nothing(services: Services) -> None:
    ada = await make_person(services, "ada")
    thought = await say(services, ada)
    results = await asyncio.gather(
        *(delete_thought(services, ada, thought.id) for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(one, NotFound) for one in results) == 2
    assert [one.type for one in await sent(services)].count("Delete") == 1
    assert (await again(services, ada)).thoughts_count == 0
