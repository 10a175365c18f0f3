"""Remote actors: verified in both directions, cleaned, stored, renewed and forgotten."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from federation.errors import Gone, NotFound, Rejected, Temporary
from federation.media.urls import proxy_key
from federation.remote.actors import find_or_fetch_actor, refresh_actor, refresh_inbox
from federation.remote.reader import Reader
from storage import people, proxied, relations, remote_actors
from tests.payloads import gotosocial, pleroma
from tests.remote.fediverse import Clock, Host, local_person


async def wire_data(reader: Reader, person_id: UUID) -> remote_actors.RemoteActor:
    async with reader.database.connection() as db:
        actor = await remote_actors.find_remote_actor(db, person_id)
    assert actor is not None
    return actor


async def test_actor_is_stored_with_profile_inboxes_and_picture_addresses(reader: Reader, remote: Host) -> None:
    document = remote.actor(summary='<p onclick="x()">Hello <script>alert(1)</script><b>you</b></p>')
    person = await find_or_fetch_actor(reader, document["id"])
    assert (person.username, person.domain, person.is_remote) == ("alice", remote.authority, True)
    assert person.display_name == "Alice :wave:"
    assert person.bio_html == "<p>Hello <b>you</b></p>"
    assert person.bio == "Hello you"
    assert person.locked and person.discoverable and not person.indexable
    assert person.avatar_alt == "Portrait"
    assert [field["name"] for field in person.fields] == ["Site"]
    assert 'rel="nofollow noopener me"' in person.fields[0]["html"]
    actor = await wire_data(reader, person.id)
    assert actor.shared_inbox_url == f"{remote.origin}/inbox"
    assert actor.followers_url == f"{document['id']}/followers"
    assert actor.host == remote.authority
    async with reader.database.connection() as db:
        known = await proxied.find_proxied(db, proxy_key(f"{remote.origin}/system/a.png"))
    assert known is not None and known.content_hash is None


@pytest.mark.parametrize("payload", [gotosocial.actor, pleroma.actor])
async def test_actors_of_other_software_are_stored(reader: Reader, remote: Host, payload: Any) -> None:
    document = payload(remote.origin)
    remote.put(document["id"], document)
    remote.finger(f"{document['preferredUsername']}@{remote.authority}", document["id"])
    person = await find_or_fetch_actor(reader, document["id"])
    assert person.username == document["preferredUsername"]


async def test_bio_too_long_for_its_column_keeps_the_beginning_of_its_text(reader: Reader, remote: Host) -> None:
    letter = "\U0001d4b3"
    person = await find_or_fetch_actor(reader, remote.actor(summary=f"<b>{letter}</b>{letter * 19_000}")["id"])
    assert person.bio_html == f"<p>{letter * 10_000}</p>"


async def test_fresh_actor_is_not_fetched_again_stale_one_is(reader: Reader, remote: Host, clock: Clock) -> None:
    own = remote.actor()["id"]
    await find_or_fetch_actor(reader, own)
    await find_or_fetch_actor(reader, own)
    assert remote.count(own) == 1
    clock.forward(days=2)
    await find_or_fetch_actor(reader, own)
    assert remote.count(own) == 2


async def test_stale_actor_that_cannot_be_read_stays_as_it_was(reader: Reader, remote: Host, clock: Clock) -> None:
    own = remote.actor()["id"]
    before = await find_or_fetch_actor(reader, own)
    clock.forward(days=2)
    remote.fail(own, 503)
    assert (await find_or_fetch_actor(reader, own)).id == before.id
    assert (await find_or_fetch_actor(reader, own)).id == before.id
    assert remote.count(own) == 2  # once well, once not; then there is a pause


async def test_local_ids_are_found_here_or_are_forgeries(reader: Reader) -> None:
    bob = await local_person(reader.database)
    assert (await find_or_fetch_actor(reader, bob.ap_id)).id == bob.id
    with pytest.raises(NotFound):
        await find_or_fetch_actor(reader, "http://127.0.0.9:8000/users/nobody")
    with pytest.raises(Rejected, match="not read over the network"):
        await refresh_actor(reader, bob.ap_id)


async def test_actor_document_of_another_id_is_refused(reader: Reader, remote: Host, other: Host) -> None:
    victim = other.actor()
    remote.put(f"{remote.origin}/users/mallory", victim)
    with pytest.raises(Rejected):
        await refresh_actor(reader, f"{remote.origin}/users/mallory")


async def test_note_is_not_an_actor(reader: Reader, remote: Host) -> None:
    own = remote.actor(type="Note")["id"]
    with pytest.raises(Rejected):
        await refresh_actor(reader, own)


class TestWebFinger:
    """A handle counts when it leads to the actor and the actor leads to it."""

    async def test_handle_that_leads_elsewhere_is_refused(self, reader: Reader, remote: Host) -> None:
        own = remote.actor()["id"]
        remote.finger(f"alice@{remote.authority}", f"{remote.origin}/users/somebody-else")
        with pytest.raises(Rejected):
            await refresh_actor(reader, own)

    async def test_unknown_handle_is_refused(self, reader: Reader, remote: Host) -> None:
        document = remote.actor(preferredUsername="carol")
        with pytest.raises(Rejected):
            await refresh_actor(reader, document["id"])

    async def test_split_domain_is_followed_one_step(self, reader: Reader, remote: Host, other: Host) -> None:
        own = remote.actor()["id"]
        pretty = f"alice@{other.authority}"
        remote.finger(f"alice@{remote.authority}", own, subject=pretty)
        other.finger(pretty, own)
        person = await refresh_actor(reader, own)
        assert (person.username, person.domain) == ("alice", other.authority)

    async def test_split_domain_that_does_not_point_back_is_refused(
        self, reader: Reader, remote: Host, other: Host
    ) -> None:
        own = remote.actor()["id"]
        victim = other.actor()["id"]
        remote.finger(f"alice@{remote.authority}", own, subject=f"alice@{other.authority}")
        with pytest.raises(Rejected):
            await refresh_actor(reader, own)
        assert other.count(victim) == 0

    async def test_second_step_is_refused(self, reader: Reader, remote: Host, other: Host) -> None:
        own = remote.actor()["id"]
        remote.finger(f"alice@{remote.authority}", own, subject=f"a@{other.authority}")
        other.finger(f"a@{other.authority}", own, subject=f"b@{other.authority}")
        other.finger(f"b@{other.authority}", own)
        with pytest.raises(Rejected):
            await refresh_actor(reader, own)

    async def test_webfinger_property_names_the_handle(self, reader: Reader, remote: Host, other: Host) -> None:
        pretty = f"ali@{other.authority}"
        own = remote.actor(webfinger=f"acct:{pretty}")["id"]
        other.finger(pretty, own)
        assert (await refresh_actor(reader, own)).handle == pretty

    async def test_webfinger_property_that_does_not_verify_falls_back(
        self, reader: Reader, remote: Host, other: Host
    ) -> None:
        victim = other.actor()
        own = remote.actor(webfinger=f"alice@{other.authority}")["id"]
        assert (await refresh_actor(reader, own)).domain == remote.authority
        assert own != victim["id"]

    @pytest.mark.parametrize("domain", ["thoughts.example", "127.0.0.9:8000"])
    async def test_handle_of_ours_is_never_believed(self, reader: Reader, remote: Host, domain: str) -> None:
        own = remote.actor()["id"]
        remote.finger(f"alice@{remote.authority}", own, subject=f"bob@{domain}")
        with pytest.raises(Rejected):
            await refresh_actor(reader, own)

    async def test_host_meta_says_where_to_ask(self, reader: Reader, remote: Host) -> None:
        own = remote.actor()["id"]
        acct = f"acct:alice@{remote.authority}"
        answer = remote.answers.pop(f"/.well-known/webfinger?resource={acct}")
        remote.answers[f"/finger?who={acct}"] = answer
        template = f"{remote.origin}/finger?who={{uri}}"
        remote.put(
            f"{remote.origin}/.well-known/host-meta",
            f'<XRD><Link rel="lrdd" template="{template}"/></XRD>',
            "application/xrd+xml",
        )
        assert (await refresh_actor(reader, own)).username == "alice"

    async def test_known_person_keeps_the_handle_while_webfinger_is_away(self, reader: Reader, remote: Host) -> None:
        own = remote.actor()["id"]
        before = await refresh_actor(reader, own)
        path = next(path for path in remote.answers if path.startswith("/.well-known/webfinger"))
        remote.fail(path, 503)
        remote.put(own, {**remote.actor(), "name": "Anew"})
        remote.fail(path, 503)
        after = await refresh_actor(reader, own)
        assert (after.id, after.handle, after.display_name) == (before.id, before.handle, "Anew")

    async def test_unknown_person_waits_for_webfinger(self, reader: Reader, remote: Host) -> None:
        own = remote.actor()["id"]
        remote.fail(next(path for path in remote.answers if path.startswith("/.well-known/webfinger")), 503)
        with pytest.raises(Temporary):
            await refresh_actor(reader, own)
        async with reader.database.connection() as db:
            assert await people.find_by_ap_id(db, own) is None


class TestGone:
    """Actors that leave, and come back."""

    async def test_410_ends_follows_and_counts(self, reader: Reader, remote: Host) -> None:
        own = remote.actor()["id"]
        alice, bob = await refresh_actor(reader, own), await local_person(reader.database)
        async with reader.database.connection() as db:
            for follower, following in ((alice.id, bob.id), (bob.id, alice.id)):
                await relations.upsert_follow(db, follower, following, state="pending", ap_id=f"x:{follower}")
                await relations.mark_accepted(db, follower, following)
        remote.fail(own, 410)
        with pytest.raises(Gone):
            await refresh_actor(reader, own)
        async with reader.database.connection() as db:
            after = await people.find_person(db, bob.id)
            for follower, following in ((alice.id, bob.id), (bob.id, alice.id)):
                assert await relations.find_follow(db, follower, following) is None
        assert after is not None and (after.followers_count, after.following_count) == (0, 0)
        with pytest.raises(Gone):
            await find_or_fetch_actor(reader, own)

    async def test_actor_that_answers_again_is_back(self, reader: Reader, remote: Host, clock: Clock) -> None:
        own = remote.actor()["id"]
        alice = await refresh_actor(reader, own)
        remote.fail(own, 410)
        with pytest.raises(Gone):
            await refresh_actor(reader, own)
        clock.forward(days=2)
        remote.actor()
        assert (await find_or_fetch_actor(reader, own)).id == alice.id
        assert (await wire_data(reader, alice.id)).gone_at is None

    async def test_404_changes_nothing(self, reader: Reader, remote: Host) -> None:
        own = remote.actor()["id"]
        alice = await refresh_actor(reader, own)
        del remote.answers["/users/alice"]
        with pytest.raises(NotFound):
            await refresh_actor(reader, own)
        assert (await wire_data(reader, alice.id)).gone_at is None

    async def test_suspended_actor_gets_no_deliveries(self, reader: Reader, remote: Host) -> None:
        alice = await refresh_actor(reader, remote.actor(suspended=True)["id"])
        async with reader.database.connection() as db:
            assert await relations.list_inboxes(db, [alice.id]) == []
        await refresh_actor(reader, remote.actor(suspended=False)["id"])
        async with reader.database.connection() as db:
            assert await relations.list_inboxes(db, [alice.id]) == [f"{remote.origin}/inbox"]


class TestInboxes:
    """What a delivery learns when an inbox is not there any more."""

    async def test_moved_inboxes_are_found(self, reader: Reader, remote: Host) -> None:
        own = remote.actor()["id"]
        await refresh_actor(reader, own)
        assert await refresh_inbox(reader, f"{own}/inbox") is None
        assert await refresh_inbox(reader, f"{remote.origin}/inbox") is None
        remote.actor(inbox=f"{own}/in", endpoints={"sharedInbox": f"{remote.origin}/shared"})
        assert await refresh_inbox(reader, f"{own}/inbox") == f"{own}/in"
        remote.actor(inbox=f"{own}/in", endpoints={"sharedInbox": f"{remote.origin}/shared2"})
        assert await refresh_inbox(reader, f"{remote.origin}/shared") == f"{remote.origin}/shared2"

    async def test_shared_inbox_that_ended_leaves_the_personal_one(self, reader: Reader, remote: Host) -> None:
        own = remote.actor()["id"]
        await refresh_actor(reader, own)
        remote.actor(endpoints=None)
        assert await refresh_inbox(reader, f"{remote.origin}/inbox") == f"{own}/inbox"

    async def test_gone_actor_takes_only_the_personal_inbox_along(self, reader: Reader, remote: Host) -> None:
        own = remote.actor()["id"]
        await refresh_actor(reader, own)
        remote.fail(own, 410)
        assert await refresh_inbox(reader, f"{remote.origin}/inbox") is None
        with pytest.raises(Gone):
            await refresh_inbox(reader, f"{own}/inbox")

    async def test_unknown_inbox_is_unchanged(self, reader: Reader, remote: Host) -> None:
        assert await refresh_inbox(reader, f"{remote.origin}/inbox") is None
        assert remote.asked == []
