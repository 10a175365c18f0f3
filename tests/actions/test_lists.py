"""Lists: what their timelines hold, what exclusive ones keep from home, and what ends with a follow."""

from __future__ import annotations

from uuid import UUID

import pytest

from federation.actions import follows, lists, reactions, timelines
from federation.actions.lists import ListForm
from federation.errors import Invalid, NotFound
from federation.services import Services
from storage.lists import PersonList
from storage.people import Person
from tests.acting import PAGE, again, execute, follow, hear, ids, say, scalar
from tests.services_fixture import make_person, make_remote_person


@pytest.fixture
async def ada(services: Services) -> Person:
    """Whose lists these are."""
    return await make_person(services, "ada")


async def _people(services: Services, *names: str) -> list[Person]:
    return [await make_person(services, name) for name in names]


async def _list_of(services: Services, owner: Person, *members: Person, **facts: object) -> PersonList:
    made = await lists.make_list(services, owner, ListForm("people", **facts))  # type: ignore[arg-type]
    for member in members:
        if member.id != owner.id:
            await follow(services, owner, member)
    if members:
        await lists.add_to_list(services, owner, made.id, [member.id for member in members])
    return made


async def _timeline(services: Services, owner: Person, one: PersonList) -> list[UUID]:
    return ids(await lists.get_list_timeline(services, owner, one.id, PAGE))


async def _home(services: Services, person: Person) -> list[UUID]:
    return ids(await timelines.get_home(services, person, PAGE))


async def test_list_holds_what_its_people_say_and_nobody_else(services: Services, ada: Person) -> None:
    bob, cleo = await _people(services, "bob", "cleo")
    rita = await make_remote_person(services, "rita")
    before = await say(services, bob)
    await follow(services, ada, cleo)
    friends = await _list_of(services, ada, bob, rita)
    await say(services, cleo)
    await say(services, bob, "@ada psst", visibility="direct")
    quiet = await say(services, bob, visibility="followers")
    heard = await hear(services, rita, arriving=True)
    assert await _timeline(services, ada, friends) == [heard.id, quiet.id, before.id]
    assert {quiet.id, heard.id} <= set(await _home(services, ada))


async def test_own_thoughts_are_on_a_list_that_names_oneself(services: Services, ada: Person) -> None:
    mine = await _list_of(services, ada, ada)
    thought = await say(services, ada)
    assert await _timeline(services, ada, mine) == [thought.id]
    assert await _home(services, ada) == [thought.id]


async def test_exclusive_list_keeps_its_people_from_home_until_it_ends(services: Services, ada: Person) -> None:
    (bob,) = await _people(services, "bob")
    before = await say(services, bob)
    only = await _list_of(services, ada, bob, exclusive=True)
    assert await _home(services, ada) == []
    after = await say(services, bob)
    assert await _home(services, ada) == []
    assert await _timeline(services, ada, only) == [after.id, before.id]
    await lists.change_list(services, ada, only.id, ListForm("people"))
    assert await _home(services, ada) == [after.id, before.id]
    await lists.change_list(services, ada, only.id, ListForm("people", exclusive=True))
    assert await _home(services, ada) == []
    await lists.delete_list(services, ada, only.id)
    assert await _home(services, ada) == [after.id, before.id]


async def test_leaving_an_exclusive_list_brings_somebody_home(services: Services, ada: Person) -> None:
    (bob,) = await _people(services, "bob")
    only = await _list_of(services, ada, bob, exclusive=True)
    thought = await say(services, bob)
    await lists.remove_from_list(services, ada, only.id, [bob.id])
    assert await _timeline(services, ada, only) == []
    assert await _home(services, ada) == [thought.id]


@pytest.mark.parametrize(
    ("policy", "shown"), [("list", {"listed", "me"}), ("followed", {"listed", "followed", "me"}), ("none", {"me"})]
)
async def test_replies_policy_decides_which_answers_show(
    services: Services, ada: Person, policy: str, shown: set[str]
) -> None:
    bob, listed, followed, other = await _people(services, "bob", "listed", "followed", "other")
    one = await _list_of(services, ada, bob, listed, replies_policy=policy)
    await follow(services, ada, followed)
    answers: dict[UUID, str] = {}
    for name, person in (("listed", listed), ("followed", followed), ("other", other), ("me", ada)):
        parent = await say(services, person)
        answers[(await say(services, bob, "yes", reply_to=parent.id)).id] = name
    found = {answers[one] for one in await _timeline(services, ada, one) if one in answers}
    assert found == shown


async def test_boosts_of_whose_boosts_are_hidden_stay_off_lists_too(services: Services, ada: Person) -> None:
    bob, cleo = await _people(services, "bob", "cleo")
    one = await _list_of(services, ada, bob)
    first, second = await say(services, cleo), await say(services, cleo)
    boost = await reactions.boost_thought(services, bob, first.id)
    await follows.follow_person(services, ada, bob, show_boosts=False)
    await reactions.boost_thought(services, bob, second.id)
    assert await _timeline(services, ada, one) == [boost]


async def test_end_of_a_follow_ends_membership_and_takes_the_entries(services: Services, ada: Person) -> None:
    (bob,) = await _people(services, "bob")
    one = await _list_of(services, ada, bob)
    await say(services, bob)
    await follows.unfollow_person(services, ada, bob)
    assert await _timeline(services, ada, one) == []
    assert (await lists.get_members(services, ada, one.id, PAGE)).people == []
    assert await scalar(services, "SELECT count(*) FROM list_entries") == 0


async def test_whom_one_only_asked_to_follow_arrives_with_the_answer(services: Services, ada: Person) -> None:
    (bob,) = await _people(services, "bob")
    await execute(services, "UPDATE users SET locked = true WHERE id = $1", bob.id)
    bob = await again(services, bob)
    await follows.follow_person(services, ada, bob)
    one = await lists.make_list(services, ada, ListForm("people"))
    await lists.add_to_list(services, ada, one.id, [bob.id])
    thought = await say(services, bob)
    assert await _timeline(services, ada, one) == []
    await follows.accept_follow(services, bob, ada)
    assert await _timeline(services, ada, one) == [thought.id]


async def test_only_followed_people_can_be_listed_and_all_or_none(services: Services, ada: Person) -> None:
    bob, cleo = await _people(services, "bob", "cleo")
    one = await _list_of(services, ada)
    await follow(services, ada, bob)
    with pytest.raises(NotFound):
        await lists.add_to_list(services, ada, one.id, [bob.id, cleo.id])
    assert (await lists.get_members(services, ada, one.id, PAGE)).people == []


async def test_lists_of_others_are_not_there(services: Services, ada: Person) -> None:
    (bob,) = await _people(services, "bob")
    theirs = await _list_of(services, bob)
    await follow(services, ada, bob)
    for attempt in (
        lists.get_list(services, ada, theirs.id),
        lists.change_list(services, ada, theirs.id, ListForm("mine")),
        lists.delete_list(services, ada, theirs.id),
        lists.get_members(services, ada, theirs.id, PAGE),
        lists.add_to_list(services, ada, theirs.id, [bob.id]),
        lists.remove_from_list(services, ada, theirs.id, [bob.id]),
        lists.get_list_timeline(services, ada, theirs.id, PAGE),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_names_and_numbers_have_limits(services: Services, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    for title, policy in (("", "list"), ("x" * 256, "list"), ("fine", "some")):
        with pytest.raises(Invalid):
            await lists.make_list(services, ada, ListForm(title, policy))
    monkeypatch.setattr(lists, "MOST_LISTS", 2)
    for _ in range(2):
        await lists.make_list(services, ada, ListForm("one more"))
    with pytest.raises(Invalid):
        await lists.make_list(services, ada, ListForm("too many"))
