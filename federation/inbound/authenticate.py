"""Who sent a request: the signature, its key, and the owner of the key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from federation.errors import Forbidden, Gone, Invalid, Rejected, Unauthenticated
from federation.protocol.signatures import Parsed, Refused, check, parse
from federation.protocol.signatures.verification import Reason
from federation.remote.keys import find_key
from federation.remote.targets import authority
from storage import remote_actors

if TYPE_CHECKING:
    from federation.protocol.signatures import SignedRequest
    from federation.remote.reader import VerificationKey
    from federation.services import Services


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The key that signed a request, with its owner; `replay_id` names this one signature, however it is written."""

    key: VerificationKey
    replay_id: bytes


class KeyGone(Unauthenticated):
    """The key's own server says that it was deleted, with its owner (410)."""

    def __init__(self, message: str, key_id: str) -> None:
        super().__init__(message)
        self.key_id = key_id


async def authenticate(services: Services, request: SignedRequest, *, suspended_too: bool = False) -> Authenticated:
    """Return who signed a request.

    Raises `Unauthenticated` (or `KeyGone`) without a good signature, `Forbidden` for blocked domains and, unless
    `suspended_too`, for suspended people, `Temporary` when the key's server cannot be asked now. A blocked domain
    is never asked.
    """
    parsed = parse(request, services.now(), {services.settings.host})
    if isinstance(parsed, Refused):
        raise Unauthenticated(parsed.detail)
    owner_state = await _check_standing(services, parsed.key_id)
    key = await _find(services, parsed, refetch=False)
    verdict = check(parsed, key.key)
    if isinstance(verdict, Refused) and verdict.reason is Reason.BAD_SIGNATURE:
        key = await _find(services, parsed, refetch=True)
        verdict = check(parsed, key.key)
    if isinstance(verdict, Refused):
        raise Unauthenticated(verdict.detail)
    if (owner_state or key.owner_state) == "suspended" and not suspended_too:
        raise Forbidden("This actor is suspended here.")
    return Authenticated(key, verdict.replay_id)


async def _find(services: Services, parsed: Parsed, *, refetch: bool) -> VerificationKey:
    try:
        return await find_key(services.reader, parsed.key_id, refetch=refetch)
    except Gone as exc:
        raise KeyGone(exc.message, parsed.key_id) from exc


async def _check_standing(services: Services, key_id: str) -> str | None:
    """Refuse keys of ours and of refused domains; return the state of the owner of a stored key.

    Asked of the database each time, so that what an admin does holds at once in every process; a key that
    another process forgot is forgotten here too.
    """
    try:
        host = authority(key_id)
    except (Invalid, Rejected) as exc:
        raise Unauthenticated("The id of the key is not a usable URL.") from exc
    if services.urls.is_ours(key_id):
        raise Unauthenticated("The key is one of ours, but we did not send this.")
    async with services.database.connection() as db:
        standing = await remote_actors.find_key_standing(db, key_id, host)
    if standing.refused:
        raise Forbidden("This server does not talk to yours.")
    if standing.owner_state is None:
        services.reader.memory.keys.drop(key_id)
    return standing.owner_state
