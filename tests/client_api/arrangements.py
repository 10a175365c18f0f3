"""What people arrange for themselves, for the contract's walk: lists and the like, and the routes that show them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.media.samples import picture

if TYPE_CHECKING:
    from tests.client_api.conftest import App


async def furnish(ann: App, bob: App, hello: dict[str, Any]) -> dict[str, str]:
    """Let Ann arrange something of everything; return the ids by name."""
    friends = await ann.post("/api/v1/lists", title="Friends", replies_policy="followed")
    await ann.post(f"/api/v1/lists/{friends['id']}/accounts", account_ids=[bob.id])
    await bob.publish("For the list")
    await ann.post(f"/api/v1/accounts/{bob.id}/endorse")
    filters = await ann.post(
        "/api/v2/filters", title="Lists", context=["home", "thread"], expires_in=3600,
        keywords_attributes=[{"keyword": "list"}, {"keyword": "well"}],
    )  # fmt: skip
    named = await ann.post(f"/api/v2/filters/{filters['id']}/statuses", status_id=hello["id"])
    older = await ann.post("/api/v1/filters", phrase="older", context=["home"])
    await ann.post("/api/v1/tags/things/follow")
    featured = await ann.post("/api/v1/featured_tags", name="things")
    await ann.publish("Another #suggestion")
    await ann.post("/api/v1/domain_blocks", domain="blocked.example")
    await bob.publish("@ann psst", visibility="direct")
    (talk,) = await ann.get("/api/v1/conversations")
    pictured = await ann.call("POST", "/api/v1/media", files={"file": ("a.png", picture(), "image/png")})
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    await ann.post("/api/v1/statuses", status="Tomorrow", media_ids=[pictured["id"]], scheduled_at=later)
    scheduled = await ann.post(
        "/api/v1/statuses", status="Which one?", scheduled_at=later, spoiler_text="a question", language="en",
        quoted_status_id=hello["id"], quote_approval_policy="followers", sensitive=True,
        poll={"options": ["this", "that"], "expires_in": 3600},
    )  # fmt: skip
    await bob.call("PATCH", "/api/v1/accounts/update_credentials", json={"discoverable": True})
    popular = await bob.publish("Everybody likes #things")
    await ann.post(f"/api/v1/statuses/{popular['id']}/favourite")
    await ann.post("/api/v1/markers", home={"last_read_id": hello["id"]})
    await ann.call("PATCH", "/api/v1/profile", json={"discoverable": True})
    curated = await ann.post(
        "/api/v1/collections", name="Good company", description="Worth reading", language="en", tag_name="#things",
        discoverable=True, account_ids=[bob.id],
    )  # fmt: skip
    theirs = await bob.post("/api/v1/collections", name="Boats", account_ids=[ann.id])
    return {
        "collection": curated["collection"]["id"],
        "place": curated["collection"]["items"][0]["id"],
        "their collection": theirs["collection"]["id"],
        "their place": theirs["collection"]["items"][0]["id"],
        "talk": talk["id"],
        "scheduled": scheduled["id"],
        "popular": popular["id"],
        "featured": featured["id"],
        "list": friends["id"], "filter": filters["id"], "keyword": filters["keywords"][0]["id"],
        "filtered": named["id"], "v1 filter": older["id"],
    }  # fmt: skip


READS: list[tuple[str, str, dict[str, Any], bool]] = [
    ("/api/v1/lists", "", {}, False),
    ("/api/v1/lists/{id}", "list", {}, False),
    ("/api/v1/lists/{id}/accounts", "list", {}, False),
    ("/api/v1/lists/{id}/accounts", "list", {"limit": "0"}, False),
    ("/api/v1/accounts/{id}/lists", "bob", {}, False),
    ("/api/v1/timelines/list/{list_id}", "list", {}, False),
    ("/api/v1/filters", "", {}, False),
    ("/api/v1/filters/{id}", "v1 filter", {}, False),
    ("/api/v2/filters", "", {}, False),
    ("/api/v2/filters/{id}", "filter", {}, False),
    ("/api/v2/filters/{filter_id}/keywords", "filter", {}, False),
    ("/api/v2/filters/{filter_id}/statuses", "filter", {}, False),
    ("/api/v2/filters/keywords/{id}", "keyword", {}, False),
    ("/api/v2/filters/statuses/{id}", "filtered", {}, False),
    ("/api/v1/tags/{name}", "things", {}, True),
    ("/api/v1/tags/{name}", "never", {}, True),
    ("/api/v1/trends/tags", "", {"limit": "1"}, True),
    ("/api/v1/trends/statuses", "", {}, True),
    ("/api/v1/followed_tags", "", {}, False),
    ("/api/v1/featured_tags", "", {}, False),
    ("/api/v1/featured_tags/suggestions", "", {}, False),
    ("/api/v1/accounts/{id}/featured_tags", "ann", {}, True),
    ("/api/v1/domain_blocks", "", {}, False),
    ("/api/v1/conversations", "", {}, False),
    ("/api/v1/markers", "", {"timeline[]": ["home"]}, False),
    ("/api/v1/notifications/requests", "", {}, False),
    ("/api/v1/notifications/requests/{id}", "requester", {}, False),
    ("/api/v1/notifications/requests/merged", "", {}, False),
    ("/api/v2/notifications", "", {}, False),
    ("/api/v2/notifications", "", {"expand_accounts": "partial_avatars"}, False),
    ("/api/v2/notifications/policy", "", {}, False),
    ("/api/v2/notifications/unread_count", "", {}, False),
    ("/api/v2/notifications/{group_key}", "group", {}, False),
    ("/api/v2/notifications/{group_key}/accounts", "group", {}, False),
    ("/api/v1/suggestions", "", {}, False),
    ("/api/v2/suggestions", "", {}, False),
    ("/api/v1/directory", "", {}, True),
    ("/api/v1/directory", "", {"local": "true", "order": "new"}, True),
    ("/api/v1/accounts/familiar_followers", "", {"id[]": ["bob", "ann"]}, False),
    ("/api/v1/collections/{id}", "collection", {}, True),
    ("/api/v1/accounts/{account_id}/collections", "ann", {}, True),
    ("/api/v1/accounts/{account_id}/in_collections", "bob", {}, True),
    ("/api/v1/endorsements", "", {}, False),
    ("/api/v1/scheduled_statuses", "", {}, False),
    ("/api/v1/scheduled_statuses/{id}", "scheduled", {}, False),
    ("/api/v1/accounts/{id}/endorsements", "ann", {}, True),
]
WRITES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("POST", "/api/v1/lists", "", {"title": "Others", "exclusive": True}),
    ("PUT", "/api/v1/lists/{id}", "list", {"title": "Best friends"}),
    ("DELETE", "/api/v1/lists/{id}/accounts", "list", {"account_ids": []}),
    ("POST", "/api/v1/lists/{id}/accounts", "list", {"account_ids": []}),
    ("DELETE", "/api/v1/lists/{id}", "list", {}),
    ("PUT", "/api/v1/scheduled_statuses/{id}", "scheduled", {"scheduled_at": "2027-01-31T12:00:00Z"}),
    ("DELETE", "/api/v1/scheduled_statuses/{id}", "scheduled", {}),
    ("POST", "/api/v1/collections", "", {"name": "Empty so far"}),
    ("PATCH", "/api/v1/collections/{id}", "collection", {"description": "More than ever"}),
    ("DELETE", "/api/v1/collections/{collection_id}/items/{id}", "collection / place", {}),
    ("POST", "/api/v1/collections/{collection_id}/items", "collection", {"account_id": "bob"}),
    ("POST", "/api/v1/collections/{collection_id}/items/{id}/revoke", "their collection / their place", {}),
    ("DELETE", "/api/v1/collections/{id}", "collection", {}),
    ("DELETE", "/api/v1/featured_tags/{id}", "featured", {}),
    *(
        ("POST", f"/api/v1/tags/{{{key}}}/{verb}", "things", {})
        for key, verbs in (("name", ("follow", "unfollow")), ("id", ("unfeature", "feature")))
        for verb in verbs
    ),
    ("POST", "/api/v1/featured_tags", "", {"name": "others"}),
    ("POST", "/api/v1/domain_blocks", "", {"domain": "spam.example"}),
    ("DELETE", "/api/v1/domain_blocks", "", {"domain": "spam.example"}),
    ("POST", "/api/v1/conversations/{id}/read", "talk", {}),
    ("DELETE", "/api/v1/conversations/{id}", "talk", {}),
    ("POST", "/api/v1/markers", "", {"notifications": {"last_read_id": "1"}}),
    ("PATCH", "/api/v2/notifications/policy", "", {"for_new_accounts": "filter"}),
    ("POST", "/api/v2/notifications/{group_key}/dismiss", "group", {}),
    ("POST", "/api/v1/notifications/requests/{id}/accept", "requester", {}),
    ("POST", "/api/v1/notifications/requests/{id}/dismiss", "other requester", {}),
    ("POST", "/api/v1/notifications/requests/accept", "", {"id": []}),
    ("POST", "/api/v1/notifications/requests/dismiss", "", {"id": []}),
    ("DELETE", "/api/v1/suggestions/{account_id}", "requester", {}),
    ("POST", "/api/v2/filters", "", {"title": "Fog", "context": ["home"]}),
    ("PUT", "/api/v2/filters/{id}", "filter", {"title": "Mist"}),
    ("POST", "/api/v2/filters/{filter_id}/keywords", "filter", {"keyword": "sea"}),
    ("PUT", "/api/v2/filters/keywords/{id}", "keyword", {"keyword": "lake"}),
    ("DELETE", "/api/v2/filters/keywords/{id}", "keyword", {}),
    ("POST", "/api/v2/filters/{filter_id}/statuses", "filter", {"status_id": "hello"}),
    ("DELETE", "/api/v2/filters/statuses/{id}", "filtered", {}),
    ("DELETE", "/api/v2/filters/{id}", "filter", {}),
    ("POST", "/api/v1/filters", "", {"phrase": "fog", "context": ["home"]}),
    ("PUT", "/api/v1/filters/{id}", "v1 filter", {"phrase": "mist"}),
    ("DELETE", "/api/v1/filters/{id}", "v1 filter", {}),
    ("POST", "/api/v1/accounts/{id}/note", "bob", {"comment": "From the boats"}),
    *(("POST", f"/api/v1/accounts/{{id}}/{verb}", "bob", {}) for verb in ("unendorse", "endorse", "unpin", "pin")),
    *(("POST", f"/api/v1/statuses/{{id}}/{verb}", "hello", {}) for verb in ("mute", "unmute")),
]
