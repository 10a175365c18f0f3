"""Reading strangers' web pages for preview cards: a bounded part of the page, and its oEmbed answer if it names one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from email.message import Message
from typing import TYPE_CHECKING

import structlog
import webencodings

from federation.errors import ThoughtsError
from federation.protocol.oembed import OEmbed, parse_oembed
from federation.protocol.page_facts import PageFacts, read_page
from federation.remote.content_types import one_of

if TYPE_CHECKING:
    from federation.remote.network import Fetched, NetworkClient

log = structlog.get_logger(__name__)

MAX_PAGE_BYTES = 1024 * 1024
MAX_OEMBED_BYTES = 128 * 1024
PAGE_TIMEOUT_S = 10.0
OEMBED_TIMEOUT_S = 5.0
# Shorteners, then the site's own hops.
_MOST_REDIRECTS = 5
# As far as browsers look for what a page says of its encoding, and some more.
_HEAD_BYTES = 4096

_is_page = one_of("text/html", "application/xhtml+xml")
_is_json = one_of(
    "application/json", "application/json+oembed", "text/json", "text/javascript", "application/javascript"
)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a page says; `url` is where it came from in the end."""

    url: str
    facts: PageFacts
    oembed: OEmbed | None


async def read_preview(network: NetworkClient, url: str) -> Preview:
    """Read what a page says of itself. Raises as `NetworkClient.fetch` does, and `Rejected` for a hostile page."""
    page = await network.fetch(
        url,
        accept="text/html, application/xhtml+xml;q=0.9",
        allowed_types=_is_page,
        max_bytes=MAX_PAGE_BYTES,
        timeout_s=PAGE_TIMEOUT_S,
        max_redirects=_MOST_REDIRECTS,
        cut=True,
    )
    facts = await asyncio.to_thread(lambda: read_page(_decoded(page), url=page.url))
    return Preview(page.url, facts, await _read_oembed(network, facts.oembed_url))


async def _read_oembed(network: NetworkClient, url: str | None) -> OEmbed | None:
    """Read an oEmbed answer; a page says enough without one."""
    if url is None:
        return None
    try:
        answer = await network.fetch(
            url,
            accept="application/json, application/json+oembed",
            allowed_types=_is_json,
            max_bytes=MAX_OEMBED_BYTES,
            timeout_s=OEMBED_TIMEOUT_S,
        )
        return await asyncio.to_thread(parse_oembed, answer.body, url=answer.url)
    except ThoughtsError as exc:
        log.info("preview.no_oembed", url=url, reason=exc.message)
        return None


def _decoded(page: Fetched) -> str:
    """Return a page's text in the encoding that its mark, its header or itself names, else UTF-8 (WHATWG's order)."""
    label = _charset(page.headers.get("content-type", "")) or _charset_in(page.body[:_HEAD_BYTES])
    encoding = webencodings.lookup(label or "") or webencodings.UTF8
    text, _ = webencodings.decode(page.body, encoding)
    return text


def _charset(content_type: str) -> str | None:
    header = Message()
    header["content-type"] = content_type
    return header.get_content_charset()


def _charset_in(head: bytes) -> str | None:
    """Return the encoding that a page names in itself: `charset=x`, whichever form of meta element that stands in."""
    _, found, rest = head.lower().partition(b"charset=")
    if not found:
        return None
    return (
        rest.lstrip(b"\"' ")[:40]
        .partition(b'"')[0]
        .partition(b"'")[0]
        .partition(b">")[0]
        .strip(b" ;/")
        .decode("latin-1")
    )
