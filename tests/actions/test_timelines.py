"""Timelines: what enters a home, what leaves it, and paging in both directions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from federation.actions import blocks, follows, reactions, timelines
from federation.actions.delete_thought import delete_thought
from federation.errors import NotFound
from federation.services import Services
from storage.entries import Page
from storage.people import Person
from tests.acting import PAGE, execute, follow, hear, ids, say
from tests.services_fixture import make_person, make_remote_person


async def _home(services: Services, person: Person) -> list[UUID]:
    return ids(await timelines.get_home(services, person, PAGE))


async def test_home_holds_own_thoughts_and_those_of_the_followed(services: Services) -> None:
    ada, bob, cleo = [await make_person(services, name) for name in ("ada", "bob", "cleo")]
    await follow(services, ada, bob)
    theirs = await say(services, bob, visibility="followers")
    await say(services, cleo)
    own = await say(services, ada, visibility="unlisted")
    assert await _home(services, ada) == [own.id, theirs.id]


async def test_answers_reach_those_who_follow_both(services: Services) -> None:
    ada, both, one, bob = [await make_person(services, name) for name in ("ada", "both", "one", "bob")]
    for person, target in ((both, ada), (both, bob), (one, bob)):
        await follow(services, person, target)
    parent = await say(services, ada)
    answer = await say(services, bob, "yes", reply_to=parent.id)
    more = await say(services, bob, "and", reply_to=answer.id)
    assert await _home(services, both) == [more.id, answer.id, parent.id]
    # An answer to oneself continues a thread: every follower gets it.
    assert await _home(services, one) == [more.id]


async def test_whoever_is_answered_has_it_at_home_when_they_follow(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    await follow(services, ada, bob)
    parent = await say(services, ada)
    answer = await say(services, bob, "yes", reply_to=parent.id)
    assert await _home(services, ada) == [answer.id, parent.id]


async def test_direct_thoughts_enter_the_homes_of_author_and_named_followers(services: Services) -> None:
    ada, bob, cleo, dora = [await make_person(services, name) for name in ("ada", "bob", "cleo", "dora")]
    await follow(services, ada, bob)
    await follow(services, cleo, bob)
    psst = await say(services, bob, "@ada @dora psst", visibility="direct")
    assert await _home(services, ada) == await _home(services, bob) == [psst.id]
    assert await _home(services, cleo) == await _home(services, dora) == []


async def test_followed_remote_people_arrive_and_what_is_fetched_does_not(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    await follow(services, ada, rita)
    arrived = await hear(services, rita, arriving=True)
    await hear(services, rita)
    old = (datetime.now(UTC) - timedelta(days=30)).isoformat()
    await hear(services, rita, arriving=True, published=old)
    assert await _home(services, ada) == [arrived.id]


async def test_a_new_follow_brings_the_latest_and_an_unfollow_takes_them(services: Services) -> None:
    ada, bob, cleo = [await make_person(services, name) for name in ("ada", "bob", "cleo")]
    made = [await say(services, bob, f"number {number}") for number in range(3)]
    await say(services, bob, "@ada psst", visibility="direct")
    other = await say(services, cleo)
    await say(services, bob, "an answer", reply_to=other.id)
    boost = await reactions.boost_thought(services, bob, other.id)
    await follow(services, ada, bob)
    assert await _home(services, ada) == [boost, *(thought.id for thought in reversed(made))]
    await follow(services, ada, cleo)
    await follows.unfollow_person(services, ada, bob)
    assert await _home(services, ada) == [other.id]


async def test_a_new_follow_without_boosts_brings_none(services: Services) -> None:
    ada, bob, cleo = [await make_person(services, name) for name in ("ada", "bob", "cleo")]
    own = await say(services, bob)
    await reactions.boost_thought(services, bob, (await say(services, cleo)).id)
    await follows.follow_person(services, ada, bob, show_boosts=False)
    assert await _home(services, ada) == [own.id]


async def test_forty_at_most_come_with_a_follow(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    await execute(
        services,
        """WITH made AS (INSERT INTO thoughts (user_id, content, visibility, ap_id, url)
            SELECT $1, 'x', 'public', 'https://x.example/' || n, '' FROM generate_series(1, 60) n RETURNING id)
        INSERT INTO entries (id, user_id, thought_id, kind) SELECT id, $1, id, 'thought' FROM made""",
        bob.id,
    )
    await follow(services, ada, bob)
    assert len(ids(await timelines.get_home(services, ada, Page(limit=80)))) == 40


async def test_home_leaves_out_the_muted_the_blocked_and_what_is_gone(services: Services) -> None:
    ada, bob, cleo, dora = [await make_person(services, name) for name in ("ada", "bob", "cleo", "dora")]
    for person in (bob, cleo):
        await follow(services, ada, person)
    thought = await say(services, dora)
    boost = await reactions.boost_thought(services, bob, thought.id)
    own = await say(services, cleo)
    gone = await say(services, cleo)
    await delete_thought(services, cleo, gone.id)
    assert await _home(services, ada) == [own.id, boost]
    await blocks.mute_person(services, ada, dora)
    assert await _home(services, ada) == [own.id]
    await blocks.unmute_person(services, ada, dora)
    await blocks.mute_person(services, ada, dora, lasts=timedelta(seconds=-1))
    assert await _home(services, ada) == [own.id, boost]
    await blocks.block_person(services, ada, dora)
    assert await _home(services, ada) == [own.id]


async def test_public_timelines_hold_public_thoughts_that_answer_nobody(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    rita = await make_remote_person(services, "rita")
    ours = await say(services, ada)
    await say(services, bob, "an answer", reply_to=ours.id)
    own_thread = await say(services, ada, "continued", reply_to=ours.id)
    await reactions.boost_thought(services, bob, ours.id)
    theirs = await hear(services, rita)
    for visibility in ("unlisted", "followers", "direct"):
        await say(services, ada, visibility=visibility)
    local = ids(await timelines.get_public(services, None, PAGE, local=True))
    assert local == [own_thread.id, ours.id]
    federated = ids(await timelines.get_public(services, None, PAGE, local=False))
    assert federated == [theirs.id, own_thread.id, ours.id]


async def test_profile_shows_answers_and_boosts_when_asked(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    other = await say(services, bob)
    own = await say(services, ada)
    answer = await say(services, ada, "yes", reply_to=other.id)
    boost = await reactions.boost_thought(services, ada, other.id)

    async def shown(*, replies: bool, boosts: bool) -> list[UUID]:
        return ids(await timelines.get_entries_of(services, None, ada, PAGE, replies=replies, boosts=boosts))

    assert await shown(replies=True, boosts=True) == [boost, answer.id, own.id]
    assert await shown(replies=False, boosts=True) == [boost, own.id]
    assert await shown(replies=True, boosts=False) == [answer.id, own.id]


async def test_no_tag_is_not_found(services: Services) -> None:
    with pytest.raises(NotFound):
        await timelines.get_tagged(services, None, "# !", PAGE)
    assert ids(await timelines.get_tagged(services, None, "unused", PAGE)) == []


Ask = Callable[[Services, Person, Page], Awaitable[timelines.Shown]]
LISTS: dict[str, Ask] = {
    "home": timelines.get_home,
    "local": lambda services, viewer, page: timelines.get_public(services, viewer, page, local=True),
    "federated": lambda services, viewer, page: timelines.get_public(services, viewer, page, local=False),
    "tag": lambda services, viewer, page: timelines.get_tagged(services, viewer, "tag", page),
    "profile": lambda services, viewer, page: timelines.get_entries_of(services, viewer, viewer, page),
}


@pytest.mark.parametrize("name", LISTS)
async def test_pages_go_both_ways_without_gap_or_repetition(services: Services, name: str) -> None:
    ada = await make_person(services, "ada")
    made = [(await say(services, ada, f"#tag {number}")).id for number in range(7)][::-1]

    async def page(**bounds: UUID | int | bool | None) -> list[UUID]:
        return ids(await LISTS[name](services, ada, Page(**bounds)))  # type: ignore[arg-type]

    down: list[UUID] = []
    while part := await page(limit=3, older_than=down[-1] if down else None):
        down += part
    assert down == made
    up: list[UUID] = []
    while part := await page(limit=3, newer_than=up[0] if up else made[-1], ascending=True):
        up = part + up
    assert up == made[:-1]
    # since_id: the newest of what is newer, which may leave a gap below.
    assert await page(limit=2, newer_than=made[-1]) == made[:2]
    assert await page(older_than=made[1], newer_than=made[4]) == made[2:4]


async def test_bookmarks_are_paged_by_their_own_ids(services: Services) -> None:
    ada = await make_person(services, "ada")
    made = [(await say(services, ada, f"number {number}")).id for number in range(4)]
    order = [made[2], made[0], made[3], made[1]]
    for thought_id in order:
        await reactions.bookmark_thought(services, ada, thought_id)
    first = await timelines.get_bookmarks(services, ada, Page(limit=3))
    assert ids(first) == order[::-1][:3]
    assert first.cursors is not None
    rest = await timelines.get_bookmarks(services, ada, Page(limit=3, older_than=first.cursors[-1]))
    assert ids(rest) == [order[0]]
