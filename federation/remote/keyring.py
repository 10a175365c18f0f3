"""Our actors' private keys, parsed once; and the signer of our fetches."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from federation.errors import NotFound
from federation.protocol.keys import PrivateKey, load_private_key
from federation.protocol.signatures import sign_cavage
from storage import people

if TYPE_CHECKING:
    from storage.database import Database

_KEPT = 4096


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An RSA key of ours with the id that peers fetch its public half by."""

    key_id: str
    private_key: PrivateKey

    def signer(self, now: Callable[[], datetime]) -> FetchSigner:
        """Return a signer of GET requests with this key."""
        return FetchSigner(self, now)


@dataclass(frozen=True, slots=True)
class FetchSigner:
    """Signs each hop of a fetch anew (draft-cavage, which every server reads)."""

    key: SigningKey
    now: Callable[[], datetime]

    def sign(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> dict[str, str]:
        """Return the headers to add to a request without a body."""
        del headers, body
        return sign_cavage(method, url, key_id=self.key.key_id, private_key=self.key.private_key, now=self.now())


class Keyring:
    """Parsed signing keys by actor, the most recently used ones."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys: OrderedDict[UUID, SigningKey] = OrderedDict()

    async def signing_key(self, person_id: UUID) -> SigningKey:
        """Return a local actor's RSA key; raise `NotFound` when it has none."""
        if (known := self._keys.get(person_id)) is not None:
            self._keys.move_to_end(person_id)
            return known
        async with self._database.connection() as db:
            keys = await people.find_actor_keys(db, person_id)
            person = await people.find_person(db, person_id)
        if keys is None or person is None:
            raise NotFound("This actor has no keys.")
        key = SigningKey(f"{person.ap_id}#main-key", load_private_key(keys.rsa_private))
        self._keys[person_id] = key
        if len(self._keys) > _KEPT:
            self._keys.popitem(last=False)
        return key
