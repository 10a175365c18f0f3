"""Which content types of an answer a fetch accepts; ActivityPub's own are in `protocol.negotiation`."""

from __future__ import annotations

from collections.abc import Callable


def one_of(*types: str) -> Callable[[str], bool]:
    """Return a check that accepts exactly these types, whatever their parameters."""
    allowed = frozenset(types)
    return lambda content_type: content_type.partition(";")[0].strip().lower() in allowed


is_jrd = one_of("application/jrd+json", "application/json")
is_json = one_of("application/json")
is_xrd = one_of("application/xrd+xml", "application/xml", "text/xml")
