"""Asking WebFinger, and believing a handle only when it and the actor name each other (facts §2.1)."""

from __future__ import annotations

from federation.errors import Gone, NotFound, Permanent, Rejected, Temporary
from federation.protocol.actors import RemoteActor
from federation.protocol.handles import Handle, normalise_host
from federation.protocol.ids import same_origin
from federation.protocol.webfinger import Jrd, fill_template, lrdd_template, parse_jrd, query_url
from federation.remote.content_types import is_jrd, is_xrd
from federation.remote.documents import parse_fetched
from federation.remote.failures import Blocked
from federation.remote.reader import Reader
from federation.remote.targets import authority

_JRD = "application/jrd+json, application/json"
_XRD = "application/xrd+xml, application/xml"
# The index over handles takes no longer names; nobody's is a tenth of it.
_LONGEST_NAME_BYTES = 2048


async def look_up(reader: Reader, handle: Handle, *, near: str | None = None) -> Jrd:
    """Ask a handle's host about it, unsigned; on 404 ask where its host-meta points.

    `near` is a URL whose scheme is tried alone if it lies on that host. Otherwise https goes first, and plain
    http only where the guard allows it. Raises `NotFound`, `Gone`, or a `RemoteError`.
    """
    if handle.host is None or is_own_domain(reader, handle.host):
        raise Rejected("People of this server are not looked up over the network.")
    origin = f"https://{handle.host}"
    plain = f"http://{handle.host}"
    if near is not None and same_origin(near, plain):
        return await _look_up_at(reader, plain, handle)
    try:
        return await _look_up_at(reader, origin, handle)
    except Temporary as exc:
        if near is not None and same_origin(near, origin):
            raise
        try:
            return await _look_up_at(reader, plain, handle)
        except Blocked:
            raise exc from None


async def verified_handle(reader: Reader, actor: RemoteActor) -> Handle:
    """Return the handle that names this actor and that WebFinger says is its own.

    The actor's `webfinger` property is tried first, then `preferredUsername` at the host of its id, as in
    Mastodon. Raises `Rejected` when neither holds, `Temporary` when that could not be found out.
    """
    candidates = [Handle.parse(actor.webfinger)] if actor.webfinger else []
    host = normalise_host(authority(actor.id))
    candidates.append(Handle(actor.username, host))
    problem: Exception | None = None
    for candidate in dict.fromkeys(candidates):
        if candidate is None or candidate.host is None:
            continue
        try:
            return await _confirmed(reader, candidate, actor)
        except (NotFound, Gone, Permanent, Rejected) as exc:
            problem = exc
    raise Rejected(f"WebFinger does not confirm who {actor.id} is.") from problem


def is_own_domain(reader: Reader, host: str) -> bool:
    """Tell whether handles at this host are ours."""
    return host in (reader.account_domain, normalise_host(authority(reader.urls.origin)))


async def _confirmed(reader: Reader, handle: Handle, actor: RemoteActor) -> Handle:
    """Follow a handle to the one it says it is, at most one step, and check that this one names the actor."""
    jrd = await look_up(reader, handle, near=actor.id)
    named = jrd.subject_handle
    if named is None:
        raise Rejected(f"WebFinger does not say whose {handle.acct} is.")
    if named != handle:
        jrd = await look_up(reader, named, near=actor.id)
        if jrd.subject_handle != named:
            raise Rejected(f"WebFinger sends {handle.acct} around in circles.")
    if actor.id not in jrd.actor_urls:
        raise Rejected(f"{named.acct} does not lead to {actor.id}.")
    if len(named.username.encode()) > _LONGEST_NAME_BYTES:
        raise Rejected("The username is too long.")
    return named


async def _look_up_at(reader: Reader, origin: str, handle: Handle) -> Jrd:
    resource = f"acct:{handle.acct}"
    try:
        return await _ask(reader, query_url(origin, resource))
    except NotFound:
        template = await _template(reader, origin)
        if template is None:
            raise
    return await _ask(reader, fill_template(template, resource))


async def _template(reader: Reader, origin: str) -> str | None:
    """Return where host-meta says that WebFinger lies, None when it says nothing new."""
    try:
        meta = await reader.network.fetch(f"{origin}/.well-known/host-meta", accept=_XRD, allowed_types=is_xrd)
    except (NotFound, Gone, Permanent, Rejected):
        return None
    template = lrdd_template(meta.body.decode(errors="replace"))
    return None if template and template.startswith(f"{origin}/.well-known/webfinger?") else template


async def _ask(reader: Reader, url: str) -> Jrd:
    fetched = await reader.network.fetch(url, accept=_JRD, allowed_types=is_jrd)
    return parse_jrd(parse_fetched(fetched, require_context=False))
