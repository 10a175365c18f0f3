"""Remote actors: read from their own server, verified, cleaned, stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from federation.errors import Gone, Invalid, NotFound, Permanent, Rejected, RemoteError, Temporary
from federation.protocol.actors import KeyDocument, RemoteActor, parse_actor, parse_key_document
from federation.protocol.handles import Handle
from federation.protocol.keys import PublicKey, parse_multikey, parse_public_key_pem
from federation.protocol.quote_policy import policy_bits
from federation.protocol.sanitise import SANITISER_VERSION, plain_text, sanitise_html, text_to_html
from federation.remote.documents import fetch_document, malformed, read_document
from federation.remote.emojis import keep_emojis, kept_emojis
from federation.remote.failures import Blocked
from federation.remote.reader import Reader
from federation.remote.targets import authority
from federation.remote.webfinger import verified_handle
from storage import endings, moderation, people, proxied, remote_actors
from storage.people import Person, RemoteProfile
from storage.remote_actors import NewKey, NewRemoteActor

# As Mastodon does for actors that somebody asks about; those nobody asks about are renewed once a week.
ACTOR_FRESH_FOR = timedelta(days=1)
# Keys that an actor names without showing them are fetched one by one: a few only.
_NAMED_KEYS_READ = 3
_BIO_BYTES = 65_536
_BIO_TEXT_CHARS = 10_000


async def find_or_fetch_actor(reader: Reader, ap_id: str, *, fresh_for: timedelta = ACTOR_FRESH_FOR) -> Person:
    """Return the person with this actor id: as stored when read lately, else as their server has them now.

    When it cannot be read now, the stored one will do. An id of ours that is not stored is a forgery:
    `NotFound`, without a request. Raises `Gone` for an actor that answered so lately.
    """
    async with reader.database.connection() as db:
        person = await people.find_by_ap_id(db, ap_id)
        actor = await remote_actors.find_by_ap_url(db, ap_id)
    if reader.urls.is_ours(ap_id):
        if person is None:
            raise NotFound("There is no such person here.")
        return person
    if person is None or actor is None:
        return await refresh_actor(reader, ap_id)
    recently = reader.now() - fresh_for
    if actor.gone_at is not None and actor.gone_at > recently:
        raise Gone("This person has left.")
    if actor.gone_at is None and (actor.fetched_at > recently or reader.memory.unread_actors.get(ap_id)):
        return person
    try:
        return await refresh_actor(reader, ap_id)
    except (RemoteError, NotFound):
        reader.memory.unread_actors.put(ap_id, True)
        return person


async def refresh_actor(reader: Reader, ap_id: str) -> Person:
    """Read an actor from its server, verify its handle in both directions, and store it with its keys.

    Raises `Gone` after ending the follows of one that answered 410, `NotFound`, or a `RemoteError`; then what
    was stored stays.
    """
    if reader.urls.is_ours(ap_id):
        raise Rejected("People of this server are not read over the network.")
    await _check_listed(reader, ap_id)
    try:
        document = await fetch_document(reader.network, ap_id, reader.signer)
    except Gone:
        await forget_gone_actor(reader, ap_id)
        raise
    return await store_actor(reader, document)


async def store_actor(reader: Reader, document: dict[str, Any]) -> Person:
    """Verify and store an actor's document that is known to come from the actor's own id; one transaction.

    Where WebFinger cannot be reached, a person who is known already keeps their handle. Keys that the
    document no longer lists are deleted: revoked. A suspended actor is stored as one that gets no deliveries.
    """
    try:
        actor = parse_actor(document)
    except Invalid as exc:
        raise Rejected(f"The actor's document cannot be used: {exc.message}") from exc
    if reader.urls.is_ours(actor.id):
        raise Rejected("People of this server are not read over the network.")
    await _check_listed(reader, actor.id)
    handle = await _handle_of(reader, actor)
    keys = await _keys_of(reader, actor)
    async with reader.database.transaction() as db:
        shown = await keep_emojis(db, authority(actor.id), kept_emojis(actor.emojis))
        profile = _profile(reader, actor, handle, shown)
        if (profile.avatar_url or profile.header_url) and await moderation.rejects_media(db, authority(actor.id)):
            profile = replace(profile, avatar_url=None, header_url=None)
        person = await people.upsert_remote(db, profile)
        if person is None:
            raise Rejected("This actor id belongs to somebody here.")
        await remote_actors.upsert_remote_actor(db, _wire_data(actor, person), keys)
        if actor.suspended:
            await remote_actors.mark_gone(db, person.id)
        await proxied.insert_addresses(
            db, [url for url in (person.avatar_url, person.header_url) if url], "portrait", authority(actor.id)
        )
    reader.memory.keys.drop_where(lambda key: key.owner_id == person.id)
    return person


async def _check_listed(reader: Reader, ap_id: str) -> None:
    """Raise `Blocked` for a server that is not listed where only listed ones are talked to."""
    async with reader.database.connection() as db:
        if await moderation.is_refused(db, authority(ap_id)):
            raise Blocked(f"This server does not talk to {authority(ap_id)}.")


async def forget_gone_actor(reader: Reader, ap_id: str) -> None:
    """End every follow from and to an actor that answered 410; what they wrote stays until they delete it.

    Nothing happens for unknown actors. Reading the actor with success later on brings it back, without follows.
    """
    async with reader.database.transaction() as db:
        actor = await remote_actors.find_by_ap_url(db, ap_id)
        if actor is None:
            return
        await remote_actors.mark_gone(db, actor.user_id)
        await endings.end_follows(db, actor.user_id)
    reader.memory.keys.drop_where(lambda key: key.owner_id == actor.user_id)


async def refresh_inbox(reader: Reader, inbox_url: str) -> str | None:
    """Read again the actor whose personal or shared inbox this was; return where it is now, None if unchanged.

    For deliveries that were answered 404 or 410. Raises `Gone` when a personal inbox is gone with its actor,
    and `RemoteError` when the actor could not be read.
    """
    async with reader.database.connection() as db:
        before = await remote_actors.find_by_inbox(db, authority(inbox_url), inbox_url)
    if before is None:
        return None
    shared = before.inbox_url != inbox_url
    try:
        person = await refresh_actor(reader, before.ap_url)
    except Gone:
        if shared:
            return None
        raise
    except NotFound:
        return None
    async with reader.database.connection() as db:
        after = await remote_actors.find_remote_actor(db, person.id)
    if after is None:
        return None
    inbox = after.shared_inbox_url or after.inbox_url if shared else after.inbox_url
    return inbox if inbox != inbox_url else None


async def _handle_of(reader: Reader, actor: RemoteActor) -> Handle:
    try:
        return await verified_handle(reader, actor)
    except Temporary:
        async with reader.database.connection() as db:
            known = await people.find_by_ap_id(db, actor.id)
        if known is None:
            raise
        return Handle(known.username, known.domain)


async def _keys_of(reader: Reader, actor: RemoteActor) -> list[NewKey]:
    """Return the readable keys of an actor, fetching those that its document only names."""
    keys = {document.id: key for document in actor.keys if (key := _parsed(document)) is not None}
    found = {key_id: NewKey(key_id, key.algorithm, key.to_der()) for key_id, key in keys.items()}
    named = [key_id for key_id in actor.key_ids if key_id not in found][:_NAMED_KEYS_READ]
    for key_id in named:
        if (new := await _named_key(reader, actor, key_id)) is not None:
            found[key_id] = new
    return list(found.values())


async def _named_key(reader: Reader, actor: RemoteActor, key_id: str) -> NewKey | None:
    try:
        document = await fetch_key_document(reader, key_id)
        key = _parsed(document) if document.owner == actor.id else None
        return NewKey(key_id, key.algorithm, key.to_der()) if key else None
    except Temporary:
        # Still listed, so not revoked: what we have of it stays.
        async with reader.database.connection() as db:
            stored = await remote_actors.find_key(db, key_id)
        if stored is None or stored.owner_ap_id != actor.id:
            return None
        return NewKey(key_id, stored.algorithm, stored.public_key)
    except (NotFound, Gone, Permanent, Rejected):
        return None


async def fetch_key_document(reader: Reader, key_id: str) -> KeyDocument:
    """Read what lies at a key's address: the bare key, or an actor that holds it. Its owner is only a claim."""
    found = await read_document(reader.network, key_id, reader.signer, require_context=False)
    try:
        return parse_key_document(found.json, key_id=key_id)
    except Invalid as exc:
        raise malformed(key_id, exc) from exc


def _parsed(document: KeyDocument) -> PublicKey | None:
    try:
        if document.pem is not None:
            return parse_public_key_pem(document.pem)
        return parse_multikey(document.multibase or "")
    except Invalid:
        return None


def _profile(reader: Reader, actor: RemoteActor, handle: Handle, emojis: list[dict[str, Any]]) -> RemoteProfile:
    bio_html = _bounded(actor.summary_html)
    return RemoteProfile(
        username=handle.username,
        domain=handle.host or "",
        display_name=" ".join(actor.name.split()),
        bio=plain_text(bio_html),
        bio_html=bio_html,
        sanitiser=SANITISER_VERSION,
        fields=[
            {
                "name": " ".join(field.name.split()),
                "value": plain_text(field.value_html),
                "html": sanitise_html(field.value_html),
                "verified_at": None,
            }
            for field in actor.fields
        ],
        avatar_url=actor.icon.url if actor.icon else None,
        avatar_alt=(actor.icon.alt or "") if actor.icon else "",
        header_url=actor.image.url if actor.image else None,
        header_alt=(actor.image.alt or "") if actor.image else "",
        actor_type=actor.type,
        locked=actor.locked,
        discoverable=actor.discoverable,
        indexable=actor.indexable,
        ap_id=actor.id,
        inbox_url=actor.inbox,
        profile_url=actor.url,
        created_at=min(actor.published, reader.now()) if actor.published else None,
        emojis=emojis,
        feature_policy=_feature_policy(actor),
    )


def _feature_policy(actor: RemoteActor) -> int | None:
    """Return who may feature an actor; None when it does not say so, which means nobody (FEP-7aa9)."""
    if not actor.may_feature and not actor.may_ask_to_feature:
        return None
    return policy_bits(
        actor.may_feature, actor.may_ask_to_feature,
        author=actor.id, followers=actor.followers, following=actor.following,
    )  # fmt: skip


def _bounded(html: str) -> str:
    """Clean a bio; one that cleaning made too long for its column keeps its text only."""
    clean = sanitise_html(html)
    if len(clean.encode()) <= _BIO_BYTES:
        return clean
    return text_to_html(plain_text(html)[:_BIO_TEXT_CHARS])


def _wire_data(actor: RemoteActor, person: Person) -> NewRemoteActor:
    return NewRemoteActor(
        user_id=person.id,
        ap_url=actor.id,
        username=person.username,
        display_name=person.display_name,
        avatar_url=person.avatar_url,
        host=authority(actor.id),
        inbox_url=actor.inbox,
        shared_inbox_url=actor.shared_inbox,
        outbox_url=actor.outbox,
        followers_url=actor.followers,
        following_url=actor.following,
        featured_url=actor.featured,
        moved_to=actor.moved_to,
        also_known_as=list(actor.also_known_as),
        collections_url=actor.collections,
        featured_tags_url=actor.featured_tags,
        attribution_domains=list(actor.attribution_domains),
    )
