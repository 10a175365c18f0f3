"""Remote objects, read from their own servers."""

from __future__ import annotations

from typing import Any

from federation.errors import Gone, Invalid, NotFound, Rejected
from federation.protocol.objects import RemoteThought, Tombstone, parse_object
from federation.remote.actors import find_or_fetch_actor
from federation.remote.documents import fetch_document
from federation.remote.network import Signer
from federation.remote.reader import Reader
from storage.people import Person


async def fetch_thought(reader: Reader, url: str, *, signer: Signer | None = None) -> tuple[RemoteThought, Person]:
    """Read a thought from its own server, and find or fetch its author.

    `signer` is somebody who may see it, for thoughts that are not public; else the instance actor asks.
    Raises `Gone` for deleted ones, `NotFound` for hidden ones and for addresses of ours, or a `RemoteError`.
    """
    if reader.urls.is_ours(url):
        raise NotFound("There is no such thought here.")
    document = await fetch_document(reader.network, url, signer or reader.signer)
    thought = read_thought(document)
    return thought, await find_or_fetch_actor(reader, thought.attributed_to)


def read_thought(document: dict[str, Any]) -> RemoteThought:
    """Return the thought in a document that comes from its own id; raise `Gone` or `Rejected`."""
    try:
        found = parse_object(document)
    except Invalid as exc:
        raise Rejected(f"The document cannot be shown as a thought: {exc.message}") from exc
    if isinstance(found, Tombstone):
        raise Gone("This thought was deleted.")
    return found
