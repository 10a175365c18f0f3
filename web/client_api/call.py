"""A call of the API, as its route sees it: services, parameters, who calls, and the ways to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from quart import Response, request

from federation.actions.rosters import Roster
from federation.actions.sessions import TokenBearer
from federation.actions.timelines import Shown
from federation.errors import Unauthenticated
from federation.services import Services
from storage.entries import Page
from storage.people import Person
from web.client_api.answers import answer
from web.client_api.entities.accounts import account
from web.client_api.entities.site import Site
from web.client_api.entities.statuses import Statuses
from web.client_api.paging import Places, link_header, places_header
from web.client_api.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Call:
    """One call; `caller` is None for strangers, and for people who may not act, whatever their `bearer`."""

    services: Services
    site: Site
    parameters: Parameters
    caller: Person | None
    bearer: TokenBearer | None = None

    @property
    def person(self) -> Person:
        """Who calls, on routes that strangers do not reach."""
        if self.caller is None:
            raise Unauthenticated("This method requires an authenticated user")
        return self.caller

    def statuses(self, shown: Shown, page: Page) -> Response:
        """Answer with a page of statuses."""
        cursors = [entry.id for entry in shown.entries] if shown.cursors is None else shown.cursors
        return self.paged(Statuses(self.site, shown, self.caller).all(), page, cursors)

    def status(self, shown: Shown) -> dict[str, Any]:
        """Write the only entry of `shown`."""
        return Statuses(self.site, shown, self.caller).one(shown.entries[0])

    def accounts(self, roster: Roster, page: Page) -> Response:
        """Answer with a page of people."""
        written = [account(self.site, person) for person in roster.people]
        return self.paged(written, page, roster.cursors, newer="since_id")

    def paged(
        self, items: Any, page: Page, cursors: Sequence[UUID], *, newer: str = "min_id", whole: bool | None = None
    ) -> Response:
        """Answer with a list and the links to its neighbours; `whole` tells whether nothing comes after it."""
        return _linked(items, link_header(self._url, _query(), page, cursors, newer=newer, whole=whole))

    def ranked(self, items: Sequence[Any], places: Places, *, found: int | None = None) -> Response:
        """Answer with a part of a ranking; `found` is its length when `items` are not all of it."""
        count = len(items) if found is None else found
        return _linked(items, places_header(self._url, _query(), places, count))

    @property
    def _url(self) -> str:
        return self.site.origin + request.path


def _query() -> list[tuple[str, str]]:
    return list(request.args.items(multi=True))


def _linked(items: Any, link: str | None) -> Response:
    response = answer(items)
    if link is not None:
        response.headers["Link"] = link
    return response
