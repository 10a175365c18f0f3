"""The relay: one per database is active; it turns committed work into jobs, and forgets nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from storage import activities
from storage.database import Database
from storage.errors import LiveUnavailable, StorageError
from storage.waking import WakeUps, listen_alone
from workers.registry import Drain, Periodic

_log = structlog.get_logger(__name__)

SWEEP_S = 2.0
# A drain that runs picks up what comes meanwhile: one job per drain in this time is enough.
ENQUEUE_EVERY_S = 0.2
_FANOUTS_AT_ONCE = 20
_RECONNECT_S = 0.5
_FIRST_PERIODIC_S = 5.0


class Relay:
    """Listens, expands fan-outs, and enqueues a job for every drain that has something due.

    Rows are the truth: while Redis is away nothing is enqueued, and nothing is lost.
    """

    def __init__(
        self,
        database: Database,
        database_url: str,
        *,
        drains: Sequence[Drain],
        periodic: Sequence[Periodic],
        enqueue: Callable[[str], Awaitable[object]],
    ) -> None:
        self._database = database
        self._database_url = database_url
        self._drains = drains
        self._periodic = periodic
        self._enqueue = enqueue
        self._not_before: dict[str, float] = {}
        self._redis_is_away = False

    async def run(self) -> None:
        """Be the relay whenever nobody else is, until cancelled."""
        while True:
            try:
                async with listen_alone(self._database_url) as wake_ups:
                    _log.info("this process relays")
                    await self._relay(wake_ups)
            except (StorageError, OSError) as exc:
                _log.warning("the relay waits for PostgreSQL", error=str(exc))
            await asyncio.sleep(_RECONNECT_S)

    async def _relay(self, wake_ups: WakeUps) -> None:
        now = asyncio.get_running_loop().time
        for job in self._periodic:
            self._not_before.setdefault(job.name, now() + _FIRST_PERIODIC_S)
        while True:
            await self._expand()
            pause_s = min([SWEEP_S, *[await self._look_at(drain) for drain in self._drains]])
            for job in self._periodic:
                if self._not_before[job.name] <= now():
                    await self._ask_for(job.name, again_in_s=job.every_s)
            await wake_ups.wait(pause_s)

    async def _expand(self) -> None:
        expanded = 1
        while expanded:
            async with self._database.transaction() as db:
                expanded = await activities.expand_fanouts(db, limit=_FANOUTS_AT_ONCE)

    async def _look_at(self, drain: Drain) -> float:
        """Enqueue a drain that has something due; return in how many seconds to look again at the latest."""
        wait_s = self._not_before.get(drain.name, 0.0) - asyncio.get_running_loop().time()
        if wait_s > 0:
            return wait_s
        async with self._database.connection() as db:
            due = await drain.has_due(db)
        if due:
            await self._ask_for(drain.name, again_in_s=ENQUEUE_EVERY_S)
        return SWEEP_S

    async def _ask_for(self, name: str, *, again_in_s: float) -> None:
        try:
            await self._enqueue(name)
        except LiveUnavailable as exc:
            if not self._redis_is_away:
                _log.warning("the relay waits for Redis", error=str(exc))
            self._redis_is_away = True
            return
        self._redis_is_away = False
        self._not_before[name] = asyncio.get_running_loop().time() + again_in_s
