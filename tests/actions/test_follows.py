"""Following: asking, accepting, rejecting, ending, and two of them at once."""

from __future__ import annotations

import asyncio

import pytest

from federation.actions import accounts, blocks, follows, notices, timelines
from federation.errors import Forbidden, Invalid, NotFound, ThoughtsError
from federation.services import Services
from storage import relations
from storage.people import Person
from tests.acting import PAGE, again, execute, follow, ids, say, scalar, sent, told
from tests.services_fixture import make_person, make_remote_person

FOLLOW_ID = "https://remote.example/follows/1"


async def _counts(services: Services, person: Person) -> tuple[int, int]:
    person = await again(services, person)
    return person.followers_count, person.following_count


async def _state(services: Services, follower: Person, target: Person) -> str | None:
    async with services.database.connection() as db:
        found = await relations.find_follow(db, follower.id, target.id)
    return found.state if found else None


async def test_following_one_of_ours_is_accepted_at_once_and_counted(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    made = await follows.follow_person(services, ada, bob)
    assert made.state == "accepted"
    assert await _counts(services, bob) == (1, 0)
    assert await _counts(services, ada) == (0, 1)
    assert await told(services, bob) == [("follow", "ada", None)]
    assert await sent(services) == []


async def test_following_twice_changes_the_options_only(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    first = await follows.follow_person(services, ada, bob)
    again_ = await follows.follow_person(services, ada, bob, show_boosts=False, notify=True)
    async with services.database.connection() as db:
        stored = await relations.find_follow(db, ada.id, bob.id)
    assert stored is not None
    assert (again_.ap_id, stored.show_boosts, stored.notify) == (first.ap_id, False, True)
    assert await _counts(services, bob) == (1, 0)
    assert len(await told(services, bob)) == 1


async def test_nobody_follows_themselves_or_nobody(services: Services) -> None:
    ada, gone = [await make_person(services, name) for name in ("ada", "gone")]
    with pytest.raises(Invalid):
        await follows.follow_person(services, ada, ada)
    await accounts.suspend(services, None, gone)
    with pytest.raises(NotFound):
        await follows.follow_person(services, ada, await again(services, gone))


async def test_locked_people_are_asked_first(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    await execute(services, "UPDATE users SET locked = true WHERE id = $1", bob.id)
    bob = await again(services, bob)
    assert (await follows.follow_person(services, ada, bob)).state == "pending"
    assert await _counts(services, bob) == (0, 0)
    assert await told(services, bob) == [("follow_request", "ada", None)]
    assert [one.id for one in await notices.list_follow_requests(services, bob, before=None, limit=9)] == [ada.id]
    await follows.accept_follow(services, bob, ada)
    assert await _counts(services, bob) == (1, 0)
    assert await told(services, bob) == [("follow", "ada", None)]
    await follows.accept_follow(services, bob, ada)
    assert await _counts(services, bob) == (1, 0)


async def test_rejecting_ends_a_request_and_a_follow(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    await follow(services, ada, bob)
    await say(services, bob)
    assert len(ids(await timelines.get_home(services, ada, PAGE))) == 1
    await follows.reject_follow(services, bob, ada)
    assert await _state(services, ada, bob) is None
    assert await _counts(services, bob) == (0, 0)
    assert await told(services, bob) == []
    assert ids(await timelines.get_home(services, ada, PAGE)) == []
    await follows.reject_follow(services, bob, ada)
    assert await _counts(services, bob) == (0, 0)


async def test_unfollowing_is_quiet_the_second_time(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    await follow(services, ada, bob)
    for _ in range(2):
        await follows.unfollow_person(services, ada, bob)
    assert await _counts(services, bob) == (0, 0)
    assert await _counts(services, ada) == (0, 0)


async def test_remote_follower_gets_an_accept_of_their_follow(services: Services) -> None:
    bob, rita = await make_person(services, "bob"), await make_remote_person(services, "rita")
    await follows.follow_person(services, rita, bob, ap_id=FOLLOW_ID)
    [accept] = await sent(services)
    assert (accept.type, accept.inboxes, accept.to_followers) == ("Accept", [rita.inbox_url], False)
    assert accept.document["actor"] == bob.ap_id
    assert accept.document["object"] == {"id": FOLLOW_ID, "type": "Follow", "actor": rita.ap_id, "object": bob.ap_id}
    # Their server asks again when our answer was lost: it gets another one, nothing is counted twice.
    await follows.follow_person(services, rita, bob, ap_id=f"{FOLLOW_ID}0")
    assert [one.document["object"]["id"] for one in await sent(services)] == [FOLLOW_ID, f"{FOLLOW_ID}0"]
    assert await _counts(services, bob) == (1, 0)


async def test_one_follow_id_for_two_people_breaks_nothing(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    rita = await make_remote_person(services, "rita")
    for target in (ada, bob):
        await follows.follow_person(services, rita, target, ap_id=FOLLOW_ID)
    assert await _counts(services, ada) == await _counts(services, bob) == (1, 0)


async def test_following_a_remote_person_waits_for_their_accept(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    for _ in range(2):
        assert (await follows.follow_person(services, ada, rita)).state == "pending"
    [asked] = await sent(services)
    assert (asked.type, asked.inboxes) == ("Follow", [rita.inbox_url])
    assert (asked.document["actor"], asked.document["object"]) == (ada.ap_id, rita.ap_id)
    assert await follows.follow_was_accepted(services, ada, rita)
    assert not await follows.follow_was_accepted(services, ada, rita)
    assert await _counts(services, ada) == (0, 1)
    await follows.unfollow_person(services, ada, rita)
    undo = (await sent(services))[-1]
    assert (undo.type, undo.inboxes) == ("Undo", [rita.inbox_url])
    assert undo.document["object"]["id"] == asked.document["id"]


async def test_nobody_can_be_made_to_follow_without_having_asked(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    assert not await follows.follow_was_accepted(services, ada, rita)
    assert await _counts(services, ada) == (0, 0)


async def test_a_remote_reject_removes_the_follower(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    await follow(services, ada, rita)
    assert await follows.follow_was_rejected(services, ada, rita)
    assert not await follows.follow_was_rejected(services, ada, rita)
    assert await _counts(services, ada) == (0, 0)


async def test_accepting_what_was_withdrawn_is_not_found(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    with pytest.raises(NotFound):
        await follows.accept_follow(services, bob, ada)


@pytest.mark.parametrize("blocker", ["ada", "bob"])
async def test_a_block_in_either_direction_forbids_following(services: Services, blocker: str) -> None:
    people = {name: await make_person(services, name) for name in ("ada", "bob")}
    other = people["bob" if blocker == "ada" else "ada"]
    await blocks.block_person(services, people[blocker], other)
    with pytest.raises(Forbidden):
        await follows.follow_person(services, people["ada"], people["bob"])
    assert await _state(services, people["ada"], people["bob"]) is None


async def test_following_at_once_from_two_places_counts_and_asks_once(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    made = await asyncio.gather(*(follows.follow_person(services, ada, rita) for _ in range(4)))
    assert len({one.ap_id for one in made}) == 1
    assert [one.type for one in await sent(services)] == ["Follow"]


async def test_many_follow_one_person_at_once(services: Services) -> None:
    star = await make_person(services, "star")
    fans = [await make_person(services, f"fan{number}") for number in range(8)]
    await asyncio.gather(*(follows.follow_person(services, fan, star) for fan in fans))
    assert await _counts(services, star) == (8, 0)
    await asyncio.gather(*(follows.unfollow_person(services, fan, star) for fan in fans))
    assert await _counts(services, star) == (0, 0)


async def test_people_who_follow_each_other_at_once_do_not_wait_forever(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    for _ in range(5):
        await asyncio.gather(follows.follow_person(services, ada, bob), follows.follow_person(services, bob, ada))
        assert await _counts(services, ada) == await _counts(services, bob) == (1, 1)
        await asyncio.gather(follows.unfollow_person(services, ada, bob), follows.unfollow_person(services, bob, ada))
        assert await _counts(services, ada) == await _counts(services, bob) == (0, 0)


async def test_a_follow_does_not_slip_past_a_block_that_comes_at_once(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    # The follow has read that there is no block, and has not yet committed when the block comes.
    async with services.database.transaction() as db:
        await relations.lock_pair(db, ada.id, bob.id)
        assert not await relations.either_blocks(db, ada.id, bob.id)
        blocking = asyncio.create_task(blocks.block_person(services, bob, ada))
        done, _ = await asyncio.wait({blocking}, timeout=0.3)
        assert not done
        await relations.upsert_follow(db, ada.id, bob.id, state="pending", ap_id="https://x.example/1")
        await relations.mark_accepted(db, ada.id, bob.id)
    await blocking
    assert await _state(services, ada, bob) is None
    assert await _counts(services, bob) == (0, 0)


async def test_following_and_blocking_at_once_leave_no_follow(services: Services) -> None:
    bob = await make_person(services, "bob")
    for number in range(6):
        ada = await make_person(services, f"ada{number}")
        results = await asyncio.gather(
            follows.follow_person(services, ada, bob), blocks.block_person(services, bob, ada), return_exceptions=True
        )
        assert all(not isinstance(one, BaseException) or isinstance(one, ThoughtsError) for one in results)
        assert await _state(services, ada, bob) is None
    assert await scalar(services, "SELECT followers_count FROM users WHERE id = $1", bob.id) == 0
