"""What Lemmy sends: communities that announce whole activities, posts as Page, comments as Note."""

from typing import Any

from tests.payloads.mastodon import PEM, PUBLIC

CONTEXT: list[Any] = [
    "https://join-lemmy.org/context.json",
    "https://www.w3.org/ns/activitystreams",
]


def actor_id(origin: str, name: str = "lem") -> str:
    return f"{origin}/u/{name}"


def community_id(origin: str, name: str = "cats") -> str:
    return f"{origin}/c/{name}"


def actor(origin: str, name: str = "lem", *, pem: str = PEM) -> dict[str, Any]:
    own = actor_id(origin, name)
    return {
        "@context": CONTEXT,
        "type": "Person",
        "id": own,
        "preferredUsername": name,
        "inbox": f"{own}/inbox",
        "outbox": f"{own}/outbox",
        "publicKey": {"id": f"{own}#main-key", "owner": own, "publicKeyPem": pem},
        "name": name.title(),
        "published": "2024-06-01T10:00:00.123456Z",
        "endpoints": {"sharedInbox": f"{origin}/inbox"},
    }


def community(origin: str, name: str = "cats", *, pem: str = PEM) -> dict[str, Any]:
    own = community_id(origin, name)
    return {
        **actor(origin, name, pem=pem),
        "type": "Group",
        "id": own,
        "inbox": f"{own}/inbox",
        "outbox": f"{own}/outbox",
        "followers": f"{own}/followers",
        "featured": f"{own}/featured",
        "attributedTo": f"{own}/moderators",
        "publicKey": {"id": f"{own}#main-key", "owner": own, "publicKeyPem": pem},
    }


def page_id(origin: str, number: int = 1) -> str:
    return f"{origin}/post/{number}"


def page(origin: str, name: str = "lem", number: int = 1) -> dict[str, Any]:
    group = community_id(origin)
    return {
        "type": "Page",
        "id": page_id(origin, number),
        "attributedTo": actor_id(origin, name),
        "to": [group, PUBLIC],
        "name": "Cats & <dogs>",
        "cc": [],
        "content": "<p>Which?</p>\n",
        "mediaType": "text/html",
        "source": {"content": "Which?", "mediaType": "text/markdown"},
        "attachment": [{"type": "Link", "href": "https://news.example/cats?a=1&b=2"}],
        "image": {"type": "Image", "url": f"{origin}/pictrs/c.png"},
        "sensitive": False,
        "published": "2026-11-21T10:00:00.123456Z",
        "language": {"identifier": "en", "name": "English"},
        "audience": group,
        "tag": [{"type": "Hashtag", "href": page_id(origin, number), "name": "#cats"}],
    }


def create(origin: str, name: str = "lem", number: int = 1) -> dict[str, Any]:
    thing = page(origin, name, number)
    return {
        "@context": CONTEXT,
        "id": f"{origin}/activities/create/{number}",
        "type": "Create",
        "actor": thing["attributedTo"],
        "to": thing["to"],
        "cc": [community_id(origin)],
        "audience": thing["audience"],
        "object": thing,
    }


def announce(origin: str, *, inner: dict[str, Any]) -> dict[str, Any]:
    """A community passing an activity on to its followers."""
    group = community_id(origin)
    return {
        "@context": CONTEXT,
        "id": f"{origin}/activities/announce/1",
        "type": "Announce",
        "actor": group,
        "to": [PUBLIC],
        "cc": [f"{group}/followers"],
        "object": {key: value for key, value in inner.items() if key != "@context"},
    }


def dislike(origin: str, name: str, *, target: str) -> dict[str, Any]:
    return {
        "@context": CONTEXT,
        "id": f"{origin}/activities/dislike/1",
        "type": "Dislike",
        "actor": actor_id(origin, name),
        "object": target,
        "audience": community_id(origin),
    }
