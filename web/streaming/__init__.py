"""Streaming: what happens, told at once to apps and pages that listen, as plain ASGI in front of Quart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from web.shut_out import SHUT_OUT
from web.streaming.door import StreamingDoor
from web.streaming.hub import Hub

if TYPE_CHECKING:
    from quart import Quart

__all__ = ["STREAMS", "Hub", "install"]

STREAMS = "streams"


def install(app: Quart) -> None:
    """Put the streams in front of an application; `Hub.running` belongs into its lifespan."""
    app.extensions[STREAMS] = hub = Hub()
    app.asgi_app = StreamingDoor(app.asgi_app, hub, app.extensions[SHUT_OUT])  # type: ignore[method-assign]
