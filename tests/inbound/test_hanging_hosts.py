"""Activities whose processing waits for a server that hangs: they make nobody else wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from federation.inbound import drain, process
from federation.inbound.drain import InboxDrain
from storage.people import Person
from tests.federation_peer import Peer, Server
from tests.remote.fediverse import Host

pytestmark = pytest.mark.asyncio(loop_scope="module")

_PENDING = "SELECT count(*) FROM inbox_activities WHERE state = 'pending' AND host = $1"
_HELD = "SELECT count(*) FROM inbox_activities WHERE state = 'pending' AND lease IS NOT NULL AND host = $1"


async def boosts_of_a_hanging_note(server: Server, at: Host, of: Peer, *, count: int) -> asyncio.Event:
    """Deliver boosts, each of somebody else at a host, of a note whose server answers when the event is set."""
    note = of.note()
    of.create(note)
    answers = of.host.hang(note["id"])
    boosters = [Peer.at(at) for _ in range(count)]
    for booster in boosters:
        await booster.gain_follower(server)
    for booster in boosters:
        assert (await booster.post(server, booster.activity("Announce", note["id"]))).status_code == 202
    return answers


async def until(true: Callable[[], Any]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(20):
        while not await true():
            await asyncio.sleep(0.01)


async def follows(server: Server, peer: Peer, person: Person) -> bool:
    found = await server.rows(
        """SELECT FROM follows f JOIN users u ON u.id = f.follower_id
        WHERE u.ap_id = $1 AND f.following_id = $2""",
        peer.ap_id,
        person.id,
    )
    return bool(found)


async def counts(server: Server, query: str, host: Host, wanted: int) -> bool:
    """Tell whether so many activities of a host are so; what had its effect is marked a moment later."""
    return bool(await server.value(query, host.authority) == wanted)


async def test_who_hangs_makes_nobody_else_wait(
    server: Server, peer: Peer, remote: Host, stranger: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # More that hang than there are turns: the same batch, the next one, and what comes later all go on.
    monkeypatch.setattr(drain, "CONCURRENT_TURNS", 2)
    monkeypatch.setattr(drain, "BATCH", 4)
    bob = await server.person()
    answers = await boosts_of_a_hanging_note(server, remote, stranger, count=6)
    assert (await peer.post(server, peer.follow(bob))).status_code == 202
    inbox = InboxDrain(server.services)
    running = asyncio.create_task(inbox.run())
    try:
        await until(lambda: follows(server, peer, bob))
        ann = await server.person()
        assert (await peer.post(server, peer.follow(ann))).status_code == 202
        assert await inbox.run() == 0  # the run that is under way takes it
        await until(lambda: follows(server, peer, ann))
        await until(lambda: counts(server, _PENDING, remote, 6))
    finally:
        answers.set()
    assert await running == 8
    assert await server.value("SELECT count(*) FROM inbox_activities WHERE state = 'pending'") == 0


async def test_a_host_gets_no_more_claimed_while_much_of_it_is_late(
    server: Server, peer: Peer, other: Host, stranger: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "MOST_LATE_OF_HOST", 3)
    monkeypatch.setattr(drain, "BATCH", 3)
    answers = await boosts_of_a_hanging_note(server, other, stranger, count=5)
    bob = await server.person()
    assert (await peer.post(server, peer.follow(bob))).status_code == 202
    running = asyncio.create_task(InboxDrain(server.services).run())
    try:
        await until(lambda: follows(server, peer, bob))
        await until(lambda: counts(server, _HELD, other, 3))
    finally:
        answers.set()
    assert await running == 6


async def test_what_hangs_for_long_is_tried_again_later(
    server: Server, remote: Host, stranger: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "HANDLER_TIMEOUT_S", 0.3)
    answers = await boosts_of_a_hanging_note(server, remote, stranger, count=1)
    assert await InboxDrain(server.services).run() == 1
    latest = "SELECT state, attempts, outcome FROM inbox_activities ORDER BY seq DESC LIMIT 1"
    assert await server.rows(latest) == [("pending", 1, "Processing took too long.")]
    answers.set()
    await server.rows("UPDATE inbox_activities SET due_at = now() WHERE state = 'pending'")
    await server.drain()
    assert (await server.rows(latest))[0][0] == "done"
