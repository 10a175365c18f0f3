"""From what people type or paste, a handle or an address, to whom or what it means."""

from __future__ import annotations

import re
from urllib.parse import urldefrag, urljoin

from federation.errors import Invalid, NotFound, Rejected
from federation.protocol.activities import ACTOR_TYPES
from federation.protocol.documents import type_of, types
from federation.protocol.featured import COLLECTION, RemoteCollection, parse_featured_collection
from federation.protocol.handles import Handle
from federation.protocol.ids import is_id
from federation.protocol.negotiation import is_activity_type
from federation.protocol.objects import RemoteThought
from federation.remote.actors import ACTOR_FRESH_FOR, find_or_fetch_actor, store_actor
from federation.remote.content_types import one_of
from federation.remote.documents import ACCEPT, Document, fetch_exactly, malformed, parse_fetched
from federation.remote.keyring import fetch_signed
from federation.remote.network import Fetched
from federation.remote.objects import read_thought
from federation.remote.pages import linked_with
from federation.remote.reader import Reader
from federation.remote.targets import authority
from federation.remote.webfinger import is_own_domain, look_up
from storage import people, remote_actors
from storage.people import Person

_is_html = one_of("text/html", "application/xhtml+xml")
# RFC 8288 §3: <target>; parameter=value; …, and again. Commas and semicolons in quotes separate nothing.
_LINK = re.compile(r'<([^<>]{1,2048})>((?:\s*;\s*[\w*!#$%&+.^`|~-]{1,64}\s*=\s*(?:"[^"]{0,512}"|[^\s",;]{1,512}))*)')
_PARAMETER = re.compile(r';\s*([\w-]+)\*?\s*=\s*(?:"([^"]*)"|([^\s",;]+))')
_LONGEST_HEADER = 16_384


async def resolve_handle(reader: Reader, handle: Handle) -> Person:
    """Return the person with this handle: as stored when read lately, else through WebFinger.

    The person may turn out to have another handle than the one asked for: the one that verifies.
    Raises `NotFound`, `Gone`, or a `RemoteError`.
    """
    if handle.host is None or is_own_domain(reader, handle.host):
        async with reader.database.connection() as db:
            person = await people.find_by_handle(db, handle.username, None)
        if person is None:
            raise NotFound(f"There is nobody here called {handle.username}.")
        return person
    async with reader.database.connection() as db:
        person = await people.find_by_handle(db, handle.username, handle.host)
        actor = await remote_actors.find_remote_actor(db, person.id) if person else None
    if person and actor and actor.gone_at is None and actor.fetched_at > reader.now() - ACTOR_FRESH_FOR:
        return person
    try:
        jrd = await look_up(reader, handle, near=person.ap_id if person else None)
    except NotFound as exc:
        raise NotFound(f"{handle.host} knows nobody called {handle.username}.") from exc
    if not jrd.actor_urls:
        raise NotFound(f"{handle} has no ActivityPub profile.")
    return await find_or_fetch_actor(reader, jrd.actor_urls[0])


async def resolve_url(reader: Reader, url: str) -> Person | RemoteThought | RemoteCollection:
    """Return whom or what an address of another server means: a document itself, or a page that points to one.

    One hop from a page or from an address that is not the id; the document is then read at its own id. Raises
    `NotFound` when nothing is behind it, `Gone`, or a `RemoteError`.
    """
    if reader.urls.is_ours(url):
        raise NotFound("This address is one of ours.")
    fetched = await fetch_signed(
        reader.network, url, reader.signer, accept=f"{ACCEPT}, text/html;q=0.1", allowed_types=_is_document_or_page
    )
    if is_activity_type(fetched.headers.get("content-type", "")):
        document = Document(urldefrag(fetched.url).url, parse_fetched(fetched))
        wanted = document.id
    else:
        document, wanted = None, _linked(fetched)
    if wanted is None or not is_id(wanted):
        raise NotFound(f"{authority(url)} has no ActivityPub document at this address.")
    if reader.urls.is_ours(wanted):
        raise NotFound("This address leads back to this server.")
    if document is not None and wanted == document.url:
        json = document.json
    else:
        json = await fetch_exactly(reader.network, wanted, reader.signer)
    if ACTOR_TYPES.intersection(types(json)):
        return await store_actor(reader, json)
    if type_of(json, (COLLECTION,)) == COLLECTION:
        try:
            return parse_featured_collection(json)
        except Invalid as exc:
            raise malformed(wanted, exc) from exc
    return read_thought(json)


def _is_document_or_page(content_type: str) -> bool:
    return is_activity_type(content_type) or _is_html(content_type)


def _linked(page: Fetched) -> str | None:
    """Return the document that a page calls its alternate: in the Link header, else in its head."""
    for target, parameters in _LINK.findall(page.headers.get("link", "")[:_LONGEST_HEADER]):
        named = {name.lower(): quoted or token for name, quoted, token in _PARAMETER.findall(parameters)}
        if "alternate" in named.get("rel", "").lower().split() and is_activity_type(named.get("type", "")):
            return _absolute(page.url, target)
    for link in linked_with(page, rel="alternate"):
        if is_activity_type(link.attributes.get("type") or ""):
            return _absolute(page.url, link.attributes.get("href") or "")
    return None


def _absolute(base: str, target: str) -> str:
    try:
        return urldefrag(urljoin(base, target.strip())).url
    except ValueError as exc:
        raise Rejected(f"{authority(base)} points to something that is not a URL.") from exc
