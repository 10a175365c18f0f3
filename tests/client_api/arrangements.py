"""What people arrange for themselves, for the contract's walk: lists and the like, and the routes that show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.client_api.conftest import App


async def furnish(ann: App, bob: App, hello: dict[str, Any]) -> dict[str, str]:
    """Let Ann arrange something of everything; return the ids by name."""
    friends = await ann.post("/api/v1/lists", title="Friends", replies_policy="followed")
    await ann.post(f"/api/v1/lists/{friends['id']}/accounts", account_ids=[bob.id])
    await bob.publish("For the list")
    await ann.post(f"/api/v1/accounts/{bob.id}/endorse")
    return {"list": friends["id"]}


READS: list[tuple[str, str, dict[str, Any], bool]] = [
    ("/api/v1/lists", "", {}, False),
    ("/api/v1/lists/{id}", "list", {}, False),
    ("/api/v1/lists/{id}/accounts", "list", {}, False),
    ("/api/v1/lists/{id}/accounts", "list", {"limit": "0"}, False),
    ("/api/v1/accounts/{id}/lists", "bob", {}, False),
    ("/api/v1/timelines/list/{list_id}", "list", {}, False),
    ("/api/v1/accounts/familiar_followers", "", {"id[]": ["bob", "ann"]}, False),
    ("/api/v1/endorsements", "", {}, False),
    ("/api/v1/accounts/{id}/endorsements", "ann", {}, True),
]
WRITES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("POST", "/api/v1/lists", "", {"title": "Others", "exclusive": True}),
    ("PUT", "/api/v1/lists/{id}", "list", {"title": "Best friends"}),
    ("DELETE", "/api/v1/lists/{id}/accounts", "list", {"account_ids": []}),
    ("POST", "/api/v1/lists/{id}/accounts", "list", {"account_ids": []}),
    ("DELETE", "/api/v1/lists/{id}", "list", {}),
    ("POST", "/api/v1/accounts/{id}/note", "bob", {"comment": "From the boats"}),
    *(("POST", f"/api/v1/accounts/{{id}}/{verb}", "bob", {}) for verb in ("unendorse", "endorse", "unpin", "pin")),
    *(("POST", f"/api/v1/statuses/{{id}}/{verb}", "hello", {}) for verb in ("mute", "unmute")),
]
