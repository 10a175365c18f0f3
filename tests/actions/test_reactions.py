"""Likes, boosts, bookmarks and pins, once each, and at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from federation.actions import reactions, timelines
from federation.actions.delete_thought import delete_thought
from federation.errors import Forbidden, Invalid, NotFound, ThoughtsError
from federation.services import Services
from storage import thoughts
from tests.acting import PAGE, PUBLIC, execute, follow, hear, ids, say, scalar, sent, told
from tests.services_fixture import make_person, make_remote_person

LIKES = "SELECT likes_count FROM thoughts WHERE id = $1"
BOOSTS = "SELECT boosts_count FROM thoughts WHERE id = $1"


async def test_a_like_counts_once_and_tells_the_author(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    thought = await say(services, ada)
    for _ in range(2):
        await reactions.like_thought(services, bob, thought.id)
    assert await scalar(services, LIKES, thought.id) == 1
    assert await told(services, ada) == [("favourite", "bob", thought.id)]
    for _ in range(2):
        await reactions.unlike_thought(services, bob, thought.id)
    assert await scalar(services, LIKES, thought.id) == 0
    assert await told(services, ada) == []


async def test_a_like_of_a_remote_thought_goes_to_its_author_only(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    thought = await hear(services, rita)
    await reactions.like_thought(services, ada, thought.id)
    await reactions.unlike_thought(services, ada, thought.id)
    like, undo = (await sent(services))[-2:]
    assert (like.type, like.to_followers, like.inboxes) == ("Like", False, [rita.inbox_url])
    assert (like.document["object"], like.document["to"]) == (thought.ap_id, [rita.ap_id])
    assert (undo.type, undo.inboxes, undo.document["object"]["id"]) == ("Undo", [rita.inbox_url], like.document["id"])


async def test_likes_among_our_own_are_not_sent(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    thought = await say(services, ada)
    await reactions.like_thought(services, bob, thought.id)
    assert [one.type for one in await sent(services)] == ["Create"]


async def test_a_boost_is_an_entry_of_its_own(services: Services) -> None:
    ada, bob, fan = [await make_person(services, name) for name in ("ada", "bob", "fan")]
    await follow(services, fan, bob)
    thought = await say(services, ada)
    boost = await reactions.boost_thought(services, bob, thought.id)
    assert boost is not None
    assert await reactions.boost_thought(services, bob, thought.id) is None
    assert await scalar(services, BOOSTS, thought.id) == 1
    assert await told(services, ada) == [("reblog", "bob", thought.id)]
    home = await timelines.get_home(services, fan, PAGE)
    assert [(one.id, one.kind, one.user_id, one.thought.id) for one in home.entries] == [
        (boost, "boost", bob.id, thought.id)
    ]
    assert (await timelines.get_thought(services, None, boost)).id == thought.id
    for _ in range(2):
        await reactions.unboost_thought(services, bob, thought.id)
    assert await scalar(services, BOOSTS, thought.id) == 0
    assert ids(await timelines.get_home(services, fan, PAGE)) == []
    assert await told(services, ada) == []


async def test_an_announce_goes_to_followers_and_the_author(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    thought = await hear(services, rita)
    await reactions.boost_thought(services, ada, thought.id)
    await reactions.unboost_thought(services, ada, thought.id)
    announce, undo = (await sent(services))[-2:]
    assert (announce.type, announce.to_followers, announce.inboxes) == ("Announce", True, [rita.inbox_url])
    assert announce.document["object"] == thought.ap_id
    assert announce.document["to"] == [PUBLIC]
    assert announce.document["cc"] == [rita.ap_id, services.urls.followers("ada")]
    assert (undo.type, undo.to_followers, undo.inboxes) == ("Undo", True, [rita.inbox_url])
    assert undo.document["object"]["id"] == announce.document["id"]


@pytest.mark.parametrize(
    ("visibility", "wanted", "given"),
    [
        ("public", "unlisted", "unlisted"), ("public", "followers", "followers"), ("unlisted", "public", "unlisted"),
        ("unlisted", None, "unlisted"), ("followers", "public", "followers"),
    ],
)  # fmt: skip
async def test_a_boost_is_for_those_it_is_meant_for(
    services: Services, visibility: str, wanted: str | None, given: str
) -> None:
    ada = await make_person(services, "ada")
    thought = await say(services, ada, visibility=visibility)
    await reactions.boost_thought(services, ada, thought.id, visibility=wanted)
    await reactions.unboost_thought(services, ada, thought.id)
    announce, undo = [one.document for one in (await sent(services))[-2:]]
    assert [PUBLIC in announce["to"], PUBLIC in announce["cc"]] == [given == "public", given == "unlisted"]
    assert (undo["object"]["to"], undo["object"]["cc"]) == (announce["to"], announce["cc"])


async def test_a_boost_is_never_for_people_it_names(services: Services) -> None:
    ada = await make_person(services, "ada")
    thought = await say(services, ada)
    with pytest.raises(Invalid):
        await reactions.boost_thought(services, ada, thought.id, visibility="direct")
    assert await scalar(services, BOOSTS, thought.id) == 0


@pytest.mark.parametrize(
    ("visibility", "own", "other"), [("unlisted", True, True), ("followers", True, False), ("direct", False, False)]
)
async def test_who_may_boost_what(services: Services, visibility: str, own: bool, other: bool) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    await follow(services, bob, ada)
    thought = await say(services, ada, "@bob hi", visibility=visibility)
    for person, may in ((ada, own), (bob, other)):
        try:
            await reactions.boost_thought(services, person, thought.id)
            done = True
        except Forbidden:
            done = False
        assert done == may, person.username


async def test_a_boost_does_not_repeat_what_is_at_home_already(services: Services) -> None:
    fan, one, two, writer = [await make_person(services, name) for name in ("fan", "one", "two", "writer")]
    for person in (one, two):
        await follow(services, fan, person)
    thought = await say(services, writer)
    first = await reactions.boost_thought(services, one, thought.id)
    await reactions.boost_thought(services, two, thought.id)
    assert ids(await timelines.get_home(services, fan, PAGE)) == [first]


async def test_a_boost_of_somebody_followed_does_not_repeat_their_thought(services: Services) -> None:
    fan, one, writer = [await make_person(services, name) for name in ("fan", "one", "writer")]
    for person in (one, writer):
        await follow(services, fan, person)
    thought = await say(services, writer)
    await reactions.boost_thought(services, one, thought.id)
    assert ids(await timelines.get_home(services, fan, PAGE)) == [thought.id]


async def test_a_boost_brings_back_an_older_thought(services: Services) -> None:
    fan, one = [await make_person(services, name) for name in ("fan", "one")]
    writer = await make_remote_person(services, "writer")
    for person in (one, writer):
        await follow(services, fan, person)
    old = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    thought = await hear(services, writer, published=old, arriving=True)
    boost = await reactions.boost_thought(services, one, thought.id)
    assert ids(await timelines.get_home(services, fan, PAGE)) == [boost, thought.id]


async def test_followers_who_hide_boosts_get_none(services: Services) -> None:
    ada, fan, writer = [await make_person(services, name) for name in ("ada", "fan", "writer")]
    await follow(services, fan, ada)
    await execute(services, "UPDATE follows SET show_boosts = false")
    await reactions.boost_thought(services, ada, (await say(services, writer)).id)
    assert ids(await timelines.get_home(services, fan, PAGE)) == []


async def test_a_late_boost_sorts_by_its_own_time(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    thought = await say(services, ada)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    boost = await reactions.boost_thought(services, rita, thought.id, ap_id="https://remote.example/b/1", at=yesterday)
    assert boost is not None
    assert boost < thought.id


async def test_bookmarks_are_private_and_kept_once(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    thought = await say(services, ada)
    for _ in range(2):
        await reactions.bookmark_thought(services, bob, thought.id)
    assert ids(await timelines.get_bookmarks(services, bob, PAGE)) == [thought.id]
    assert ids(await timelines.get_bookmarks(services, ada, PAGE)) == []
    assert await told(services, ada) == []
    await reactions.unbookmark_thought(services, bob, thought.id)
    assert ids(await timelines.get_bookmarks(services, bob, PAGE)) == []


async def test_five_thoughts_can_be_pinned_even_at_once(services: Services) -> None:
    ada = await make_person(services, "ada")
    made = [await say(services, ada, f"number {number}") for number in range(8)]
    results = await asyncio.gather(
        *(reactions.pin_thought(services, ada, one.id) for one in made), return_exceptions=True
    )
    assert sum(isinstance(one, Invalid) for one in results) == 3
    assert sum(one is None for one in results) == 5
    pinned = ids(await timelines.get_pinned(services, None, ada))
    assert len(pinned) == 5
    await reactions.pin_thought(services, ada, pinned[0])
    await reactions.unpin_thought(services, ada, pinned[0])
    assert len(ids(await timelines.get_pinned(services, None, ada))) == 4


async def test_only_own_thoughts_that_others_see_are_pinned(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    with pytest.raises(Forbidden):
        await reactions.pin_thought(services, ada, (await say(services, bob)).id)
    with pytest.raises(Invalid):
        await reactions.pin_thought(services, ada, (await say(services, ada, visibility="direct")).id)
    with pytest.raises(NotFound):
        await reactions.pin_thought(services, ada, uuid4())


async def test_double_clicks_from_two_connections_count_once(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    rita = await make_remote_person(services, "rita")
    thought = await hear(services, rita)
    for act in (reactions.like_thought, reactions.boost_thought, reactions.bookmark_thought):
        await asyncio.gather(*(act(services, ada, thought.id) for _ in range(4)))  # type: ignore[operator]
    assert [one.type for one in await sent(services)] == ["Like", "Announce"]
    await asyncio.gather(*(reactions.like_thought(services, one, thought.id) for one in (ada, bob)))
    assert await scalar(services, LIKES, thought.id) == 2
    assert await scalar(services, BOOSTS, thought.id) == 1
    await asyncio.gather(*(reactions.unlike_thought(services, ada, thought.id) for _ in range(4)))
    assert await scalar(services, LIKES, thought.id) == 1


@pytest.mark.parametrize("act", ["like", "boost", "bookmark", "reply"])
async def test_reacting_to_what_is_being_deleted_finds_nothing(services: Services, act: str) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    thought = await say(services, ada)

    async def react(thought_id: UUID) -> None:
        match act:
            case "like":
                await reactions.like_thought(services, bob, thought_id)
            case "boost":
                await reactions.boost_thought(services, bob, thought_id)
            case "bookmark":
                await reactions.bookmark_thought(services, bob, thought_id)
            case "reply":
                await say(services, bob, "late", reply_to=thought_id)

    async with services.database.transaction() as db:
        locked = await thoughts.find_thought(db, thought.id, lock=True)
        assert locked is not None
        reacting = asyncio.create_task(react(thought.id))
        await asyncio.wait({reacting}, timeout=0.3)
        await thoughts.delete_thought(db, locked, ada.ap_id)
    with pytest.raises(NotFound):
        await reacting


async def test_likes_and_a_deletion_at_once_end_well(services: Services) -> None:
    ada = await make_person(services, "ada")
    fans = [await make_person(services, f"fan{number}") for number in range(4)]
    for _ in range(4):
        thought = await say(services, ada)
        results = await asyncio.gather(
            *(reactions.like_thought(services, fan, thought.id) for fan in fans),
            delete_thought(services, ada, thought.id),
            *(reactions.boost_thought(services, fan, thought.id) for fan in fans),
            return_exceptions=True,
        )
        assert all(not isinstance(one, BaseException) or isinstance(one, ThoughtsError) for one in results), results
        assert await scalar(services, "SELECT count(*) FROM likes") == 0
