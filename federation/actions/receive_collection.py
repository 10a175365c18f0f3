"""Collections of remote people, as their servers have them; who stands in them shows once their consent was read."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from federation.actions.collections import tell_of_change
from federation.actions.consent import holds, is_withdrawn
from federation.actions.people import get_person_by_ap_id
from federation.errors import Gone, Invalid, NotFound, Permanent, Rejected, Temporary
from federation.protocol.featured import ITEMS_LIMIT, RemoteCollection, RemoteItem, parse_featured_collection
from federation.protocol.sanitise import plain_text
from federation.protocol.stamps import FEATURE, Stamp
from federation.remote.documents import fetch_document
from storage import collections, fetches, notifications, people, relations, tags, thoughts
from storage.collections import Collection, Facts, Item, ListedItem

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.people import Person

log = structlog.get_logger()

MOST_OF_ONE_OWNER = 100
# What was told within this time is not read again to look into who is in it.
_JUST_TOLD = timedelta(minutes=10)
_AT_ONCE = 8
_ROUNDS = 3


async def receive_collection(services: Services, owner: Person, remote: RemoteCollection) -> str:
    """Store what the owner's server says of a collection; return why it is ignored, if it is.

    Nobody in it shows before their own consent was read, which happens in the background.
    """
    if remote.attributed_to != owner.ap_id or not owner.is_remote:
        raise Rejected("The collection is attributed to somebody else.")
    now = services.now()
    updated = min(remote.updated, now) if remote.updated is not None else None
    facts = Facts(
        remote.name, plain_text(remote.description_html), remote.language, remote.topic, remote.sensitive,
        remote.discoverable,
    )  # fmt: skip
    async with services.database.transaction() as db:
        if await thoughts.find_tombstone(db, remote.id) is not None:
            return "is deleted already"
        before = await collections.BY_AP_ID.first(db, remote.id)
        if before is None and await collections.COUNT_OF_OWNER.one(db, owner.id) >= MOST_OF_ONE_OWNER:
            return "is one too many of its owner's"
        if before is not None and updated is not None and updated < before.updated_at:
            return "is older than what we have"
        if facts.tag is not None:
            await tags.COIN.one(db, facts.tag)
        stored = await collections.upsert_remote(
            db, owner.id, facts, ap_id=remote.id, url=remote.url,
            created_at=min(remote.published, now) if remote.published is not None else None, updated_at=updated,
        )  # fmt: skip
        if stored is None:
            raise Rejected("This collection belongs to somebody else.")
        await collections.replace_remote_items(db, stored, [_listed(item) for item in remote.items])
        await _have_looked_into(db, stored, remote.id)
        found = await collections.find_collection(db, stored)
        if before is not None and found is not None:
            await tell_of_change(db, before, found)
    services.wake()
    return ""


def _listed(item: RemoteItem) -> ListedItem:
    return ListedItem(item.id, item.person, item.stamp, item.published)


async def _have_looked_into(db: Connection, collection_id: UUID, ap_id: str) -> None:
    if await collections.PENDING_ITEMS.first(db, collection_id, 1) is not None:
        await fetches.request(db, "collection", [ap_id])


async def receive_item(services: Services, owner: Person, collection_ap_id: str, remote: RemoteItem) -> str:
    """Store that somebody stands in a remote collection; only its owner says so."""
    async with services.database.transaction() as db:
        found = await collections.BY_AP_ID.first(db, collection_ap_id)
        if found is None:
            if await relations.HAS_LOCAL_FOLLOWER.get(db, owner.id):
                await fetches.request(db, "collection", [collection_ap_id])
        elif found.user_id != owner.id:
            raise Rejected("This collection belongs to somebody else.")
        else:
            places = await collections.COUNT_LISTED.one(db, found.id)
            if places >= ITEMS_LIMIT:
                return "is one too many"
            await collections.list_remote_items(db, found.id, [_listed(remote)], after=places)
            await _have_looked_into(db, found.id, found.ap_id)
    services.wake()
    return "" if found is not None else "adds to what we do not have"


async def receive_removal(services: Services, owner: Person, collection_ap_id: str, item_ap_id: str) -> bool:
    """Take somebody out of a remote collection at its owner's word; False when it is not theirs."""
    async with services.database.transaction() as db:
        found = await collections.BY_AP_ID.first(db, collection_ap_id)
        if found is None or found.user_id != owner.id or not found.is_remote:
            return False
        gone = await collections.DELETE_ITEM_BY_AP_ID.first(db, found.id, item_ap_id)
        if gone is not None and gone.person_id is not None:
            await notifications.withdraw_collection(db, gone.person_id, found.id)
    return True


async def receive_end(services: Services, owner: Person, ap_id: str, *, for_good: bool) -> bool:
    """Delete a remote collection at its owner's word; False when it is not theirs.

    `for_good`: what is told of it later, or was and comes late, counts no more.
    """
    async with services.database.transaction() as db:
        found = await collections.BY_AP_ID.first(db, ap_id)
        if found is None or found.user_id != owner.id or not found.is_remote:
            return False
        if for_good:
            await thoughts.bury(db, ap_id, owner.ap_id)
        await collections.DELETE.run(db, found.id)
    return True


# --- Reading ---------------------------------------------------------------------------------------


async def read_collection(services: Services, url: str) -> None:
    """Read a remote collection unless it was told of just now, and look into who waits in it.

    Raises `Temporary` when a server is away: what was found out by then stays.
    """
    if services.urls.is_ours(url):
        return
    async with services.database.connection() as db:
        known = await collections.BY_AP_ID.first(db, url)
    if known is None or services.now() - known.fetched_at > _JUST_TOLD:
        url = await _fetch(services, url, known)
    for _ in range(_ROUNDS):
        if not await _look_into(services, url):
            return


async def _fetch(services: Services, url: str, known: Collection | None) -> str:
    """Read a collection's document and store it; return its id. One that is gone is deleted."""
    try:
        document = await fetch_document(services.network, url, services.reader.signer)
    except (NotFound, Gone):
        if known is not None:
            async with services.database.transaction() as db:
                await collections.DELETE.run(db, known.id)
        return url
    try:
        remote = parse_featured_collection(document)
    except Invalid as exc:
        raise Rejected(f"The collection cannot be used: {exc.message}") from exc
    owner = await get_person_by_ap_id(services, remote.attributed_to)
    if owner.state == "active":
        await receive_collection(services, owner, remote)
    return remote.id


async def _look_into(services: Services, ap_id: str) -> int:
    """Settle everybody who waits in a remote collection; return how many that were."""
    async with services.database.connection() as db:
        found = await collections.BY_AP_ID.first(db, ap_id)
        owner = await people.find_person(db, found.user_id) if found is not None else None
        waiting = await collections.PENDING_ITEMS.all(db, found.id, ITEMS_LIMIT) if found is not None else []
    if found is None or owner is None or not owner.is_remote or owner.state != "active":
        return 0
    places, away = asyncio.Semaphore(_AT_ONCE), list[Temporary]()

    async def settle(item: Item) -> None:
        async with places:
            try:
                await _settle(services, owner, found, item)
            except Temporary as exc:
                away.append(exc)

    async with asyncio.TaskGroup() as tasks:
        for item in waiting:
            tasks.create_task(settle(item))
    if away:
        raise away[0]
    return len(waiting)


async def _settle(services: Services, owner: Person, found: Collection, item: Item) -> None:
    """Find out whether somebody agreed to stand in a remote collection."""
    person: Person | None = None
    try:
        person = await get_person_by_ap_id(services, item.person_ap_id)
        agreed = person.state == "active" and person.ap_id == item.person_ap_id
        if agreed and person.is_remote:
            agreed = item.stamp is not None and await holds(
                services, Stamp(FEATURE, item.stamp, person.ap_id, found.ap_id, person.ap_id)
            )
        elif agreed:
            agreed = await _did_agree(services, owner, person, found)
    except (NotFound, Gone, Permanent, Rejected) as exc:
        log.info("collection.not_agreed", collection=found.ap_id, person=item.person_ap_id, reason=exc.message)
        agreed = False
    async with services.database.transaction() as db:
        await collections.SETTLE_PENDING.run(
            db, item.id, "accepted" if agreed else "rejected", person.id if person is not None else None, item.stamp
        )


async def _did_agree(services: Services, owner: Person, person: Person, found: Collection) -> bool:
    """Tell whether one of ours gave their consent to a collection, and did not take it back."""
    async with services.database.connection() as db:
        given = await collections.AUTHORIZATION_OF.first(db, person.id, found.ap_id)
        return (
            given is not None
            and given.owner_id == owner.id
            and not await is_withdrawn(db, services.urls.feature_authorization(given.id))
            and not await relations.either_blocks(db, owner.id, person.id)
        )
