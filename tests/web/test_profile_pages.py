"""Profiles and rosters: media apart, who of one's own follows somebody, who liked and boosted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from federation.actions.follows import follow_person
from federation.actions.reactions import boost_thought, like_thought
from tests.acting import say
from tests.services_fixture import Browser, make_person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

ClientFor = Callable[["Person"], Awaitable[Browser]]


async def test_profile_names_whom_one_follows_of_its_followers(
    services: Services, client_for: ClientFor, stranger: Browser
) -> None:
    ada, bob, cleo = [await make_person(services, name) for name in ("ada", "bob", "cleo")]
    await follow_person(services, bob, cleo)
    await follow_person(services, ada, bob)
    words = 'Followed by <a href="/@bob">bob</a>'
    assert words in await (await client_for(ada)).page("/@cleo")
    for other in (await client_for(bob), await client_for(cleo), stranger):
        assert words not in await other.page("/@cleo")


async def test_who_liked_and_boosted_is_told_to_those_who_may_read(
    services: Services, client_for: ClientFor, stranger: Browser
) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    thought = await say(services, ada, "Good")
    await like_thought(services, bob, thought.id)
    assert f'href="/thoughts/{thought.id}/likes"' in await stranger.page(f"/@ada/{thought.id}")
    assert "@bob" in await stranger.page(f"/thoughts/{thought.id}/likes")
    assert "Nobody yet" in await stranger.page(f"/thoughts/{thought.id}/boosts")
    await boost_thought(services, bob, thought.id)
    assert "@bob" in await stranger.page(f"/thoughts/{thought.id}/boosts")
    secret = await say(services, ada, "Secret", visibility="followers")
    for reader in (stranger, await client_for(bob)):
        for kind in ("likes", "boosts"):
            assert (await reader.get(f"/thoughts/{secret.id}/{kind}")).status_code == 404
