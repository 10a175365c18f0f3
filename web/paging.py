"""Pages of lists: `?before=ID` and `?after=ID` in addresses, keyset pages below; of rankings `?offset=N`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from quart import request

from storage.entries import Page
from web.current import parse_uuid

Item = TypeVar("Item")

PAGE_SIZE = 20
_MOST_OFFSET = 10_000
_LONGEST_NUMBER = 9


@dataclass(frozen=True, slots=True)
class Cut(Generic[Item]):
    """A page's items with the ways on."""

    items: list[Item]
    newer_url: str | None
    older_url: str | None


def asked_page(size: int = PAGE_SIZE) -> Page:
    """Read which page is asked for; one item more than fits, to know whether there is another page."""
    after = parse_uuid(request.args.get("after"))
    if after is not None:
        return Page(limit=size + 1, newer_than=after, ascending=True)
    return Page(limit=size + 1, older_than=parse_uuid(request.args.get("before")))


def cut(items: Sequence[Item], page: Page, id_of: Callable[[Item], UUID]) -> Cut[Item]:
    """Cut what was found, newest first, to the page's size and say where newer and older ones are."""
    size = page.limit - 1
    more = len(items) > size
    shown = list(items[-size:] if page.ascending else items[:size])
    if not shown:
        turned = page.older_than is not None or page.newer_than is not None
        return Cut([], request.path if turned else None, None)
    has_newer = more if page.ascending else page.older_than is not None
    has_older = True if page.ascending else more
    return Cut(
        shown,
        page_url(after=str(id_of(shown[0]))) if has_newer else None,
        page_url(before=str(id_of(shown[-1]))) if has_older else None,
    )


def asked_offset() -> int:
    """Read how many come before the part of a ranking that is asked for."""
    text = request.args.get("offset", "")
    return min(int(text), _MOST_OFFSET) if text.isascii() and text.isdigit() and len(text) < _LONGEST_NUMBER else 0


def cut_ranking(found: int, size: int) -> tuple[str | None, str | None]:
    """Say where the parts of a ranking before and after this one are; one more than fits was asked for."""
    offset = asked_offset()
    return (
        page_url(offset=str(max(0, offset - size))) if offset else None,
        page_url(offset=str(offset + size)) if found > size else None,
    )


def page_url(**place: str) -> str:
    """Return the address of another page of this list, its filters kept."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in ("before", "after", *place)]
    return f"{request.path}?{urlencode([*kept, *place.items()])}"
