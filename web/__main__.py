"""A web process: `python -m web`, with DATABASE_URL in the environment; REDIS_URL may be away."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys

import uvloop
from hypercorn.asyncio import serve
from hypercorn.config import Config

from federation.actions.instance import settle_instance
from federation.errors import Invalid, ThoughtsError
from federation.logs import log_to_stderr
from federation.services import open_services
from federation.settings import Settings, load_settings
from storage.errors import StorageError
from web.app import create_app

# More would only queue in PostgreSQL; the sum over processes stays under max_connections.
CONNECTIONS = 16


def main() -> int:
    """Serve until SIGTERM or SIGINT; return the exit status."""
    log_to_stderr()
    try:
        settings = load_settings()
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
    async with open_services(
        settings, settle_instance, application_name="thoughts web", connections=CONNECTIONS
    ) as services:  # fmt: skip
        config = _hypercorn(_listen(settings.bind))
        await serve(create_app(settings, services), config, shutdown_trigger=stopped.wait)


def _listen(bind: str) -> int:
    """Listen on host:port and return the file descriptor, which Hypercorn closes.

    Several web processes may share the address; the kernel spreads connections over them.
    """
    host, _, port = bind.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        server = socket.create_server((host.strip("[]"), int(port)), family=family, backlog=512, reuse_port=True)
    except (OSError, ValueError) as exc:
        raise Invalid(f"THOUGHTS_BIND={bind} cannot be listened on: {exc}.") from exc
    return server.detach()


def _hypercorn(listening: int) -> Config:
    config = Config()
    config.bind = [f"fd://{listening}"]
    config.accesslog = None
    config.errorlog = "-"
    config.loglevel = "WARNING"
    config.include_server_header = False
    config.graceful_timeout = 5
    config.keep_alive_timeout = 30
    return config


if __name__ == "__main__":
    sys.exit(main())
