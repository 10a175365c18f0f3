"""Our actors' private keys, parsed once; and the signer of our fetches."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from federation.errors import NotFound, Permanent
from federation.protocol.keys import PrivateKey, load_private_key
from federation.protocol.signatures import Scheme, sign_cavage, sign_rfc9421
from federation.remote.network import Fetched, NetworkClient, Signer
from federation.remote.recent import Recent
from federation.remote.targets import authority
from storage import people

if TYPE_CHECKING:
    from storage.database import Database

_KEPT = 4096
_SCHEME_KEPT = timedelta(days=7)
_KNOCK_AGAIN = frozenset({400, 401, 403})


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An RSA key of ours with the id that peers fetch its public half by."""

    key_id: str
    private_key: PrivateKey

    def signer(self, now: Callable[[], datetime]) -> FetchSigner:
        """Return a signer of GET requests with this key."""
        return FetchSigner(self, now, Recent(_SCHEME_KEPT, now=now))


@dataclass(frozen=True, slots=True)
class FetchSigner:
    """Signs each hop of a fetch anew: with the scheme that the host took last, else draft-cavage.

    `forced` is set while the other scheme is tried (double-knocking, federation facts §4.4).
    """

    key: SigningKey
    now: Callable[[], datetime]
    schemes: Recent[Scheme]
    forced: Scheme | None = None

    def sign(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> dict[str, str]:
        """Return the headers to add to a request without a body."""
        del headers, body
        sign = sign_rfc9421 if self._scheme(url) is Scheme.RFC9421 else sign_cavage
        return sign(method, url, key_id=self.key.key_id, private_key=self.key.private_key, now=self.now())

    def knocking_again(self, url: str) -> FetchSigner:
        """Return a signer with the scheme that was not tried at `url`."""
        other = Scheme.CAVAGE if self._scheme(url) is Scheme.RFC9421 else Scheme.RFC9421
        return replace(self, forced=other)

    def remember(self, url: str) -> None:
        """Remember that the host of `url` took the forced scheme."""
        if self.forced is not None:
            self.schemes.put(authority(url), self.forced)

    def _scheme(self, url: str) -> Scheme:
        return self.forced or self.schemes.get(authority(url)) or Scheme.CAVAGE


async def fetch_signed(
    network: NetworkClient, url: str, signer: Signer | None, *, accept: str, allowed_types: Callable[[str], bool]
) -> Fetched:
    """GET a document, and on 400, 401 or 403 once more with the other signature scheme; the host is remembered."""
    try:
        return await network.fetch(url, accept=accept, allowed_types=allowed_types, sign=signer)
    except Permanent as exc:
        if not isinstance(signer, FetchSigner) or exc.status not in _KNOCK_AGAIN:
            raise
    again = signer.knocking_again(url)
    fetched = await network.fetch(url, accept=accept, allowed_types=allowed_types, sign=again)
    again.remember(url)
    return fetched


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
