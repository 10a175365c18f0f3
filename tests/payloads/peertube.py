"""What PeerTube sends: videos of an account and a channel, with many links, announced by the channel."""

from typing import Any

from tests.payloads.mastodon import PEM, PUBLIC

CONTEXT: list[Any] = [
    "https://www.w3.org/ns/activitystreams",
    "https://w3id.org/security/v1",
    {"pt": "https://joinpeertube.org/ns#", "sc": "http://schema.org/", "Hashtag": "as:Hashtag"},
]


def actor_id(origin: str, name: str = "tuber") -> str:
    return f"{origin}/accounts/{name}"


def channel_id(origin: str, name: str = "channel") -> str:
    return f"{origin}/video-channels/{name}"


def actor(origin: str, name: str = "tuber", *, pem: str = PEM) -> dict[str, Any]:
    own = actor_id(origin, name)
    return {
        "@context": CONTEXT,
        "type": "Person",
        "id": own,
        "following": f"{own}/following",
        "followers": f"{own}/followers",
        "inbox": f"{own}/inbox",
        "outbox": f"{own}/outbox",
        "playlists": f"{own}/playlists",
        "preferredUsername": name,
        "name": name.title(),
        "summary": None,
        "url": own,
        "endpoints": {"sharedInbox": f"{origin}/inbox"},
        "publicKey": {"id": f"{own}#main-key", "owner": own, "publicKeyPem": pem},
        "published": "2025-02-01T10:00:00.123Z",
        "icon": [
            {"type": "Image", "mediaType": "image/png", "height": 48, "url": f"{origin}/lazy-static/a48.png"},
            {"type": "Image", "mediaType": "image/png", "height": 120, "url": f"{origin}/lazy-static/a.png"},
        ],
    }


def video_id(origin: str, number: int = 1) -> str:
    return f"{origin}/videos/watch/00000000-0000-4000-8000-{number:012d}"


def video(origin: str, name: str = "tuber", number: int = 1) -> dict[str, Any]:
    own = video_id(origin, number)
    return {
        "type": "Video",
        "id": own,
        "name": "Cats <live>",
        "duration": "PT1M30S",
        "uuid": own[-36:],
        "views": 4,
        "sensitive": False,
        "published": "2026-11-21T10:00:00.000Z",
        "updated": "2026-11-21T10:10:00.000Z",
        "mediaType": "text/markdown",
        "content": "A **film**\n\nby <me>",
        "tag": [{"type": "Hashtag", "name": "cats"}],
        "icon": [{"type": "Image", "url": f"{origin}/lazy-static/t.jpg", "mediaType": "image/jpeg"}],
        "url": [
            {"type": "Link", "mediaType": "text/html", "href": f"{origin}/w/{number}"},
            {
                "type": "Link",
                "mediaType": "application/x-mpegURL",
                "href": f"{origin}/hls/master.m3u8",
                "tag": [
                    {"type": "Infohash", "name": "abc"},
                    {
                        "type": "Link",
                        "mediaType": "video/mp4",
                        "href": f"{origin}/hls/720.mp4",
                        "height": 720,
                    },
                ],
            },
            {"type": "Link", "mediaType": "application/x-bittorrent", "href": f"{origin}/t/720.torrent"},
            {
                "type": "Link",
                "mediaType": "application/x-bittorrent;x-scheme-handler/magnet",
                "href": "magnet:?x",
            },
        ],
        "likes": f"{own}/likes",
        "shares": f"{own}/announces",
        "comments": f"{own}/comments",
        "attributedTo": [
            {"type": "Person", "id": actor_id(origin, name)},
            {"type": "Group", "id": channel_id(origin)},
        ],
        "to": [PUBLIC],
        "cc": [f"{actor_id(origin, name)}/followers", f"{channel_id(origin)}/followers"],
    }


def create(origin: str, name: str = "tuber", number: int = 1) -> dict[str, Any]:
    thing = video(origin, name, number)
    return {
        "@context": CONTEXT,
        "type": "Create",
        "id": f"{thing['id']}/activity",
        "actor": actor_id(origin, name),
        "to": thing["to"],
        "cc": thing["cc"],
        "object": thing,
    }


def announce(origin: str, number: int = 1) -> dict[str, Any]:
    channel = channel_id(origin)
    return {
        "@context": CONTEXT,
        "type": "Announce",
        "id": f"{video_id(origin, number)}/announces/1",
        "actor": channel,
        "object": video_id(origin, number),
        "to": [PUBLIC, f"{channel}/followers"],
        "cc": [],
    }
