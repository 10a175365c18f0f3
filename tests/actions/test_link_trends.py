"""Pages that trend, and what never does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from federation.actions import cards, link_trends, trends
from federation.actions.blocks import block_person
from federation.actions.preferences import edit_preferences
from federation.actions.reactions import boost_thought
from federation.errors import Forbidden, NotFound
from storage.entries import Page
from tests.acting import PAGE, execute, ids, say, scalar
from tests.media.samples import picture
from tests.remote.fediverse import Host, running
from tests.services_fixture import make_person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person


@pytest.fixture
async def site() -> AsyncIterator[Host]:
    """A web site with some pages that may trend, and some that have too little to show."""
    async with running("127.0.0.4") as host:
        host.put("/pic.png", picture((64, 64)), "image/png")
        for name in ("fog", "sea", "tides"):
            host.put(f"/{name}", _page(name), "text/html")
        host.put("/mute", "<title>mute</title><meta property=og:image content=/pic.png>", "text/html")
        host.put("/bare", "<title>bare</title><meta name=description content=x>", "text/html")
        yield host


def _page(name: str, more: str = "") -> str:
    return f"<title>{name}</title><meta name=description content=x><meta property=og:image content=/pic.png>{more}"


@pytest.fixture
async def crowd(services: Services) -> list[Person]:
    """Four people who want to be found."""
    people = [await make_person(services, name) for name in ("ann", "bob", "carol", "dan")]
    await execute(services, "UPDATE users SET discoverable = true")
    return people


async def now(services: Services, viewer: Person | None = None) -> list[str]:
    await cards.drain(services)
    await trends.refresh_trends(services)
    found = await link_trends.get_trending_pages(services, viewer, offset=0, limit=20)
    return [one.card.title for one in found]


async def test_a_page_trends_once_three_people_linked_to_it_in_public(
    services: Services, crowd: list[Person], site: Host
) -> None:
    for person in crowd[:2]:
        await say(services, person, f"{site.origin}/fog")
        await say(services, person, f"again {site.origin}/fog")
    await say(services, crowd[2], f"{site.origin}/fog", visibility="unlisted")
    assert await now(services) == []
    await say(services, crowd[2], f"other words {site.origin}/fog")
    assert await now(services) == ["fog"]
    (found,) = await link_trends.get_trending_pages(services, None, offset=0, limit=20)
    week = found.week(services.now())
    assert [(day.uses, day.accounts) for day in week] == [(5, 3), *[(0, 0)] * 6]


async def test_boosts_count_as_links(services: Services, crowd: list[Person], site: Host) -> None:
    thought = await say(services, crowd[0], f"{site.origin}/fog")
    for person in crowd[1:]:
        await boost_thought(services, person, thought.id)
    assert await now(services) == ["fog"]


async def test_covered_and_silenced_words_and_poor_pages_do_not_count(
    services: Services, crowd: list[Person], site: Host
) -> None:
    await execute(services, "UPDATE users SET silenced = true WHERE username = 'dan'")
    for person in crowd:
        for name in ("mute", "bare"):
            await say(services, person, f"{site.origin}/{name}")
        await say(services, person, f"{site.origin}/fog", summary="fog" if person is crowd[0] else "")
        await say(services, person, f"{site.origin}/sea", sensitive=person is crowd[0])
        await say(services, person, f"{site.origin}/tides")
    assert await now(services) == ["tides"]


async def test_pages_in_ones_language_come_first(services: Services, crowd: list[Person], site: Host) -> None:
    site.put("/nebel", _page("nebel", "<meta property=og:locale content=de_DE>"), "text/html")
    for person in crowd:
        await say(services, person, f"{site.origin}/fog")
    for person in crowd[:3]:
        await say(services, person, f"{site.origin}/nebel")
    assert await now(services) == ["fog", "nebel"]
    found = await link_trends.get_trending_pages(services, None, languages=["de"], offset=0, limit=20)
    assert [one.card.title for one in found] == ["nebel", "fog"]
    await edit_preferences(services, crowd[0], language="de-AT")
    assert await now(services, crowd[0]) == ["nebel", "fog"]


async def test_moderators_decide_about_pages_and_publishers(
    services: Services, crowd: list[Person], site: Host
) -> None:
    root = await make_person(services, "root", role="moderator")
    for person in crowd:
        await say(services, person, f"{site.origin}/fog")
        await say(services, person, f"{site.origin}/sea")
    assert len(await now(services)) == 2
    (publisher,) = await link_trends.list_publishers(services, root, Page())
    assert (publisher.host, publisher.trendable) == (site.authority, None)
    judged = await link_trends.judge_publisher(services, root, publisher.id, trendable=False)
    assert judged.reviewed_at is not None
    assert await now(services) == []
    waiting = await link_trends.list_pages_to_judge(services, root, offset=0, limit=20)
    assert [(one.requires_review, one.is_shown, one.publisher_id) for one in waiting] == [
        (False, False, publisher.id), (False, False, publisher.id),
    ]  # fmt: skip
    await link_trends.judge_page(services, root, waiting[0].page.card.id, trendable=True)
    assert await now(services) == [waiting[0].page.card.title]
    await link_trends.judge_publisher(services, root, publisher.id, trendable=True)
    await link_trends.judge_page(services, root, waiting[0].page.card.id, trendable=False)
    assert await now(services) == [waiting[1].page.card.title]
    assert await scalar(services, "SELECT count(*) FROM audit_log WHERE action LIKE '%trend%'") == 4
    for refused in (
        link_trends.list_publishers(services, crowd[0], Page()),
        link_trends.list_pages_to_judge(services, crowd[0], offset=0, limit=20),
        link_trends.judge_page(services, crowd[0], waiting[0].page.card.id, trendable=True),
        link_trends.judge_publisher(services, crowd[0], publisher.id, trendable=True),
    ):
        with pytest.raises(Forbidden):
            await refused


async def test_timeline_of_a_page_is_public_of_people_who_want_to_be_found(
    services: Services, crowd: list[Person], site: Host
) -> None:
    ann, bob, carol, dan = crowd
    viewer = await make_person(services, "viewer")
    first = await say(services, ann, f"{site.origin}/fog")
    second = await say(services, bob, f"{site.origin}/fog?from=bob")
    site.put("/fog?from=bob", _page("fog", "<link rel=canonical href=/fog>"), "text/html")
    await say(services, carol, f"{site.origin}/fog", visibility="unlisted")
    third = await say(services, carol, f"{site.origin}/fog")
    await say(services, dan, f"{site.origin}/fog")
    await execute(services, "UPDATE users SET discoverable = false WHERE username = 'dan'")
    with pytest.raises(NotFound):
        await link_trends.get_linking(services, None, f"{site.origin}/fog", PAGE)
    assert await now(services) == ["fog"]
    for url in (f"{site.origin}/fog", f"{site.origin}/fog#part", f"{site.origin}/fog?from=bob"):
        assert ids(await link_trends.get_linking(services, None, url, PAGE)) == [third.id, second.id, first.id]
    await block_person(services, viewer, bob)
    assert ids(await link_trends.get_linking(services, viewer, f"{site.origin}/fog", PAGE)) == [third.id, first.id]
    await block_person(services, carol, viewer)
    assert ids(await link_trends.get_linking(services, viewer, f"{site.origin}/fog", PAGE)) == [first.id]
    older = await link_trends.get_linking(services, None, f"{site.origin}/fog", Page(limit=1, older_than=third.id))
    assert ids(older) == [second.id]
    newer = Page(limit=1, newer_than=first.id, ascending=True)
    assert ids(await link_trends.get_linking(services, None, f"{site.origin}/fog", newer)) == [second.id]
    for nowhere in ("nonsense", "", "https://other.example/"):
        with pytest.raises(NotFound):
            await link_trends.get_linking(services, None, nowhere, PAGE)
    await execute(services, "INSERT INTO domain_blocks (domain, reason) VALUES ($1, '')", site.authority)
    with pytest.raises(NotFound):
        await link_trends.get_linking(services, None, f"{site.origin}/fog", PAGE)
    assert await now(services) == []
