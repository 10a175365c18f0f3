"""Accepting what is delivered: verify, dedupe, store, answer 202; nothing accepted is lost."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING
from urllib.parse import urldefrag
from uuid import UUID

from federation.errors import Forbidden, Gone, NotFound, RemoteError, Temporary
from federation.inbound.authenticate import KeyGone, authenticate
from federation.protocol.activities import (
    WITHDRAWALS,
    Activity,
    Create,
    Delete,
    Update,
    authority_problem,
    parse_activity,
)
from federation.protocol.documents import parse_document
from federation.protocol.handles import is_local_username
from federation.protocol.ids import same_origin
from federation.remote.actors import refresh_actor
from federation.remote.targets import authority
from storage import fetches, inbox, instances, people, thoughts
from storage.inbox import NewIncoming

if TYPE_CHECKING:
    from typing import Any

    from federation.protocol.signatures import SignedRequest
    from federation.remote.reader import VerificationKey
    from federation.services import Services
    from storage.database import Connection

MAX_ACTIVITY_BYTES = 1024 * 1024
_SEEN_EVERY_S = 10.0


class Inbox:
    """The shared inbox and the personal ones of one process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._seen_at: dict[str, float] = {}

    async def receive(self, request: SignedRequest, *, owner: str | None = None) -> None:
        """Take an activity in; returning means 202: it is stored, was before, or is nothing that concerns us.

        `owner` is the username of a personal inbox. Raises `Invalid` (400), `Unauthenticated` (401),
        `Forbidden` (403), `NotFound` or `Gone` for the inbox, `Temporary` (503) when the key's server is away.
        """
        services = self._services
        addressee = await self._addressee(owner) if owner is not None else None
        document = parse_document(request.body, limit=MAX_ACTIVITY_BYTES)
        activity = parse_activity(document)
        if await self._is_about_a_stranger(activity):
            return
        try:
            signer = await authenticate(services, request, suspended_too=isinstance(activity, WITHDRAWALS))
        except KeyGone as gone:
            if not await self._take_farewell(activity, gone.key_id, request.body):
                raise
            return
        key = signer.key
        if (problem := authority_problem(activity, key.owner_ap_id)) is not None:
            if activity.actor != key.owner_ap_id and await self._take_hint(activity, document):
                return
            raise Forbidden(problem)
        async with services.database.connection() as db:
            stored = await inbox.accept(
                db,
                NewIncoming(
                    key=dedupe_key(key.owner_ap_id, activity.id, signer.replay_id),
                    signer_id=key.owner_id,
                    host=key.host,
                    addressee_id=addressee,
                    type=activity.type[:64],
                    body=request.body,
                ),
            )
            await self._mark_seen(key, db)
        if stored is not None:
            services.wake()

    async def _addressee(self, owner: str) -> UUID:
        async with self._services.database.connection() as db:
            person = await people.find_by_handle(db, owner, None) if is_local_username(owner) else None
        if person is None or person.state == "pending":
            raise NotFound("There is no such inbox here.")
        if person.state == "deleted":
            raise Gone("This account was deleted.")
        return person.id

    async def _is_about_a_stranger(self, activity: Activity) -> bool:
        """Tell whether somebody unknown here updates or deletes themselves: their servers tell everybody."""
        if not isinstance(activity, Update | Delete) or activity.object.id != activity.actor:
            return False
        async with self._services.database.connection() as db:
            return await people.find_by_ap_id(db, activity.actor) is None

    async def _take_farewell(self, activity: Activity, key_id: str, body: bytes) -> bool:
        """Take the Delete of an actor whose key is gone with it, when the actor's own address says so (410).

        The address of another key of that server proves nothing: somebody else may have left it behind.
        """
        if not isinstance(activity, Delete) or activity.object.id != activity.actor:
            return False
        if urldefrag(key_id).url != activity.actor and not await self._has_left(activity.actor, key_id):
            return False
        async with self._services.database.connection() as db:
            person = await people.find_by_ap_id(db, activity.actor)
            if person is None:
                return True
            await inbox.accept(
                db,
                NewIncoming(
                    key=dedupe_key(person.ap_id, activity.id, body),
                    signer_id=person.id,
                    host=authority(person.ap_id),
                    addressee_id=None,
                    type=activity.type,
                    body=body,
                ),
            )
        self._services.wake()
        return True

    async def _has_left(self, actor: str, key_id: str) -> bool:
        if not same_origin(key_id, actor):
            return False
        try:
            await refresh_actor(self._services.reader, actor)
        except Gone:
            return True
        except Temporary:
            raise
        except (NotFound, RemoteError):
            return False
        return False

    async def _take_hint(self, activity: Activity, document: dict[str, Any]) -> bool:
        """Take a forwarded activity (AP §7.1.2) as a hint to read its object from its origin.

        Only what carries its author's document signature: others have no business to send it.
        """
        if "signature" not in document and "proof" not in document:
            return False
        match activity:
            case Create(objects=references):
                wanted = [reference.id for reference in references[:1] if reference.id]
            case Update(object=reference) | Delete(object=reference):
                wanted = [reference.id] if reference.id and await self._is_known(reference.id) else []
            case _:
                return False
        wanted = [one for one in wanted if same_origin(one, activity.actor) and not self._services.urls.is_ours(one)]
        if wanted:
            async with self._services.database.transaction() as db:
                await fetches.request(db, "thought", wanted, depth=1)
            self._services.wake()
        return True

    async def _is_known(self, ap_id: str) -> bool:
        async with self._services.database.connection() as db:
            return await thoughts.find_by_ap_id(db, ap_id) is not None

    async def _mark_seen(self, key: VerificationKey, db: Connection) -> None:
        """Note that a host is alive, every few seconds: what waits for it may go."""
        now = time.monotonic()
        if now - self._seen_at.get(key.host, -_SEEN_EVERY_S) >= _SEEN_EVERY_S:
            self._seen_at[key.host] = now
            await instances.mark_seen(db, key.host)


def dedupe_key(signer_ap_id: str, activity_id: str | None, otherwise: bytes) -> bytes:
    """Return what an activity counts once by: its id, said by its signer.

    `otherwise` names what came without an id: its signature, since the same pin may be added, removed and added.
    """
    what = activity_id.encode() if activity_id is not None else otherwise
    return hashlib.sha256(signer_ap_id.encode() + b"\0" + what).digest()
