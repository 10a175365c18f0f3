"""Threads: ancestors root first, replies each after their parent, what is hidden left out."""

from __future__ import annotations

from federation.actions import blocks, timelines
from federation.services import Services
from tests.acting import again, execute, follow, hear, say
from tests.services_fixture import make_person, make_remote_person


async def test_replies_come_depth_first_and_siblings_by_age(services: Services) -> None:
    ada = await make_person(services, "ada")
    root = await say(services, ada, "root")
    one = await say(services, ada, "1", reply_to=root.id)
    two = await say(services, ada, "2", reply_to=root.id)
    one_two = await say(services, ada, "1.1", reply_to=one.id)
    two_one = await say(services, ada, "2.1", reply_to=two.id)
    one_three = await say(services, ada, "1.2", reply_to=one.id)
    deep = await say(services, ada, "1.1.1", reply_to=one_two.id)
    thread = await timelines.get_thread(services, None, root.id)
    assert [entry.id for entry in thread.descendants] == [
        thought.id for thought in (one, one_two, deep, one_three, two, two_one)
    ]
    from_below = await timelines.get_thread(services, None, deep.id)
    assert [entry.id for entry in from_below.ancestors] == [root.id, one.id, one_two.id]
    assert from_below.descendants == []


async def test_order_follows_the_thread_and_not_the_clock(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    root = await say(services, ada, "root")
    # A remote clock behind ours: the reply is dated before its parent.
    early = await hear(services, rita, inReplyTo=root.ap_id, published="2020-01-01T00:00:00Z")
    below = await say(services, ada, "below", reply_to=early.id)
    thread = await timelines.get_thread(services, None, below.id)
    assert [entry.id for entry in thread.ancestors] == [root.id, early.id]
    thread = await timelines.get_thread(services, None, root.id)
    assert [entry.id for entry in thread.descendants] == [early.id, below.id]


async def test_a_hidden_thought_is_left_out_and_the_rest_stays(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    await follow(services, bob, ada)
    root = await say(services, ada, "root")
    hidden = await say(services, ada, "hidden", reply_to=root.id, visibility="followers")
    below = await say(services, bob, "below", reply_to=hidden.id)
    thread = await timelines.get_thread(services, None, root.id)
    assert [entry.id for entry in thread.descendants] == [below.id]
    thread = await timelines.get_thread(services, None, below.id)
    assert [entry.id for entry in thread.ancestors] == [root.id]
    thread = await timelines.get_thread(services, bob, root.id)
    assert [entry.id for entry in thread.descendants] == [hidden.id, below.id]


async def test_replies_of_the_blocked_are_left_out(services: Services) -> None:
    ada, bob, cleo = [await make_person(services, name) for name in ("ada", "bob", "cleo")]
    root = await say(services, cleo, "root")
    await say(services, bob, "from bob", reply_to=root.id)
    await blocks.block_person(services, ada, bob)
    assert (await timelines.get_thread(services, ada, root.id)).descendants == []
    assert len((await timelines.get_thread(services, cleo, root.id)).descendants) == 1


async def test_late_parents_are_joined_to_their_replies(services: Services) -> None:
    rita, remo = [await make_remote_person(services, name) for name in ("rita", "remo")]
    parent_id = f"{rita.ap_id}/notes/parent"
    reply = await hear(services, remo, inReplyTo=parent_id)
    parent = await hear(services, rita, id=parent_id)
    thread = await timelines.get_thread(services, None, parent.id)
    assert [entry.id for entry in thread.descendants] == [reply.id]
    assert thread.entry.thought.replies_count == 1


async def test_thoughts_that_claim_to_answer_each_other_are_shown_once(services: Services) -> None:
    mallory = await make_remote_person(services, "mallory")
    one_id, two_id = (f"{mallory.ap_id}/notes/{number}" for number in (1, 2))
    one = await hear(services, mallory, id=one_id, inReplyTo=two_id)
    two = await hear(services, mallory, id=two_id, inReplyTo=one_id)
    thread = await timelines.get_thread(services, None, one.id)
    assert [entry.id for entry in thread.ancestors] == [two.id]
    assert [entry.id for entry in thread.descendants] == [two.id]


async def test_a_thread_is_bounded(services: Services) -> None:
    ada = await make_person(services, "ada")
    root = await say(services, ada, "root")
    await execute(
        services,
        """INSERT INTO thoughts (user_id, content, reply_to, visibility, ap_id, url)
        SELECT $1, 'x', $2, 'public', 'https://x.example/' || n, '' FROM generate_series(1, 400) n""",
        ada.id,
        root.id,
    )
    thread = await timelines.get_thread(services, await again(services, ada), root.id)
    assert len(thread.descendants) == timelines.MOST_DESCENDANTS
