"""Short ways for tests to act through the actions, and to look at what they stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import orjson

from federation.actions import follows, notices
from federation.actions.publish_thought import Draft, publish_thought
from federation.actions.receive_thought import receive_thought
from federation.media.urls import proxy_key
from federation.protocol.objects import RemoteThought, parse_object
from storage import people, proxied
from storage.entries import Page
from storage.proxied import Proxied

if TYPE_CHECKING:
    from federation.actions.timelines import Shown
    from federation.services import Services
    from storage.people import Person
    from storage.thoughts import Thought

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
PAGE = Page(limit=40)


@dataclass(frozen=True, slots=True)
class Sent:
    """A stored activity, and where its fan-out will take it; no fan-out means nowhere."""

    type: str
    document: dict[str, Any]
    to_followers: bool
    inboxes: list[str]


async def say(services: Services, author: Person, source: str = "hello", **facts: Any) -> Thought:
    """Publish a thought of one of ours."""
    return await publish_thought(services, author, Draft(source, **facts))


def remote_note(author: Person, content: str = "<p>hi</p>", **facts: Any) -> RemoteThought:
    """Make a public Note as the author's server would send it; `facts` replace its properties."""
    ap_id = facts.pop("id", f"{author.ap_id}/notes/{uuid4()}")
    document = {
        "id": ap_id, "type": "Note", "attributedTo": author.ap_id, "content": content, "to": [PUBLIC], "cc": [],
        "published": datetime.now(UTC).isoformat(),
    }  # fmt: skip
    parsed = parse_object(document | facts)
    assert isinstance(parsed, RemoteThought)
    return parsed


async def hear(services: Services, author: Person, content: str = "<p>hi</p>", **facts: Any) -> Thought:
    """Store a remote person's thought that was fetched, or with arriving=True delivered."""
    arriving = facts.pop("arriving", False)
    received = await receive_thought(services, author, remote_note(author, content, **facts), arriving=arriving)
    assert received.thought is not None, received.ignored
    return received.thought


async def follow(services: Services, follower: Person, target: Person) -> None:
    """Let one person follow another, accepted."""
    await follows.follow_person(services, follower, target, ap_id=_follow_id(follower))
    if target.is_remote:
        assert await follows.follow_was_accepted(services, follower, target)
    elif target.locked:
        await follows.accept_follow(services, target, follower)


def _follow_id(follower: Person) -> str | None:
    return f"{follower.ap_id}/follows/{uuid4()}" if follower.is_remote else None


async def again(services: Services, person: Person) -> Person:
    """Read a person anew."""
    async with services.database.connection() as db:
        found = await people.find_person(db, person.id)
    assert found is not None
    return found


async def scalar(services: Services, sql: str, *args: object) -> Any:
    """Return the one value of a query."""
    async with services.database.connection() as db:
        return await db.fetchval(sql, *args)


async def execute(services: Services, sql: str, *args: object) -> None:
    """Change what no action changes, as time or an accident would."""
    async with services.database.connection() as db:
        await db.execute(sql, *args)


async def sent(services: Services) -> list[Sent]:
    """List the stored activities in order, with their fan-outs."""
    async with services.database.connection() as db:
        rows = await db.fetch(
            """SELECT a.type, a.payload, coalesce(f.to_followers, false), coalesce(f.inboxes, '{}')
            FROM activities a LEFT JOIN fanouts f ON f.activity_id = a.id ORDER BY a.seq"""
        )
    return [Sent(kind, orjson.loads(payload or b"{}"), *rest) for kind, payload, *rest in rows]


async def told(services: Services, person: Person) -> list[tuple[str, str, UUID | None]]:
    """List what a person's notifications tell, newest first: type, who, and about what."""
    page = await notices.get_notifications(services, person, PAGE)
    return [(one.type, page.people[one.actor_id].username, one.thought_id) for one in page.notifications]


def ids(shown: Shown) -> list[UUID]:
    """List the ids of shown entries in order."""
    return [entry.id for entry in shown.entries]


async def keep_copy(services: Services, url: str, data: bytes, content_type: str) -> None:
    """Let the proxy have a copy of a remote medium, as after somebody looked at it."""
    copy = Proxied(url, "attachment", sha256(data).hexdigest(), content_type, len(data), None, None, datetime.now(UTC))
    await services.blobs.put(f"proxy/{copy.content_hash}", data, content_type)
    async with services.database.transaction() as db:
        await proxied.insert_addresses(db, [url], copy.kind)
        await proxied.mark_read(db, proxy_key(url), copy)
