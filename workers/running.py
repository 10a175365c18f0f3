"""A worker process at work: relay and arq, through outages of Redis, until it is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from storage.errors import LiveUnavailable
from workers.relay import Relay
from workers.settings import Queue

if TYPE_CHECKING:
    from arq.worker import Worker

    from storage.database import Database
    from storage.live import Live
    from workers.registry import Drain, Periodic

_log = structlog.get_logger(__name__)

_RECONNECT_S = 0.5
_LONGEST_PAUSE_S = 5.0


async def work(
    database: Database,
    database_url: str,
    live: Live,
    *,
    drains: Sequence[Drain],
    periodic: Sequence[Periodic],
) -> None:
    """Relay and run jobs until cancelled; jobs under way are cancelled as well."""
    queue = Queue(live)
    jobs = {**{drain.name: drain.run for drain in drains}, **{job.name: job.run for job in periodic}}
    relay = Relay(database, database_url, drains=drains, periodic=periodic, enqueue=queue.enqueue)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(relay.run(), name="relay")
        tasks.create_task(_run_jobs(queue, jobs), name="arq")


async def _run_jobs(queue: Queue, jobs: Mapping[str, Callable[[], Awaitable[object]]]) -> None:
    """Run arq again and again: it ends with the connection, while its jobs go on without Redis."""
    workers: list[Worker] = []
    pause_s = _RECONNECT_S
    loop = asyncio.get_running_loop()
    try:
        while True:
            workers = [worker for worker in workers if any(not task.done() for task in worker.tasks.values())]
            workers.append(queue.make_worker(jobs))
            started = loop.time()
            try:
                await queue.run(workers[-1])
            except LiveUnavailable as exc:
                _log.warning("jobs wait for Redis", error=str(exc))
            pause_s = _RECONNECT_S if loop.time() - started > _LONGEST_PAUSE_S else min(pause_s * 2, _LONGEST_PAUSE_S)
            await asyncio.sleep(pause_s)
    finally:
        for worker in workers:
            await _end(worker)


async def _end(worker: Worker) -> None:
    """Cancel what a worker still does, and wait for it."""
    for task in worker.tasks.values():
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*worker.tasks.values(), return_exceptions=True)
