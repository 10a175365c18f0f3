"""Reading links out of other people's HTML pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser, LexborNode

from federation.errors import Rejected
from federation.protocol.html_tree import has_sane_shape
from federation.remote.targets import authority

if TYPE_CHECKING:
    from federation.remote.network import Fetched

_MOST_LINKS = 256


def linked_with(page: Fetched, *, rel: str) -> list[LexborNode]:
    """Return a page's `a` and `link` elements of a relation, the first few hundred.

    Raises `Rejected` for a page whose shape would cost the parser dearly.
    """
    html = page.body.decode("utf-8", "replace")
    if not has_sane_shape(html):
        raise Rejected(f"The page at {authority(page.url)} is too deeply nested to be read.")
    found = LexborHTMLParser(html).css("a[rel][href], link[rel][href]")
    return [node for node in found if rel in (node.attributes.get("rel") or "").lower().split()][:_MOST_LINKS]
