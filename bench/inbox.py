"""`inbox`: peers deliver notes that mention one of ours; verified, stored, processed and notified."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import orjson

from bench.measure import cost, measured, report, say
from bench.peers import Peers, listening, put_actor
from bench.server import Server, make_person, running_server
from federation.protocol.digests import body_sha256
from federation.protocol.keys import PrivateKey, generate_rsa_key
from federation.protocol.signatures import sign_cavage
from storage.people import Person
from storage.query import Value

TARGET_MS = 5.0
_LOOK_EVERY_S = 0.1
_PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
_WORDS = (
    "The kettle sings before it boils, and the cat, who has heard it sing every morning for eleven years, still "
    "turns one ear towards the kitchen. Somebody ought to write that down. I wrote it down. Then I wrote about "
    "writing it down, and by the time I looked up the tea was cold, the cat was asleep, and the morning had gone "
    "the way of all mornings, which is to say: slowly, and then with no warning whatsoever. Anyway, good morning."
)
COUNT_NOTIFICATIONS = Value(int, "SELECT count(*) FROM notifications WHERE user_id = $1")


async def run(*, count: int, rounds: int, concurrency: int, senders: int) -> None:
    """Measure, and print the result."""
    async with running_server() as server, listening() as peers:
        ada = await make_person(server, "ada")
        load = _Load(server, ada, peers, generate_rsa_key(), senders=senders, concurrency=concurrency)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency)) as session:
            say(f"warming up: {senders} senders become known …")
            await load.send(session, max(senders, count // 4))
            done = []
            for number in range(rounds):
                with measured(server.pid, count, f"round {number + 1} of {rounds}") as one:
                    await load.send(session, count)
                done.append(one)
    report("inbox", {"target_cpu_ms": TARGET_MS, "concurrency": concurrency, "senders": senders, **cost(done)})


class _Load:
    """Signs and sends activities, each sender from a host of its own, and waits for what they bring about."""

    def __init__(
        self, server: Server, recipient: Person, peers: Peers, key: PrivateKey, *, senders: int, concurrency: int
    ) -> None:
        self._server = server
        self._recipient = recipient
        self._key = key
        self._concurrency = concurrency
        self._actors = itertools.cycle(
            [put_actor(peers, peers.host(number), f"sender{number}", key) for number in range(senders)]
        )
        self._numbers = itertools.count(1)
        self._sent = 0

    async def send(self, session: aiohttp.ClientSession, count: int) -> None:
        """Deliver so many activities and wait until there is a notification of each."""
        turns = iter(range(count))
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._concurrency):
                tasks.create_task(self._deliver_each(session, turns))
        self._sent += count
        while await self._notified() < self._sent:  # noqa: ASYNC110 - it happens in other processes
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _deliver_each(self, session: aiohttp.ClientSession, turns: Iterator[int]) -> None:
        url = f"{self._server.origin}/inbox"
        for _ in turns:
            actor = next(self._actors)
            body = orjson.dumps(
                _create(actor, next(self._numbers), self._recipient, self._server.services.settings.host)
            )
            headers = sign_cavage(
                "POST", url, key_id=f"{actor}#main-key", private_key=self._key, now=datetime.now(UTC),
                body_sha256=body_sha256(body),
            )  # fmt: skip
            async with session.post(url, data=body, headers=headers) as answer:
                if answer.status != 202:
                    raise RuntimeError(f"the inbox answered {answer.status}: {await answer.text()}")

    async def _notified(self) -> int:
        async with self._server.services.database.connection() as db:
            return await COUNT_NOTIFICATIONS.one(db, self._recipient.id)


def _create(actor: str, number: int, recipient: Person, host: str) -> dict[str, Any]:
    """Return a Create of a note of some five hundred characters, as Mastodon sends it."""
    origin = actor.partition("/users/")[0]
    note_id = f"{actor}/statuses/{number}"
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    audience: dict[str, Any] = {"to": [_PUBLIC], "cc": [f"{actor}/followers", recipient.ap_id]}
    content = (
        f'<p><span class="h-card" translate="no"><a href="{recipient.profile_url}" class="u-url mention">'
        f"@<span>{recipient.username}</span></a></span> {_WORDS}</p>"
        f'<p><a href="https://example.org/mornings/{number}" target="_blank" rel="nofollow noopener">'
        f'<span class="invisible">https://</span><span>example.org/mornings/{number}</span></a> '
        f'<a href="{origin}/tags/mornings" class="mention hashtag" rel="tag">#<span>mornings</span></a></p>'
    )
    note = {
        "id": note_id,
        "type": "Note",
        "summary": None,
        "inReplyTo": None,
        "published": now,
        "url": f"{origin}/@{actor.rpartition('/')[2]}/{number}",
        "attributedTo": actor,
        **audience,
        "sensitive": False,
        "content": content,
        "contentMap": {"en": content},
        "attachment": [],
        "tag": [
            {"type": "Mention", "href": recipient.ap_id, "name": f"@{recipient.username}@{host}"},
            {"type": "Hashtag", "href": f"{origin}/tags/mornings", "name": "#mornings"},
        ],
        "replies": {"id": f"{note_id}/replies", "type": "Collection"},
    }
    context = [
        "https://www.w3.org/ns/activitystreams",
        {"sensitive": "as:sensitive", "Hashtag": "as:Hashtag"},
    ]
    return {
        "@context": context,
        "id": f"{note_id}/activity",
        "type": "Create",
        "actor": actor,
        "published": now,
        **audience,
        "object": note,
    }
