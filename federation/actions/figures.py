"""Figures over time: what those who look after this place are shown of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from federation.actions.reports import check_moderator
from federation.errors import Invalid
from storage import figures
from storage.figures import Return, Share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from federation.services import Services
    from storage.people import Person

LONGEST: Final = timedelta(days=400)
MEASURES: Final = tuple(figures.POINTS)
DIMENSIONS: Final = (*figures.SHARES, "space_usage", "software_versions")
FREQUENCIES: Final = ("day", "month")


@dataclass(frozen=True, slots=True)
class Span:
    """From the beginning of a day to the end of another, in UTC."""

    begins: datetime
    ends: datetime

    @property
    def days(self) -> list[str]:
        """Every day of it, as 2026-01-31."""
        count = (self.ends - self.begins).days
        return [f"{self.begins + timedelta(days=number):%Y-%m-%d}" for number in range(count)]

    @property
    def before(self) -> Span:
        """The time of the same length before it."""
        return Span(self.begins - (self.ends - self.begins), self.begins)


@dataclass(frozen=True, slots=True)
class Measured:
    """Counts by day, and how many there were in the time before."""

    key: str
    by_day: dict[str, int]
    previous_total: int


def make_span(begins: datetime, ends: datetime) -> Span:
    """Return the days from one moment to another; raise `Invalid` for none, or too many."""
    first = begins.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    after = ends.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    if not timedelta(0) < after - first <= LONGEST:
        raise Invalid(f"The time must be 1 to {LONGEST.days} days.", field="start_at")
    return Span(first, after)


async def measure(
    services: Services, moderator: Person, keys: Sequence[str], span: Span, about: Mapping[str, str]
) -> list[Measured]:
    """Count by day; unknown keys are left out."""
    check_moderator(moderator)
    measured = []
    async with services.database.connection() as db:
        for key in keys:
            if key not in figures.POINTS:
                continue
            found = await figures.list_points(db, key, span.begins, span.ends, about.get(key, ""))
            before = await figures.list_points(db, key, span.before.begins, span.before.ends, about.get(key, ""))
            by_day = {day: found.get(day, 0) for day in span.days}
            measured.append(Measured(key, by_day, sum(before.values())))
    return measured


async def divide(
    services: Services, moderator: Person, keys: Sequence[str], span: Span, about: Mapping[str, str], *, limit: int
) -> dict[str, list[Share]]:
    """Count by kind; unknown keys are left out."""
    check_moderator(moderator)
    shares = {}
    async with services.database.connection() as db:
        for key in keys:
            if key in figures.SHARES:
                shares[key] = await figures.list_shares(
                    db, key, span.begins, span.ends, about.get(key, ""), limit=limit
                )
            elif key == "space_usage":
                shares[key] = [Share("postgresql", await figures.DATABASE_BYTES.one(db))]
    return shares


async def database_version(services: Services) -> str:
    """Return the version of PostgreSQL."""
    async with services.database.connection() as db:
        return (await figures.DATABASE_VERSION.one(db)).partition(" ")[0]


async def list_returns(services: Services, moderator: Person, span: Span, frequency: str) -> list[Return]:
    """Count who comes back, by when they came first."""
    check_moderator(moderator)
    if frequency not in FREQUENCIES:
        raise Invalid("The frequency is day or month.", field="frequency")
    async with services.database.connection() as db:
        return await figures.list_returns(db, span.begins, span.ends, frequency)
