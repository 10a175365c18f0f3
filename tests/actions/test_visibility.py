"""Who may see what: every visibility, every relation to the author, every way of reading."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import pytest

from federation.actions import accounts, blocks, documents, follows, reactions, search, timelines
from federation.actions.publish_thought import Draft, publish_thought
from federation.errors import NotFound
from federation.services import Services
from storage.people import Person
from storage.thoughts import Thought
from tests.acting import PAGE, again, execute, follow, hear, ids, say, scalar
from tests.services_fixture import make_person, make_remote_person

RELATIONS = ("author", "follower", "pending", "mentioned", "stranger", "blocked", "anonymous")
# Who may read a thought that names `mentioned`, by visibility; nobody may once its author is suspended.
MAY_READ = {
    "public": {"author", "follower", "pending", "mentioned", "stranger", "anonymous"},
    "unlisted": {"author", "follower", "pending", "mentioned", "stranger", "anonymous"},
    "followers": {"author", "follower", "mentioned"},
    "direct": {"author", "mentioned"},
}
TEXT = "#weather is fine, @mentioned"


@dataclass(frozen=True, slots=True)
class Scene:
    """An author, people who stand to them in every relation, and a thought of each visibility."""

    services: Services
    people: dict[str, Person | None]
    thoughts: dict[str, Thought]

    @property
    def author(self) -> Person:
        """Who wrote the thoughts."""
        author = self.people["author"]
        assert author is not None
        return author


@pytest.fixture
async def scene(services: Services) -> Scene:
    people: dict[str, Person | None] = {"anonymous": None}
    for name in RELATIONS[:-1]:
        people[name] = await make_person(services, name)
    await execute(services, "UPDATE users SET locked = true, indexable = true WHERE username = 'author'")
    author = await again(services, people["author"])  # type: ignore[arg-type]
    people["author"] = author
    await follow(services, people["follower"], author)  # type: ignore[arg-type]
    await follows.follow_person(services, people["pending"], author)  # type: ignore[arg-type]
    await follow(services, people["blocked"], author)  # type: ignore[arg-type]
    thoughts = {visibility: await say(services, author, TEXT, visibility=visibility) for visibility in MAY_READ}
    for visibility, thought in thoughts.items():
        for reader in people.values():
            if reader is not None and reader.username in MAY_READ[visibility]:
                await reactions.bookmark_thought(services, reader, thought.id)
        if visibility != "direct":
            await reactions.pin_thought(services, author, thought.id)
    # A bookmark from better times must not outlive the right to read.
    await execute(
        services,
        """INSERT INTO bookmarks (user_id, thought_id) SELECT u.id, t.id FROM users u, thoughts t
        WHERE u.username IN ('blocked', 'stranger', 'pending', 'follower') ON CONFLICT DO NOTHING""",
    )
    await blocks.block_person(services, author, people["blocked"])  # type: ignore[arg-type]
    return Scene(services, people, thoughts)


async def _entry(scene: Scene, viewer: Person | None) -> set[UUID]:
    seen = set()
    for thought in scene.thoughts.values():
        try:
            seen |= set(ids(await timelines.get_entry(scene.services, viewer, thought.id)))
        except NotFound:
            continue
    return seen


async def _thought(scene: Scene, viewer: Person | None) -> set[UUID]:
    seen = set()
    for thought in scene.thoughts.values():
        try:
            seen.add((await timelines.get_thought(scene.services, viewer, thought.id)).id)
        except NotFound:
            continue
    return seen


async def _thread(scene: Scene, viewer: Person | None) -> set[UUID]:
    seen = set()
    for thought in scene.thoughts.values():
        try:
            seen.add((await timelines.get_thread(scene.services, viewer, thought.id)).entry.id)
        except NotFound:
            continue
    return seen


async def _note(scene: Scene, viewer: Person | None) -> set[UUID]:
    seen = set()
    for thought in scene.thoughts.values():
        try:
            note = await documents.get_note(scene.services, viewer.id if viewer else None, thought.id)
        except NotFound:
            continue
        assert note["id"] == thought.ap_id
        seen.add(thought.id)
    return seen


async def _profile(scene: Scene, viewer: Person | None) -> set[UUID]:
    return set(ids(await timelines.get_entries_of(scene.services, viewer, scene.author, PAGE)))


async def _pinned(scene: Scene, viewer: Person | None) -> set[UUID]:
    return set(ids(await timelines.get_pinned(scene.services, viewer, scene.author)))


async def _local(scene: Scene, viewer: Person | None) -> set[UUID]:
    return set(ids(await timelines.get_public(scene.services, viewer, PAGE, local=True)))


async def _federated(scene: Scene, viewer: Person | None) -> set[UUID]:
    return set(ids(await timelines.get_public(scene.services, viewer, PAGE, local=False)))


async def _tagged(scene: Scene, viewer: Person | None) -> set[UUID]:
    return set(ids(await timelines.get_tagged(scene.services, viewer, "#Weather", PAGE)))


async def _found(scene: Scene, viewer: Person | None) -> set[UUID]:
    found = await search.search_everything(scene.services, viewer, "fine", PAGE, resolve=False)
    return set(ids(found.shown))


async def _pasted(scene: Scene, viewer: Person | None) -> set[UUID]:
    seen = set()
    for thought in scene.thoughts.values():
        for address in (thought.ap_id, thought.url):
            found = await search.search_everything(scene.services, viewer, address, PAGE, resolve=True)
            seen |= set(ids(found.shown))
    return seen


async def _home(scene: Scene, viewer: Person | None) -> set[UUID]:
    return set(ids(await timelines.get_home(scene.services, viewer, PAGE))) if viewer else set()


async def _bookmarks(scene: Scene, viewer: Person | None) -> set[UUID]:
    return set(ids(await timelines.get_bookmarks(scene.services, viewer, PAGE))) if viewer else set()


async def _outbox(scene: Scene, viewer: Person | None) -> set[UUID]:
    try:
        page = await documents.get_outbox_page(scene.services, "author", None)
    except NotFound:
        return set()
    by_ap_id = {thought.ap_id: thought.id for thought in scene.thoughts.values()}
    return {by_ap_id[item["object"]["id"]] for item in page["orderedItems"]}


Read = Callable[[Scene, Person | None], Awaitable[set[UUID]]]
# Ways of reading, the visibilities that appear there, and who looks there at all (None: whoever may read).
PUBLIC_ONLY, LISTED, ALL = ("public",), ("public", "unlisted", "followers"), tuple(MAY_READ)
WAYS: dict[str, tuple[Read, tuple[str, ...], set[str] | None]] = {
    "entry": (_entry, ALL, None),
    "thought": (_thought, ALL, None),
    "thread": (_thread, ALL, None),
    "note document": (_note, ALL, None),
    "pasted address": (_pasted, ALL, None),
    "profile": (_profile, ALL, None),
    "pinned": (_pinned, LISTED, None),
    "local": (_local, PUBLIC_ONLY, None),
    "federated": (_federated, PUBLIC_ONLY, None),
    "tag": (_tagged, PUBLIC_ONLY, None),
    "home": (_home, ALL, {"author", "follower"}),
    "bookmarks": (_bookmarks, ALL, set(RELATIONS) - {"anonymous"}),
}


@pytest.mark.parametrize("way", WAYS)
async def test_only_who_may_read_a_thought_finds_it(scene: Scene, way: str) -> None:
    read, appearing, lookers = WAYS[way]
    for relation, viewer in scene.people.items():
        expected = {
            scene.thoughts[visibility].id
            for visibility in appearing
            if relation in MAY_READ[visibility] and (lookers is None or relation in lookers)
        }
        seen = await read(scene, viewer)
        named = {thought.id: visibility for visibility, thought in scene.thoughts.items()}
        assert {named[one] for one in seen} == {named[one] for one in expected}, relation


async def test_search_finds_public_thoughts_of_the_willing_and_what_concerns_the_viewer(scene: Scene) -> None:
    all_of_them = {thought.id for thought in scene.thoughts.values()}
    public = {scene.thoughts["public"].id}
    everything = {"author": all_of_them, "mentioned": all_of_them, "anonymous": set(), "blocked": set()}
    # The follower bookmarked what they could read, and finds it again.
    everything["follower"] = all_of_them - {scene.thoughts["direct"].id}
    everything["stranger"] = everything["pending"] = public | {scene.thoughts["unlisted"].id}
    for relation, viewer in scene.people.items():
        assert await _found(scene, viewer) == everything[relation], relation


async def test_outbox_shows_what_anybody_may_see(scene: Scene) -> None:
    assert await _outbox(scene, None) == {scene.thoughts["public"].id, scene.thoughts["unlisted"].id}


@pytest.mark.parametrize("way", [*WAYS, "search", "outbox"])
async def test_nobody_sees_thoughts_of_the_suspended(scene: Scene, way: str) -> None:
    await accounts.suspend(scene.services, None, scene.author)
    read = WAYS[way][0] if way in WAYS else {"search": _found, "outbox": _outbox}[way]
    for relation, viewer in scene.people.items():
        assert await read(scene, viewer) == set(), relation


@pytest.mark.parametrize("way", ["home", "profile", "entry"])
async def test_boosts_vanish_with_their_suspended_booster(services: Services, way: str) -> None:
    ada, fan, writer = [await make_person(services, name) for name in ("ada", "fan", "writer")]
    await follow(services, fan, ada)
    thought = await say(services, writer)
    boost = await reactions.boost_thought(services, ada, thought.id)
    assert boost is not None

    async def seen() -> list[UUID]:
        if way == "home":
            return ids(await timelines.get_home(services, fan, PAGE))
        if way == "profile":
            return ids(await timelines.get_entries_of(services, fan, ada, PAGE))
        try:
            return ids(await timelines.get_entry(services, fan, boost))
        except NotFound:
            return []

    assert await seen() == [boost]
    await accounts.suspend(services, None, ada)
    assert await seen() == []


@pytest.mark.parametrize("own", [True, False])
async def test_a_boost_for_followers_is_seen_by_them_alone(services: Services, own: bool) -> None:
    ada, fan, stranger, writer = [await make_person(services, name) for name in ("ada", "fan", "stranger", "writer")]
    await follow(services, fan, ada)
    thought = await say(services, ada if own else writer)
    boost = await reactions.boost_thought(services, ada, thought.id, visibility="followers")
    assert boost is not None
    assert (boost in ids(await timelines.get_home(services, fan, PAGE))) == (not own)
    for viewer in (fan, ada):
        assert boost in ids(await timelines.get_entries_of(services, viewer, ada, PAGE))
        assert (await timelines.get_entry(services, viewer, boost)).entries[0].visibility == "followers"
    for nobody in (stranger, None):
        assert boost not in ids(await timelines.get_entries_of(services, nobody, ada, PAGE))
        with pytest.raises(NotFound):
            await timelines.get_entry(services, nobody, boost)
        assert await timelines.get_thought(services, nobody, thought.id)


async def test_who_is_blocked_sees_no_boosts_of_the_blocker(services: Services) -> None:
    ada, bob, writer = [await make_person(services, name) for name in ("ada", "bob", "writer")]
    boost = await reactions.boost_thought(services, ada, (await say(services, writer)).id)
    await blocks.block_person(services, ada, bob)
    assert boost is not None
    assert ids(await timelines.get_entries_of(services, bob, ada, PAGE)) == []
    with pytest.raises(NotFound):
        await timelines.get_entry(services, bob, boost)


async def test_profile_leaves_out_boosts_of_whom_the_viewer_blocks(services: Services) -> None:
    ada, bob, writer = [await make_person(services, name) for name in ("ada", "bob", "writer")]
    await reactions.boost_thought(services, ada, (await say(services, writer)).id)
    await blocks.block_person(services, bob, writer)
    assert ids(await timelines.get_entries_of(services, bob, ada, PAGE)) == []
    assert len(ids(await timelines.get_entries_of(services, writer, ada, PAGE))) == 1


async def test_outbox_leaves_out_boosts_of_the_suspended(services: Services) -> None:
    ada, writer = [await make_person(services, name) for name in ("ada", "writer")]
    await reactions.boost_thought(services, ada, (await say(services, writer)).id)
    assert len((await documents.get_outbox_page(services, "ada", None))["orderedItems"]) == 1
    await accounts.suspend(services, None, writer)
    assert (await documents.get_outbox_page(services, "ada", None))["orderedItems"] == []


@pytest.mark.parametrize("visibility", ["public", "unlisted", "followers", "direct"])
async def test_remote_readers_get_the_same_answers(services: Services, visibility: str) -> None:
    author = await make_person(services, "author")
    follower, named, other = [await make_remote_person(services, name) for name in ("follower", "named", "other")]
    await follow(services, follower, author)
    thought = await say(services, author, "@named@remote.example look", visibility=visibility)
    may = {
        "public": {follower.id, named.id, other.id, None},
        "unlisted": {follower.id, named.id, other.id, None},
        "followers": {follower.id, named.id},
        "direct": {named.id},
    }[visibility]
    for reader in (follower.id, named.id, other.id, None):
        try:
            await documents.get_note(services, reader, thought.id)
            got = True
        except NotFound:
            got = False
        assert got == (reader in may), reader


async def test_remote_private_thoughts_are_as_private(services: Services) -> None:
    author, reader, other = (
        await make_remote_person(services, "author"), await make_person(services, "reader"),
        await make_person(services, "other"),
    )  # fmt: skip
    tag = {"type": "Mention", "href": reader.ap_id, "name": "@reader@localhost:8000"}
    thought = await hear(services, author, to=[reader.ap_id], tag=[tag])
    assert thought.visibility == "direct"
    assert (await timelines.get_thought(services, reader, thought.id)).id == thought.id
    for viewer in (other, None):
        with pytest.raises(NotFound):
            await timelines.get_thought(services, viewer, thought.id)


async def test_nobody_answers_what_they_may_not_read(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    hidden = await say(services, ada, visibility="followers")
    with pytest.raises(NotFound):
        await publish_thought(services, bob, Draft("me too", reply_to=hidden.id))
    assert await scalar(services, "SELECT replies_count FROM thoughts WHERE id = $1", hidden.id) == 0


@pytest.mark.parametrize("act", [reactions.like_thought, reactions.boost_thought, reactions.bookmark_thought])
async def test_nobody_reacts_to_what_they_may_not_read(
    services: Services, act: Callable[[Services, Person, UUID], Awaitable[object]]
) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    hidden = await say(services, ada, visibility="followers")
    with pytest.raises(NotFound):
        await act(services, bob, hidden.id)
