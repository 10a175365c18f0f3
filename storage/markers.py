"""How far people have read, as their apps tell each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from storage.query import Rows

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Marker:
    """A row of markers."""

    timeline: str
    last_read_id: str
    version: int
    updated_at: datetime


LIST = Rows(
    Marker,
    """SELECT timeline, last_read_id, version, updated_at FROM markers
    WHERE user_id = $1 AND timeline = ANY($2::text[]) ORDER BY timeline""",
)
SET = Rows(
    Marker,
    """INSERT INTO markers AS m (user_id, timeline, last_read_id, version) VALUES ($1, $2, $3, 1)
    ON CONFLICT (user_id, timeline) DO UPDATE
        SET last_read_id = excluded.last_read_id, version = m.version + 1, updated_at = now()
    RETURNING timeline, last_read_id, version, updated_at""",
)


async def list_markers(db: Connection, user_id: UUID, timelines: Sequence[str]) -> list[Marker]:
    """List somebody's markers of these timelines."""
    return await LIST.all(db, user_id, timelines)


async def set_marker(db: Connection, user_id: UUID, timeline: str, last_read_id: str) -> Marker:
    """Move a marker."""
    return await SET.one(db, user_id, timeline, last_read_id)
