"""What is scheduled is posted once, even when the worker is killed after it took it and before it is committed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storage.database import open_connection
from storage.engines import find_running
from tests.live.instance import eventually, running_instance

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("live"), pytest.mark.timeout(300)]

# Not pg_stat_activity: in a transaction it stays as it was when it was first read.
_STUCK = "SELECT count(*) FROM pg_locks WHERE NOT granted"
_LEFT = "SELECT count(*) FROM scheduled_thoughts"
_POSTED = "SELECT count(*) FROM thoughts WHERE source = 'Later'"
_SENT = """SELECT count(*) FROM activities a JOIN thoughts t ON t.id = a.thought_id
    WHERE a.type = 'Create' AND t.source = 'Later'"""
# Whose row nobody is about to delete.
_FREE = "SELECT count(*) FROM (SELECT FROM scheduled_thoughts FOR KEY SHARE SKIP LOCKED) AS x"


async def test_a_worker_killed_between_claim_and_commit_posts_neither_nothing_nor_twice(tmp_path: Path) -> None:
    async with running_instance(tmp_path) as one:
        one.person("ann")
        parent = await one.post("ann", "First")
        later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        await one.post("ann", "Later", in_reply_to_id=parent["id"], scheduled_at=later)
        engines = find_running(one.data)
        assert engines is not None
        assert engines.database_url is not None
        db = await open_connection(engines.database_url)

        async def count(sql: str) -> int:
            found: int = await db.fetchval(sql)
            return found

        async def is_stuck() -> bool:
            return await count(_STUCK) > 0

        async def is_posted() -> Any:
            return await count(_LEFT) == 0

        try:
            # Whoever publishes has taken the schedule when it comes to what is answered; there it is held up.
            held = db.transaction()
            await held.start()
            await db.execute("SELECT FROM thoughts WHERE id = $1 FOR UPDATE", parent["id"])
            other = await open_connection(engines.database_url)
            try:
                await other.execute("UPDATE scheduled_thoughts SET due_at = now()")
            finally:
                await other.close()
            await eventually(is_stuck, what="a worker in the middle of it")
            assert await count(_FREE) == 0
            assert one.kill("workers")
            assert (await count(_LEFT), await count(_POSTED)) == (1, 0)
            await held.rollback()
            await eventually(is_posted, what="the thought", timeout_s=60)
            assert (await count(_POSTED), await count(_SENT)) == (1, 1)
        finally:
            await db.close()
        assert len(await one.api("ann", "GET", f"/api/v1/statuses/{parent['id']}/context")) == 2
