"""Search and Tag."""

from __future__ import annotations

from typing import Any

from federation.actions.search import Found
from storage.people import Person
from web.client_api.entities.accounts import account
from web.client_api.entities.site import Site
from web.client_api.entities.statuses import Statuses


def search(site: Site, found: Found, viewer: Person | None) -> dict[str, Any]:
    """Write what a search found."""
    return {
        "accounts": [account(site, person) for person in found.people],
        "statuses": Statuses(site, found.shown, viewer).all(),
        "hashtags": [tag(site, name) for name in found.tags],
    }


def tag(site: Site, name: str) -> dict[str, Any]:
    """Write a hashtag; its name is its id. How often it was used is not counted, so the history is empty."""
    return {"id": name, "name": name, "url": site.tag(name), "history": []}
