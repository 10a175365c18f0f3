"""Likes and boosts of one thought, and new followers, become one line where they stand next to each other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from federation.actions.reactions import boost_thought, like_thought
from tests.acting import follow, say
from tests.services_fixture import Browser, make_person, sign_in

if TYPE_CHECKING:
    from federation.services import Services


async def test_neighbours_that_tell_the_same_are_one_line(services: Services, stranger: Browser) -> None:
    ada, bob, cleo, dan, eve = [
        await make_person(services, name) for name in ("gn_ada", "gn_bob", "gn_cleo", "gn_dan", "gn_eve")
    ]
    first, second = await say(services, ada, "first"), await say(services, ada, "second")
    for person in (bob, cleo, dan):
        await like_thought(services, person, first.id)
    await like_thought(services, eve, second.id)
    await like_thought(services, eve, first.id)
    await boost_thought(services, eve, first.id)
    for person in (bob, cleo):
        await follow(services, person, ada)
    page = await (await sign_in(services, stranger, ada)).page("/notifications")
    told = [
        " ".join(re.sub(r"<[^>]+>", " ", line).split())
        for line in re.findall(r'<p class="what">.*?</a><span>(.*?)</span> <time', page)
    ]
    assert told == [
        "gn_cleo and gn_bob follow you now",
        "gn_eve @gn_eve boosted your thought",
        "gn_eve @gn_eve liked your thought",
        "gn_eve @gn_eve liked your thought",
        "gn_dan and 2 others liked your thought",
    ]
    assert page.count('<article class="event') == 5
    assert all(f'href="/@{name}"' in page for name in ("gn_bob", "gn_cleo", "gn_dan"))
