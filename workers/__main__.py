"""A worker process: `python -m workers`, with DATABASE_URL and REDIS_URL in the environment."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import sys
from contextlib import suppress

import structlog
import uvloop

from federation.actions.instance import settle_instance
from federation.errors import ThoughtsError
from federation.logs import configure_logging
from federation.services import open_services
from federation.settings import Settings, load_settings
from storage.errors import StorageError
from workers.jobs import open_jobs
from workers.running import work

_log = structlog.get_logger(__name__)

# Both lanes of deliveries, reading, and the rest.
_OPEN_FILES = 4096


def main() -> int:
    """Work until SIGTERM or SIGINT; return the exit status."""
    configure_logging("worker")
    logging.getLogger("arq").setLevel(logging.CRITICAL)  # the edge of our jobs says more
    _raise_file_limit()
    try:
        settings = load_settings()
        if not settings.redis_url:
            raise StorageError("No Redis is given: set REDIS_URL, or start with `thoughts serve`.")
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings))
    except (ThoughtsError, StorageError) as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    return 0


async def _serve(settings: Settings) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with open_services(settings, settle_instance, application_name="thoughts worker", connections=16) as services:
        working: asyncio.Task[None] | None = None
        try:
            async with open_jobs(services) as jobs:
                working = asyncio.create_task(
                    work(
                        services.database,
                        settings.database_url or "",
                        services.live,
                        drains=jobs.drains,
                        periodic=jobs.periodic,
                    )
                )
                stopping = asyncio.create_task(stopped.wait())
                await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
                stopping.cancel()
        finally:
            if working is not None:
                working.cancel()
                with suppress(asyncio.CancelledError):
                    await working
    _log.info("the worker has stopped")


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    sys.exit(main())
