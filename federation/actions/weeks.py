"""The last seven days of something that is counted by day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

_DAY_S = 24 * 3600


class Counted(Protocol):
    """How often, and by how many people, something was used on a day, a Unix time."""

    @property
    def day(self) -> int: ...
    @property
    def uses(self) -> int: ...
    @property
    def accounts(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Day:
    """How often, and by how many people, something was used on a day, a Unix time."""

    day: int
    uses: int = 0
    accounts: int = 0


def last_week(history: Iterable[Counted], now: datetime) -> list[Day]:
    """Return the last seven days, today first, those without use as well."""
    today = int(now.timestamp()) // _DAY_S * _DAY_S
    used = {one.day: Day(one.day, one.uses, one.accounts) for one in history}
    days = [today - number * _DAY_S for number in range(7)]
    return [used.get(day) or Day(day) for day in days]
