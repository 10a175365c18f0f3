"""Collections of people: limits, consent, who is told, and the end of it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from federation.actions import accounts, blocks, collections, featuring, profiles
from federation.actions.collections import MOST_COLLECTIONS, MOST_PEOPLE, CollectionForm
from federation.actions.profiles import ProfileForm
from federation.errors import Forbidden, Invalid, NotFound
from storage.collections import Item
from storage.people import Person
from tests.acting import again, execute, follow, scalar, sent, told
from tests.services_fixture import make_person, make_remote_person

if TYPE_CHECKING:
    from federation.services import Services

FORM = CollectionForm("Good company", "Worth reading", "en", "#Things", discoverable=True)


@pytest.fixture
async def ada(services: Services) -> Person:
    return await _findable(services, "ada")


@pytest.fixture
async def bob(services: Services) -> Person:
    return await _findable(services, "bob")


async def _findable(services: Services, name: str, *, locked: bool = False) -> Person:
    person = await make_person(services, name)
    return await profiles.edit_profile(services, person, ProfileForm(name, "", discoverable=True, locked=locked))


async def _make(services: Services, owner: Person, *featured: Person, form: CollectionForm = FORM) -> UUID:
    shelf = await collections.make_collection(services, owner, form, [one.id for one in featured])
    return shelf.collections[0].id


async def _places(services: Services, viewer: Person | None, collection_id: UUID) -> list[tuple[UUID | None, str]]:
    shelf = await collections.get_collection(services, viewer, collection_id)
    return [(item.person_id, item.state) for item in shelf.items[collection_id]]


async def _place(services: Services, collection_id: UUID, person: Person) -> Item:
    shelf = await collections.get_collection(services, person, collection_id)
    return next(item for item in shelf.items[collection_id] if item.person_id == person.id)


async def test_our_people_are_in_at_once_and_told_with_a_stamp(services: Services, ada: Person, bob: Person) -> None:
    made = await _make(services, ada, bob)
    shelf = await collections.get_collection(services, None, made)
    found, item = shelf.collections[0], shelf.items[made][0]
    assert (found.name, found.description, found.language, found.tag) == (
        "Good company", "Worth reading", "en", "things",
    )  # fmt: skip
    assert (item.person_id, item.state) == (bob.id, "accepted")
    assert await told(services, bob) == [("added_to_collection", "ada", None)]
    add = (await sent(services))[-1]
    assert (add.type, add.to_followers) == ("Add", True)
    assert add.document["target"] == f"{ada.ap_id}/collections"
    assert add.document["object"]["topic"]["name"] == "#things"
    assert add.document["object"]["summaryMap"] == {"en": "Worth reading"}
    (listed,) = add.document["object"]["orderedItems"]
    assert (listed["featuredObject"], listed["featureAuthorization"]) == (bob.ap_id, item.stamp)
    assert item.stamp is not None
    stamp = await featuring.get_authorization(services, UUID(item.stamp.rpartition("/")[2]))
    assert (stamp["interactingObject"], stamp["interactionTarget"]) == (found.ap_id, bob.ap_id)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        (CollectionForm(" "), "name"),
        (CollectionForm("x" * 41), "name"),
        (CollectionForm("x", "y" * 101), "description"),
        (CollectionForm("x", tag="not a tag"), "tag_name"),
        (CollectionForm("x", language="klingon!"), "language"),
    ],
)
async def test_what_a_collection_says_has_limits(
    services: Services, ada: Person, form: CollectionForm, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await collections.make_collection(services, ada, form)
    assert refused.value.field == field
    assert await scalar(services, "SELECT count(*) FROM collections") == 0


async def test_there_is_room_for_so_many_collections_and_people(services: Services, ada: Person, bob: Person) -> None:
    first = await _make(services, ada)
    for number in range(MOST_COLLECTIONS - 1):
        await _make(services, ada, form=CollectionForm(f"Number {number}"))
    with pytest.raises(Invalid, match=str(MOST_COLLECTIONS)):
        await _make(services, ada)
    for number in range(MOST_PEOPLE):
        remote = await make_remote_person(services, f"r{number}", feature_policy=2)
        await collections.add_person(services, ada, first, remote.id)
    with pytest.raises(Invalid, match=str(MOST_PEOPLE)):
        await collections.add_person(services, ada, first, bob.id)


async def test_nobody_is_in_a_collection_twice(services: Services, ada: Person, bob: Person) -> None:
    made = await _make(services, ada, bob)
    with pytest.raises(Invalid, match="already"):
        await collections.add_person(services, ada, made, bob.id)


async def test_one_who_refuses_stops_the_whole_collection(services: Services, ada: Person, bob: Person) -> None:
    shy = await make_person(services, "shy")
    with pytest.raises(Forbidden):
        await _make(services, ada, bob, shy)
    with pytest.raises(NotFound):
        await collections.make_collection(services, ada, FORM, [bob.id, uuid4()])
    assert await scalar(services, "SELECT count(*) FROM collections") == 0
    assert await told(services, bob) == []


async def test_the_setting_decides_who_may_feature_somebody(services: Services, ada: Person, bob: Person) -> None:
    made = await _make(services, ada)
    for choice in ("nobody", "followers"):
        bob = await profiles.edit_profile(
            services, bob, ProfileForm("Bob", "", discoverable=True, feature_policy=choice)
        )
        with pytest.raises(Forbidden):
            await collections.add_person(services, ada, made, bob.id)
    await follow(services, ada, bob)
    assert (await collections.add_person(services, ada, made, bob.id)).state == "accepted"


async def test_without_a_choice_being_found_decides(services: Services, ada: Person) -> None:
    made = await _make(services, ada)
    hidden, locked = await make_person(services, "hidden"), await _findable(services, "locked", locked=True)
    for person in (hidden, locked):
        with pytest.raises(Forbidden):
            await collections.add_person(services, ada, made, person.id)
    await follow(services, ada, locked)
    assert (await collections.add_person(services, ada, made, locked.id)).state == "accepted"


async def test_who_never_said_they_may_be_featured_may_not(services: Services, ada: Person) -> None:
    made, remote = await _make(services, ada), await make_remote_person(services, "eve")
    with pytest.raises(Forbidden):
        await collections.add_person(services, ada, made, remote.id)


async def test_others_are_asked_and_show_to_nobody_else_before_they_agree(services: Services, ada: Person) -> None:
    made, eve = await _make(services, ada), await make_remote_person(services, "eve", feature_policy=2)
    item = await collections.add_person(services, ada, made, eve.id)
    request = (await sent(services))[-1]
    assert (request.type, request.inboxes, request.to_followers) == ("FeatureRequest", [eve.inbox_url], False)
    assert request.document["object"] == eve.ap_id
    assert await _places(services, ada, made) == [(eve.id, "pending")]
    assert await _places(services, None, made) == []
    stamp = f"{eve.ap_id}/stamps/1"
    assert not await featuring.request_was_answered(
        services, eve, request.document["id"], (None, None), "https://elsewhere.example/stamps/1"
    )
    assert await featuring.request_was_answered(services, eve, request.document["id"], (None, None), stamp)
    assert await featuring.request_was_answered(services, eve, request.document["id"], (None, None), stamp)
    assert await _places(services, None, made) == [(eve.id, "accepted")]
    add = (await sent(services))[-1]
    assert (add.type, add.to_followers, add.inboxes) == ("Add", True, [eve.inbox_url])
    assert add.document["object"]["featureAuthorization"] == stamp
    assert add.document["object"]["id"] == item.ap_id
    assert [one.type for one in await sent(services)].count("Add") == 2


async def test_only_who_was_asked_answers(services: Services, ada: Person) -> None:
    made, eve = await _make(services, ada), await make_remote_person(services, "eve", feature_policy=2)
    mallory = await make_remote_person(services, "mallory")
    await collections.add_person(services, ada, made, eve.id)
    request = (await sent(services))[-1].document
    about = (eve.ap_id, request["instrument"])
    stamp = f"{mallory.ap_id}/stamps/1"
    assert not await featuring.request_was_answered(services, mallory, request["id"], about, stamp)
    assert not await featuring.request_was_answered(services, mallory, None, about, stamp)
    assert await _places(services, ada, made) == [(eve.id, "pending")]


async def test_who_says_no_is_gone_and_may_be_asked_again(services: Services, ada: Person) -> None:
    made, eve = await _make(services, ada), await make_remote_person(services, "eve", feature_policy=2)
    await collections.add_person(services, ada, made, eve.id)
    request = (await sent(services))[-1].document["id"]
    assert await featuring.request_was_answered(services, eve, request, (None, None), None)
    assert await _places(services, ada, made) == []
    assert (await collections.add_person(services, ada, made, eve.id)).state == "pending"


async def test_consent_taken_back_elsewhere_ends_the_place(services: Services, ada: Person) -> None:
    made, eve = await _make(services, ada), await make_remote_person(services, "eve", feature_policy=2)
    mallory = await make_remote_person(services, "mallory")
    item = await collections.add_person(services, ada, made, eve.id)
    stamp = f"{eve.ap_id}/stamps/1"
    await featuring.request_was_answered(services, eve, None, (eve.ap_id, services.urls.collection(made)), stamp)
    assert not await featuring.stamp_was_withdrawn(services, mallory, stamp)
    assert await featuring.stamp_was_withdrawn(services, eve, stamp)
    assert await _places(services, ada, made) == []
    remove = (await sent(services))[-1]
    assert (remove.type, remove.document["object"]) == ("Remove", item.ap_id)
    assert remove.document["target"] == services.urls.collection(made)


async def test_whoever_leaves_a_collection_is_not_put_back(services: Services, ada: Person, bob: Person) -> None:
    made = await _make(services, ada, bob)
    item = await _place(services, made, bob)
    carol = await make_person(services, "carol")
    for person in (ada, carol):
        with pytest.raises(Forbidden):
            await featuring.leave_collection(services, person, made, item.id)
    await featuring.leave_collection(services, bob, made, item.id)
    assert await _places(services, ada, made) == []
    assert await told(services, bob) == []
    kinds = [(one.type, one.to_followers) for one in await sent(services)]
    assert kinds[-1] == ("Remove", True)
    assert item.stamp is not None
    with pytest.raises(NotFound):
        await featuring.get_authorization(services, UUID(item.stamp.rpartition("/")[2]))
    with pytest.raises(Forbidden):
        await collections.add_person(services, ada, made, bob.id)


async def test_owners_alone_change_their_collections(services: Services, ada: Person, bob: Person) -> None:
    made = await _make(services, ada, bob)
    item = await _place(services, made, bob)
    for deed in (
        collections.edit_collection(services, bob, made, CollectionForm("Mine")),
        collections.delete_collection(services, bob, made),
        collections.add_person(services, bob, made, ada.id),
        collections.remove_person(services, bob, made, item.id),
    ):
        with pytest.raises(Forbidden):
            await deed
    assert await _places(services, ada, made) == [(bob.id, "accepted")]


async def test_those_in_a_collection_hear_what_it_says_now(services: Services, ada: Person, bob: Person) -> None:
    made = await _make(services, ada, bob)
    before = len(await sent(services))
    await collections.edit_collection(services, ada, made, FORM)
    assert len(await sent(services)) == before
    for name in ("Better company", "Best company"):
        await collections.edit_collection(services, ada, made, CollectionForm(name, discoverable=True))
    assert [kind for kind, *_ in await told(services, bob)] == ["collection_update", "added_to_collection"]
    update = (await sent(services))[-1]
    assert (update.type, update.document["object"]["name"]) == ("Update", "Best company")
    # One that leaves the profile is told of as well, and from then on goes to those in it only.
    hidden = CollectionForm("Best company")
    await collections.edit_collection(services, ada, made, hidden)
    assert (await sent(services))[-1].to_followers
    await collections.edit_collection(services, ada, made, CollectionForm("Secret company"))
    assert not (await sent(services))[-1].to_followers


async def test_a_deleted_collection_is_gone_everywhere(services: Services, ada: Person, bob: Person) -> None:
    made = await _make(services, ada, bob)
    await collections.delete_collection(services, ada, made)
    remove = (await sent(services))[-1]
    assert (remove.type, remove.to_followers) == ("Remove", True)
    assert (remove.document["object"], remove.document["target"]) == (
        services.urls.collection(made), f"{ada.ap_id}/collections",
    )  # fmt: skip
    assert await told(services, bob) == []
    with pytest.raises(NotFound):
        await collections.get_collection(services, ada, made)


async def test_blocking_ends_places_both_ways_and_allows_no_new_ones(
    services: Services, ada: Person, bob: Person
) -> None:
    of_ada, of_bob = await _make(services, ada, bob), await _make(services, bob, ada)
    await blocks.block_person(services, ada, bob)
    assert await _places(services, ada, of_ada) == []
    assert await _places(services, None, of_bob) == []
    with pytest.raises(NotFound):
        await collections.get_collection(services, bob, of_ada)
    with pytest.raises(Forbidden):
        await collections.add_person(services, ada, of_ada, bob.id)
    with pytest.raises(Forbidden):
        await collections.add_person(services, bob, of_bob, ada.id)
    await blocks.unblock_person(services, ada, bob)
    with pytest.raises(Forbidden):
        await collections.add_person(services, bob, of_bob, ada.id)
    assert (await collections.add_person(services, ada, of_ada, bob.id)).state == "accepted"


async def test_profiles_show_what_is_meant_to_be_found(services: Services, ada: Person, bob: Person) -> None:
    shown = await _make(services, ada, bob)
    hidden = await _make(services, ada, bob, form=CollectionForm("Secret"))

    async def ids_of(viewer: Person | None, *, featuring: bool) -> list[UUID]:
        read = collections.get_collections_featuring if featuring else collections.get_collections_of
        shelf = await read(services, viewer, bob if featuring else ada, limit=10)
        return [one.id for one in shelf.collections]

    carol = await make_person(services, "carol")
    for viewer in (None, carol):
        assert await ids_of(viewer, featuring=False) == [shown]
        assert await ids_of(viewer, featuring=True) == [shown]
    assert await ids_of(ada, featuring=False) == [hidden, shown]
    assert await ids_of(bob, featuring=True) == [hidden, shown]


async def test_who_is_gone_is_in_no_collection(services: Services, ada: Person, bob: Person) -> None:
    made = await _make(services, ada, bob)
    await accounts.suspend(services, None, await again(services, bob))
    assert await _places(services, None, made) == []
    await execute(services, "UPDATE users SET state = 'active' WHERE id = $1", bob.id)
    await accounts.delete_account(services, bob)
    assert await scalar(services, "SELECT count(*) FROM collection_items") == 0
    await accounts.delete_account(services, ada)
    assert await scalar(services, "SELECT count(*) FROM collections") == 0
