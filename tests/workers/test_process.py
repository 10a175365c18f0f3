"""A real worker process: it delivers what is committed, and stops when told to."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from federation.actions.instance import settle_instance
from storage.waking import Waker
from tests.outgoing_rows import ORIGIN, insert_activity, insert_sender
from tests.workers.sinks import SETTINGS, open_sinks

if TYPE_CHECKING:
    from storage.database import Database

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("live")]

ROOT = Path(__file__).parents[2]


async def test_a_worker_process_delivers_and_stops(
    fresh_database: Database, fresh_database_url: str, redis_url: str
) -> None:
    environment = os.environ | {
        "DATABASE_URL": fresh_database_url,
        "REDIS_URL": redis_url,
        "THOUGHTS_ORIGIN": ORIGIN,
        "THOUGHTS_ALLOW_NETWORKS": "127.0.0.0/8",
    }
    await settle_instance(fresh_database, SETTINGS)
    async with fresh_database.transaction() as db:
        sender = await insert_sender(db)
    async with open_sinks() as sinks, Waker(fresh_database) as wake:
        sink = await sinks.open()
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "workers"), env=environment, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            async with fresh_database.transaction() as db:
                await insert_activity(db, sender, sink.inbox)
            wake()
            async with asyncio.timeout(20):
                await sink.visited.wait()
            worker.send_signal(signal.SIGTERM)
            async with asyncio.timeout(10):
                assert await worker.wait() == 0
        finally:
            if worker.returncode is None:
                worker.kill()
                await worker.wait()
    async with fresh_database.connection() as db:
        assert await db.fetchval("SELECT state FROM deliveries") == "delivered"


async def test_a_worker_without_engines_says_what_is_missing() -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "workers"), env=environment, cwd=ROOT, stderr=asyncio.subprocess.PIPE
    )
    _, told = await worker.communicate()
    assert worker.returncode == 1
    assert b"REDIS_URL" in told and told.count(b"\n") == 1
