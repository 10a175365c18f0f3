"""Verification keys: whose they are, when they are read again, when they are not."""

import asyncio

import pytest

from federation.errors import Gone, Temporary, ThoughtsError, Unauthenticated
from federation.protocol.keys import PublicKey, generate_ed25519_key
from federation.remote.actors import refresh_actor
from federation.remote.keys import find_key
from federation.remote.reader import Reader
from storage import people
from tests.payloads import gotosocial
from tests.remote.fediverse import Clock, Host

SECURITY = "https://w3id.org/security/v1"


def new_key() -> PublicKey:
    return generate_ed25519_key().public_key()


def key_document(key_id: str, owner: str, key: PublicKey) -> dict[str, object]:
    return {"@context": SECURITY, "id": key_id, "owner": owner, "publicKeyPem": key.to_pem()}


async def refused(reader: Reader, key_id: str, *, refetch: bool = False) -> ThoughtsError:
    with pytest.raises(ThoughtsError) as raised:
        await find_key(reader, key_id, refetch=refetch)
    return raised.value


async def test_unknown_key_is_read_with_its_owner_once(reader: Reader, remote: Host) -> None:
    key = new_key()
    own = remote.actor(key=key)["id"]
    found = await find_key(reader, f"{own}#main-key", refetch=False)
    assert found.key.to_der() == key.to_der()
    assert (found.owner_ap_id, found.owner_state, found.host) == (own, "active", remote.authority)
    again = await find_key(reader, f"{own}#main-key", refetch=False)
    assert again == found
    assert remote.count(own) == 1


async def test_stored_key_is_found_without_the_network(reader: Reader, remote: Host) -> None:
    own = remote.actor(key=new_key())["id"]
    await refresh_actor(reader, own)
    await find_key(reader, f"{own}#main-key", refetch=False)
    assert remote.count(own) == 1


async def test_rotated_key_is_refetched_only_once_in_five_minutes(reader: Reader, remote: Host, clock: Clock) -> None:
    first, second, third = new_key(), new_key(), new_key()
    own = remote.actor(key=first)["id"]
    key_id = f"{own}#main-key"
    await refresh_actor(reader, own)
    assert (await find_key(reader, key_id, refetch=False)).key.to_der() == first.to_der()
    remote.actor(key=second)
    assert (await find_key(reader, key_id, refetch=True)).key.to_der() == second.to_der()
    assert (await find_key(reader, key_id, refetch=False)).key.to_der() == second.to_der()
    remote.actor(key=third)
    for _ in range(3):
        assert (await find_key(reader, key_id, refetch=True)).key.to_der() == second.to_der()
    assert remote.count(own) == 2
    clock.forward(minutes=6)
    assert (await find_key(reader, key_id, refetch=True)).key.to_der() == third.to_der()


async def test_revoked_key_vanishes_with_the_next_refresh(reader: Reader, remote: Host) -> None:
    own = remote.actor(key=new_key())["id"]
    key_id = f"{own}#main-key"
    await find_key(reader, key_id, refetch=False)
    remote.actor(publicKey=None)
    await refresh_actor(reader, own)
    assert isinstance(await refused(reader, key_id), Unauthenticated)


async def test_key_that_the_actor_does_not_list_is_refused_and_not_asked_for_again(
    reader: Reader, remote: Host
) -> None:
    own = remote.actor(key=new_key())["id"]
    for _ in range(2):
        assert isinstance(await refused(reader, f"{own}#other-key"), Unauthenticated)
    assert remote.count(own) == 1


async def test_gotosocial_stub_leads_to_the_actor(reader: Reader, remote: Host) -> None:
    key = new_key()
    actor = gotosocial.actor(remote.origin, pem=key.to_pem())
    remote.put(actor["id"], actor)
    remote.finger(f"gina@{remote.authority}", actor["id"])
    remote.put(f"{actor['id']}/main-key", gotosocial.key_stub(remote.origin, pem=key.to_pem()))
    found = await find_key(reader, f"{actor['id']}/main-key", refetch=False)
    assert (found.owner_ap_id, found.key.to_der()) == (actor["id"], key.to_der())


async def test_stub_with_a_key_that_the_actor_does_not_have_is_refused(reader: Reader, remote: Host) -> None:
    actor = gotosocial.actor(remote.origin)
    remote.put(actor["id"], actor | {"publicKey": None})
    remote.finger(f"gina@{remote.authority}", actor["id"])
    remote.put(f"{actor['id']}/main-key", gotosocial.key_stub(remote.origin, pem=new_key().to_pem()))
    assert isinstance(await refused(reader, f"{actor['id']}/main-key"), Unauthenticated)


async def test_bare_key_counts_when_its_owner_names_it(reader: Reader, remote: Host) -> None:
    key, key_id = new_key(), f"{remote.origin}/keys/1"
    own = remote.actor(publicKey=key_id)["id"]
    remote.put(key_id, key_document(key_id, own, key))
    assert (await find_key(reader, key_id, refetch=False)).key.to_der() == key.to_der()


async def test_bare_key_that_only_claims_its_owner_is_refused(reader: Reader, remote: Host) -> None:
    key_id = f"{remote.origin}/uploads/1"
    own = remote.actor(key=new_key())["id"]
    remote.put(key_id, key_document(key_id, own, new_key()))
    assert isinstance(await refused(reader, key_id), Unauthenticated)


async def test_actor_cannot_name_the_key_of_a_neighbour(reader: Reader, remote: Host) -> None:
    key, key_id = new_key(), f"{remote.origin}/keys/1"
    neighbour = remote.actor("carol", publicKey=key_id)["id"]
    remote.put(key_id, key_document(key_id, neighbour, key))
    await refresh_actor(reader, neighbour)
    await refresh_actor(reader, remote.actor("mallory", publicKey=key_id)["id"])
    assert (await find_key(reader, key_id, refetch=False)).owner_ap_id == neighbour


async def test_named_key_stays_while_it_cannot_be_read(reader: Reader, remote: Host) -> None:
    key, key_id = new_key(), f"{remote.origin}/keys/1"
    own = remote.actor(publicKey=key_id)["id"]
    remote.put(key_id, key_document(key_id, own, key))
    await refresh_actor(reader, own)
    remote.fail(key_id, 503)
    await refresh_actor(reader, own)
    assert (await find_key(reader, key_id, refetch=False)).key.to_der() == key.to_der()


async def test_key_whose_owner_is_on_another_server_is_refused(reader: Reader, remote: Host, other: Host) -> None:
    victim = other.actor(key=new_key())["id"]
    key_id = f"{remote.origin}/keys/1"
    remote.put(key_id, key_document(key_id, victim, new_key()))
    assert isinstance(await refused(reader, key_id), Unauthenticated)
    assert other.asked == []


async def test_actor_cannot_list_a_key_of_another_server(reader: Reader, remote: Host, other: Host) -> None:
    key = new_key()
    victim = other.actor(key=key)["id"]
    await refresh_actor(reader, victim)
    thief = f"{remote.origin}/users/alice"
    stolen = {"id": f"{victim}#main-key", "owner": thief, "publicKeyPem": new_key().to_pem()}
    await refresh_actor(reader, remote.actor(publicKey=stolen)["id"])
    found = await find_key(reader, f"{victim}#main-key", refetch=False)
    assert (found.owner_ap_id, found.key.to_der()) == (victim, key.to_der())


async def test_actor_document_without_context_stores_nothing(reader: Reader, remote: Host) -> None:
    own = remote.actor(**{"@context": SECURITY})["id"]
    assert isinstance(await refused(reader, f"{own}#main-key"), Unauthenticated)
    async with reader.database.connection() as db:
        assert await people.find_by_ap_id(db, own) is None


async def test_gone_key_says_so(reader: Reader, remote: Host) -> None:
    remote.fail("/users/alice", 410)
    for _ in range(2):
        assert isinstance(await refused(reader, f"{remote.origin}/users/alice#main-key"), Gone)
    assert remote.count("/users/alice") == 1


async def test_server_in_trouble_is_temporary(reader: Reader, remote: Host) -> None:
    remote.fail("/users/alice", 503)
    assert isinstance(await refused(reader, f"{remote.origin}/users/alice#main-key"), Temporary)
    remote.actor("alice", key=new_key())
    await find_key(reader, f"{remote.origin}/users/alice#main-key", refetch=False)


async def test_unreachable_host_is_left_alone_for_five_minutes(reader: Reader, remote: Host, clock: Clock) -> None:
    own = remote.actor(key=new_key())["id"]
    authority = remote.authority
    reader.memory.unreachable_hosts.put(authority, True)
    assert isinstance(await refused(reader, f"{own}#main-key"), Temporary)
    assert remote.asked == []
    clock.forward(minutes=6)
    await find_key(reader, f"{own}#main-key", refetch=False)


async def test_failed_connection_pauses_the_host(reader: Reader) -> None:
    assert isinstance(await refused(reader, "http://127.0.0.3:1/users/a#main-key"), Temporary)
    assert reader.memory.unreachable_hosts.get("127.0.0.3:1")


@pytest.mark.parametrize(
    "key_id",
    ["", "acct:a@b.example", "javascript:x", "http://127.0.0.1:9/a#k", "http://127.0.0.9:8000/users/a#main-key"],
)
async def test_keys_without_a_usable_address_do_not_exist(reader: Reader, key_id: str) -> None:
    assert isinstance(await refused(reader, key_id), Unauthenticated)


async def test_first_burst_of_a_stranger_costs_one_fetch(reader: Reader, remote: Host) -> None:
    own = remote.actor(key=new_key())["id"]
    await asyncio.gather(*(find_key(reader, f"{own}#main-key", refetch=False) for _ in range(5)))
    assert remote.count(own) == 1
