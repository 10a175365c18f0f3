"""What the WordPress plugin 9 sends: ids with a query, articles with a real summary."""

from typing import Any

from tests.payloads.mastodon import AS, PEM, PUBLIC

CONTEXT: list[Any] = [
    AS,
    {
        "Hashtag": "as:Hashtag",
        "sensitive": "as:sensitive",
        "dcterms": "http://purl.org/dc/terms/",
        "webfinger": "https://purl.archive.org/socialweb/webfinger#webfinger",
    },
]


def actor_id(origin: str) -> str:
    return f"{origin}/?author=1"


def actor(origin: str, name: str = "writer", *, pem: str = PEM) -> dict[str, Any]:
    own, api = actor_id(origin), f"{origin}/wp-json/activitypub/1.0"
    return {
        "@context": [*CONTEXT, "https://w3id.org/security/v1"],
        "id": own,
        "type": "Person",
        "name": name.title(),
        "summary": "",
        "preferredUsername": name,
        "webfinger": f"{name}@{origin.partition('://')[2]}",
        "url": f"{origin}/author/{name}/",
        "inbox": f"{api}/actors/1/inbox",
        "outbox": f"{api}/actors/1/outbox",
        "followers": f"{api}/actors/1/followers",
        "following": f"{api}/actors/1/following",
        "featured": f"{api}/actors/1/collections/featured",
        "endpoints": {"sharedInbox": f"{api}/inbox"},
        "icon": {"type": "Image", "url": f"{origin}/a.png"},
        "manuallyApprovesFollowers": False,
        "discoverable": True,
        "indexable": True,
        "published": "2024-01-01T00:00:00Z",
        "publicKey": {"id": f"{own}#main-key", "owner": own, "publicKeyPem": pem},
        "generator": {
            "type": "Application",
            "implements": [
                {
                    "href": "https://datatracker.ietf.org/doc/html/rfc9421",
                    "name": "RFC-9421: HTTP Message Signatures",
                }
            ],
        },
    }


def article_id(origin: str, number: int = 1) -> str:
    return f"{origin}/?p={number}"


def article(origin: str, number: int = 1) -> dict[str, Any]:
    return {
        "id": article_id(origin, number),
        "type": "Article",
        "name": "On tea",
        "summary": "<p>Tea is warm.</p>",
        "content": "<h2>Tea</h2><p>Tea is warm, and more.</p>",
        "contentMap": {"en": "<h2>Tea</h2><p>Tea is warm, and more.</p>"},
        "dcterms:subject": "hot drinks",
        "sensitive": True,
        "attributedTo": actor_id(origin),
        "published": "2026-11-21T10:00:00Z",
        "url": f"{origin}/2026/11/on-tea/",
        "to": [PUBLIC],
        "cc": [f"{origin}/wp-json/activitypub/1.0/actors/1/followers"],
        "tag": [{"type": "Hashtag", "href": f"{origin}/tag/tea/", "name": "#tea"}],
        "attachment": [{"type": "Image", "url": f"{origin}/cup.jpg", "mediaType": "image/jpeg", "name": "A cup"}],
        "mediaType": "text/html",
    }


def create(origin: str, number: int = 1) -> dict[str, Any]:
    thing = article(origin, number)
    return {
        "@context": CONTEXT,
        "id": f"{thing['id']}#activity-create-2026-11-21T10:00:00Z",
        "type": "Create",
        "actor": thing["attributedTo"],
        "published": thing["published"],
        "to": thing["to"],
        "cc": thing["cc"],
        "object": thing,
    }
