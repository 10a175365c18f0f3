"""Handles and pasted addresses, and what they turn out to mean."""

import pytest

from federation.errors import Gone, NotFound, Rejected
from federation.protocol.documents import AS
from federation.protocol.handles import Handle
from federation.protocol.objects import RemoteThought
from federation.remote.discovery import resolve_handle, resolve_url
from federation.remote.keyring import FetchSigner, SigningKey
from federation.remote.objects import fetch_thought
from federation.remote.reader import Reader
from storage.people import Person
from tests.payloads import mastodon
from tests.remote.fediverse import Clock, Host, local_person

PAGE = '<html><head><link rel="alternate nofollow" type="application/activity+json" href="{}"></head></html>'


async def test_handle_leads_to_the_actor_over_plain_http_where_allowed(reader: Reader, remote: Host) -> None:
    own = remote.actor()["id"]
    person = await resolve_handle(reader, Handle("alice", remote.authority))
    assert person.ap_id == own
    asked = len(remote.asked)
    assert (await resolve_handle(reader, Handle("ALICE", remote.authority))).id == person.id
    assert len(remote.asked) == asked


@pytest.mark.parametrize("host", [None, "thoughts.example", "127.0.0.9:8000"])
async def test_our_own_handles_are_found_here(reader: Reader, host: str | None) -> None:
    bob = await local_person(reader.database)
    assert (await resolve_handle(reader, Handle("BOB", host))).id == bob.id
    with pytest.raises(NotFound):
        await resolve_handle(reader, Handle("nobody", host))


async def test_unknown_handle_is_not_found(reader: Reader, remote: Host) -> None:
    with pytest.raises(NotFound, match="knows nobody called alice"):
        await resolve_handle(reader, Handle("alice", remote.authority))


async def test_host_meta_that_is_a_web_page_changes_nothing(reader: Reader, remote: Host) -> None:
    remote.put(f"{remote.origin}/.well-known/host-meta", "<html>", "text/html")
    with pytest.raises(NotFound):
        await resolve_handle(reader, Handle("alice", remote.authority))


async def test_handle_that_points_to_a_stranger_gives_the_stranger_their_own_name(
    reader: Reader, remote: Host, other: Host
) -> None:
    victim = other.actor()["id"]
    remote.finger(f"bank@{remote.authority}", victim)
    person = await resolve_handle(reader, Handle("bank", remote.authority))
    assert person.handle == f"alice@{other.authority}"


async def test_address_of_an_actor_is_that_person(reader: Reader, remote: Host) -> None:
    own = remote.actor()["id"]
    found = await resolve_url(reader, own)
    assert isinstance(found, Person) and found.ap_id == own


async def test_page_address_that_answers_with_json_is_read_at_the_id(reader: Reader, remote: Host) -> None:
    document = remote.actor()
    remote.put(f"{remote.origin}/@alice", {**document, "name": "Forged"})
    found = await resolve_url(reader, f"{remote.origin}/@alice")
    assert isinstance(found, Person) and found.display_name == "Alice :wave:"


async def test_page_with_a_link_element_leads_to_the_thought(reader: Reader, remote: Host) -> None:
    note = {"@context": AS, **mastodon.note(remote.origin)}
    remote.put(note["id"], note)
    remote.put(f"{remote.origin}/@alice/1", PAGE.format("/users/alice/statuses/1"), "text/html; charset=utf-8")
    found = await resolve_url(reader, f"{remote.origin}/@alice/1")
    assert isinstance(found, RemoteThought) and found.id == note["id"]


async def test_link_header_goes_before_the_page(reader: Reader, remote: Host) -> None:
    own = remote.actor()["id"]
    feed = '<https://x.example/feed>; rel="alternate"; type="application/rss+xml"'
    link = f'{feed}, <{own}>; type="application/activity+json"; rel=alternate'
    remote.put(f"{remote.origin}/@alice", PAGE.format("/nowhere"), "text/html", Link=link)
    found = await resolve_url(reader, f"{remote.origin}/@alice")
    assert isinstance(found, Person) and found.ap_id == own


async def test_page_may_point_to_its_server_on_another_host(reader: Reader, remote: Host, other: Host) -> None:
    own = remote.actor()["id"]
    other.put(f"{other.origin}/@alice", PAGE.format(own), "text/html")
    found = await resolve_url(reader, f"{other.origin}/@alice")
    assert isinstance(found, Person) and found.ap_id == own


async def test_page_cannot_lend_its_name_to_a_forgery(reader: Reader, remote: Host, other: Host) -> None:
    victim = other.actor()
    remote.put(f"{remote.origin}/forged", victim)
    remote.put(f"{remote.origin}/page", PAGE.format("/forged"), "text/html")
    with pytest.raises(Rejected):
        await resolve_url(reader, f"{remote.origin}/page")


async def test_second_page_is_not_followed(reader: Reader, remote: Host) -> None:
    remote.put(f"{remote.origin}/one", PAGE.format("/two"), "text/html")
    remote.put(f"{remote.origin}/two", PAGE.format("/three"), "text/html")
    with pytest.raises(Rejected):
        await resolve_url(reader, f"{remote.origin}/one")
    assert remote.count("/three") == 0


@pytest.mark.parametrize("target", ["javascript:alert(1)", "", "http://127.0.0.9:8000/users/bob", "http://[bad/"])
async def test_pages_that_point_nowhere_are_not_found(reader: Reader, remote: Host, target: str) -> None:
    remote.put(f"{remote.origin}/page", PAGE.format(target), "text/html")
    with pytest.raises((NotFound, Rejected)):
        await resolve_url(reader, f"{remote.origin}/page")


async def test_page_that_points_to_a_private_address_is_refused(reader: Reader, remote: Host) -> None:
    remote.put(f"{remote.origin}/page", PAGE.format("http://127.0.0.1:9/x"), "text/html")
    with pytest.raises(Rejected):
        await resolve_url(reader, f"{remote.origin}/page")


async def test_our_own_addresses_are_not_asked(reader: Reader) -> None:
    with pytest.raises(NotFound):
        await resolve_url(reader, "http://127.0.0.9:8000/@bob")


async def test_thought_comes_with_its_author(reader: Reader, remote: Host) -> None:
    own = remote.actor()["id"]
    note = {"@context": AS, **mastodon.note(remote.origin)}
    remote.put(note["id"], note)
    thought, author = await fetch_thought(reader, note["id"])
    assert (thought.id, author.ap_id) == (note["id"], own)


async def test_thought_attributed_to_another_server_is_refused(reader: Reader, remote: Host, other: Host) -> None:
    victim = other.actor()["id"]
    note = {"@context": AS, **mastodon.note(remote.origin), "attributedTo": victim}
    remote.put(note["id"], note)
    with pytest.raises(Rejected):
        await fetch_thought(reader, note["id"])
    assert other.asked == []


async def test_thought_is_asked_for_in_the_name_of_who_may_see_it(reader: Reader, remote: Host, clock: Clock) -> None:
    remote.actor()
    note = {"@context": AS, **mastodon.note(remote.origin)}
    remote.put(note["id"], note)
    assert isinstance(reader.signer, FetchSigner)
    bob = SigningKey("http://127.0.0.9:8000/users/bob#main-key", reader.signer.key.private_key).signer(clock)
    await fetch_thought(reader, note["id"], signer=bob)
    assert "/users/bob#main-key" in remote.signed_by["/users/alice/statuses/1"]
    assert "/actor#main-key" in remote.signed_by["/users/alice"]


async def test_tombstone_is_gone(reader: Reader, remote: Host) -> None:
    url = f"{remote.origin}/notes/1"
    remote.put(url, {"@context": AS, "id": url, "type": "Tombstone"})
    with pytest.raises(Gone):
        await fetch_thought(reader, url)


async def test_thoughts_of_ours_are_not_read_over_the_network(reader: Reader) -> None:
    with pytest.raises(NotFound):
        await fetch_thought(reader, "http://127.0.0.9:8000/thoughts/1")
