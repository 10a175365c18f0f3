"""What GoToSocial 0.20 sends: single values instead of lists, no shared inbox, key ids without a fragment."""

from typing import Any

from tests.payloads.mastodon import AS, PEM, PUBLIC


def actor_id(origin: str, name: str = "gina") -> str:
    return f"{origin}/users/{name}"


def actor(origin: str, name: str = "gina", *, pem: str = PEM) -> dict[str, Any]:
    own = actor_id(origin, name)
    return {
        "@context": [
            "https://w3id.org/security/v1",
            AS,
            "https://gotosocial.org/ns",
            {"schema": "http://schema.org#"},
        ],
        "id": own,
        "type": "Person",
        "preferredUsername": name,
        "name": name.title(),
        "summary": "",
        "url": f"{origin}/@{name}",
        "inbox": f"{own}/inbox",
        "outbox": f"{own}/outbox",
        "followers": f"{own}/followers",
        "following": f"{own}/following",
        "featured": f"{own}/collections/featured",
        "manuallyApprovesFollowers": False,
        "discoverable": True,
        "hidesToPublicFromUnauthedWeb": False,
        "published": "2025-03-01T10:00:00.123+01:00",
        "tag": [],
        "attachment": {"type": "PropertyValue", "name": "Pronouns", "value": "she"},
        "icon": {
            "type": "Image",
            "mediaType": "image/webp",
            "url": f"{origin}/fileserver/a.webp",
            "name": "Me",
        },
        "publicKey": {"id": f"{own}/main-key", "owner": own, "publicKeyPem": pem},
    }


def key_stub(origin: str, name: str = "gina", *, pem: str = PEM) -> dict[str, Any]:
    """What is served at the key's URL, to everybody."""
    full = actor(origin, name, pem=pem)
    return {key: full[key] for key in ("@context", "id", "type", "preferredUsername", "publicKey")}


def note_id(origin: str, name: str = "gina", number: int = 1) -> str:
    return f"{actor_id(origin, name)}/statuses/01JD{number:022d}"


def note(origin: str, name: str = "gina", number: int = 1, *, content: str = "<p>Tea, anyone?</p>") -> dict[str, Any]:
    own, author = note_id(origin, name, number), actor_id(origin, name)
    return {
        "id": own,
        "type": "Note",
        "attributedTo": author,
        "to": PUBLIC,
        "cc": f"{author}/followers",
        "published": "2026-11-21T11:00:00+01:00",
        "url": f"{origin}/@{name}/statuses/{number}",
        "content": content,
        "contentMap": {"en": content},
        "sensitive": False,
        "summary": "",
        "tag": {"type": "Hashtag", "href": f"{origin}/tags/tea", "name": "#tea"},
        "attachment": {
            "type": "Image",
            "mediaType": "image/png",
            "url": f"{origin}/fileserver/t.png",
            "name": "old words",
            "summary": "A cup",
        },
        "interactionPolicy": {"canReply": {"automaticApproval": [PUBLIC], "always": PUBLIC}},
        "replies": {"id": f"{own}/replies", "type": "Collection"},
    }


def create(origin: str, name: str = "gina", number: int = 1, **more: Any) -> dict[str, Any]:
    thing = note(origin, name, number, **more)
    return {
        "@context": ["https://gotosocial.org/ns", AS, {"sensitive": "as:sensitive"}],
        "id": f"{thing['id']}/activity#Create",
        "type": "Create",
        "actor": thing["attributedTo"],
        "published": thing["published"],
        "to": thing["to"],
        "cc": thing["cc"],
        "object": thing,
    }


def votes(origin: str, name: str, *, question_id: str, author_id: str, choices: list[str]) -> dict[str, Any]:
    """A vote for several options: one Create around a list of Notes."""
    own = actor_id(origin, name)
    return {
        "@context": AS,
        "id": f"{own}/activity#vote/1",
        "type": "Create",
        "actor": own,
        "to": author_id,
        "object": [
            {
                "id": f"{own}#{number}/votes",
                "type": "Note",
                "attributedTo": own,
                "inReplyTo": question_id,
                "name": choice,
                "to": author_id,
            }
            for number, choice in enumerate(choices)
        ],
    }
