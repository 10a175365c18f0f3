"""A remote person's collections at first sight."""

from typing import Any

from federation.protocol.documents import AS
from federation.remote.actors import refresh_actor
from federation.remote.collections import fill_profile, read_listing
from federation.remote.reader import Reader
from storage import people, remote_actors
from tests.payloads import gotosocial, mastodon
from tests.remote.fediverse import Host


def collection(url: str, **more: Any) -> dict[str, Any]:
    return {"@context": AS, "id": url, "type": "OrderedCollection", **more}


def page(url: str, items: list[Any], **more: Any) -> dict[str, Any]:
    return {"@context": AS, "id": url, "type": "OrderedCollectionPage", "orderedItems": items, **more}


async def test_first_look_stores_counts_and_connections_and_returns_the_rest(
    reader: Reader, remote: Host, other: Host
) -> None:
    own = remote.actor()["id"]
    person = await refresh_actor(reader, own)
    boost = mastodon.announce(remote.origin, "alice", target=f"{other.origin}/notes/9", author_id=f"{other.origin}/u/x")
    create = mastodon.create(remote.origin, number=1)
    by_id = {**mastodon.create(remote.origin, number=3), "object": mastodon.note_id(remote.origin, number=3)}
    remote.put(f"{own}/outbox", collection(f"{own}/outbox", totalItems=321, first=f"{own}/outbox?page=true"))
    remote.put(f"{own}/outbox?page=true", page(f"{own}/outbox?page=true", [create, boost, by_id]))
    remote.put(
        f"{own}/collections/featured",
        collection(f"{own}/collections/featured", orderedItems=[mastodon.note(remote.origin, number=7)]),
    )
    remote.put(f"{own}/followers", collection(f"{own}/followers", totalItems=2, first=f"{own}/followers?page=1"))
    remote.put(
        f"{own}/followers?page=1", page(f"{own}/followers?page=1", [f"{other.origin}/u/1", f"{other.origin}/u/2"])
    )
    remote.put(f"{own}/following", collection(f"{own}/following", totalItems=5))
    filled = await fill_profile(reader, person)
    assert [thought.id for thought in filled.thoughts] == [mastodon.note_id(remote.origin, number=1)]
    assert [one.object.id for one in filled.boosts] == [f"{other.origin}/notes/9"]
    assert filled.unread == (mastodon.note_id(remote.origin, number=3),)
    assert filled.featured == (mastodon.note_id(remote.origin, number=7),)
    async with reader.database.connection() as db:
        after = await people.find_person(db, person.id)
        followers = await remote_actors.list_connections(db, person.id, "followers", limit=9)
        actor = await remote_actors.find_remote_actor(db, person.id)
    assert after is not None
    assert (after.followers_count, after.following_count, after.thoughts_count) == (2, 5, 321)
    assert followers == [f"{other.origin}/u/1", f"{other.origin}/u/2"]
    assert actor is not None and actor.filled_at is not None


async def test_embedded_things_of_others_are_not_believed(reader: Reader, remote: Host, other: Host) -> None:
    own = remote.actor()["id"]
    person = await refresh_actor(reader, own)
    foreign = mastodon.create(other.origin)
    neighbour = mastodon.create(remote.origin, "mallory")
    boost = mastodon.announce(remote.origin, "mallory", target=foreign["id"], author_id=foreign["actor"])
    hidden = {**mastodon.create(remote.origin, number=5), "object": mastodon.note(other.origin, number=5)}
    swapped = {**mastodon.create(remote.origin, number=6), "object": mastodon.note(remote.origin, "mallory", 6)}
    remote.put(
        f"{own}/outbox", collection(f"{own}/outbox", orderedItems=[foreign, neighbour, boost, hidden, swapped, 7])
    )
    filled = await fill_profile(reader, person)
    assert (filled.thoughts, filled.boosts) == ((), ())
    assert filled.unread == (foreign["id"],)


async def test_lists_that_cannot_be_read_stay_as_they_were(reader: Reader, remote: Host) -> None:
    own = remote.actor()["id"]
    person = await refresh_actor(reader, own)
    async with reader.database.connection() as db:
        await remote_actors.set_counts(db, person.id, followers=3, following=4, thoughts=5)
        await remote_actors.replace_connections(db, person.id, "followers", ["https://x.example/1"], 3)
    remote.fail(f"{own}/followers", 503)
    remote.put(f"{own}/outbox", {"@context": AS, "id": f"{own}/outbox", "type": "Note"})
    assert (await fill_profile(reader, person)).thoughts == ()
    async with reader.database.connection() as db:
        after = await people.find_person(db, person.id)
        assert await remote_actors.list_connections(db, person.id, "followers", limit=9) == ["https://x.example/1"]
    assert after is not None and (after.followers_count, after.thoughts_count) == (3, 5)


async def test_pages_are_followed_a_few_steps_on_the_same_server(reader: Reader, remote: Host, other: Host) -> None:
    start = f"{remote.origin}/list"
    remote.put(start, collection(start, totalItems=99, first=f"{start}?page=1"))
    for number in range(1, 9):
        url = f"{start}?page={number}"
        remote.put(url, page(url, [f"{remote.origin}/{number}"], next=f"{start}?page={number + 1}"))
    listing = await read_listing(reader, start, most=5)
    assert (listing.total, listing.ids()) == (99, (f"{remote.origin}/1", f"{remote.origin}/2"))
    assert len(remote.asked) == 3
    away = f"{remote.origin}/away"
    remote.put(away, page(away, [], next=f"{other.origin}/more"))
    assert (await read_listing(reader, away, most=5)).items == ()
    assert other.asked == []


async def test_inlined_first_page_costs_no_request(reader: Reader, remote: Host) -> None:
    start = f"{remote.origin}/list"
    first = {"type": "CollectionPage", "partOf": start, "items": [gotosocial.note_id(remote.origin)]}
    remote.put(start, collection(start, first=first))
    assert (await read_listing(reader, start, most=1)).ids() == (gotosocial.note_id(remote.origin),)
    assert remote.asked == ["/list"]


async def test_collections_of_people_and_hashtags_are_read(reader: Reader, remote: Host, other: Host) -> None:
    own = remote.actor()["id"]
    person = await refresh_actor(reader, own)
    embedded = {
        "id": f"{own}/collections/1", "type": "FeaturedCollection", "attributedTo": own, "name": "Good people",
        "orderedItems": [{"type": "FeaturedItem", "featuredObject": f"{other.origin}/u/1"}],
    }  # fmt: skip
    foreign = {**embedded, "id": f"{other.origin}/collections/1"}
    nameless = {**embedded, "id": f"{own}/collections/3", "name": ""}
    url = f"{own}/collections/featured_collections"
    remote.put(url, collection(url, orderedItems=[embedded, f"{own}/collections/2", foreign, nameless]))
    tags = f"{own}/collections/tags"
    items = [{"type": "Hashtag", "name": "#Boats"}, {"type": "Hashtag", "name": "no tag"}, {"type": "Note"}, "x"]
    remote.put(tags, collection(tags, items=items))
    filled = await fill_profile(reader, person)
    assert [one.id for one in filled.collections] == [f"{own}/collections/1"]
    assert [one.person for one in filled.collections[0].items] == [f"{other.origin}/u/1"]
    assert filled.unread_collections == (f"{own}/collections/2", f"{other.origin}/collections/1")
    assert filled.tags == ["boats"]
