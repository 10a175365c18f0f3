"""Fetching ActivityPub documents: what is read is what its own server says at its own address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urldefrag

from federation.errors import Invalid, Rejected
from federation.protocol.documents import one_id, parse_document
from federation.protocol.ids import same_origin
from federation.protocol.negotiation import ACTIVITY_JSON, LD_JSON, is_activity_type
from federation.remote.keyring import fetch_signed
from federation.remote.network import MAX_BYTES, Fetched, NetworkClient, Signer
from federation.remote.targets import authority

ACCEPT = f"{LD_JSON}, {ACTIVITY_JSON}"


@dataclass(frozen=True, slots=True)
class Document:
    """A document with where it came from, after redirects."""

    url: str
    json: dict[str, Any]

    @property
    def id(self) -> str | None:
        """The id it gives itself: nothing to rely on before it is compared with `url`."""
        return one_id(self.json.get("id"))


async def fetch_document(network: NetworkClient, url: str, signer: Signer | None) -> dict[str, Any]:
    """Return the document whose id is `url`, or whose id `url` leads to on the same server (facts §11.1).

    A document that gives itself another id is not believed but fetched again, once, from that id. Raises
    `Rejected` for forgeries and malformed documents, else what `NetworkClient.fetch` raises.
    """
    found = await read_document(network, url, signer)
    if found.id == url:
        return found.json
    if found.id is None or not same_origin(found.id, url):
        raise Rejected(f"{authority(url)} sent a document that belongs elsewhere.")
    return await fetch_exactly(network, found.id, signer)


async def fetch_exactly(network: NetworkClient, url: str, signer: Signer | None) -> dict[str, Any]:
    """Return the document whose id is `url`; raise `Rejected` when it gives itself any other id."""
    found = await read_document(network, url, signer)
    if found.id != url:
        raise Rejected(f"{authority(url)} sent another document than the one asked for.")
    return found.json


async def read_document(
    network: NetworkClient, url: str, signer: Signer | None, *, require_context: bool = True
) -> Document:
    """Return the document that lies at `url`, whatever its id; redirects within its server are followed.

    For keys and pages of collections. Only `require_context=False` takes bare key documents.
    """
    fetched = await fetch_signed(network, url, signer, accept=ACCEPT, allowed_types=is_activity_type)
    if not same_origin(fetched.url, url):
        raise Rejected(f"{authority(url)} hands out documents of another server.")
    return Document(urldefrag(fetched.url).url, parse_fetched(fetched, require_context=require_context))


def parse_fetched(fetched: Fetched, *, require_context: bool = True) -> dict[str, Any]:
    """Return the JSON of an answer, within our limits of size and depth; raise `Rejected`."""
    try:
        return parse_document(fetched.body, limit=MAX_BYTES, require_context=require_context)
    except Invalid as exc:
        raise malformed(fetched.url, exc) from exc


def malformed(url: str, problem: Invalid) -> Rejected:
    """Return the error for a document that its server should not have sent."""
    return Rejected(f"{authority(url)} sent a document that cannot be used: {problem.message}")
