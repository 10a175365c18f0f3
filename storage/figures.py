"""Figures over time for those who look after this place: counts by day, by kind, and who comes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from storage.query import Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Point:
    """How many there were on a day (UTC, as 2026-01-31)."""

    day: str
    value: int


@dataclass(frozen=True, slots=True)
class Share:
    """How many belong to one kind."""

    key: str
    value: int


@dataclass(frozen=True, slots=True)
class Return:
    """Of those who came in a period, how many were here in another (both its first day)."""

    joined: str
    period: str
    value: int


# $1 from, $2 until, $3 what it is about: a domain or a hashtag. Rows with ids of ours are found by their range.
_POINTS = """SELECT to_char(x.at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, count(*) AS value FROM ({rows}) x
    WHERE x.at >= $1::timestamptz AND x.at < $2::timestamptz AND $3::text IS NOT NULL GROUP BY 1"""
_SINCE = ".id >= uuid7($1)"


def _points(rows: str) -> Rows[Point]:
    return Rows(Point, _POINTS, rows=rows)


_OF_DOMAIN = "JOIN users o ON o.id = {who} AND o.domain = lower($3)"
_TAGGED = """FROM thought_tags g JOIN tags n ON n.id = g.tag_id AND n.name = lower($3)
    JOIN thoughts t ON t.id = g.thought_id JOIN users o ON o.id = t.user_id WHERE g.thought_id >= uuid7($1)"""
POINTS: Final[dict[str, Rows[Point]]] = {
    # Who is here is noted once a week.
    "active_users": _points("SELECT DISTINCT week::timestamp AT TIME ZONE 'UTC' AS at, user_id FROM active_weeks"),
    "new_users": _points(
        "SELECT created_at AS at FROM users WHERE NOT is_remote AND actor_type <> 'Application' AND state <> 'deleted'"
    ),
    "interactions": _points(
        """SELECT n.created_at AS at FROM notifications n
        WHERE n.type IN ('favourite', 'reblog', 'mention', 'quote') AND n""" + _SINCE
    ),
    "opened_reports": _points("SELECT r.created_at AS at FROM reports r WHERE r" + _SINCE),
    "resolved_reports": _points("SELECT action_taken_at AS at FROM reports WHERE action_taken_at IS NOT NULL"),
    "instance_accounts": _points("SELECT created_at AS at FROM users WHERE is_remote AND domain = lower($3)"),
    "instance_statuses": _points(
        "SELECT t.created_at AS at FROM thoughts t " + _OF_DOMAIN.replace("{who}", "t.user_id") + " WHERE t" + _SINCE
    ),
    "instance_media_attachments": _points(
        "SELECT t.created_at AS at FROM thoughts t " + _OF_DOMAIN.replace("{who}", "t.user_id")
        + " CROSS JOIN jsonb_array_elements(t.attachments) WHERE t" + _SINCE
    ),
    "instance_reports": _points(
        "SELECT r.created_at AS at FROM reports r " + _OF_DOMAIN.replace("{who}", "r.target_id")
    ),
    "instance_follows": _points(
        "SELECT f.created_at AS at FROM follows f " + _OF_DOMAIN.replace("{who}", "f.following_id")
    ),
    "instance_followers": _points(
        "SELECT f.created_at AS at FROM follows f " + _OF_DOMAIN.replace("{who}", "f.follower_id")
    ),
    "tag_uses": _points("SELECT t.created_at AS at " + _TAGGED),
    "tag_accounts": _points("SELECT min(t.created_at) AS at " + _TAGGED + " GROUP BY t.user_id"),
    "tag_servers": _points("SELECT min(t.created_at) AS at " + _TAGGED + " GROUP BY o.domain"),
}  # fmt: skip
ALL_POINTS = tuple(POINTS.values())

# $1 from, $2 until, $3 what it is about, $4 how many.
_SHARES = """SELECT x.key, count(*) AS value FROM ({rows}) x (key, at)
    WHERE x.at >= $1::timestamptz AND x.at < $2::timestamptz AND $3::text IS NOT NULL
    GROUP BY x.key ORDER BY 2 DESC, 1 LIMIT $4"""


def _shares(rows: str) -> Rows[Share]:
    return Rows(Share, _SHARES, rows=rows)


SHARES: Final[dict[str, Rows[Share]]] = {
    "languages": _shares(
        """SELECT coalesce(t.language, 'und'), t.created_at FROM thoughts t JOIN users o ON o.id = t.user_id
        WHERE NOT o.is_remote AND t.id >= uuid7($1)"""
    ),
    "sources": _shares(
        """SELECT coalesce(a.name, 'Thoughts'), o.created_at FROM users o LEFT JOIN apps a ON a.id = o.created_by_app
        WHERE NOT o.is_remote AND o.actor_type <> 'Application' AND o.state <> 'deleted'"""
    ),
    "servers": _shares(
        """SELECT o.domain, t.created_at FROM thoughts t JOIN users o ON o.id = t.user_id
        WHERE o.is_remote AND t.id >= uuid7($1)"""
    ),
    "instance_accounts": _shares(
        """SELECT o.username, f.created_at FROM users o JOIN follows f ON f.following_id = o.id
        WHERE o.is_remote AND o.domain = lower($3)"""
    ),
    "instance_languages": _shares(
        """SELECT coalesce(t.language, 'und'), t.created_at FROM thoughts t JOIN users o ON o.id = t.user_id
        WHERE o.domain = lower($3) AND t.id >= uuid7($1)"""
    ),
    "tag_servers": _shares("SELECT coalesce(o.domain, ''), t.created_at " + _TAGGED),
    "tag_languages": _shares("SELECT coalesce(t.language, 'und'), t.created_at " + _TAGGED),
}
ALL_SHARES = tuple(SHARES.values())
DATABASE_BYTES = Value(int, "SELECT pg_database_size(current_database())")
DATABASE_VERSION = Value(str, "SELECT current_setting('server_version')")
# $1 from, $2 until, $3 day or month. Activity is known by weeks: somebody was here on each day of such a week.
RETURNS = Rows(
    Return,
    """WITH cohorts AS (
        SELECT id, date_trunc($3::text, created_at AT TIME ZONE 'UTC') AS joined FROM users
        WHERE NOT is_remote AND actor_type <> 'Application' AND state <> 'deleted'
            AND created_at >= $1::timestamptz AND created_at < $2::timestamptz),
    periods AS (
        SELECT generate_series(date_trunc($3, $1 AT TIME ZONE 'UTC'), ($2 AT TIME ZONE 'UTC') - interval '1 second',
            ('1 ' || $3)::interval) AS period)
    SELECT to_char(c.joined, 'YYYY-MM-DD') AS joined, to_char(p.period, 'YYYY-MM-DD') AS period,
        count(DISTINCT c.id) FILTER (WHERE p.period = c.joined OR w.user_id IS NOT NULL) AS value
    FROM cohorts c JOIN periods p ON p.period >= c.joined
        LEFT JOIN active_weeks w ON w.user_id = c.id
            AND w.week < (p.period + ('1 ' || $3)::interval)::date AND w.week + 7 > p.period::date
    GROUP BY c.joined, p.period ORDER BY c.joined, p.period""",
)


async def list_points(db: Connection, key: str, begins: datetime, ends: datetime, about: str) -> dict[str, int]:
    """Count by day."""
    return {point.day: point.value for point in await POINTS[key].all(db, begins, ends, about)}


async def list_shares(
    db: Connection, key: str, begins: datetime, ends: datetime, about: str, *, limit: int
) -> list[Share]:
    """Count by kind, the largest first."""
    return await SHARES[key].all(db, begins, ends, about, limit)


async def list_returns(db: Connection, begins: datetime, ends: datetime, frequency: str) -> list[Return]:
    """Count who comes back, by when they came first; `frequency` is day or month."""
    return await RETURNS.all(db, begins, ends, frequency)
