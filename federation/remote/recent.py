"""What a process remembers for a while: bounded, forgetful, lost without harm."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """The values put in last, each for `kept_for`; the least recently used ones make room for new ones."""

    def __init__(self, kept_for: timedelta, *, now: Callable[[], datetime], most: int = 4096) -> None:
        self._kept_for = kept_for
        self._now = now
        self._most = most
        self._kept: OrderedDict[str, tuple[datetime, Value]] = OrderedDict()

    def get(self, key: str) -> Value | None:
        """Return what was put in under `key` lately, else None."""
        found = self._kept.get(key)
        if found is None:
            return None
        until, value = found
        if until <= self._now():
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return value

    def put(self, key: str, value: Value) -> None:
        """Remember `value` from now on."""
        self._kept[key] = (self._now() + self._kept_for, value)
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def drop(self, key: str) -> None:
        """Forget one value."""
        self._kept.pop(key, None)

    def drop_where(self, condition: Callable[[Value], bool]) -> None:
        """Forget every value that meets the condition."""
        for key in [key for key, (_, value) in self._kept.items() if condition(value)]:
            del self._kept[key]
