"""What Mastodon 4.6 sends."""

from typing import Any

AS = "https://www.w3.org/ns/activitystreams"
PUBLIC = AS + "#Public"
PEM = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
    "-----END PUBLIC KEY-----\n"
)
NOTE_CONTEXT: list[Any] = [
    AS,
    {
        "ostatus": "http://ostatus.org#",
        "toot": "http://joinmastodon.org/ns#",
        "atomUri": "ostatus:atomUri",
        "inReplyToAtomUri": "ostatus:inReplyToAtomUri",
        "conversation": "ostatus:conversation",
        "sensitive": "as:sensitive",
        "Hashtag": "as:Hashtag",
        "Emoji": "toot:Emoji",
        "votersCount": "toot:votersCount",
        "blurhash": "toot:blurhash",
        "focalPoint": {"@container": "@list", "@id": "toot:focalPoint"},
        "quote": {"@id": "https://w3id.org/fep/044f#quote", "@type": "@id"},
    },
]


def actor_id(origin: str, name: str = "alice") -> str:
    return f"{origin}/users/{name}"


def actor(origin: str, name: str = "alice", *, pem: str = PEM) -> dict[str, Any]:
    own = actor_id(origin, name)
    return {
        "@context": [
            AS,
            "https://w3id.org/security/v1",
            {
                "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
                "toot": "http://joinmastodon.org/ns#",
                "featured": {"@id": "toot:featured", "@type": "@id"},
                "alsoKnownAs": {"@id": "as:alsoKnownAs", "@type": "@id"},
                "movedTo": {"@id": "as:movedTo", "@type": "@id"},
                "schema": "http://schema.org#",
                "PropertyValue": "schema:PropertyValue",
                "value": "schema:value",
                "Emoji": "toot:Emoji",
            },
        ],
        "id": own,
        "type": "Person",
        "following": f"{own}/following",
        "followers": f"{own}/followers",
        "inbox": f"{own}/inbox",
        "outbox": f"{own}/outbox",
        "featured": f"{own}/collections/featured",
        "featuredTags": f"{own}/collections/tags",
        "featuredCollections": f"{own}/collections/featured_collections",
        "interactionPolicy": {"canFeature": {"automaticApproval": [PUBLIC]}},
        "preferredUsername": name,
        "name": f"{name.title()} :wave:",
        "summary": "<p>Hello</p>",
        "url": f"{origin}/@{name}",
        "manuallyApprovesFollowers": True,
        "discoverable": True,
        "indexable": False,
        "published": "2026-01-05T00:00:00Z",
        "memorial": False,
        "publicKey": {"id": f"{own}#main-key", "owner": own, "publicKeyPem": pem},
        "tag": [emoji(origin, "wave")],
        "attachment": [
            {
                "type": "PropertyValue",
                "name": "Site",
                "value": '<a href="https://alice.example" rel="me">x</a>',
            }
        ],
        "endpoints": {"sharedInbox": f"{origin}/inbox"},
        "icon": {
            "type": "Image",
            "mediaType": "image/png",
            "url": f"{origin}/system/a.png",
            "summary": "Portrait",
        },
        "image": {"type": "Image", "mediaType": "image/jpeg", "url": f"{origin}/system/h.jpg"},
    }


def emoji(origin: str, shortcode: str) -> dict[str, Any]:
    return {
        "id": f"{origin}/emojis/1",
        "type": "Emoji",
        "name": f":{shortcode}:",
        "updated": "2026-01-05T00:00:00Z",
        "icon": {"type": "Image", "mediaType": "image/png", "url": f"{origin}/emoji/{shortcode}.png"},
    }


def note_id(origin: str, name: str = "alice", number: int = 1) -> str:
    return f"{actor_id(origin, name)}/statuses/{number}"


def note(
    origin: str,
    name: str = "alice",
    number: int = 1,
    *,
    content: str = "<p>Look :blob:</p>",
    mention: tuple[str, str] | None = None,
    in_reply_to: str | None = None,
) -> dict[str, Any]:
    """A public Note; `mention` is an actor id and its handle."""
    own, author = note_id(origin, name, number), actor_id(origin, name)
    mentioned = [{"type": "Mention", "href": mention[0], "name": f"@{mention[1]}"}] if mention else []
    return {
        "id": own,
        "type": "Note",
        "summary": None,
        "inReplyTo": in_reply_to,
        "published": "2026-11-21T10:00:00Z",
        "url": f"{origin}/@{name}/{number}",
        "attributedTo": author,
        "to": [PUBLIC],
        "cc": [f"{author}/followers", *([mention[0]] if mention else [])],
        "sensitive": False,
        "atomUri": own,
        "inReplyToAtomUri": None,
        "conversation": f"tag:{origin.partition('://')[2]},2026-11-21:objectId=7:objectType=Conversation",
        "content": content,
        "contentMap": {"en": content},
        "attachment": [
            {
                "type": "Document",
                "mediaType": "image/jpeg",
                "url": f"{origin}/system/c.jpg",
                "name": "A cat",
                "blurhash": "UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH",
                "focalPoint": [0.0, 0.3],
                "width": 1200,
                "height": 800,
            }
        ],
        "tag": [
            *mentioned,
            {"type": "Hashtag", "href": f"{origin}/tags/cats", "name": "#Cats"},
            emoji(origin, "blob"),
        ],
        "replies": {
            "id": f"{own}/replies",
            "type": "Collection",
            "first": {
                "type": "CollectionPage",
                "next": f"{own}/replies?page=true",
                "partOf": f"{own}/replies",
                "items": [],
            },
        },
        "likes": {"id": f"{own}/likes", "type": "Collection", "totalItems": 3},
        "shares": {"id": f"{own}/shares", "type": "Collection", "totalItems": 1},
    }


def create(origin: str, name: str = "alice", number: int = 1, **more: Any) -> dict[str, Any]:
    return wrap("Create", origin, name, note(origin, name, number, **more))


def question(origin: str, name: str = "alice", number: int = 3) -> dict[str, Any]:
    return {
        **note(origin, name, number, content="<p>Tea?</p>"),
        "type": "Question",
        "endTime": "2026-11-22T10:00:00Z",
        "votersCount": 2,
        "oneOf": [
            {"type": "Note", "name": "yes", "replies": {"type": "Collection", "totalItems": 2}},
            {"type": "Note", "name": "no <b>", "replies": {"type": "Collection", "totalItems": 0}},
        ],
    }


def vote(origin: str, name: str, *, question_id: str, author_id: str, choice: str) -> dict[str, Any]:
    own = actor_id(origin, name)
    return {
        "@context": AS,
        "id": f"{own}#votes/8/activity",
        "type": "Create",
        "actor": own,
        "to": author_id,
        "object": {
            "id": f"{own}#votes/8",
            "type": "Note",
            "name": choice,
            "attributedTo": own,
            "inReplyTo": question_id,
            "to": author_id,
        },
    }


def wrap(kind: str, origin: str, name: str, thing: dict[str, Any]) -> dict[str, Any]:
    """A Create or Update around a thing."""
    return {
        "@context": NOTE_CONTEXT,
        "id": f"{thing['id']}/activity" if kind == "Create" else f"{thing['id']}#updates/1795259000",
        "type": kind,
        "actor": actor_id(origin, name),
        "published": thing.get("published"),
        "to": thing.get("to", [PUBLIC]),
        "cc": thing.get("cc", []),
        "object": thing,
    }


def update(origin: str, name: str = "alice", number: int = 1, **more: Any) -> dict[str, Any]:
    return wrap("Update", origin, name, {**note(origin, name, number, **more), "updated": "2026-11-21T11:03:20Z"})


def update_actor(origin: str, name: str = "alice", *, pem: str = PEM) -> dict[str, Any]:
    return wrap("Update", origin, name, actor(origin, name, pem=pem))


def delete(origin: str, name: str = "alice", number: int = 1) -> dict[str, Any]:
    own = note_id(origin, name, number)
    return {
        "@context": [AS, {"ostatus": "http://ostatus.org#", "atomUri": "ostatus:atomUri"}],
        "id": f"{own}#delete",
        "type": "Delete",
        "actor": actor_id(origin, name),
        "to": [PUBLIC],
        "object": {"id": own, "type": "Tombstone", "atomUri": own},
    }


def delete_actor(origin: str, name: str = "alice") -> dict[str, Any]:
    own = actor_id(origin, name)
    return {
        "@context": AS,
        "id": f"{own}#delete",
        "type": "Delete",
        "actor": own,
        "to": [PUBLIC],
        "object": own,
    }


def follow(origin: str, name: str, *, target: str) -> dict[str, Any]:
    return {
        "@context": AS,
        "id": f"{origin}/5c1e9a2e-0000-4000-8000-000000000001",
        "type": "Follow",
        "actor": actor_id(origin, name),
        "object": target,
    }


def answer(kind: str, origin: str, name: str, *, follow: dict[str, Any]) -> dict[str, Any]:
    """An Accept or Reject, with the id Mastodon gives it: a fragment."""
    own = actor_id(origin, name)
    inner = {key: follow[key] for key in ("id", "type", "actor", "object")}
    return {
        "@context": AS,
        "id": f"{own}#{kind.lower()}s/follows/88",
        "type": kind,
        "actor": own,
        "object": inner,
    }


def undo(activity: dict[str, Any]) -> dict[str, Any]:
    inner = {key: value for key, value in activity.items() if key != "@context"}
    return {
        "@context": AS,
        "id": f"{activity['id']}/undo",
        "type": "Undo",
        "actor": activity["actor"],
        "object": inner,
    }


def like(origin: str, name: str, *, target: str) -> dict[str, Any]:
    own = actor_id(origin, name)
    return {"@context": AS, "id": f"{own}#likes/5", "type": "Like", "actor": own, "object": target}


def announce(origin: str, name: str, *, target: str, author_id: str) -> dict[str, Any]:
    own = actor_id(origin, name)
    return {
        "@context": AS,
        "id": f"{own}/statuses/2/activity",
        "type": "Announce",
        "actor": own,
        "published": "2026-11-21T10:05:00Z",
        "to": [PUBLIC],
        "cc": [author_id, f"{own}/followers"],
        "object": target,
    }


def block(origin: str, name: str, *, target: str) -> dict[str, Any]:
    own = actor_id(origin, name)
    return {"@context": AS, "id": f"{own}#blocks/3", "type": "Block", "actor": own, "object": target}


def flag(origin: str, *, reported: list[str], content: str = "spam") -> dict[str, Any]:
    return {
        "@context": AS,
        "id": f"{origin}/reports/4",
        "type": "Flag",
        "actor": f"{origin}/actor",
        "content": content,
        "object": reported,
    }


def move(origin: str, name: str, *, target: str) -> dict[str, Any]:
    own = actor_id(origin, name)
    return {
        "@context": AS,
        "id": f"{own}#moves/1",
        "type": "Move",
        "actor": own,
        "object": own,
        "target": target,
    }


def pin(kind: str, origin: str, name: str, number: int = 1) -> dict[str, Any]:
    """An Add to or Remove from the featured collection: without an id, as Mastodon sends it."""
    own = actor_id(origin, name)
    return {
        "@context": AS,
        "type": kind,
        "actor": own,
        "object": note_id(origin, name, number),
        "target": f"{own}/collections/featured",
    }
