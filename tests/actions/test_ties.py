"""Options of a follow, notes, top friends, friends in common, and threads that one hears no more of."""

from __future__ import annotations

import pytest

from federation.actions import blocks, follows, people, reactions, ties, timelines
from federation.errors import Invalid, NotFound
from federation.services import Services
from storage.people import Person
from tests.acting import PAGE, follow, hear, ids, say, told
from tests.services_fixture import make_person, make_remote_person


@pytest.fixture
async def ada(services: Services) -> Person:
    """Who reads."""
    return await make_person(services, "ada")


@pytest.fixture
async def bob(services: Services) -> Person:
    """Who writes."""
    return await make_person(services, "bob")


async def test_only_chosen_languages_come_home(services: Services, ada: Person, bob: Person) -> None:
    cleo = await make_person(services, "cleo")
    await follows.follow_person(services, ada, bob, languages=["en", "pt-BR"])
    english = await say(services, bob, language="en-GB")
    await say(services, bob, language="de")
    await say(services, bob, language="pt")
    unknown = await say(services, bob)
    german = await say(services, cleo, language="de")
    await reactions.boost_thought(services, bob, german.id)
    assert ids(await timelines.get_home(services, ada, PAGE)) == [unknown.id, english.id]
    await follows.follow_person(services, ada, bob, notify=True)
    assert (await people.get_relation(services, ada, bob)).languages == ["en", "pt-BR"]
    await follows.follow_person(services, ada, bob, languages=[])
    assert (await people.get_relation(services, ada, bob)).languages is None
    anything = await say(services, bob, language="de")
    assert ids(await timelines.get_home(services, ada, PAGE))[0] == anything.id


async def test_chosen_languages_hold_for_what_a_new_follow_brings(services: Services, ada: Person, bob: Person) -> None:
    await say(services, bob, language="de")
    english = await say(services, bob, language="en")
    await follows.follow_person(services, ada, bob, languages=["en"])
    assert ids(await timelines.get_home(services, ada, PAGE)) == [english.id]


@pytest.mark.parametrize("languages", [["english!"], ["en"] * 51])
async def test_bad_languages_are_refused(services: Services, ada: Person, bob: Person, languages: list[str]) -> None:
    with pytest.raises(Invalid):
        await follows.follow_person(services, ada, bob, languages=languages)
    assert not (await people.get_relation(services, ada, bob)).following


async def test_bell_tells_of_thoughts_but_not_of_boosts(services: Services, ada: Person, bob: Person) -> None:
    cleo = await make_person(services, "cleo")
    other = await say(services, cleo)
    await follows.follow_person(services, ada, bob, notify=True)
    thought = await say(services, bob)
    await reactions.boost_thought(services, bob, other.id)
    assert await told(services, ada) == [("status", "bob", thought.id)]


async def test_note_is_kept_for_its_writer_alone(services: Services, ada: Person, bob: Person) -> None:
    await ties.set_note(services, ada, bob, "  from the boats  ")
    assert (await people.get_relation(services, ada, bob)).note == "from the boats"
    assert (await people.get_relation(services, bob, ada)).note == ""
    with pytest.raises(Invalid):
        await ties.set_note(services, ada, bob, "x" * 2001)
    await ties.set_note(services, ada, bob, "")
    assert (await people.get_relation(services, ada, bob)).note == ""


async def test_top_friends_are_followed_and_five(services: Services, ada: Person, bob: Person) -> None:
    with pytest.raises(Invalid):
        await ties.add_top_friend(services, ada, bob)
    friends = [bob, *[await make_person(services, f"friend{number}") for number in range(5)]]
    for friend in friends:
        await follow(services, ada, friend)
    for friend in friends[:5]:
        await ties.add_top_friend(services, ada, friend)
        await ties.add_top_friend(services, ada, friend)
    with pytest.raises(Invalid):
        await ties.add_top_friend(services, ada, friends[5])
    await ties.remove_top_friend(services, ada, bob)
    await ties.add_top_friend(services, ada, friends[5])
    assert (await people.get_relation(services, ada, friends[5])).endorsed
    assert not (await people.get_relation(services, ada, bob)).endorsed


async def test_friends_in_common_are_followed_followers(services: Services, ada: Person, bob: Person) -> None:
    cleo, dora = await make_person(services, "cleo"), await make_person(services, "dora")
    await follow(services, ada, cleo)
    await follow(services, cleo, bob)
    await follow(services, dora, bob)
    found = await ties.get_familiar(services, ada, [bob.id, dora.id])
    assert {one: [person.username for person in common] for one, common in found.items()} == {
        bob.id: ["cleo"], dora.id: [],
    }  # fmt: skip


async def test_muted_thread_is_silent_until_unmuted(services: Services, ada: Person, bob: Person) -> None:
    root = await say(services, ada)
    answer = await say(services, bob, "@ada one", reply_to=root.id)
    await blocks.mute_thread(services, ada, answer.id)
    before = await told(services, ada)
    deep = await say(services, bob, "@ada two", reply_to=answer.id)
    await reactions.like_thought(services, bob, root.id)
    assert await told(services, ada) == before
    marks = (await timelines.get_entry(services, ada, deep.id)).marks[deep.id]
    assert marks.muted
    await blocks.unmute_thread(services, ada, deep.id)
    third = await say(services, bob, "@ada three", reply_to=deep.id)
    assert (await told(services, ada))[0] == ("mention", "bob", third.id)


async def test_thread_whose_beginning_comes_late_stays_muted(services: Services, ada: Person) -> None:
    rita = await make_remote_person(services, "rita")
    root_id = f"{rita.ap_id}/notes/root"
    first = await hear(services, rita, inReplyTo=root_id)
    second = await hear(services, rita, inReplyTo=first.ap_id)
    await blocks.mute_thread(services, ada, second.id)
    root = await hear(services, rita, id=root_id)
    for thought in (root, first, second):
        shown = await timelines.get_entry(services, ada, thought.id)
        assert shown.entries[0].thought.conversation_id == root.id
        assert shown.marks[thought.id].muted


async def test_hidden_threads_cannot_be_muted(services: Services, ada: Person, bob: Person) -> None:
    letter = await say(services, bob, "nobody else", visibility="direct")
    with pytest.raises(NotFound):
        await blocks.mute_thread(services, ada, letter.id)
