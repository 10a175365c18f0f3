"""What Akkoma and Pleroma send: opaque contexts, EmojiReact with emoji that have no id."""

from typing import Any

from tests.payloads.mastodon import PEM, PUBLIC


def _context(origin: str) -> list[Any]:
    return [
        "https://www.w3.org/ns/activitystreams",
        f"{origin}/schemas/litepub-0.1.jsonld",
        {"@language": "und", "htmlMfm": "https://w3id.org/fep/c16b#htmlMfm"},
    ]


def actor_id(origin: str, name: str = "akko") -> str:
    return f"{origin}/users/{name}"


def actor(origin: str, name: str = "akko", *, pem: str = PEM) -> dict[str, Any]:
    own = actor_id(origin, name)
    return {
        "@context": _context(origin),
        "id": own,
        "type": "Person",
        "preferredUsername": name,
        "name": name.title(),
        "summary": "hi<br/>there",
        "url": own,
        "inbox": f"{own}/inbox",
        "outbox": f"{own}/outbox",
        "followers": f"{own}/followers",
        "following": f"{own}/following",
        "featured": f"{own}/collections/featured",
        "alsoKnownAs": [],
        "attachment": [],
        "capabilities": {},
        "discoverable": False,
        "manuallyApprovesFollowers": False,
        "endpoints": {
            "oauthAuthorizationEndpoint": f"{origin}/oauth/authorize",
            "sharedInbox": f"{origin}/inbox",
        },
        "icon": {"type": "Image", "url": f"{origin}/media/a.png"},
        "publicKey": {"id": f"{own}#main-key", "owner": own, "publicKeyPem": pem},
        "tag": [],
        "vcard:bday": None,
    }


def note_id(origin: str, number: int = 1) -> str:
    return f"{origin}/objects/00000000-0000-4000-8000-{number:012d}"


def note(
    origin: str,
    name: str = "akko",
    number: int = 1,
    *,
    content: str = "hello<br>world",
    quoted: str | None = None,
) -> dict[str, Any]:
    author = actor_id(origin, name)
    return {
        "@context": _context(origin),
        "id": note_id(origin, number),
        "type": "Note",
        "actor": author,
        "attributedTo": author,
        "to": [f"{author}/followers"],
        "cc": [PUBLIC],
        "published": "2026-11-21T10:00:00.000000Z",
        "content": content,
        "source": {"content": "hello\nworld", "mediaType": "text/markdown"},
        "context": f"{origin}/contexts/6a1f",
        "conversation": f"{origin}/contexts/6a1f",
        "summary": "",
        "sensitive": None,
        "attachment": [
            {
                "type": "Document",
                "mediaType": "image/png",
                "name": "alt",
                "url": [{"type": "Link", "mediaType": "image/png", "href": f"{origin}/media/p.png"}],
            }
        ],
        "tag": [
            {
                "type": "Emoji",
                "id": None,
                "name": "blobcat",
                "icon": {"type": "Image", "url": f"{origin}/e/b.png"},
            }
        ],
        "quoteUri": quoted,
        "quoteUrl": quoted,
    }


def create(origin: str, name: str = "akko", number: int = 1, **more: Any) -> dict[str, Any]:
    thing = note(origin, name, number, **more)
    return {
        "@context": _context(origin),
        "id": f"{origin}/activities/00000000-0000-4000-8000-{number:012d}",
        "type": "Create",
        "actor": thing["actor"],
        "context": thing["context"],
        "published": thing["published"],
        "to": thing["to"],
        "cc": thing["cc"],
        "directMessage": False,
        "object": thing,
    }


def emoji_react(origin: str, name: str, *, target: str, author_id: str, content: str = ":blobcat:") -> dict[str, Any]:
    return {
        "@context": _context(origin),
        "id": f"{origin}/activities/00000000-0000-4000-8000-00000000beef",
        "type": "EmojiReact",
        "actor": actor_id(origin, name),
        "object": target,
        "content": content,
        "to": [author_id],
        "cc": [PUBLIC],
        "tag": [
            {
                "type": "Emoji",
                "id": None,
                "name": content.strip(":"),
                "icon": {"type": "Image", "url": f"{origin}/e/b.png"},
            }
        ],
    }
