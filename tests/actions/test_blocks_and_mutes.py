"""Blocking and muting: what ends, what is sent, what each of the two still sees."""

from __future__ import annotations

from datetime import timedelta

import pytest

from federation.actions import blocks, follows, search, timelines
from federation.actions.people import get_relation
from federation.errors import Forbidden, Invalid, NotFound
from federation.services import Services
from tests.acting import PAGE, again, follow, ids, say, sent, told
from tests.services_fixture import make_person, make_remote_person


async def test_a_block_ends_follows_in_both_directions(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    await follow(services, ada, bob)
    await follow(services, bob, ada)
    theirs, own = await say(services, bob), await say(services, ada)
    assert set(ids(await timelines.get_home(services, ada, PAGE))) == {theirs.id, own.id}
    for _ in range(2):
        await blocks.block_person(services, ada, bob)
    for one in (ada, bob):
        person = await again(services, one)
        assert (person.followers_count, person.following_count) == (0, 0)
        assert await told(services, one) == []
    assert ids(await timelines.get_home(services, ada, PAGE)) == [own.id]
    assert ids(await timelines.get_home(services, bob, PAGE)) == [theirs.id]
    relation = await get_relation(services, bob, ada)
    assert (relation.blocked_by, relation.blocking, relation.following) == (True, False, False)


async def test_what_the_blocked_do_not_find_and_what_the_blocker_does(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    thought = await say(services, ada)
    theirs = await say(services, bob)
    await blocks.block_person(services, ada, bob)
    with pytest.raises(NotFound):
        await timelines.get_thought(services, bob, thought.id)
    found = await search.search_everything(services, bob, "ada", PAGE, resolve=False)
    assert found.people == []
    # The blocker may look at what is public, but is not bothered with it.
    assert (await timelines.get_thought(services, ada, theirs.id)).id == theirs.id
    assert ids(await timelines.get_public(services, ada, PAGE, local=True)) == [thought.id]


async def test_unblocking_lets_in_again_but_brings_no_follow_back(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    await follow(services, bob, ada)
    await blocks.block_person(services, ada, bob)
    with pytest.raises(Forbidden):
        await follows.follow_person(services, bob, ada)
    for _ in range(2):
        await blocks.unblock_person(services, ada, bob)
    assert not (await get_relation(services, bob, ada)).following
    assert (await follows.follow_person(services, bob, ada)).state == "accepted"


async def test_a_block_of_a_remote_person_is_sent_and_undone(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    for _ in range(2):
        await blocks.block_person(services, ada, rita)
    for _ in range(2):
        await blocks.unblock_person(services, ada, rita)
    block, undo = await sent(services)
    assert (block.type, block.inboxes, block.document["object"]) == ("Block", [rita.inbox_url], rita.ap_id)
    assert (undo.type, undo.inboxes, undo.document["object"]["id"]) == ("Undo", [rita.inbox_url], block.document["id"])


async def test_a_block_by_a_remote_person_is_kept_to_and_not_answered(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    await follow(services, ada, rita)
    before = len(await sent(services))
    await blocks.block_person(services, rita, ada, ap_id="https://remote.example/blocks/1")
    assert not (await get_relation(services, ada, rita)).following
    with pytest.raises(Forbidden):
        await follows.follow_person(services, ada, rita)
    await blocks.unblock_person(services, rita, ada)
    assert len(await sent(services)) == before


async def test_a_mute_hides_until_it_ends_and_nobody_learns_of_it(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    await follow(services, ada, bob)
    thought = await say(services, bob)
    await blocks.mute_person(services, ada, bob, lasts=timedelta(hours=1))
    assert ids(await timelines.get_home(services, ada, PAGE)) == []
    assert ids(await timelines.get_public(services, ada, PAGE, local=True)) == []
    # Their profile is looked at on purpose.
    assert ids(await timelines.get_entries_of(services, ada, bob, PAGE)) == [thought.id]
    assert (await get_relation(services, ada, bob)).muting
    assert not (await get_relation(services, bob, ada)).blocked_by
    assert await told(services, bob) == [("follow", "ada", None)]
    await blocks.mute_person(services, ada, bob, lasts=timedelta(seconds=-1))
    assert ids(await timelines.get_home(services, ada, PAGE)) == [thought.id]
    await blocks.mute_person(services, ada, bob)
    await blocks.unmute_person(services, ada, bob)
    assert ids(await timelines.get_home(services, ada, PAGE)) == [thought.id]


async def test_nobody_blocks_or_mutes_themselves(services: Services) -> None:
    ada = await make_person(services, "ada")
    with pytest.raises(Invalid):
        await blocks.block_person(services, ada, ada)
    with pytest.raises(Invalid):
        await blocks.mute_person(services, ada, ada)
