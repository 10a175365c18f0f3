"""Being featured in collections of people, with consent (FEP-7aa9): who may, asked for, given, refused, taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from federation.actions.acting import acting
from federation.actions.consent import answer, is_withdrawn, was_answered, withdraw
from federation.actions.distributing import send_item, send_removal
from federation.actions.outgoing import Audience, send
from federation.errors import Forbidden, NotFound
from federation.protocol.featured import REQUEST
from federation.protocol.ids import same_origin
from federation.protocol.quote_policy import Permission, depends_on_follows, feature_policy_of, permission
from federation.protocol.stamps import stamp_document
from storage import collections, notifications, people, relations
from storage.collections import Collection, Item

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.people import Person
    from storage.relations import Relation


def permission_to_feature(viewer: Person | None, person: Person, relation: Relation | None) -> Permission:
    """Tell what featuring a person comes to; without a `relation`, as if neither followed the other."""
    policy = feature_policy_of(person)
    if policy is None:
        return Permission.MISSING
    if viewer is None:
        return Permission.DENIED
    return permission(
        policy,
        visibility="public",
        own=viewer.id == person.id,
        follows=relation is not None and relation.following,
        followed=relation is not None and relation.followed_by,
    )


async def permissions_to_feature(
    services: Services, viewer: Person | None, persons: Sequence[Person]
) -> dict[UUID, Permission]:
    """Tell what featuring each of these people comes to; who follows whom is asked only if that matters."""
    unsure = [one.id for one in persons if depends_on_follows(feature_policy_of(one) or 0)]
    known: dict[UUID, Relation] = {}
    if viewer is not None and unsure:
        async with services.database.connection() as db:
            known = await relations.list_relations(db, viewer.id, unsure)
    return {one.id: permission_to_feature(viewer, one, known.get(one.id)) for one in persons}


async def may_feature(db: Connection, owner: Person, person: Person) -> Permission:
    """Tell what featuring a person comes to, by their policy and by who blocks whom."""
    ours = not person.is_remote
    if person.state != "active" or (ours and person.actor_type == "Application"):
        return Permission.DENIED
    if await relations.either_blocks(db, owner.id, person.id):
        return Permission.DENIED
    relation = None
    if depends_on_follows(feature_policy_of(person) or 0):
        relation = (await relations.list_relations(db, owner.id, [person.id])).get(person.id)
    return permission_to_feature(owner, person, relation)


async def agreement_of(
    db: Connection, services: Services, owner: Person, person: Person, collection_ap_id: str
) -> str | None:
    """Return the stamp of one of ours for a collection, given by their policy; None when they are not to be featured.

    Consent that was taken back is not given again, and one collection has one owner.
    """
    known = await collections.AUTHORIZATION_OF.first(db, person.id, collection_ap_id)
    if known is not None and known.owner_id != owner.id:
        return None
    if known is not None and await is_withdrawn(db, services.urls.feature_authorization(known.id)):
        return None
    if await may_feature(db, owner, person) is not Permission.AUTOMATIC:
        return None
    given = known or await collections.AUTHORIZE.one(db, person.id, owner.id, collection_ap_id)
    return services.urls.feature_authorization(given.id)


# --- Others feature us -----------------------------------------------------------------------------


async def answer_request(
    services: Services, owner: Person, request_id: str, person: Person, collection_ap_id: str
) -> str:
    """Accept or reject a remote person's wish to feature one of ours in a collection that was read and is theirs.

    Returns why it was refused; answered before, nothing happens.
    """
    async with services.database.transaction() as db:
        if not await people.hold(db, person.id):
            return "asks for somebody who is not here"
        if await was_answered(db, person, owner, request_id):
            return ""
        found = await collections.BY_AP_ID.first(db, collection_ap_id)
        stamp = None
        if found is not None and found.user_id == owner.id:
            stamp = await agreement_of(db, services, owner, person, collection_ap_id)
        if stamp is not None and found is not None:
            await collections.AGREE.one(db, found.id, person.id, person.ap_id, stamp)
            await notifications.notify_of_collection(db, [person.id], "added_to_collection", owner.id, found.id)
        request = {
            "type": REQUEST,
            "id": request_id,
            "actor": owner.ap_id,
            "object": person.ap_id,
            "instrument": collection_ap_id,
        }
        await answer(db, services, person, owner, request, stamp=stamp)
    services.wake()
    return "" if stamp is not None else "asked to feature, and was refused"


async def leave_collection(services: Services, person: Person, collection_id: UUID, item_id: UUID) -> None:
    """Take back one's own consent to standing in a collection, for good, and tell everyone who may show it."""
    async with acting(services, person) as db:
        found = (await collections.list_shown(db, person.id, [collection_id])).get(collection_id)
        item = await collections.ITEM.first(db, collection_id, item_id)
        if found is None or item is None or item.state not in ("pending", "accepted"):
            raise NotFound("This collection is gone, or you are not in it.")
        if item.person_id != person.id:
            raise Forbidden("This action is not allowed")
        await _leave(db, services, person, found, item)
    services.wake()


async def _leave(db: Connection, services: Services, person: Person, found: Collection, item: Item) -> None:
    """End the place of one of ours in a collection of anybody's."""
    owner = await people.find_person(db, found.user_id)
    authorization = await collections.AUTHORIZATION_OF.first(db, person.id, found.ap_id)
    await collections.SETTLE.run(db, item.id, "revoked", None)
    await notifications.withdraw_collection(db, person.id, found.id)
    if authorization is not None and owner is not None:
        stamp = services.render.feature_stamp(authorization, person.ap_id)
        inboxes = await relations.list_inboxes(db, [owner.id])
        if not owner.is_remote:
            inboxes = await relations.FOLLOWER_INBOXES.all(db, owner.id)
        await withdraw(db, services, person, stamp, inboxes=inboxes)
    if owner is not None and not owner.is_remote:
        await send_removal(db, services, owner, found, item)


async def part_from_collections(db: Connection, services: Services, blocker: Person, blocked: Person) -> None:
    """Take two people who block each other out of each other's collections, as far as they are of this server."""
    for owner, person in ((blocked, blocker), (blocker, blocked)):
        for item in await collections.BETWEEN.all(db, owner.id, person.id):
            found = await collections.find_collection(db, item.collection_id)
            if found is None or item.state not in ("pending", "accepted"):
                continue
            if not person.is_remote and person.id == blocker.id:
                await _leave(db, services, person, found, item)
                continue
            await collections.DELETE_ITEM.run(db, item.id)
            if not owner.is_remote:
                await send_removal(db, services, owner, found, item)


async def get_authorization(services: Services, authorization_id: UUID) -> dict[str, Any]:
    """Return the document of a consent that stands."""
    async with services.database.connection() as db:
        found = await collections.AUTHORIZATION.first(db, authorization_id)
        person = await people.find_person(db, found.person_id) if found is not None else None
        if found is None or person is None or person.is_remote or person.state != "active":
            raise NotFound("There is no such consent.")
        if await is_withdrawn(db, services.urls.feature_authorization(found.id)):
            raise NotFound("There is no such consent.")
    return stamp_document(services.render.feature_stamp(found, person.ap_id))


# --- We feature others -----------------------------------------------------------------------------


async def ask_for_consent(
    db: Connection, services: Services, owner: Person, found: Collection, item: Item, *, person: Person
) -> None:
    """Ask a remote person's server whether they may stand in a collection of ours."""
    request = await send(
        db, services, owner, REQUEST,
        lambda ap_id: services.render.collections.request(ap_id, owner.ap_id, person.ap_id, found.ap_id),
        ordering_key=found.ap_id,
        audience=Audience(inboxes=await relations.list_inboxes(db, [person.id])),
        target_id=person.id,
    )  # fmt: skip
    await collections.SET_REQUEST.run(db, item.id, request)


async def request_was_answered(
    services: Services, person: Person, request: str | None, about: tuple[str | None, str | None], stamp: str | None
) -> bool:
    """Take note of what a remote person answered; with a `stamp` they agreed. False: nobody here had asked.

    The request is known by its id, or by what it was about: (person, collection).
    """
    if stamp is not None and not same_origin(stamp, person.ap_id):
        return False
    async with services.database.transaction() as db:
        item = await _asked(db, person, request, about)
        found = await collections.find_collection(db, item.collection_id, lock=True) if item is not None else None
        if item is None or found is None or found.is_remote:
            return False
        item = await collections.ITEM.first(db, found.id, item.id)
        owner = await people.find_person(db, found.user_id)
        if item is None or owner is None or item.state == "revoked" or item.request_ap_id is None:
            return item is not None
        if stamp is not None and (item.state, item.stamp) != ("accepted", stamp):
            await collections.SETTLE.run(db, item.id, "accepted", stamp)
            await collections.TOUCH.run(db, found.id)
            await send_item(db, services, owner, found, item, stamp=stamp)
        elif stamp is None and item.state in ("pending", "accepted"):
            await collections.SETTLE.run(db, item.id, "rejected", None)
            if item.state == "accepted":
                await send_removal(db, services, owner, found, item)
    services.wake()
    return True


async def _asked(
    db: Connection, person: Person, request: str | None, about: tuple[str | None, str | None]
) -> Item | None:
    """Find the place that a remote person was asked to take; only their own."""
    item = await collections.ITEM_BY_REQUEST.first(db, request) if request is not None else None
    featured, collection_ap_id = about
    if item is None and featured == person.ap_id and collection_ap_id is not None:
        found = await collections.BY_AP_ID.first(db, collection_ap_id)
        item = await collections.ITEM_OF_PERSON.first(db, found.id, featured) if found is not None else None
    return item if item is not None and item.person_id == person.id else None


async def stamp_was_withdrawn(services: Services, person: Person, stamp: str) -> bool:
    """Take note that a remote person took their consent back; False when nothing here had it."""
    async with services.database.transaction() as db:
        items = await collections.ITEMS_BY_STAMP.all(db, stamp, person.id)
        for item in items:
            found = await collections.find_collection(db, item.collection_id, lock=True)
            owner = await people.find_person(db, found.user_id) if found is not None else None
            await collections.SETTLE.run(db, item.id, "revoked", None)
            if found is not None and owner is not None and not owner.is_remote:
                await collections.TOUCH.run(db, found.id)
                await send_removal(db, services, owner, found, item)
    if items:
        services.wake()
    return bool(items)
