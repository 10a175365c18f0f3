"""What Misskey and its forks send: reactions as Like, an invisible space for an empty warning."""

from typing import Any

from tests.payloads.mastodon import PEM, PUBLIC

CONTEXT: list[Any] = [
    "https://www.w3.org/ns/activitystreams",
    "https://w3id.org/security/v1",
    {
        "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
        "sensitive": "as:sensitive",
        "Hashtag": "as:Hashtag",
        "misskey": "https://misskey-hub.net/ns#",
        "_misskey_content": "misskey:_misskey_content",
        "_misskey_quote": "misskey:_misskey_quote",
        "_misskey_reaction": "misskey:_misskey_reaction",
        "isCat": "misskey:isCat",
    },
]


def actor_id(origin: str, name: str = "neko") -> str:
    return f"{origin}/users/9{name}"


def actor(origin: str, name: str = "neko", *, pem: str = PEM) -> dict[str, Any]:
    own = actor_id(origin, name)
    return {
        "@context": CONTEXT,
        "type": "Person",
        "id": own,
        "inbox": f"{own}/inbox",
        "outbox": f"{own}/outbox",
        "followers": f"{own}/followers",
        "following": f"{own}/following",
        "featured": f"{own}/collections/featured",
        "sharedInbox": f"{origin}/inbox",
        "endpoints": {"sharedInbox": f"{origin}/inbox"},
        "url": f"{origin}/@{name}",
        "preferredUsername": name,
        "name": None,
        "summary": None,
        "_misskey_summary": None,
        "icon": None,
        "image": None,
        "tag": [],
        "manuallyApprovesFollowers": False,
        "discoverable": True,
        "publicKey": {"id": f"{own}#main-key", "type": "Key", "owner": own, "publicKeyPem": pem},
        "isCat": True,
        "attachment": [],
    }


def note_id(origin: str, number: int = 1) -> str:
    return f"{origin}/notes/9a{number}"


def note(
    origin: str,
    name: str = "neko",
    number: int = 1,
    *,
    content: str = "<p>nya</p>",
    quoted: str | None = None,
) -> dict[str, Any]:
    author = actor_id(origin, name)
    thing: dict[str, Any] = {
        "id": note_id(origin, number),
        "type": "Note",
        "attributedTo": author,
        "summary": "\u200b",
        "content": content,
        "_misskey_content": "nya",
        "source": {"content": "nya", "mediaType": "text/x.misskeymarkdown"},
        "published": "2026-11-21T10:00:00.123Z",
        "to": [PUBLIC],
        "cc": [f"{author}/followers"],
        "inReplyTo": None,
        "attachment": [
            {
                "type": "Document",
                "mediaType": "image/webp",
                "url": f"{origin}/files/w.webp",
                "name": None,
                "sensitive": True,
            }
        ],
        "sensitive": True,
        "tag": [],
    }
    return {**thing, "_misskey_quote": quoted, "quoteUrl": quoted} if quoted else thing


def create(origin: str, name: str = "neko", number: int = 1, **more: Any) -> dict[str, Any]:
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


def reaction(origin: str, name: str, *, target: str, content: str = "🎉") -> dict[str, Any]:
    custom = content.startswith(":")
    picture = {
        "id": f"{origin}/emojis/{content.strip(':')}",
        "type": "Emoji",
        "name": content,
        "updated": "2026-01-05T00:00:00.000Z",
        "icon": {"type": "Image", "mediaType": "image/png", "url": f"{origin}/files/e.png"},
    }
    return {
        "@context": CONTEXT,
        "type": "Like",
        "id": f"{origin}/likes/9b1",
        "actor": actor_id(origin, name),
        "object": target,
        "content": content,
        "_misskey_reaction": content,
        **({"tag": [picture]} if custom else {}),
    }
