"""Tries requests by the hundred on one filled instance, each undone, and tells of every way that fails."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from hypothesis import HealthCheck, Phase, given, settings

if TYPE_CHECKING:
    from hypothesis import strategies as st

Example = TypeVar("Example")

EXAMPLES = int(os.environ.get("THOUGHTS_TEST_EXAMPLES", "0"))
"""How many requests to try for each route; 0 for few, always the same ones."""


async def failures(
    strategy: st.SearchStrategy[Example], attempt: Callable[[Example], Awaitable[None]], *, usual: int, name: str
) -> list[str]:
    """Let examples be tried in this event loop; return what failed and the smallest example of it, if anything."""
    loop = asyncio.get_running_loop()

    @settings(
        max_examples=EXAMPLES or usual, deadline=None, derandomize=not EXAMPLES, database=None,
        suppress_health_check=[*HealthCheck],
        phases=(Phase.generate, Phase.shrink) if EXAMPLES else (Phase.generate,),
    )  # fmt: skip
    @given(strategy)
    def one(example: Example) -> None:
        asyncio.run_coroutine_threadsafe(_as_coroutine(attempt(example)), loop).result()

    try:
        # Hypothesis waits for each example: it does so in a thread.
        await asyncio.to_thread(one)
    except Exception as exc:
        notes = "\n".join(getattr(exc, "__notes__", ())).splitlines()
        return ["\n".join([f"{name} {exc}"[:1500], *(line[:800] for line in notes)])]
    return []


async def _as_coroutine(awaited: Awaitable[None]) -> None:
    await awaited
