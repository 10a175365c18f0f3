"""One open stream: what it listens to, and what is still to be sent to it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from web.streaming.frames import HEARTBEAT, Frame

if TYPE_CHECKING:
    from web.streaming.channels import Channel, Listener

# Frames are shared by all clients: what waits costs a client little, but it must not wait for ever.
MOST_WAITING: Final = 256
_GOODBYE_S: Final = 1.0

Label = tuple[str, ...]


class Client:
    """An open stream. It has a task of its own only while something is being sent.

    A client that reads too slowly is let go, and so is everyone when the server stops or a token ends.
    """

    __slots__ = ("_life", "_send", "_tasks", "_waiting", "_writing", "beats", "labels", "listener")

    def __init__(self, listener: Listener, send: Callable[[Frame, Label], Awaitable[None]], *, beats: bool) -> None:
        self.listener = listener
        self.beats = beats
        self.labels: dict[Channel, Label] = {}
        self._send = send
        self._waiting: deque[tuple[Frame, Label]] = deque()
        self._writing = False
        self._life: asyncio.Timeout | None = None
        self._tasks: asyncio.TaskGroup | None = None

    async def live(self, listen: Callable[[], Awaitable[None]]) -> bool:
        """Send what is offered until `listen` returns, because the other side left; False when it was let go."""
        try:
            async with asyncio.timeout(None) as life, asyncio.TaskGroup() as tasks:
                self._life, self._tasks = life, tasks
                await listen()
                self._waiting.clear()
        except TimeoutError:
            return False
        finally:
            self._life = self._tasks = None
        return True

    def offer(self, frame: Frame, label: Label = ()) -> None:
        """Have a frame sent; returns at once."""
        if self._tasks is None:
            return
        if len(self._waiting) >= MOST_WAITING:
            self.let_go()
            return
        self._waiting.append((frame, label))
        if not self._writing:
            self._writing = True
            self._tasks.create_task(self._write())

    def beat(self) -> None:
        """Send a sign of life where nothing waits anyway."""
        if self.beats and not self._waiting:
            self.offer(HEARTBEAT)

    def let_go(self) -> None:
        """End the stream from our side."""
        if self._life is not None and not self._life.expired():
            self._life.reschedule(asyncio.get_running_loop().time())

    @staticmethod
    async def say_goodbye(sending: Awaitable[None]) -> None:
        """Send the last words; whoever did not read for long does not read these either."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE_S):
                await sending

    async def _write(self) -> None:
        try:
            while self._waiting:
                await self._send(*self._waiting.popleft())
        finally:
            self._writing = False
