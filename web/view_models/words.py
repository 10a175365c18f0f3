"""Figures and moments in words: what the templates use as filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def ago(when: datetime | None, now: datetime | None = None) -> str:
    """Say how far away a moment is, in the shortest form that is still clear; also for moments to come."""
    if when is None:
        return "never"
    now = now or datetime.now(UTC)
    seconds = int((now - when).total_seconds())
    future = seconds < 0
    seconds = abs(seconds)
    if seconds < 45:
        return "now"
    if seconds < 3600:
        label = f"{max(1, round(seconds / 60))} min"
    elif seconds < 86400:
        label = f"{seconds // 3600} h"
    elif seconds < 7 * 86400:
        label = f"{seconds // 86400} d"
    else:
        date = f"{when.day} {_MONTHS[when.month - 1]}"
        return date if when.year == now.year else f"{date} {when.year}"
    return f"in {label}" if future else label


def iso(when: datetime) -> str:
    """Return the moment as a `datetime` attribute takes it, in UTC and whole seconds."""
    return when.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z"


def exact(when: datetime) -> str:
    """Return the moment in full, for titles and for the thought that a page is about."""
    at = when.astimezone(UTC)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {at.hour:02}:{at.minute:02} UTC"


def past(when: datetime | None, now: datetime | None = None) -> str:
    """Say how long ago something happened, inside a sentence."""
    label = ago(when, now)
    if label == "now":
        return "just now"
    return f"{label} ago" if label.endswith((" min", " h", " d")) else label


def soon(when: datetime, now: datetime | None = None) -> str:
    """Say when something will happen, as part of a sentence: `at 14:05 UTC`."""
    now, at = now or datetime.now(UTC), when.astimezone(UTC)
    if (at - now).total_seconds() < 45:
        return "in a moment"
    day = "" if at.date() == now.astimezone(UTC).date() else f"on {at.day} {_MONTHS[at.month - 1]} "
    return f"{day}at {at:%H:%M} UTC"


def span(starts: datetime, ends: datetime, *, all_day: bool) -> str:
    """Say from when to when something lasts; of what takes whole days, the days."""
    if not all_day:
        return f"{exact(starts)} to {exact(ends)}"
    first, last = (exact(at).partition(",")[0] for at in (starts, ends))
    return first if first == last else f"{first} to {last}"


def month(when: datetime) -> str:
    """Return month and year, as precise as a joining date needs to be."""
    return f"{_MONTHS[when.month - 1]} {when.year}"


def compact(number: int) -> str:
    """Return a count that fits under an icon: 999, 1.2k, 34k, 5.6M."""
    if number < 1000:
        return str(number)
    for limit, divisor, unit in ((999_950, 1000, "k"), (999_950_000, 1_000_000, "M")):
        if number < limit:
            short = number / divisor
            return f"{short:.1f}".removesuffix(".0") + unit if short < 10 else f"{short:.0f}{unit}"
    return f"{number / 1_000_000_000:.1f}".removesuffix(".0") + "G"


def grouped(number: int) -> str:
    """Return a count in full, with thousands set apart."""
    return f"{number:,}"


def counted(number: int, one: str, many: str = "") -> str:
    """Return the count with its noun: `1 reply`, `1,204 replies`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def zone(minutes: int) -> str:
    """Name a time zone by its distance from UTC."""
    hours, rest = divmod(abs(minutes), 60)
    sign = "+" if minutes > 0 else "\u2212"
    return f"UTC{sign}{hours}:{rest:02}" if minutes else "UTC"


FILTERS: Mapping[str, Callable[..., str]] = {
    "ago": ago,
    "compact": compact,
    "counted": counted,
    "exact": exact,
    "grouped": grouped,
    "iso": iso,
    "month": month,
    "past": past,
    "soon": soon,
    "zone": zone,
}
"""The Jinja filters that the templates use; the application registers them all."""
