"""What trends."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrendView:
    """A hashtag with its last seven days, today last: how often it was used in them, and by how many people on each."""

    name: str
    shown: str
    uses: int
    week: tuple[int, ...]
    following: bool = False
