"""News: what happened, told to streams once it is committed; losing it costs a client one reload."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, get_args
from uuid import UUID

import orjson

from storage.errors import LiveUnavailable

if TYPE_CHECKING:
    from storage.database import Connection
    from storage.live import Live

_CHANNEL: Final = "news"
_COALESCE_S: Final = 0.02
# While Redis is away the oldest are forgotten.
_MOST_WAITING: Final = 2000


@dataclass(frozen=True, slots=True)
class EntryMade:
    """A thought or boost entered timelines."""

    entry_id: UUID


@dataclass(frozen=True, slots=True)
class ThoughtEdited:
    """A thought has a new version."""

    thought_id: UUID


@dataclass(frozen=True, slots=True)
class EntriesGone:
    """A thought and its boosts, or one boost, are gone; everything that tells who may have seen them."""

    entry_ids: list[UUID]
    user_ids: list[UUID]
    """Whose entries they were, in the same order."""
    mentioned: list[UUID]
    tags: list[str]
    public: bool
    is_remote: bool
    has_media: bool


@dataclass(frozen=True, slots=True)
class Notified:
    """People got a notification."""

    user_ids: list[UUID]
    type: str
    actor_id: UUID
    thought_id: UUID | None
    collection_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """Something of these people's changed that apps read anew; an empty list means everybody."""

    event: str
    user_ids: list[UUID]
    payload: str = ""


@dataclass(frozen=True, slots=True)
class Conversed:
    """A direct thought became the last of these people's conversation."""

    user_ids: list[UUID]
    thought_id: UUID


@dataclass(frozen=True, slots=True)
class Announced:
    """An announcement was published, or a published one changed."""

    announcement_id: UUID


@dataclass(frozen=True, slots=True)
class AnnouncementReacted:
    """The count of an emoji that people reacted with to an announcement changed."""

    announcement_id: UUID
    name: str


News = (
    EntryMade | ThoughtEdited | EntriesGone | Notified | Changed | Conversed | Announced | AnnouncementReacted
)  # fmt: skip
_KINDS: Final[dict[str, type[News]]] = {kind.__name__: kind for kind in get_args(News)}
_IDS: Final = frozenset(
    {"entry_id", "thought_id", "actor_id", "announcement_id", "collection_id", "entry_ids", "user_ids", "mentioned"}
)


def tell(db: Connection, news: News) -> None:
    """Have something told when the transaction commits; rolled back, it never happened."""
    db.news.append(news)


class NewsRoom:
    """Sends what happened to the other processes: one message per 20 ms at most, however much it was."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._waiting: deque[News] = deque(maxlen=_MOST_WAITING)
        self._wanted = asyncio.Event()
        self._ending = False
        self._task: asyncio.Task[None] | None = None

    def __call__(self, news: Iterable[News]) -> None:
        """Send these; returns at once."""
        self._waiting.extend(news)
        self._wanted.set()

    async def __aenter__(self) -> NewsRoom:
        self._task = asyncio.create_task(self._send_until_the_end(), name="news")
        return self

    async def __aexit__(self, *_: object) -> None:
        # Not cancelled: a wait for Redis now and then swallows that.
        self._ending = True
        self._wanted.set()
        if self._task is not None:
            await self._task

    async def _send_until_the_end(self) -> None:
        while not self._ending:
            await self._wanted.wait()
            self._wanted.clear()
            await self.flush()
            await asyncio.sleep(_COALESCE_S)
        await self.flush()

    async def flush(self) -> None:
        """Send what waits, now."""
        if not self._waiting:
            return
        message = encode(self._waiting)
        self._waiting.clear()
        with suppress(LiveUnavailable):
            await self._live.publish(_CHANNEL, message)


@asynccontextmanager
async def hear_news(live: Live) -> AsyncIterator[AsyncGenerator[list[News], None]]:
    """Hear everything from the beginning of the block; raises `LiveUnavailable` as `Live.subscribe` does."""
    async with live.subscribe(_CHANNEL) as messages:
        yield (decode(message.data) async for message in messages)


def encode(news: Iterable[News]) -> bytes:
    """Write news for the channel: ids only, so that nothing private passes through Redis."""
    return orjson.dumps([(type(one).__name__, one) for one in news], default=str)


def decode(data: bytes) -> list[News]:
    """Read news; kinds that a newer process may send are left out."""
    return [
        _KINDS[kind](**{name: _value(name, value) for name, value in fields.items()})
        for kind, fields in orjson.loads(data)
        if kind in _KINDS
    ]


def _value(name: str, value: Any) -> Any:
    if name not in _IDS or value is None:
        return value
    return [UUID(one) for one in value] if isinstance(value, list) else UUID(value)
