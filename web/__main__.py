"""A web process: `python -m web`, with DATABASE_URL (and REDIS_URL, if there is one) in the environment."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import sys
from urllib.parse import urlsplit

import uvloop
from hypercorn.asyncio import serve
from hypercorn.config import Config

from federation.actions.instance import settle_instance
from federation.errors import ThoughtsError
from federation.logs import configure_logging
from federation.services import open_services
from federation.settings import Settings, load_settings
from storage.errors import StorageError
from web import websockets
from web.app import Application, create_app
from web.streaming import STREAMS

# Within the supervisor's patience.
_GRACE_S = 10
_KEEP_ALIVE_S = 60
_BACKLOG = 1024
# A page of statuses makes some thousand objects, none of them in circles.
_COLLECT_AT = (5000, 20, 20)


def main() -> int:
    """Serve until SIGTERM or SIGINT, then let requests under way finish; return the exit status."""
    configure_logging("web")
    try:
        settings = load_settings()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings))
    except (ThoughtsError, StorageError) as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    return 0


def configuration(settings: Settings) -> Config:
    """Return how Hypercorn listens."""
    config = Config()
    config.bind = [settings.bind if settings.web_processes == 1 else _shared_address(settings.bind)]
    config.backlog = _BACKLOG
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn")
    config.graceful_timeout = _GRACE_S
    config.shutdown_timeout = _GRACE_S
    config.keep_alive_timeout = _KEEP_ALIVE_S
    config.include_server_header = False
    return config


def _shared_address(bind: str) -> str:
    """Bind an address that several web processes listen on; the kernel spreads connections among them."""
    parts = urlsplit(f"//{bind}")
    host = parts.hostname or ""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind((host, parts.port or 8000))
    return f"fd://{listener.detach()}"


async def _serve(settings: Settings) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with open_services(settings, settle_instance, application_name="thoughts web") as services:
        app = create_app(settings, services)
        spare_what_stays()
        await serve_app(app, configuration(settings), stopped)


def spare_what_stays() -> None:
    """Let the garbage collector look no more at what is here for good, and less often at what a page is made of."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AT)


async def serve_app(app: Application, config: Config, stopped: asyncio.Event) -> None:
    """Serve until told to stop; streams end at once then, other requests may finish."""
    websockets.install()

    async def until_stopped() -> None:
        await stopped.wait()
        app.extensions[STREAMS].close()

    pinging = asyncio.create_task(websockets.ping_for_ever())
    try:
        await serve(app, config, shutdown_trigger=until_stopped)
    finally:
        pinging.cancel()


if __name__ == "__main__":
    sys.exit(main())
