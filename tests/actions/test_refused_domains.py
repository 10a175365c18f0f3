"""Blocking a whole server as one person."""

from __future__ import annotations

import pytest

from federation.actions import follows, people, reactions, refuse_domain, timelines
from federation.errors import Forbidden, Invalid
from federation.services import Services
from storage.people import Person
from tests.acting import PAGE, follow, hear, ids, say, sent, told
from tests.services_fixture import make_person, make_remote_person


@pytest.fixture
async def ada(services: Services) -> Person:
    """Who blocks."""
    return await make_person(services, "ada")


async def test_follows_end_both_ways_and_nobody_from_there_follows_again(services: Services, ada: Person) -> None:
    rita, saul = await make_remote_person(services, "rita"), await make_remote_person(services, "saul")
    far = await make_remote_person(services, "far", "other.example")
    for one, other in ((ada, rita), (saul, ada), (ada, far)):
        await follow(services, one, other)
    await refuse_domain.refuse_domain(services, ada, " Remote.EXAMPLE ")
    kinds = [one.type for one in await sent(services)]
    assert kinds.count("Undo") == kinds.count("Reject") == 1
    assert not (await people.get_relation(services, ada, rita)).following
    assert not (await people.get_relation(services, ada, saul)).followed_by
    assert (await people.get_relation(services, ada, far)).following
    assert (await people.get_relation(services, ada, rita)).domain_blocking
    for one, other in ((ada, rita), (saul, ada)):
        with pytest.raises(Forbidden):
            await follows.follow_person(services, one, other, ap_id="https://remote.example/f/9")


async def test_nothing_from_there_is_read_or_heard(services: Services, ada: Person) -> None:
    bob, rita = await make_person(services, "bob"), await make_remote_person(services, "rita")
    await follow(services, ada, bob)
    thought = await hear(services, rita)
    await reactions.boost_thought(services, bob, thought.id)
    mine = await say(services, ada)
    await reactions.like_thought(services, rita, mine.id, ap_id="https://remote.example/l/1")
    await refuse_domain.refuse_domain(services, ada, "remote.example")
    assert await told(services, ada) == []
    await hear(
        services, rita, arriving=True, content="hi", to=[ada.ap_id], tag=[{"type": "Mention", "href": ada.ap_id}]
    )
    assert await told(services, ada) == []
    home = ids(await timelines.get_home(services, ada, PAGE))
    assert all(entry.thought.user_id != rita.id for entry in (await timelines.get_home(services, ada, PAGE)).entries)
    assert thought.id not in ids(await timelines.get_public(services, ada, PAGE))
    assert thought.id in ids(await timelines.get_public(services, bob, PAGE))
    await refuse_domain.accept_domain(services, ada, "remote.example")
    assert thought.id in ids(await timelines.get_public(services, ada, PAGE))
    assert len(ids(await timelines.get_home(services, ada, PAGE))) == len(home) + 1


@pytest.mark.parametrize("text", ["", "not a host", "localhost:8000", "a/b"])
async def test_only_other_servers_can_be_blocked(services: Services, ada: Person, text: str) -> None:
    with pytest.raises(Invalid):
        await refuse_domain.refuse_domain(services, ada, text)
    assert await refuse_domain.get_refused(services, ada, PAGE) == []
