"""What people say beyond text, for the contract's walk: polls and the like, and the routes that show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from federation.actions.emoji_reactions import react
from federation.actions.emojis import add_emoji
from tests.actions.test_emojis import picture
from tests.services_fixture import make_person

if TYPE_CHECKING:
    from federation.services import Services
    from tests.client_api.conftest import App


async def express(services: Services, ann: App, bob: App) -> dict[str, str]:
    """Let Ann and Bob say something in every way; return the ids by name."""
    root = await make_person(services, "root", role="admin")
    await add_emoji(services, root, shortcode="blob", category="Blobs", data=picture())
    await bob.call("PATCH", "/api/v1/accounts/update_credentials", json={"display_name": "Bob :blob:"})
    poll = {"options": ["Yes :blob:", "No"], "expires_in": 3600, "multiple": True}
    asked = await bob.publish("Tea?", poll=poll)
    await bob.call("PUT", f"/api/v1/statuses/{asked['id']}", json={"status": "More tea?", "poll": poll})
    reacted = await bob.publish("Well")
    assert bob.person is not None
    for emoji in ("🎉", ":blob:"):
        await react(services, bob.person, UUID(reacted["id"]), emoji)
    wise = await bob.publish("Wise")
    quoting = await ann.publish("So true", quoted_status_id=wise["id"])
    further = await bob.publish("Truer still", quoted_status_id=quoting["id"])
    mine = await ann.publish("Mine")
    quoted = await bob.publish("Yours", quoted_status_id=mine["id"])
    return {
        "asked": asked["id"], "reacted": reacted["id"], "wise": wise["id"], "quoting": quoting["id"],
        "further": further["id"], "mine": mine["id"], "quoted": quoted["id"],
    }  # fmt: skip


READS: list[tuple[str, str, dict[str, Any], bool]] = [
    ("/api/v1/statuses/{id}", "asked", {}, True),
    ("/api/v1/statuses/{id}/history", "asked", {}, True),
    ("/api/v1/statuses/{id}", "reacted", {}, True),
    ("/api/v1/polls/{id}", "asked", {}, True),
    ("/api/v1/statuses/{id}", "quoting", {}, True),
    ("/api/v1/statuses/{id}", "further", {}, True),
    ("/api/v1/statuses/{id}/quotes", "wise", {}, False),
]
WRITES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("POST", "/api/v1/polls/{id}/votes", "asked", {"choices": [1, 0]}),
    ("POST", "/api/v1/statuses/{id}/quotes/{quoting_status_id}/revoke", "mine / quoted", {}),
    ("PUT", "/api/v1/statuses/{id}/interaction_policy", "mine", {"quote_approval_policy": "followers"}),
]
