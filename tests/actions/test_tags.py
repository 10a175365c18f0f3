"""Following tags, showing them on a profile, and how much they are used."""

from __future__ import annotations

import pytest

from federation.actions import tags, timelines
from federation.errors import Invalid, NotFound
from federation.services import Services
from storage.people import Person
from tests.acting import PAGE, follow, hear, ids, say
from tests.services_fixture import make_person, make_remote_person


@pytest.fixture
async def ada(services: Services) -> Person:
    """Who reads."""
    return await make_person(services, "ada")


@pytest.fixture
async def bob(services: Services) -> Person:
    """Who writes."""
    return await make_person(services, "bob")


async def test_followed_tag_comes_home_from_anybody_in_public_and_once(
    services: Services, ada: Person, bob: Person
) -> None:
    rita, cleo = await make_remote_person(services, "rita"), await make_person(services, "cleo")
    await follow(services, cleo, rita)
    await tags.follow_tag(services, ada, "#Fog")
    await tags.follow_tag(services, ada, "sea")
    first = await say(services, bob, "#fog over the #sea")
    await say(services, bob, "#fog", visibility="unlisted")
    await say(services, bob, "@ada #fog", visibility="direct")
    await say(services, bob, "no tag")
    tag = [{"type": "Hashtag", "name": "#fog", "href": "https://remote.example/tags/fog"}]
    far = await hear(services, rita, arriving=True, tag=tag)
    await hear(services, rita, tag=tag)
    assert ids(await timelines.get_home(services, ada, PAGE)) == [far.id, first.id]


async def test_unfollowed_tag_takes_away_what_came_by_it_alone(services: Services, ada: Person, bob: Person) -> None:
    cleo = await make_person(services, "cleo")
    await follow(services, ada, cleo)
    for name in ("fog", "sea"):
        await tags.follow_tag(services, ada, name)
    await say(services, bob, "#fog")
    both = await say(services, bob, "#fog #sea")
    followed = await say(services, cleo, "#fog")
    own = await say(services, ada, "#fog")
    await tags.unfollow_tag(services, ada, "fog")
    assert ids(await timelines.get_home(services, ada, PAGE)) == [own.id, followed.id, both.id]
    assert [tie.name for tie in await tags.get_followed(services, ada, PAGE)] == ["sea"]


async def test_history_counts_uses_and_people_of_the_last_week_in_public(
    services: Services, ada: Person, bob: Person
) -> None:
    for person in (ada, ada, bob):
        await say(services, person, "#fog")
    await say(services, bob, "#fog", visibility="followers")
    found = await tags.get_hashtag(services, None, "Fog")
    assert [(day.uses, day.accounts) for day in found.history] == [(3, 2)]
    assert (await tags.get_hashtag(services, None, "never")).history == []
    with pytest.raises(NotFound):
        await tags.get_hashtag(services, None, "not a tag")


async def test_featured_tags_are_counted_limited_and_suggested(services: Services, ada: Person) -> None:
    for _ in range(2):
        await say(services, ada, "#fog")
    await say(services, ada, "#sea")
    await say(services, ada, "#fog", visibility="direct")
    assert [one.name for one in await tags.suggest_featured(services, ada)] == ["fog", "sea"]
    made = await tags.feature_tag(services, ada, "fog")
    assert (made.name, made.uses) == ("fog", 2)
    assert (await tags.feature_tag(services, ada, "fog")).id == made.id
    assert [one.name for one in await tags.suggest_featured(services, ada)] == ["sea"]
    for number in range(tags.MOST_FEATURED - 1):
        await tags.feature_tag(services, ada, f"tag{number}")
    with pytest.raises(Invalid):
        await tags.feature_tag(services, ada, "onemore")
    await tags.unfeature_by_id(services, ada, made.id)
    with pytest.raises(NotFound):
        await tags.unfeature_by_id(services, ada, made.id)
