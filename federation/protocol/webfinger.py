"""WebFinger and host-meta (RFC 7033, RFC 6415): what we answer, and how we read the answers of others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape, unescape
from typing import Any
from urllib.parse import quote, urlencode

from federation.errors import Invalid
from federation.protocol.documents import AS, as_list, objects, text
from federation.protocol.handles import Handle, normalise_host
from federation.protocol.ids import Urls, acceptable, is_id
from federation.protocol.negotiation import ACTIVITY_JSON, LD_JSON, is_activity_type

RESOURCE_LIMIT = 2_048
HOST_META_LIMIT = 65_536

_PROFILE_PAGE = "http://webfinger.net/rel/profile-page"
_AVATAR = "http://webfinger.net/rel/avatar"
_SUBSCRIBE = "http://ostatus.org/schema/1.0/subscribe"
_SERVICE = AS + "#Service"
_INTENT = "https://w3id.org/fep/3b86/"
_LINK_TAG = re.compile(r"<(?:\w+:)?Link\b([^<>]*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b([\w:-]{1,64})\s*=\s*(?:"([^"]*)"|'([^']*)')""")


@dataclass(frozen=True, slots=True)
class ResourceUrl:
    """A resource that is asked for by URL: an actor id, a profile page, or the server itself."""

    url: str


@dataclass(frozen=True, slots=True)
class Jrd:
    """What of an answer matters: whose it is, and the actor ids it names."""

    subject: str | None
    subject_handle: Handle | None
    actor_urls: tuple[str, ...]
    aliases: tuple[str, ...]
    subscribe_template: str | None


def parse_resource(resource: str) -> Handle | ResourceUrl:
    """Read the `resource` of a request, percent-decoded already; raise `Invalid` for what cannot be one.

    The handle always has a host; the instance actor's has that host as its username too.
    """
    plain = resource.strip()
    if plain[:6].lower().startswith(("http:", "https:")):
        if not is_id(plain):
            raise Invalid("The resource is not an acceptable URL.")
        return ResourceUrl(plain)
    handle = _handle(plain)
    if handle is None:
        raise Invalid("The resource is neither acct:user@host nor a URL.")
    return handle


def _handle(written: str) -> Handle | None:
    if len(written) > RESOURCE_LIMIT:
        return None
    handle = Handle.parse(written)
    if handle is not None:
        return handle if handle.host is not None else None
    # A host with a port is no username but the instance actor's.
    username, _, host = written.removeprefix("acct:").partition("@")
    domain = normalise_host(host)
    return Handle(domain, domain) if domain is not None and username == host else None


def account_jrd(
    urls: Urls, *, username: str, account_domain: str, avatar: tuple[str, str] | None = None
) -> dict[str, Any]:
    """Return the answer for a person of ours; `avatar` is its URL and media type."""
    links: list[dict[str, str]] = [
        {"rel": _PROFILE_PAGE, "type": "text/html", "href": urls.profile(username)},
        {"rel": "self", "type": ACTIVITY_JSON, "href": urls.actor(username)},
        {"rel": "self", "type": LD_JSON, "href": urls.actor(username)},
        {"rel": _SUBSCRIBE, "template": f"{urls.origin}/authorize_interaction?uri={{uri}}"},
        {"rel": _INTENT + "Object", "template": f"{urls.origin}/authorize_interaction?uri={{object}}"},
        {"rel": _INTENT + "Create", "template": f"{urls.origin}/share?text={{content}}"},
    ]
    if avatar is not None:
        links.append({"rel": _AVATAR, "type": avatar[1], "href": avatar[0]})
    return {
        "subject": f"acct:{username}@{account_domain}",
        "aliases": [urls.profile(username), urls.actor(username)],
        "links": links,
    }


def instance_actor_jrd(urls: Urls, *, account_domain: str) -> dict[str, Any]:
    """Return the answer for the instance actor, whose name is the account domain."""
    return {
        "subject": f"acct:{account_domain}@{account_domain}",
        "aliases": [urls.instance_actor],
        "links": [{"rel": "self", "type": ACTIVITY_JSON, "href": urls.instance_actor}],
    }


def server_jrd(urls: Urls) -> dict[str, Any]:
    """Return the answer for the server's own URL (FEP-d556)."""
    return {
        "subject": f"{urls.origin}/",
        "links": [{"rel": _SERVICE, "type": ACTIVITY_JSON, "href": urls.instance_actor}],
    }


def parse_jrd(document: dict[str, Any]) -> Jrd:
    """Read an answer to a WebFinger request, of a person or of a server; unknown links are ignored."""
    subject = text(document.get("subject"), RESOURCE_LIMIT)
    actor_urls: list[str] = []
    subscribe = None
    for link in objects(document.get("links"), 256):
        href = acceptable(text(link.get("href"), RESOURCE_LIMIT + 1))
        kind = text(link.get("type"), 256) or ""
        if link.get("rel") in ("self", _SERVICE) and href and is_activity_type(kind):
            actor_urls.append(href)
        elif link.get("rel") == _SUBSCRIBE and subscribe is None:
            template = text(link.get("template"), RESOURCE_LIMIT) or ""
            subscribe = template if "{uri}" in template and is_id(template) else None
    return Jrd(
        subject=subject,
        subject_handle=_handle(subject) if subject else None,
        actor_urls=tuple(dict.fromkeys(actor_urls)),
        aliases=tuple(item for item in as_list(document.get("aliases"))[:64] if isinstance(item, str)),
        subscribe_template=subscribe,
    )


def query_url(origin: str, resource: str) -> str:
    """Return the WebFinger URL at an origin that asks for a resource."""
    return f"{origin}/.well-known/webfinger?{urlencode({'resource': resource})}"


def host_meta_xml(urls: Urls) -> str:
    """Return our host-meta."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">\n'
        f'  <Link rel="lrdd" template="{escape(_lrdd(urls))}"/>\n'
        "</XRD>\n"
    )


def host_meta_json(urls: Urls) -> dict[str, Any]:
    """Return our host-meta as JRD."""
    return {"links": [{"rel": "lrdd", "template": _lrdd(urls)}]}


def lrdd_template(host_meta: str) -> str | None:
    """Return the WebFinger template in a host-meta document, None if there is none that is acceptable.

    Read by pattern, not by an XML parser: nothing in it can then refer to entities or other documents.
    """
    for tag in _LINK_TAG.finditer(host_meta[:HOST_META_LIMIT]):
        found = {name.lower(): unescape(a or b) for name, a, b in _ATTRIBUTE.findall(tag[1])}
        template = found.get("template", "")
        if found.get("rel") == "lrdd" and "{uri}" in template and is_id(template):
            return template
    return None


def fill_template(template: str, resource: str) -> str:
    """Return the URL that a `{uri}` template makes of a resource."""
    return template.replace("{uri}", quote(resource, safe=""))


def _lrdd(urls: Urls) -> str:
    return f"{urls.origin}/.well-known/webfinger?resource={{uri}}"
