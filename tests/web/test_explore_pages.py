"""The pages of what trends and of people who want to be found."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from federation.actions import cards, site
from federation.actions.reactions import like_thought
from federation.actions.trends import refresh_trends
from tests.acting import execute, follow, say
from tests.client_api.linking import serve
from tests.remote.fediverse import running
from tests.services_fixture import make_person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person
    from tests.services_fixture import Browser

    ClientFor = Callable[[Person], Awaitable[Browser]]


@pytest.fixture
async def crowd(services: Services) -> list[Person]:
    """Four people who want to be found, who all talk about #fog; what the first said, all like."""
    crowd = [await make_person(services, name) for name in ("ben", "cleo", "dina", "emil")]
    await execute(services, "UPDATE users SET discoverable = true")
    said = [await say(services, person, f"{person.username} sees #fog") for person in crowd]
    for person in crowd:
        await like_thought(services, person, said[0].id)
    await refresh_trends(services)
    return crowd


async def test_trending_thoughts_and_hashtags_are_shown_to_all(crowd: list[Person], stranger: Browser) -> None:
    page = await stranger.page("/explore")
    assert "ben sees" in page
    assert "cleo sees" not in page
    page = await stranger.page("/explore/tags")
    assert 'href="/tags/fog"' in page
    assert "4 thoughts in the last week" in page
    assert 'aria-label="People a day, today last: 0, 0, 0, 0, 0, 0, 4"' in page
    assert 'href="/explore"' in await stranger.page("/local")


async def test_pages_of_a_ranking_lead_on_and_back(services: Services, crowd: list[Person], stranger: Browser) -> None:
    for number in range(21):
        for person in crowd[:3]:
            await say(services, person, f"#weather{number}")
    await refresh_trends(services)
    first = await stranger.page("/explore/tags")
    assert first.count('class="week"') == 20
    assert "offset=20" in first
    second = await stranger.page("/explore/tags?offset=20")
    assert second.count('class="week"') == 2
    assert "offset=0" in second
    assert "offset=40" not in second
    assert "You have reached the end" in await stranger.page("/explore/tags?offset=60")
    assert (await stranger.get("/explore/tags?offset=x")).status_code == 200


async def test_without_trends_the_pages_say_why(services: Services, crowd: list[Person], stranger: Browser) -> None:
    await execute(services, "DELETE FROM trending_tags")
    assert "Nothing stands out" in await stranger.page("/explore/tags")
    admin = await make_person(services, "root", role="admin")
    await site.turn_switch(services, admin, "trends", is_on=False)
    for path in ("/explore", "/explore/tags"):
        page = await stranger.page(path)
        assert "No trends here" in page
        assert "ben sees" not in page


async def test_directory_lists_who_wants_to_be_found(
    services: Services, crowd: list[Person], stranger: Browser
) -> None:
    await make_person(services, "shy")
    for path in ("/explore/people", "/explore/people?order=new", "/explore/people?where=here"):
        page = await stranger.page(path)
        assert [name in page for name in ("@ben", "@emil", "@shy")] == [True, True, False], path
        assert "You may want to follow" not in page
    newest = re.findall(r'class="name" href="/@(\w+)"', await stranger.page("/explore/people?order=new"))
    assert newest == ["emil", "dina", "cleo", "ben"]


async def test_suggestions_say_why_and_can_be_put_aside(
    services: Services, crowd: list[Person], client_for: ClientFor
) -> None:
    ada, (ben, cleo) = await make_person(services, "ada"), crowd[:2]
    await follow(services, ada, ben)
    await follow(services, ben, cleo)
    client = await client_for(ada)
    page = await client.page("/explore/people")
    suggested = page[page.index("You may want to follow") : page.index("Everybody who wants to be found")]
    assert re.findall(r'class="name" href="/@(\w+)"', suggested) == ["cleo"]
    assert "Followed by people you follow" in suggested
    dismiss = f"/explore/people/{cleo.id}/dismiss"
    assert dismiss in suggested
    assert (await client.post(dismiss, {"next": "/explore/people"})).headers["location"] == "/explore/people"
    assert "You may want to follow" not in await client.page("/explore/people")


async def test_only_signed_in_people_put_suggestions_aside(crowd: list[Person], stranger: Browser) -> None:
    answer = await stranger.post(f"/explore/people/{crowd[0].id}/dismiss")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/signin")


async def test_pages_that_trend_are_shown_with_those_who_link_there(
    services: Services, crowd: list[Person], stranger: Browser
) -> None:
    async with running("127.0.0.4") as host:
        url = serve(host)
        for person in crowd:
            await say(services, person, f"{person.username} reads {url}")
        await cards.drain(services)
    assert "Nothing stands out" in await stranger.page("/explore/links")
    await refresh_trends(services)
    page = await stranger.page("/explore/links")
    assert "Fog &amp; sea" in page
    assert "&lt;b&gt;Gone by ten" in page
    assert 'aria-label="People a day, today last: 0, 0, 0, 0, 0, 0, 4"' in page
    leading = re.search(r'href="(/explore/links\?url=[^"]+)"', page)
    assert leading is not None
    linking = await stranger.page(leading[1])
    assert all(f"{person.username} reads" in linking for person in crowd)
    assert (await stranger.get("/explore/links?url=https://nowhere.example/")).status_code == 404
