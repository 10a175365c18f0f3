"""Filters on the pages: made by a form, covering and leaving out where they should."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from federation.actions import filters
from federation.actions.filters import FilterForm, KeywordForm
from federation.protocol.filtering import CONTEXTS
from tests.acting import follow, say
from tests.services_fixture import Browser, make_person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

ClientFor = Callable[["Person"], Awaitable[Browser]]


@pytest.fixture
async def ada(services: Services) -> Person:
    """Who reads."""
    return await make_person(services, "ada")


@pytest.fixture
async def bob(services: Services, ada: Person) -> Person:
    """Whom Ada follows."""
    bob = await make_person(services, "bob")
    await follow(services, ada, bob)
    return bob


async def test_filter_is_made_changed_and_deleted_by_forms(
    services: Services, client_for: ClientFor, ada: Person
) -> None:
    client = await client_for(ada)
    form = {
        "title": "Weather",
        "keywords": "fog\n rain  cloud \nfog\n",
        "whole_word": "1",
        "context": ["home", "thread"],
        "action": "hide",
        "hours": "24",
    }
    assert (await client.post("/settings/filters", form)).status_code == 303
    (own,) = await filters.get_filters(services, ada)
    assert [word.keyword for word in own.keywords] == ["fog", "rain cloud"]
    assert own.filter.expires_at is not None
    path = f"/settings/filters/{own.filter.id}"
    assert "rain cloud" in await client.page(path)
    await client.post(path, {"title": "Weather", "keywords": "fog\nmist", "context": ["home"], "hours": "keep"})
    (changed,) = await filters.get_filters(services, ada)
    assert [(word.keyword, word.whole_word) for word in changed.keywords] == [("fog", False), ("mist", False)]
    assert changed.filter.expires_at == own.filter.expires_at
    refused = await client.post(path, {"title": "", "keywords": "kept as typed"})
    assert refused.status_code == 422
    assert "kept as typed" in refused.text
    await client.post(f"{path}/delete")
    assert await filters.get_filters(services, ada) == []


@pytest.mark.parametrize("action", ["warn", "hide"])
async def test_filtered_thought_is_covered_with_the_title_or_left_out(
    services: Services, client_for: ClientFor, ada: Person, bob: Person, action: str
) -> None:
    root = await say(services, bob, "Clear sky")
    await say(services, bob, "@ada so much fog #weather", reply_to=root.id)
    await filters.make_filter(services, ada, FilterForm("No weather", CONTEXTS, action), [KeywordForm("fog")])
    client = await client_for(ada)
    for path in ("/home", "/tags/weather", f"/@bob/{root.id}", "/notifications", "/@bob/with_replies"):
        page = await client.page(path)
        assert ("so much" in page) is (action == "warn"), path
        assert ("Filtered: No weather" in page) is (action == "warn"), path


async def test_filter_looks_only_where_it_should(
    services: Services, client_for: ClientFor, ada: Person, bob: Person
) -> None:
    await say(services, bob, "fog")
    await filters.make_filter(services, ada, FilterForm("Fog", ["account"]), [KeywordForm("fog")])
    client = await client_for(ada)
    assert "Filtered" not in await client.page("/home")
    assert "Filtered: Fog" in await client.page("/@bob")


async def test_filters_of_others_are_closed(
    services: Services, client_for: ClientFor, ada: Person, bob: Person
) -> None:
    own = await filters.make_filter(services, bob, FilterForm("Mine", ["home"]), [KeywordForm("fog")])
    client = await client_for(ada)
    path = f"/settings/filters/{own.filter.id}"
    assert (await client.get(path)).status_code == 404
    for place in (path, f"{path}/delete", f"{path}/forget"):
        assert (await client.post(place, {"title": "x", "context": "home"})).status_code == 404
    assert len(await filters.get_filters(services, bob)) == 1


async def test_a_thought_is_put_under_filters_and_taken_away_again(
    services: Services, client_for: ClientFor, ada: Person, bob: Person
) -> None:
    thought = await say(services, bob, "A spoiler")
    known = await filters.make_filter(services, ada, FilterForm("Later", ["home"], "hide"))
    client, page = await client_for(ada), f"/thoughts/{thought.id}/filter"
    assert page in await client.page("/home")
    assert "Later" in await client.page(page)
    await client.post(page, {"filter": str(known.filter.id)})
    assert "A spoiler" not in await client.page("/home")
    assert f'value="{known.filter.id}" checked' in await client.page(page)
    await client.post(page, {"title": "Series"})
    assert "Filtered: Series" in await client.page("/home")
    assert [len(own.thoughts) for own in await filters.get_filters(services, ada)] == [0, 1]
    refused = await client.post(page, {"title": "x" * 256})
    assert refused.status_code == 422
    assert len(await filters.get_filters(services, ada)) == 2


async def test_only_what_one_may_see_is_put_under_filters_of_ones_own(
    services: Services, client_for: ClientFor, ada: Person, bob: Person, stranger: Browser
) -> None:
    secret, shown = await say(services, bob, "Secret", visibility="direct"), await say(services, bob, "Shown")
    his = await filters.make_filter(services, bob, FilterForm("His", ["home"]))
    client = await client_for(ada)
    assert (await client.get(f"/thoughts/{secret.id}/filter")).status_code == 404
    assert (await client.post(f"/thoughts/{secret.id}/filter", {"title": "Mine"})).status_code == 404
    await client.post(f"/thoughts/{shown.id}/filter", {"filter": str(his.filter.id)})
    assert (await stranger.get(f"/thoughts/{shown.id}/filter")).status_code == 303
    assert await filters.get_filters(services, ada) == []
    assert (await filters.get_filter(services, bob, his.filter.id)).thoughts == []


@pytest.mark.parametrize("action", ["warn", "hide"])
async def test_a_quoted_thought_is_covered_too(
    services: Services, client_for: ClientFor, ada: Person, bob: Person, action: str
) -> None:
    eve = await make_person(services, "eve")
    quoted = await say(services, eve, "Nothing but fog")
    await say(services, bob, "Indeed", quote=quoted.id)
    await filters.make_filter(services, ada, FilterForm("Weather", ["home"], action), [KeywordForm("fog")])
    page = await (await client_for(ada)).page("/home")
    assert "Indeed" in page
    assert ("Filtered: Weather" in page) is (action == "warn")
    assert ("Nothing but fog" in page) is (action == "warn")
    assert ("It quotes something that you filter out." in page) is (action == "hide")
