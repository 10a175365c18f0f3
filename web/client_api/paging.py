"""Pages: max_id, since_id, min_id and limit, or offset and limit, in; a Link header out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from storage.entries import Page
from web.client_api.parameters import Parameters

# Of a request's query these belong to the page or are secret; the rest is asked for again.
_NOT_REPEATED: Final = frozenset({"max_id", "since_id", "min_id", "access_token", "offset"})
_LONGEST_QUERY: Final = 1500
_MOST_OFFSET: Final = 10_000


@dataclass(frozen=True, slots=True)
class Places:
    """A part of a ranking, which is paged by how many come before."""

    offset: int
    limit: int


def read_page(parameters: Parameters, *, default: int = 20, most: int | None = None) -> Page:
    """Read which page is wanted; malformed ids are ignored, limits above `most` (twice the default) cut."""
    limit = parameters.number("limit", default, least=1, most=most or default * 2)
    above, since = parameters.id("min_id"), parameters.id("since_id")
    return Page(
        limit=limit,
        older_than=parameters.id("max_id"),
        newer_than=above or since,
        ascending=above is not None,
    )


def read_places(parameters: Parameters, *, default: int = 20, most: int | None = None) -> Places:
    """Read which part of a ranking is wanted; a limit of nothing is the default, one too high is cut."""
    limit = parameters.number("limit", default, least=0, most=most or default * 2) or default
    return Places(parameters.number("offset", 0, least=0, most=_MOST_OFFSET), limit)


def places_header(url: str, query: Sequence[tuple[str, str]], places: Places, found: int) -> str | None:
    """Write the addresses of the next and the previous part of a ranking; None when there is neither."""
    kept = _kept(query)
    links = []
    if found >= places.limit:
        links.append(f'<{url}?{urlencode([*kept, ("offset", places.offset + places.limit)])}>; rel="next"')
    if places.offset > 0:
        links.append(f'<{url}?{urlencode([*kept, ("offset", max(0, places.offset - places.limit))])}>; rel="prev"')
    return ", ".join(links) or None


def _kept(query: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    kept = [(name, value) for name, value in query if name not in _NOT_REPEATED]
    return [] if sum(len(name) + len(value) for name, value in kept) > _LONGEST_QUERY else kept


def link_header(
    url: str,
    query: Sequence[tuple[str, str]],
    page: Page,
    cursors: Sequence[UUID],
    *,
    newer: str = "min_id",
    whole: bool | None = None,
) -> str | None:
    """Write the addresses of the next (older) and previous (newer) page; None when the page is empty.

    `newer` is the parameter that leads back: `min_id` for entries, `since_id` for lists of people.
    A page shorter than its limit has nothing after it, unless `whole` says otherwise.
    """
    if not cursors:
        return None
    kept = urlencode(_kept(query))
    start = f"{url}?{kept}&" if kept else f"{url}?"
    links = []
    if page.ascending or (len(cursors) >= page.limit if whole is None else not whole):
        links.append(f'<{start}max_id={cursors[-1]}>; rel="next"')
    links.append(f'<{start}{newer}={cursors[0]}>; rel="prev"')
    return ", ".join(links)
