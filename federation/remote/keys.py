"""The keys that remote actors sign with: found by id, fetched once, refetched rarely (facts §4.1, §4.2)."""

from __future__ import annotations

from urllib.parse import urldefrag

from federation.errors import (
    Gone,
    Invalid,
    NotFound,
    Permanent,
    Rejected,
    Temporary,
    ThoughtsError,
    Unauthenticated,
)
from federation.protocol.activities import ACTOR_TYPES
from federation.protocol.actors import parse_key_document
from federation.protocol.documents import AS, as_list, type_of
from federation.protocol.ids import parse_id
from federation.protocol.keys import load_public_key
from federation.remote.actors import forget_gone_actor, refresh_actor, store_actor
from federation.remote.documents import malformed, read_document
from federation.remote.reader import Reader, VerificationKey
from federation.remote.targets import authority
from storage import remote_actors


async def find_key(reader: Reader, key_id: str, *, refetch: bool) -> VerificationKey:
    """Return the key with this id: as known when known, else as its owner's server has it now.

    After a signature that did not fit, ask once more with `refetch`: the owner is then read anew, at most
    every five minutes per key; in between the answer is the key as known.

    Raises `Unauthenticated` when there is no such key or its owner does not own it (401), `Gone` when its
    server says that it was deleted (401; a Delete of the owner may rely on it), `Temporary` when its server
    could not be asked (503).
    """
    host = _host(key_id)
    if not refetch and (known := reader.memory.keys.get(key_id)) is not None:
        return known
    # A stranger's first burst of activities needs one fetch, not one each.
    async with reader.memory.alone(key_id):
        return await _find_key(reader, key_id, host, refetch=refetch)


async def _find_key(reader: Reader, key_id: str, host: str, *, refetch: bool) -> VerificationKey:
    memory = reader.memory
    if not refetch or memory.refetched_keys.get(key_id):
        known = memory.keys.get(key_id) or await _stored_key(reader, key_id)
        if known is not None:
            return known
    if (refusal := memory.refused_keys.get(key_id)) is not None:
        raise type(refusal)(refusal.message)
    if memory.unreachable_hosts.get(host):
        raise Temporary(f"{host} could not be reached a moment ago.")
    memory.refetched_keys.put(key_id, True)
    try:
        await _fetch_key(reader, key_id)
        found = await _stored_key(reader, key_id)
        if found is None:
            raise Unauthenticated("The owner of the key does not list it.")
    except Temporary as exc:
        # A server that answers, if only with its troubles, may answer properly to the next question.
        if exc.status is None:
            memory.unreachable_hosts.put(host, True)
        raise
    except (NotFound, Permanent, Rejected, Invalid) as exc:
        raise _refused(reader, key_id, Unauthenticated(f"The key could not be read: {exc.message}")) from exc
    except (Gone, Unauthenticated) as exc:
        raise _refused(reader, key_id, exc) from exc
    return found


async def _stored_key(reader: Reader, key_id: str) -> VerificationKey | None:
    async with reader.database.connection() as db:
        row = await remote_actors.find_key(db, key_id)
    if row is None:
        reader.memory.keys.drop(key_id)
        return None
    key = VerificationKey(
        key_id=row.key_id,
        key=load_public_key(row.public_key),
        owner_id=row.user_id,
        owner_ap_id=row.owner_ap_id,
        owner_state=row.owner_state,
        host=row.host,
    )
    reader.memory.keys.put(key_id, key)
    return key


async def _fetch_key(reader: Reader, key_id: str) -> None:
    """Store the actor that owns a key, provided that actor's own document lists the key.

    What lies at the key's address may be the actor itself; a bare key; or, with GoToSocial, a stub of the
    actor. The latter two only say where to look.
    """
    address = urldefrag(key_id).url
    try:
        found = await read_document(reader.network, address, reader.signer, require_context=False)
    except Gone:
        await forget_gone_actor(reader, address)
        raise
    if type_of(found.json, ACTOR_TYPES) in ACTOR_TYPES and found.id == address:
        if AS not in as_list(found.json.get("@context")):
            raise malformed(address, Invalid(f"Its @context does not name {AS}."))
        await store_actor(reader, found.json)
        return
    # Only a key on its owner's own server counts as one.
    claim = parse_key_document(found.json, key_id=key_id)
    await refresh_actor(reader, claim.owner)


def _host(key_id: str) -> str:
    try:
        return authority(parse_id(key_id))
    except (Invalid, Rejected) as exc:
        raise Unauthenticated("The id of the key is not a usable URL.") from exc


def _refused(reader: Reader, key_id: str, refusal: ThoughtsError) -> ThoughtsError:
    reader.memory.refused_keys.put(key_id, type(refusal)(refusal.message))
    return refusal
