"""What a worker held when it was killed: processed again, soon, and to no further effect."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from federation.actions.blocks import block_person
from federation.inbound import drain, process
from federation.inbound.drain import InboxDrain
from federation.inbound.envelope import Envelope
from federation.protocol.activities import Follow
from federation.services import Services
from storage import inbox
from tests.federation_peer import Peer, Server

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_what_a_killed_worker_did_is_not_done_again(server: Server, peer: Peer) -> None:
    bob = await server.person()
    thought = await server.publish(bob)
    note = peer.note(bob)
    like = peer.activity("Like", thought.ap_id)
    boost = peer.activity("Announce", thought.ap_id, to=["as:Public"])
    edited = {**note, "content": "<p>Edited</p>"}
    for activity in (
        peer.follow(bob), peer.create(note), like, boost, peer.activity("Update", edited),
        peer.activity("Undo", like), peer.activity("Undo", boost), peer.activity("Delete", note["id"]),
    ):  # fmt: skip
        assert await peer.deliver(server, activity) == ""
        before = await server.state()
        await _process_again(server)
        after = await server.state()
        changed = {name for name in after if after[name] != before[name]}
        assert changed <= {"inbox_activities"}, activity["type"]


async def test_a_refused_follow_is_rejected_once(server: Server, peer: Peer) -> None:
    bob = await server.person()
    await block_person(server.services, bob, await peer.known(server))
    assert "blocks" in await peer.deliver(server, peer.follow(bob))
    await _process_again(server)
    assert [sent["type"] for sent in await server.sent(bob)].count("Reject") == 1
    assert "blocks" in await peer.deliver(server, peer.follow(bob))
    assert [sent["type"] for sent in await server.sent(bob)].count("Reject") == 2


async def _process_again(server: Server) -> None:
    """Process what came last as if the worker had died between its effect and the note that it happened."""
    await server.rows(
        """UPDATE inbox_activities SET state = 'pending', outcome = '', finished_at = NULL
        WHERE seq = (SELECT max(seq) FROM inbox_activities)"""
    )
    await server.drain()


async def test_a_batch_is_held_while_it_takes_long_and_no_longer(
    server: Server, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, finish = asyncio.Event(), asyncio.Event()

    async def slow(services: Services, envelope: Envelope, activity: Any) -> str:
        begun.set()
        await finish.wait()
        return ""

    async def claimed_by_another() -> int:
        async with server.services.database.transaction() as db:
            return len(await inbox.claim(db, lease=uuid4(), lease_for=timedelta(0), limit=10))

    async def until_free() -> None:
        while not await claimed_by_another():
            await asyncio.sleep(0.01)

    monkeypatch.setattr(drain, "LEASE", timedelta(seconds=0.5))
    monkeypatch.setattr(drain, "RENEW_EVERY_S", 0.1)
    monkeypatch.setitem(process.HANDLERS, Follow, slow)
    assert (await peer.post(server, peer.follow(await server.person()))).status_code == 202
    async with asyncio.timeout(20):
        draining = asyncio.create_task(InboxDrain(server.services).run())
        await begun.wait()
        await asyncio.sleep(1.0)  # twice the lease
        assert await claimed_by_another() == 0
        draining.cancel()
        await asyncio.wait((draining,))
        await until_free()
    finish.set()
    await server.drain()
