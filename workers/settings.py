"""How arq is set up: its queue, its patience, and the edge at which every job's errors end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from arq.connections import ArqRedis
from arq.worker import Function, Worker, func

from storage.live import Live

_log = structlog.get_logger(__name__)

# arq's half a second would be the largest part of a delivery's way.
_POLL_S = 0.03
# A drain runs for as long as there is work.
_JOB_TIMEOUT_S = 24 * 3600
_MAX_JOBS = 32
_HEALTH_EVERY_S = 10
_HEARD_S = 0.1


class Queue:
    """The jobs of one instance in Redis."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self.name = f"{live.prefix}:queue"
        # Over the pool of `Live`, and so with its time-outs and through its Sentinel.
        self._redis = ArqRedis(pool_or_conn=live.client.connection_pool, default_queue_name=self.name)

    async def enqueue(self, job: str) -> None:
        """Ask some worker to run a job; raise `LiveUnavailable`. No id: a killed worker's would block it for long."""
        with self._live.trying():
            await self._redis.enqueue_job(job)

    def make_worker(self, jobs: Mapping[str, Callable[[], Awaitable[object]]]) -> Worker:
        """Return a worker for these jobs; it ends with `LiveUnavailable`'s causes when Redis goes away."""
        return Worker(
            functions=[_function(name, run) for name, run in jobs.items()],
            redis_pool=self._redis,
            queue_name=self.name,
            health_check_key=f"{self.name}:health",
            health_check_interval=_HEALTH_EVERY_S,
            poll_delay=_POLL_S,
            job_timeout=_JOB_TIMEOUT_S,
            max_jobs=_MAX_JOBS,
            # Cancelled at a shutdown, a job is finished: the relay asks again for whatever is due.
            max_tries=1,
            retry_jobs=False,
            keep_result=0,
            handle_signals=False,
            log_results=False,
        )

    async def run(self, worker: Worker) -> None:
        """Run a worker until Redis goes away, which raises `LiveUnavailable`; jobs under way go on."""
        polling = asyncio.create_task(worker.async_run())
        try:
            with self._live.trying():
                await asyncio.shield(polling)
        finally:
            # A wait for Redis now and then swallows the cancellation: say it until it is heard.
            while not polling.done():
                polling.cancel()
                await asyncio.wait((polling,), timeout=_HEARD_S)


def _function(name: str, run: Callable[[], Awaitable[object]]) -> Function:
    async def job(ctx: dict[Any, Any], *args: Any, **kwargs: Any) -> None:
        del ctx, args, kwargs
        try:
            await run()
        except Exception:  # the process edge: arq would delete the job and tell nobody
            _log.exception("a job failed; the relay asks again for what is due", job=name)

    return func(job, name=name)
