"""What trends, and what never does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from federation.actions import reactions, site, trends
from federation.actions.blocks import block_person
from federation.actions.delete_thought import delete_thought
from tests.acting import execute, hear, ids, say, scalar
from tests.services_fixture import make_person, make_remote_person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person
    from storage.thoughts import Thought


@pytest.fixture
async def crowd(services: Services) -> list[Person]:
    """Four people who want to be found."""
    people = [await make_person(services, name) for name in ("ann", "bob", "carol", "dan")]
    await execute(services, "UPDATE users SET discoverable = true")
    return people


async def tags_now(services: Services) -> list[str]:
    await trends.refresh_trends(services)
    return [tag.name for tag in await trends.get_trending_tags(services, None, offset=0, limit=20)]


async def thoughts_now(services: Services, viewer: Person | None = None) -> list[Thought]:
    await trends.refresh_trends(services)
    shown = await trends.get_trending_thoughts(services, viewer, offset=0, limit=20)
    return [entry.thought for entry in shown.entries]


async def applaud(services: Services, thought: Thought, people: list[Person]) -> None:
    """Let each of them like a thought."""
    for person in people:
        await reactions.like_thought(services, person, thought.id)


async def test_a_tag_trends_once_three_people_used_it_in_public(services: Services, crowd: list[Person]) -> None:
    for person in crowd[:2]:
        await say(services, person, "#fog")
        await say(services, person, "#fog once more")
    await say(services, crowd[2], "#fog in a low voice", visibility="unlisted")
    assert await tags_now(services) == []
    await say(services, crowd[2], "#fog")
    assert await tags_now(services) == ["fog"]


async def test_what_is_used_every_day_does_not_trend(services: Services, crowd: list[Person]) -> None:
    for person in crowd:
        await say(services, person, "#monday")
        await say(services, person, "#monday again")
    await say(services, crowd[0], "#fog")
    for person in crowd[1:]:
        await say(services, person, "#fog")
    assert set(await tags_now(services)) == {"fog", "monday"}
    await execute(
        services,
        "UPDATE thoughts SET created_at = created_at - interval '30 hours' WHERE plain LIKE '%again'",
    )
    assert await tags_now(services) == ["fog"]


async def test_scores_halve_and_end(services: Services, crowd: list[Person]) -> None:
    for person in crowd:
        await say(services, person, "#fog")
    await tags_now(services)
    first = await scalar(services, "SELECT score FROM trending_tags")
    await execute(services, "UPDATE thoughts SET created_at = created_at - interval '6 hours'")
    await tags_now(services)
    assert await scalar(services, "SELECT score FROM trending_tags") == pytest.approx(first / 2, rel=0.01)
    await execute(services, "UPDATE thoughts SET created_at = created_at - interval '2 days'")
    assert await tags_now(services) == []
    assert await scalar(services, "SELECT count(*) FROM trending_tags") == 0


async def test_silenced_and_suspended_people_make_no_trend(services: Services, crowd: list[Person]) -> None:
    for person in crowd[:3]:
        await say(services, person, "#fog")
    for column, value in (("silenced", True), ("state", "suspended")):
        await execute(services, f"UPDATE users SET {column} = $1 WHERE username = 'ann'", value)
        assert await tags_now(services) == []
        await execute(services, "UPDATE users SET silenced = false, state = 'active'")
    assert await tags_now(services) == ["fog"]


async def test_a_thought_trends_once_three_reacted(services: Services, crowd: list[Person]) -> None:
    said = await say(services, crowd[0], "wise words")
    await applaud(services, said, crowd[1:3])
    assert await thoughts_now(services) == []
    await reactions.boost_thought(services, crowd[3], said.id)
    assert [one.id for one in await thoughts_now(services)] == [said.id]
    far = await make_remote_person(services, "far")
    louder = await hear(services, far, "<p>from far away</p>")
    await applaud(services, louder, crowd)
    assert [one.id for one in await thoughts_now(services)] == [louder.id, said.id]


@pytest.mark.parametrize(
    "facts", [{"visibility": "unlisted"}, {"sensitive": True}, {"summary": "covered"}, {"visibility": "followers"}]
)
async def test_only_open_thoughts_for_everybody_trend(
    services: Services, crowd: list[Person], facts: dict[str, object]
) -> None:
    said = await say(services, crowd[0], "psst", **facts)
    await execute(services, "UPDATE thoughts SET likes_count = 50")
    assert said.id is not None
    assert await thoughts_now(services) == []


async def test_answers_do_not_trend(services: Services, crowd: list[Person]) -> None:
    said = await say(services, crowd[0], "wise words")
    for author in crowd[:2]:
        answer = await say(services, author, "an answer", reply_to=said.id)
        await applaud(services, answer, crowd)
    assert await thoughts_now(services) == []


@pytest.mark.parametrize("change", ["discoverable = false", "silenced = true", "sensitised = true"])
async def test_thoughts_of_those_who_are_limited_or_hide_do_not_trend(
    services: Services, crowd: list[Person], change: str
) -> None:
    said = await say(services, crowd[0], "wise words")
    await applaud(services, said, crowd)
    await execute(services, f"UPDATE users SET {change} WHERE username = 'ann'")
    assert await thoughts_now(services) == []


async def test_an_author_takes_two_places_at_most(services: Services, crowd: list[Person]) -> None:
    for number in range(3):
        await applaud(services, await say(services, crowd[0], f"wise words, number {number}"), crowd)
    assert len(await thoughts_now(services)) == 2


async def test_what_changed_since_the_last_scores_shows_no_more(services: Services, crowd: list[Person]) -> None:
    ann, bob = crowd[:2]
    gone, covered, muffled = [await say(services, author, "wise words") for author in crowd[:3]]
    for one in (gone, covered, muffled):
        await applaud(services, one, crowd)
    assert len(await thoughts_now(services)) == 3
    assert {one.id for one in await thoughts_now(services, ann)} == {gone.id, covered.id, muffled.id}
    await delete_thought(services, ann, gone.id)
    await execute(services, "UPDATE thoughts SET sensitive = true WHERE id = $1", covered.id)
    await execute(services, "UPDATE users SET silenced = true WHERE id = $1", muffled.user_id)
    assert ids(await trends.get_trending_thoughts(services, None, offset=0, limit=20)) == []
    assert bob.id == covered.user_id


async def test_viewers_do_not_see_trends_of_whom_they_blocked(services: Services, crowd: list[Person]) -> None:
    said = await say(services, crowd[0], "wise words")
    await applaud(services, said, crowd)
    assert len(await thoughts_now(services, crowd[1])) == 1
    await block_person(services, crowd[1], crowd[0])
    assert await thoughts_now(services, crowd[1]) == []


async def test_the_viewers_language_comes_first(services: Services, crowd: list[Person]) -> None:
    english = await say(services, crowd[0], "wise words", language="en")
    german = await say(services, crowd[1], "weise Worte", language="de")
    await applaud(services, english, crowd)
    await applaud(services, german, crowd[:3])
    assert [one.id for one in await thoughts_now(services)] == [english.id, german.id]
    shown = await trends.get_trending_thoughts(services, None, languages=["de"], offset=0, limit=20)
    assert ids(shown) == [german.id, english.id]


async def test_switched_off_nothing_is_scored_or_shown(services: Services, crowd: list[Person]) -> None:
    admin = await make_person(services, "root", role="admin")
    said = await say(services, crowd[0], "#fog")
    for person in crowd[1:]:
        await say(services, person, "#fog")
    await applaud(services, said, crowd)
    assert await tags_now(services) == ["fog"]
    await site.turn_switch(services, admin, "trends", is_on=False)
    assert await trends.get_trending_tags(services, None, offset=0, limit=20) == []
    assert await thoughts_now(services) == []
    await execute(services, "DELETE FROM trending_tags")
    await site.turn_switch(services, admin, "trends", is_on=True)
    assert await trends.get_trending_tags(services, None, offset=0, limit=20) == []
    assert await tags_now(services) == ["fog"]
