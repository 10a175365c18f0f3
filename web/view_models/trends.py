"""What trends."""

from __future__ import annotations

from dataclasses import dataclass

from web.view_models.thoughts import PageView, ThoughtView


@dataclass(frozen=True, slots=True)
class LinkTrendView:
    """A page with its last seven days, today last: how often it was linked to, and by how many people on each."""

    page: PageView
    uses: int
    week: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TrendView:
    """A hashtag with its last seven days, today last: how often it was used in them, and by how many people on each."""

    name: str
    shown: str
    uses: int
    week: tuple[int, ...]
    following: bool = False


@dataclass(frozen=True, slots=True)
class JudgedTagView:
    """A hashtag that trends as moderators see it; `waits`: none of them has looked at it yet."""

    id: str
    trend: TrendView
    is_shown: bool
    waits: bool


@dataclass(frozen=True, slots=True)
class JudgedLinkView:
    """A page that trends as moderators see it; `publisher_id` stands for all pages of its host."""

    id: str
    trend: LinkTrendView
    publisher_id: str | None
    is_shown: bool
    waits: bool


@dataclass(frozen=True, slots=True)
class JudgedThoughtView:
    """A thought that trends as moderators see it; `waits`: none of them has looked at it yet."""

    thought: ThoughtView
    is_shown: bool
    waits: bool
