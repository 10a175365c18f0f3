"""Accepting what is delivered: verify, dedupe, store, answer 202; nothing accepted is lost."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING
from urllib.parse import urldefrag
from uuid import UUID

from federation.errors import Forbidden, Gone, NotFound
from federation.inbound.authenticate import KeyGone, authenticate
from federation.protocol.activities import Activity, Create, Delete, Update, authority_problem, parse_activity
from federation.protocol.documents import parse_document
from federation.protocol.ids import same_origin
from federation.remote.actors import forget_gone_actor
from storage import fetches, inbox, instances, people
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
        try:
            key = await authenticate(services, request)
        except KeyGone as gone:
            if await self._is_farewell(activity, gone.key_id):
                return
            raise
        if (problem := authority_problem(activity, key.owner_ap_id)) is not None:
            if activity.actor != key.owner_ap_id and await self._take_hint(activity, document):
                return
            raise Forbidden(problem)
        async with services.database.connection() as db:
            stored = await inbox.accept(
                db,
                NewIncoming(
                    key=dedupe_key(key.owner_ap_id, activity.id, request.body),
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
            person = await people.find_by_handle(db, owner, None)
        if person is None:
            raise NotFound("There is no such inbox here.")
        if person.state == "deleted":
            raise Gone("This account was deleted.")
        return person.id

    async def _is_farewell(self, activity: Activity, key_id: str) -> bool:
        """Tell whether this is the Delete of an actor whose key is gone with it: its server's 410 proves it."""
        if not isinstance(activity, Delete) or activity.object.id != activity.actor:
            return False
        if urldefrag(key_id).url != activity.actor and not same_origin(key_id, activity.actor):
            return False
        await forget_gone_actor(self._services.reader, activity.actor)
        return True

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
                wanted = [reference.id] if reference.id else []
            case _:
                return False
        wanted = [one for one in wanted if same_origin(one, activity.actor) and not self._services.urls.is_ours(one)]
        if wanted:
            async with self._services.database.transaction() as db:
                await fetches.request(db, "thought", wanted, depth=1)
            self._services.wake()
        return True

    async def _mark_seen(self, key: VerificationKey, db: Connection) -> None:
        """Note that a host is alive, every few seconds: what waits for it may go."""
        now = time.monotonic()
        if now - self._seen_at.get(key.host, -_SEEN_EVERY_S) >= _SEEN_EVERY_S:
            self._seen_at[key.host] = now
            await instances.mark_seen(db, key.host)


def dedupe_key(signer_ap_id: str, activity_id: str | None, body: bytes) -> bytes:
    """Return what an activity counts once by: its id, said by its signer; without an id, its bytes."""
    what = activity_id.encode() if activity_id is not None else hashlib.sha256(body).digest()
    return hashlib.sha256(signer_ap_id.encode() + b"\0" + what).digest()
