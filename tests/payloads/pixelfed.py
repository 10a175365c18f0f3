"""What Pixelfed sends: pictures with a caption."""

from typing import Any

from tests.payloads.mastodon import PEM, PUBLIC

CONTEXT: list[Any] = [
    "https://w3id.org/security/v1",
    "https://www.w3.org/ns/activitystreams",
    {
        "Hashtag": "as:Hashtag",
        "sensitive": "as:sensitive",
        "schema": "http://schema.org/",
        "pixelfed": "http://pixelfed.org/ns#",
        "commentsEnabled": {"@id": "pixelfed:commentsEnabled", "@type": "schema:Boolean"},
        "capabilities": {"@id": "pixelfed:capabilities", "@container": "@set"},
    },
]


def actor_id(origin: str, name: str = "pix") -> str:
    return f"{origin}/users/{name}"


def actor(origin: str, name: str = "pix", *, pem: str = PEM) -> dict[str, Any]:
    own = actor_id(origin, name)
    return {
        "@context": CONTEXT,
        "id": own,
        "type": "Person",
        "following": f"{own}/following",
        "followers": f"{own}/followers",
        "inbox": f"{own}/inbox",
        "outbox": f"{own}/outbox",
        "preferredUsername": name,
        "name": name.title(),
        "summary": "",
        "url": f"{origin}/{name}",
        "manuallyApprovesFollowers": False,
        "publicKey": {"id": f"{own}#main-key", "owner": own, "publicKeyPem": pem},
        "icon": {"type": "Image", "mediaType": "image/jpeg", "url": f"{origin}/storage/a.jpg"},
        "endpoints": {"sharedInbox": f"{origin}/f/inbox"},
    }


def note_id(origin: str, name: str = "pix", number: int = 1) -> str:
    return f"{origin}/p/{name}/{number}"


def note(origin: str, name: str = "pix", number: int = 1, *, content: str = "Sunset") -> dict[str, Any]:
    own, author = note_id(origin, name, number), actor_id(origin, name)
    return {
        "id": own,
        "type": "Note",
        "summary": None,
        "content": content,
        "inReplyTo": None,
        "published": "2026-11-21T10:00:00+00:00",
        "url": own,
        "attributedTo": author,
        "to": [PUBLIC],
        "cc": [f"{author}/followers"],
        "sensitive": False,
        "attachment": [
            {
                "type": "Image",
                "mediaType": "image/jpeg",
                "url": f"{origin}/storage/m/{picture}.jpg",
                "name": None,
                "blurhash": "U0",
            }
            for picture in range(2)
        ],
        "tag": [],
        "commentsEnabled": True,
        "capabilities": {"announce": PUBLIC, "like": PUBLIC, "reply": PUBLIC},
        "location": None,
    }


def create(origin: str, name: str = "pix", number: int = 1, **more: Any) -> dict[str, Any]:
    thing = note(origin, name, number, **more)
    return {
        "@context": CONTEXT,
        "id": f"{thing['id']}/activity",
        "type": "Create",
        "actor": thing["attributedTo"],
        "published": thing["published"],
        "to": thing["to"],
        "cc": thing["cc"],
        "object": thing,
    }
