"""The ids that PostgreSQL makes: UUIDv7, ordered by their moment, clamped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import RFC_4122, UUID

import pytest

if TYPE_CHECKING:
    from storage.database import Connection


def _moment(made: UUID) -> datetime:
    """Read the moment out of an id, to the quarter of a microsecond."""
    milliseconds, fraction = made.int >> 80, (made.int >> 64) & 0xFFF
    return datetime.fromtimestamp(milliseconds / 1000, UTC) + timedelta(microseconds=fraction * 1000 / 4096)


async def _make(db: Connection, at: datetime) -> UUID:
    made: UUID = await db.fetchval("SELECT uuid7($1)", at)
    return made


async def test_it_is_a_version_seven_uuid(db: Connection) -> None:
    made = await _make(db, datetime(2024, 5, 6, tzinfo=UTC))
    assert (made.version, made.variant) == (7, RFC_4122)


@pytest.mark.parametrize("microsecond", [0, 1, 999, 500_000, 999_999])
async def test_it_tells_its_moment(db: Connection, microsecond: int) -> None:
    at = datetime(2024, 5, 6, 7, 8, 9, microsecond, tzinfo=UTC)
    assert abs(_moment(await _make(db, at)) - at) <= timedelta(microseconds=1)


async def test_ids_sort_as_their_moments_do(db: Connection) -> None:
    start = datetime(2024, 5, 6, tzinfo=UTC)
    moments = [start + timedelta(microseconds=step) for step in (0, 1, 2, 999, 1000, 1001, 60_000_000, 10**12)]
    made = [await _make(db, at) for at in moments]
    assert made == sorted(made)
    assert await db.fetchval("SELECT array_agg(id ORDER BY id) = $1 FROM unnest($1::uuid[]) AS x (id)", made)


async def test_the_same_moment_makes_different_ids(db: Connection) -> None:
    count = await db.fetchval(
        "SELECT count(DISTINCT uuid7(timestamptz '2024-05-06')) FROM generate_series(1, 1000)"
    )  # fmt: skip
    assert count == 1000


@pytest.mark.parametrize("at", [datetime(1970, 1, 1, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)])
async def test_the_distant_past_is_2005(db: Connection, at: datetime) -> None:
    assert _moment(await _make(db, at)) == datetime(2005, 1, 1, tzinfo=UTC)


async def test_the_future_is_now(db: Connection) -> None:
    before = await db.fetchval("SELECT clock_timestamp()")
    made = _moment(await _make(db, datetime(9999, 1, 1, tzinfo=UTC)))
    after = await db.fetchval("SELECT clock_timestamp()")
    assert before - timedelta(microseconds=1) <= made <= after
