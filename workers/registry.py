"""What a worker can be asked to do: drains that the relay wakes, and jobs that come round."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Drain:
    """Works off rows of one kind until none is due; `name` is its job's in Redis."""

    name: str
    has_due: Callable[[Connection], Awaitable[bool]]
    run: Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Periodic:
    """Runs again and again; each run is bounded, and doing it twice does no harm."""

    name: str
    every_s: float
    run: Callable[[], Awaitable[object]]


class OneAtATime:
    """Lets one call of a function run per process; a call meanwhile makes that one start over at its end."""

    def __init__(self, function: Callable[[], Awaitable[object]]) -> None:
        self._function = function
        self._running = False
        self._again = False

    async def __call__(self) -> None:
        """Run the function, or have whoever runs it do so again."""
        self._again = True
        if self._running:
            return
        self._running = True
        try:
            while self._again:
                self._again = False
                await self._function()
        finally:
            self._running = False
