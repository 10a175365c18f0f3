"""Notifications: who is told what, who is not, once, and taken back with what they told of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from federation.actions import accounts, blocks, follows, notices, reactions
from federation.actions.edit_thought import Revision, edit_thought
from federation.errors import NotFound
from federation.services import Services
from storage.entries import Page
from storage.people import Person
from tests.acting import PAGE, again, execute, hear, say, scalar, told
from tests.services_fixture import make_person, make_remote_person

Cause = Callable[[Services, Person, Person], Awaitable[None]]


async def _favourite(services: Services, actor: Person, owner: Person) -> None:
    await reactions.like_thought(services, actor, (await say(services, owner)).id)


async def _reblog(services: Services, actor: Person, owner: Person) -> None:
    await reactions.boost_thought(services, actor, (await say(services, owner)).id)


async def _follow(services: Services, actor: Person, owner: Person) -> None:
    await follows.follow_person(services, actor, owner)


async def _follow_request(services: Services, actor: Person, owner: Person) -> None:
    await execute(services, "UPDATE users SET locked = true WHERE id = $1", owner.id)
    await follows.follow_person(services, actor, await again(services, owner))


async def _mention(services: Services, actor: Person, owner: Person) -> None:
    await say(services, actor, f"hello @{owner.username}")


async def _status(services: Services, actor: Person, owner: Person) -> None:
    await follows.follow_person(services, owner, actor, notify=True)
    await say(services, actor)


async def _update(services: Services, actor: Person, owner: Person) -> None:
    thought = await say(services, actor)
    await reactions.boost_thought(services, owner, thought.id)
    await edit_thought(services, actor, thought.id, Revision("changed"))


CAUSES: dict[str, Cause] = {
    "favourite": _favourite, "reblog": _reblog, "follow": _follow, "follow_request": _follow_request,
    "mention": _mention, "status": _status, "update": _update,
}  # fmt: skip


@pytest.mark.parametrize("kind", CAUSES)
async def test_each_kind_is_told(services: Services, kind: str) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    await CAUSES[kind](services, bob, ada)
    assert [(one, who) for one, who, _ in await told(services, ada)] == [(kind, "bob")]
    assert await notices.count_unread(services, ada) == 1


@pytest.mark.parametrize("kind", CAUSES)
async def test_the_muted_are_not_told_of(services: Services, kind: str) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    await blocks.mute_person(services, ada, bob)
    await CAUSES[kind](services, bob, ada)
    assert await told(services, ada) == []


async def test_a_mute_without_its_notifications_tells_on(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    await blocks.mute_person(services, ada, bob, hide_notifications=False)
    await _favourite(services, bob, ada)
    assert len(await told(services, ada)) == 1


@pytest.mark.parametrize("kind", ["favourite", "reblog", "mention", "update"])
async def test_whom_one_blocks_is_not_told_of(services: Services, kind: str) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    # Only the notification's own rule: the block stands without what blocking does besides.
    await execute(services, "INSERT INTO blocks (blocker_id, blocked_id) VALUES ($1, $2)", bob.id, ada.id)
    thought = await say(services, ada)
    async with services.database.transaction() as db:
        from_bob = await notices.notifications.notify(db, [ada.id], kind, bob.id, thought.id)
    assert from_bob == []


async def test_nobody_is_told_of_themselves(services: Services) -> None:
    ada = await make_person(services, "ada")
    thought = await say(services, ada, "I am @ada")
    await reactions.like_thought(services, ada, thought.id)
    await reactions.boost_thought(services, ada, thought.id)
    await say(services, ada, "more", reply_to=thought.id)
    assert await told(services, ada) == []


async def test_remote_people_hear_from_their_own_server(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    thought = await hear(services, rita)
    await reactions.like_thought(services, ada, thought.id)
    await say(services, ada, "@rita@remote.example hi")
    assert await scalar(services, "SELECT count(*) FROM notifications") == 0


async def test_the_suspended_are_not_told(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    thought = await say(services, bob, "before @ada")
    await accounts.suspend(services, None, ada)
    await say(services, bob, "after @ada")
    assert [about for _, _, about in await told(services, ada)] == [thought.id]


async def test_what_is_undone_is_taken_back(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    thought = await say(services, ada)
    for _ in range(2):
        await reactions.like_thought(services, bob, thought.id)
        await reactions.boost_thought(services, bob, thought.id)
        await follows.follow_person(services, bob, ada)
        assert len(await told(services, ada)) == 3
        await reactions.unlike_thought(services, bob, thought.id)
        await reactions.unboost_thought(services, bob, thought.id)
        await follows.unfollow_person(services, bob, ada)
        assert await told(services, ada) == []


async def test_blocking_takes_back_what_both_were_told(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    await _favourite(services, ada, bob)
    await _favourite(services, bob, ada)
    await blocks.block_person(services, ada, bob)
    assert await told(services, ada) == await told(services, bob) == []


@pytest.mark.parametrize("why", ["suspended", "hidden"])
async def test_what_is_not_listed_does_not_count_as_unread(services: Services, why: str) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    thought = await say(services, bob, "@ada psst", visibility="direct")
    assert await notices.count_unread(services, ada) == 1
    if why == "suspended":
        await accounts.suspend(services, None, bob)
    else:
        await edit_thought(services, bob, thought.id, Revision("never mind"))
    assert await told(services, ada) == []
    assert await notices.count_unread(services, ada) == 0


async def _three(services: Services) -> tuple[Person, list[UUID]]:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    for _ in range(3):
        await _favourite(services, bob, ada)
    page = await notices.get_notifications(services, ada, PAGE)
    return ada, [one.id for one in page.notifications]


async def test_pages_go_both_ways(services: Services) -> None:
    ada, (newest, middle, oldest) = await _three(services)

    async def page(**bounds: UUID | int | bool) -> list[UUID]:
        found = await notices.get_notifications(services, ada, Page(**bounds))  # type: ignore[arg-type]
        return [one.id for one in found.notifications]

    assert await page(limit=2) == [newest, middle]
    assert await page(older_than=middle) == [oldest]
    assert await page(newer_than=oldest, limit=1) == [newest]
    assert await page(newer_than=oldest, limit=1, ascending=True) == [middle]


async def test_kinds_are_chosen_and_left_out(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    await _favourite(services, bob, ada)
    await _mention(services, bob, ada)
    for options, expected in (({"types": ["mention"]}, ["mention"]), ({"exclude": ["mention"]}, ["favourite"])):
        found = await notices.get_notifications(services, ada, PAGE, **options)  # type: ignore[arg-type]
        assert [one.type for one in found.notifications] == expected


async def test_reading_dismissing_and_clearing_are_ones_own(services: Services) -> None:
    ada, (newest, middle, _) = await _three(services)
    bob = await make_person(services, "eve")
    await notices.mark_read(services, bob, newest)
    with pytest.raises(NotFound):
        await notices.dismiss_notification(services, bob, newest)
    await notices.clear_notifications(services, bob)
    assert await notices.count_unread(services, ada) == 3
    await notices.mark_read(services, ada, middle)
    assert await notices.count_unread(services, ada) == 1
    await notices.dismiss_notification(services, ada, newest)
    assert len(await told(services, ada)) == 2
    await notices.clear_notifications(services, ada)
    assert await told(services, ada) == []
