"""The security matrix: whatever is wrong with a request is refused, through the real route, without a trace."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from federation.actions.accounts import delete_account, suspend, unsuspend
from federation.actions.hosts import block_domain
from federation.protocol.documents import AS
from tests.federation_peer import REMOTE, Peer, Server, Signing, nothing_happens, refused, rsa_key, still_works
from tests.payloads import mastodon
from tests.remote.fediverse import Host, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW = datetime.now(UTC)
STALE, FUTURE = NOW - timedelta(minutes=62), NOW + timedelta(minutes=50)


def rewritten(old: str, new: str, *, header: str = "signature") -> Signing:
    """Sign honestly, then rewrite a header."""
    scheme = "rfc9421" if header == "signature-input" else "cavage"
    return Signing(scheme=scheme, finish=lambda sent: sent | {header: sent[header].replace(old, new, 1)})


def unsigned(sent: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in sent.items() if not name.startswith("signature")}


CAVAGE = {
    "unsigned": (Signing(finish=unsigned), "is not signed"),
    "digest of another body": (Signing(digest_of=b"{}"), "Digest header does not match"),
    "missing digest": (Signing(headers={"digest": None}, without=("digest",)), "needs a Digest header"),
    "digest without SHA-256": (Signing(headers={"digest": "MD5=AAAA"}), "no SHA-256"),
    "uncovered digest": (Signing(without=("digest",)), "leaves out digest"),
    "uncovered host": (Signing(without=("host",)), "leaves out host"),
    "uncovered request target": (Signing(without=("(request-target)",)), "leaves out (request-target)"),
    "uncovered date": (Signing(without=("date",)), "leaves out date"),
    "nothing but the default covered": (
        rewritten(',headers="(request-target) host date digest"', ""),
        "leaves out (request-target), host, digest",
    ),
    "stale": (Signing(at=STALE), "more than an hour old"),
    "future": (Signing(at=FUTURE), "in the future"),
    "malformed date": (Signing(headers={"date": "yesterday"}), "Date header is malformed"),
    "for another host": (Signing(headers={"host": "elsewhere.example"}), "does not name this server"),
    "for another inbox": (Signing(target="/users/somebody/inbox"), "does not fit"),
    "duplicate parameter": (rewritten("keyId=", 'keyid="https://a.example/#key",keyId='), "twice"),
    "duplicate covered header": (Signing(covered=("(request-target)", "host", "date", "digest", "date")), "twice"),
    "unknown algorithm": (rewritten("rsa-sha256", "rsa-sha1"), "is not supported"),
    "algorithm of another kind of key": (rewritten("rsa-sha256", "ed25519"), "its key is of type"),
    "by another key": (Signing(key=rsa_key(1)), "does not fit"),
    "no base64": (rewritten('signature="', 'signature="!'), "not base64"),
    "key id that is no URL": (Signing(key_id="acct:alice@remote.example"), "not a usable URL"),
    "key id without a host": (Signing(key_id="https://#main-key"), "not a usable URL"),
}
RFC9421 = {
    "digest of another body": (Signing(scheme="rfc9421", digest_of=b"{}"), "Content-Digest header does not match"),
    "missing digest": (
        Signing(scheme="rfc9421", headers={"content-digest": None}, without=("content-digest",)),
        "needs a Content-Digest header",
    ),
    "uncovered digest": (Signing(scheme="rfc9421", without=("content-digest",)), "leaves out content-digest"),
    "uncovered target": (Signing(scheme="rfc9421", without=("@target-uri",)), "leaves out @target-uri"),
    "uncovered method": (Signing(scheme="rfc9421", without=("@method",)), "leaves out @method"),
    "undated": (rewritten(";created=", ";nonce=", header="signature-input"), "created and keyid"),
    "stale": (Signing(scheme="rfc9421", at=STALE), "more than an hour old"),
    "future": (Signing(scheme="rfc9421", at=FUTURE), "in the future"),
    "for another host": (Signing(scheme="rfc9421", headers={"host": "elsewhere.example"}), "does not name"),
    "for another inbox": (Signing(scheme="rfc9421", target="http://localhost:8000/users/x/inbox"), "does not fit"),
    "duplicate parameter": (rewritten(";alg=", ";created=1;alg=", header="signature-input"), "twice"),
    "duplicate component": (
        Signing(scheme="rfc9421", covered=("@method", "@target-uri", "content-digest", "@method")),
        "twice",
    ),
    "two signatures": (rewritten("sig1=", "sig0=(),sig1=", header="signature-input"), "exactly one"),
    "wrong label": (rewritten("sig1=", "sig2=", header="signature-input"), "no value for the label"),
    "by another key": (Signing(scheme="rfc9421", key=rsa_key(1)), "does not fit"),
}
FAULTS = [
    pytest.param(how, words, id=f"{scheme}: {name}")
    for scheme, faults in (("cavage", CAVAGE), ("rfc9421", RFC9421))
    for name, (how, words) in faults.items()
]


@pytest.mark.parametrize(("how", "words"), FAULTS)
async def test_faulty_signature_is_refused(server: Server, peer: Peer, how: Signing, words: str) -> None:
    bob = await server.person()
    async with nothing_happens(server, peer):
        answer = await peer.post(server, peer.create(peer.note(bob)), how)
        refused(answer, 401, words)
        assert 'sig1=("@method" "@target-uri" "content-digest")' in answer.headers["accept-signature"]


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
async def test_other_body_than_the_signed_one_is_refused(server: Server, peer: Peer, scheme: str) -> None:
    bob = await server.person()
    body = json.dumps(peer.create(peer.note(bob))).encode()
    async with nothing_happens(server, peer):
        how = Signing(scheme=scheme)
        answer = await peer.post(server, body, how, sent_body=body.replace(b"Hello", b"Howdy"))
        refused(answer, 401, "does not match the body")


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
async def test_both_kinds_of_keys_are_accepted(server: Server, peer: Peer, scheme: str) -> None:
    for how in (
        Signing(scheme=scheme),
        Signing(scheme=scheme, key=peer.ed25519, key_id=f"{peer.ap_id}#ed25519-key"),
    ):
        bob = await server.person()
        assert (await peer.post(server, peer.follow(bob), how)).status_code == 202
        await server.drain()
        assert await server.value("SELECT state FROM follows WHERE following_id = $1", bob.id) == "accepted"


async def test_repeated_request_has_one_effect(server: Server, peer: Peer) -> None:
    bob = await server.person()
    await peer.deliver(server, peer.follow(bob))
    follow = peer.follow(bob)
    kept: dict[str, str] = {}
    how = Signing(finish=lambda sent: kept.update(sent) or sent)  # type: ignore[func-returns-value]
    await peer.post(server, follow, how)
    await server.drain()
    await peer.deliver(server, peer.activity("Undo", follow))
    async with nothing_happens(server, peer):
        answer = await peer.post(server, follow, Signing(finish=lambda _: kept))
        assert answer.status_code == 202
    assert await server.value("SELECT count(*) FROM follows WHERE following_id = $1", bob.id) == 0


async def test_key_of_another_actor_of_the_same_host_is_refused(server: Server, peer: Peer, neighbour: Peer) -> None:
    bob = await server.person()
    async with nothing_happens(server, peer, neighbour):
        refused(await neighbour.post(server, peer.create(peer.note(bob))), 403, "not who signed it")


async def test_key_of_another_host_is_refused(server: Server, peer: Peer, stranger: Peer) -> None:
    bob = await server.person()
    async with nothing_happens(server, peer, stranger):
        refused(await stranger.post(server, peer.create(peer.note(bob))), 403, "not who signed it")


async def test_key_that_its_owner_does_not_list_is_refused(server: Server, peer: Peer) -> None:
    bob = await server.person()
    key_id = peer.new_id("keys")
    claim = {
        "@context": "https://w3id.org/security/v1",
        "id": key_id,
        "owner": peer.ap_id,
        "publicKeyPem": rsa_key(1).public_key().to_pem(),
    }
    peer.host.put(key_id, claim)
    async with nothing_happens(server, peer):
        how = Signing(key=rsa_key(1), key_id=key_id)
        refused(await peer.post(server, peer.follow(bob), how), 401, "does not list it")


async def test_key_of_another_host_that_claims_an_owner_is_refused(server: Server, peer: Peer, other: Host) -> None:
    bob = await server.person()
    key_id = f"{other.origin}/{peer.name}/key"
    pem = rsa_key(1).public_key().to_pem()
    other.put(key_id, {"@context": AS, "id": key_id, "owner": peer.ap_id, "publicKeyPem": pem})
    asked = peer.host.count(peer.ap_id)
    async with nothing_happens(server, peer):
        how = Signing(key=rsa_key(1), key_id=key_id)
        refused(await peer.post(server, peer.follow(bob), how), 401, "could not be read")
    assert peer.host.count(peer.ap_id) == asked + 1  # when it came to be known


async def test_key_of_ours_is_refused(server: Server, peer: Peer) -> None:
    bob = await server.person()
    async with nothing_happens(server, peer):
        how = Signing(key_id=f"{bob.ap_id}#main-key")
        refused(await peer.post(server, peer.activity("Follow", bob.ap_id, actor=bob.ap_id), how), 401, "ours")


async def test_redirected_actor_is_refused(server: Server, peer: Peer, remote: Host, stranger: Peer) -> None:
    moved = Peer.at(remote)
    remote.redirect(moved.ap_id, stranger.ap_id)
    bob = await server.person()
    async with nothing_happens(server, peer):
        refused(await moved.post(server, moved.follow(bob)), 401, "documents of another server")


@pytest.mark.parametrize("place", ["same host", "other host"])
async def test_actor_that_gives_itself_another_id_is_refused(
    server: Server, peer: Peer, remote: Host, stranger: Peer, place: str
) -> None:
    impostor = Peer.at(remote, key=rsa_key(1))
    victim = stranger if place == "other host" else peer
    key = {**victim.document["publicKey"], "publicKeyPem": rsa_key(1).public_key().to_pem()}
    remote.put(impostor.ap_id, {**victim.document, "publicKey": key})
    bob = await server.person()
    async with nothing_happens(server, peer):
        own = impostor.follow(bob)
        refused(await impostor.post(server, own), 401, "key")
        how = Signing(key_id=impostor.ap_id)
        refused(await impostor.post(server, own | {"actor": victim.ap_id}, how), 401, "key")


async def test_blocked_domain_is_refused_without_asking_it(server: Server, peer: Peer) -> None:
    bob = await server.person()
    async with running(REMOTE) as shady:
        enemy = Peer.at(shady)
        await block_domain(server.services, shady.authority, "", by=None)
        async with nothing_happens(server, peer):
            refused(await enemy.post(server, enemy.follow(bob)), 403, "does not talk")
        assert shady.asked == []


async def test_subdomain_of_a_blocked_domain_is_refused(server: Server, peer: Peer) -> None:
    bob = await server.person()
    await block_domain(server.services, "shady.example", "", by=None)
    async with nothing_happens(server, peer):
        for host in ("shady.example", "very.shady.example", "very.SHADY.example:8443"):
            how = Signing(key_id=f"https://{host}/users/eve#main-key")
            refused(await peer.post(server, peer.follow(bob), how), 403, "does not talk")


async def test_suspended_actor_is_refused(server: Server, peer: Peer, neighbour: Peer) -> None:
    bob = await server.person()
    person = await peer.known(server)
    await still_works(server, peer)
    await suspend(server.services, None, person)
    # Whether a process has known the key for a while, as any but the one that suspended may, or not.
    for _ in range(2):
        async with nothing_happens(server, neighbour):
            refused(await peer.post(server, peer.follow(bob)), 403, "suspended")
        server.services.reader.memory.keys.drop_where(lambda _: True)
    await unsuspend(server.services, None, await peer.known(server))
    assert await peer.deliver(server, peer.follow(bob)) == ""


async def test_what_was_accepted_before_a_suspension_has_no_effect_after_it(server: Server, peer: Peer) -> None:
    person = await peer.known(server)
    thought = await server.publish(await server.person())
    liked = peer.activity("Like", server.services.urls.thought(thought.id))
    assert (await peer.post(server, liked)).status_code == 202
    await suspend(server.services, None, person)
    await server.drain()
    assert await server.rows("SELECT user_id FROM likes WHERE user_id = $1", person.id) == []


async def test_suspended_actor_may_still_take_back_what_they_did(server: Server, peer: Peer) -> None:
    bob = await server.person()
    note = peer.note(bob)
    for did in (peer.create(note), peer.follow(bob)):
        await peer.deliver(server, did)
    person = await peer.known(server)
    await suspend(server.services, None, person)
    for took_back in (peer.activity("Undo", peer.follow(bob)), peer.activity("Delete", note["id"])):
        assert await peer.deliver(server, took_back) == ""
    assert await server.rows("SELECT id FROM thoughts WHERE user_id = $1", person.id) == []
    assert await server.rows("SELECT follower_id FROM follows WHERE follower_id = $1", person.id) == []


async def test_suspension_outlasts_the_deletion_of_the_actor(server: Server, peer: Peer) -> None:
    bob = await server.person()
    await peer.deliver(server, peer.create(peer.note(bob)))
    person = await peer.known(server)
    await suspend(server.services, None, person)
    assert await peer.deliver(server, peer.activity("Delete", peer.ap_id)) == ""
    assert await server.rows("SELECT id FROM thoughts WHERE user_id = $1", person.id) == []
    refused(await peer.post(server, peer.follow(bob)), 403, "suspended")


async def test_suspended_actor_reads_nothing_more(server: Server, peer: Peer) -> None:
    bob = await server.person()
    person = await peer.known(server)
    await peer.deliver(server, peer.follow(bob))
    path = server.services.urls.thought((await server.publish(bob, visibility="followers")).id)
    path = path.removeprefix(server.origin)
    assert (await peer.get(server, path)).status_code == 200
    await suspend(server.services, None, person)
    assert (await peer.get(server, path)).status_code in (403, 404)


async def test_actor_that_another_process_forgot_is_read_anew(server: Server, peer: Peer) -> None:
    bob = await server.person()
    await still_works(server, peer)
    async with server.services.database.transaction() as db:
        await db.execute("DELETE FROM users WHERE ap_id = $1", peer.ap_id)
    assert await peer.deliver(server, peer.follow(bob)) == ""
    assert await server.value("SELECT state FROM follows WHERE following_id = $1", bob.id) == "accepted"


async def test_rotated_key_is_refetched_exactly_once(server: Server, peer: Peer) -> None:
    bob = await server.person()
    await still_works(server, peer)
    server.services.reader.memory.refetched_keys.drop(peer.key_id)  # as five minutes later
    asked = peer.host.count(peer.ap_id)
    new = peer.host.actor(peer.name, key=rsa_key(1).public_key())
    assert (await peer.post(server, peer.follow(bob), Signing(key=rsa_key(1)))).status_code == 202
    assert peer.host.count(new["id"]) == asked + 1
    for _ in range(3):
        refused(await peer.post(server, peer.follow(bob)), 401, "does not fit")
    assert peer.host.count(new["id"]) == asked + 1


@pytest.mark.parametrize("trouble", ["down", "broken"])
async def test_key_server_in_trouble_makes_the_sender_try_again(server: Server, peer: Peer, trouble: str) -> None:
    bob = await server.person()
    async with running(REMOTE) as host:
        late = Peer.at(host)
        if trouble == "broken":
            host.fail(late.ap_id, 502)
            async with nothing_happens(server, peer):
                answer = await late.post(server, late.follow(bob))
    if trouble == "down":
        async with nothing_happens(server, peer):
            answer = await late.post(server, late.follow(bob))
    refused(answer, 503)
    assert int(answer.headers["retry-after"]) > 0


async def test_delete_of_an_unknown_actor_is_accepted_without_asking(server: Server, peer: Peer, remote: Host) -> None:
    gone = Peer.at(remote)
    remote.fail(gone.ap_id, 410)
    async with nothing_happens(server, peer):
        answer = await gone.post(server, mastodon.delete_actor(remote.origin, gone.name))
        assert answer.status_code == 202
        unknown = mastodon.update_actor(remote.origin, gone.name)
        assert (await gone.post(server, unknown)).status_code == 202
    assert remote.count(gone.ap_id) == 0


async def test_delete_of_a_known_actor_needs_its_signature(server: Server, peer: Peer, neighbour: Peer) -> None:
    await still_works(server, neighbour)
    farewell = mastodon.delete_actor(peer.host.origin, peer.name)
    async with nothing_happens(server, peer):
        refused(await peer.post(server, farewell, Signing(key=rsa_key(1))), 401, "does not fit")
        refused(await neighbour.post(server, farewell), 403, "not who signed it")


async def test_delete_of_a_known_actor_counts_when_its_key_is_gone(server: Server, peer: Peer) -> None:
    await still_works(server, peer)
    await forget_keys(server, peer)
    peer.host.fail(peer.ap_id, 410)
    farewell = mastodon.delete_actor(peer.host.origin, peer.name)
    assert (await peer.post(server, farewell)).status_code == 202
    await server.drain()
    assert await server.value("SELECT count(*) FROM users WHERE ap_id = $1", peer.ap_id) == 0


async def test_gone_key_of_a_neighbour_deletes_nobody(server: Server, peer: Peer, remote: Host) -> None:
    bob = await server.person()
    await peer.deliver(server, peer.follow(bob))
    gone = Peer.at(remote)
    remote.fail(gone.ap_id, 410)
    farewell = mastodon.delete_actor(remote.origin, peer.name)
    async with nothing_happens(server, peer):
        refused(await peer.post(server, farewell, Signing(key_id=gone.key_id)), 401, "410")
    assert await server.value("SELECT count(*) FROM follows WHERE following_id = $1", bob.id) == 1


async def forget_keys(server: Server, peer: Peer) -> None:
    """Lose what is known of an actor's keys, as when it rotated them and then left."""
    async with server.services.database.transaction() as db:
        await db.execute("DELETE FROM remote_keys WHERE key_id LIKE $1", f"{peer.ap_id}%")
    server.services.reader.memory.keys.drop_where(lambda _: True)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("text/html", 415),
        ("multipart/form-data", 415),
        ("", 415),
        ("application/activity+json; charset=utf-8", 202),
        ('application/ld+json; profile="https://www.w3.org/ns/activitystreams"', 202),
    ],
)
async def test_content_type_is_checked(server: Server, peer: Peer, content_type: str, status: int) -> None:
    bob = await server.person()
    answer = await peer.post(server, peer.follow(bob), Signing(headers={"content-type": content_type or None}))
    assert answer.status_code == status
    if status == 415:
        refused(answer, 415, "application/activity+json")


async def test_personal_inboxes_are_for_people_who_are_here(server: Server, peer: Peer) -> None:
    left, waiting = await server.person(), await server.person(state="pending")
    await delete_account(server.services, left)
    async with nothing_happens(server, peer):
        for inbox, status in (
            ("/users/nobody/inbox", 404),
            (f"/users/{waiting.username}/inbox", 404),
            (f"/users/{left.username}/inbox", 410),
            ("/users/a%00b/inbox", 404),
            ("/users/%62%6f%25%36%32/inbox", 404),
        ):
            refused(await peer.post(server, peer.activity("Listen", peer.ap_id), inbox=inbox), status)
