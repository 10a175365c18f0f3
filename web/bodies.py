"""What is sent to us is taken off the line before it is answered, also when it is refused."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hypercorn.typing import ASGIReceiveCallable, ASGIReceiveEvent, ASGISendCallable, ASGISendEvent, Scope

    AsgiApp = Callable[[Scope, ASGIReceiveCallable, ASGISendCallable], Awaitable[None]]

# Of a body that is refused: as much is read and thrown away.
MOST_DISCARDED = 16 * 1024 * 1024
_PATIENCE_S = 10.0


class WholeBodies:
    """Holds back an answer while the request's body still comes.

    A browser, or the proxy in front of us, whose connection closes in the midst of its body sees a broken
    connection (502) in place of the answer. Quart goes on receiving while it answers, and keeps no more than it
    takes: waiting is enough. Not for ever: up to a bound of bytes and seconds.
    """

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Serve an ASGI connection."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        enough = asyncio.Event()
        size = 0

        async def watched_receive() -> ASGIReceiveEvent:
            nonlocal size
            message = await receive()
            more = message["type"] == "http.request" and message.get("more_body", False)
            size += len(message["body"]) if message["type"] == "http.request" else 0
            if not more or size > MOST_DISCARDED:
                enough.set()
            return message

        async def patient_send(message: ASGISendEvent) -> None:
            if not enough.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(_PATIENCE_S):
                        await enough.wait()
                enough.set()
            await send(message)

        await self._app(scope, watched_receive, patient_send)
