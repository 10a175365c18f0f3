"""What trends: scored by a job out of what is stored, kept in small tables, read with one query.

A kind of trend is a table (what, score), a command that writes it anew, and queries that read it. Scores are like
Mastodon's: how far a count is above what was expected, half as much after some hours. They are made of stored rows
alone, so that two runs at one time write the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from storage.entries import ENTRY_COLUMNS, Entry, EntryRows
from storage.query import Command, Rows, Value
from storage.visibility import NOT_HIDDEN, NOT_SILENCED, VISIBLE

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class TrendingTag:
    """A hashtag that trends with the days of its last week, as the job counted them."""

    name: str
    week: list[dict[str, int]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a thought may be shown as a trend, and whether moderators have yet to say so."""

    thought_id: UUID
    is_shown: bool
    requires_review: bool


KEPT: Final = 100
"""How many of each kind are kept."""

# Whatever floods in, a run reads so many rows of the last two days.
_MOST_READ: Final = 100_000
_SINCE: Final = "(SELECT uuid7(now() - interval '2 days'))"
_HALF_LIFE_H: Final = 6
# What `best` found takes the place of what was there. The lock leaves out what somebody deletes meanwhile.
_REPLACED: Final = """,
    kept AS (SELECT s.id, b.score FROM best b JOIN {subjects} s ON s.id = b.id FOR KEY SHARE OF s),
    gone AS (DELETE FROM {table} r WHERE NOT EXISTS (SELECT FROM kept WHERE kept.id = r.{column}))
    INSERT INTO {table} ({column}, score) SELECT id, score FROM kept ORDER BY id
    ON CONFLICT ({column}) DO UPDATE SET score = excluded.score"""


def refresh(best: str, *, table: str, column: str, subjects: str, used_at: str) -> Command:
    """Make the command that writes a kind of trend anew; $1 is how many people or reactions something needs.

    `best` ends in a CTE of that name with id and score. It reads ids after {since}, {most} rows of them, keeps {places}
    and weighs by {freshness}, which is 1 for what happened (`used_at`) just now.
    """
    return Command(
        best + _REPLACED, table=table, column=column, subjects=subjects, since=_SINCE, most=str(_MOST_READ),
        places=str(KEPT), freshness=f"0.5 ^ (extract(epoch FROM now() - {used_at})::float8 / {_HALF_LIFE_H * 3600})",
    )  # fmt: skip


# Who used a tag within a day, against those of the day before. Each counts once, and less the longer ago it was.
TAGS = refresh(
    """WITH used AS MATERIALIZED (
        SELECT x.tag_id, x.thought_id FROM thought_tags x
        WHERE x.thought_id > {since} ORDER BY x.thought_id DESC LIMIT {most}),
    people AS (
        SELECT u.tag_id, t.user_id, max(t.created_at) AS last_at,
            bool_or(t.created_at <= now() - interval '1 day') AS before
        FROM used u JOIN thoughts t ON t.id = u.thought_id AND t.visibility = 'public'
            JOIN users a ON a.id = t.user_id AND a.state = 'active' AND NOT a.silenced
        GROUP BY u.tag_id, t.user_id),
    counted AS (
        SELECT tag_id, count(*) FILTER (WHERE last_at > now() - interval '1 day') AS observed,
            greatest(count(*) FILTER (WHERE before), 1) AS expected,
            avg({freshness}) FILTER (WHERE last_at > now() - interval '1 day') AS freshness
        FROM people GROUP BY tag_id),
    scored AS (
        SELECT c.tag_id AS id, (c.observed - c.expected) ^ 2 / c.expected * c.freshness AS score
        FROM counted c JOIN tags g ON g.id = c.tag_id AND g.usable
        WHERE c.observed >= $1::int AND c.observed > c.expected),
    best AS (SELECT id, score FROM scored WHERE score > 0.3 ORDER BY score DESC, id DESC LIMIT {places})""",
    table="trending_tags",
    column="tag_id",
    subjects="tags",
    used_at="last_at",
)
# What was liked and boosted most for its age: no answers, nothing covered, two each of authors who want to be found.
THOUGHTS = refresh(
    """WITH fresh AS MATERIALIZED (
        SELECT t.id, t.user_id, t.likes_count + t.boosts_count AS observed, t.created_at,
            t.visibility = 'public' AND t.reply_to_ap_id IS NULL AND NOT t.sensitive AND t.summary = '' AS is_open
        FROM thoughts t WHERE t.id > {since} ORDER BY t.id DESC LIMIT {most}),
    scored AS (
        SELECT t.id, t.user_id, (t.observed - 1)::float8 ^ 2 * {freshness} AS score
        FROM fresh t JOIN users a ON a.id = t.user_id
        WHERE t.observed >= $1::int AND t.is_open
            AND a.state = 'active' AND a.discoverable AND NOT a.silenced AND NOT a.sensitised),
    ranked AS (
        SELECT id, score, row_number() OVER (PARTITION BY user_id ORDER BY score DESC, id DESC) AS place FROM scored),
    best AS (
        SELECT id, score FROM ranked WHERE place <= 2 AND score > 0.3 ORDER BY score DESC, id DESC LIMIT {places})""",
    table="trending_thoughts",
    column="thought_id",
    subjects="thoughts",
    used_at="t.created_at",
)
REFRESHES: Final = (TAGS, THOUGHTS)
"""What the job runs, each in a transaction of its own."""

# The weeks of what trends are long: counted here, not whenever somebody looks.
WEEKS = Command(
    """UPDATE trending_tags r SET week = coalesce((
        SELECT jsonb_agg(jsonb_build_object('day', d.day, 'uses', d.uses, 'accounts', d.accounts))
        FROM (SELECT extract(epoch FROM date_trunc('day', t.created_at, 'UTC'))::int8 AS day,
                count(*) AS uses, count(DISTINCT t.user_id) AS accounts
            FROM thought_tags x JOIN thoughts t ON t.id = x.thought_id AND t.visibility = 'public'
            WHERE x.tag_id = r.tag_id AND x.thought_id > (SELECT uuid7(now() - interval '7 days'))
            GROUP BY 1) d), '[]')"""
)

_ARE_ON: Final = "(SELECT is_switched_on('trends'))"
_TAG_MAY: Final = "coalesce(g.trendable, is_switched_on('trendable_by_default'))"
_THOUGHT_MAY: Final = "coalesce(t.trendable, is_switched_on('trendable_by_default'))"
THOUGHT_SHOWN: Final = f"({_ARE_ON} AND {_THOUGHT_MAY} AND t.visibility = 'public' AND NOT t.sensitive)"
"""Whether `t` (thoughts) may be shown as a trend."""
SHOWN_TAGS = Rows(
    TrendingTag,
    """SELECT g.name, r.week FROM trending_tags r JOIN tags g ON g.id = r.tag_id
    WHERE {are_on} AND {may} AND g.usable ORDER BY r.score DESC, r.tag_id DESC OFFSET $1 LIMIT $2""",
    are_on=_ARE_ON,
    may=_TAG_MAY,
)
EVERY_TAG = Value(UUID, "SELECT tag_id FROM trending_tags ORDER BY score DESC, tag_id DESC OFFSET $1 LIMIT $2")
# The language that the viewer writes in comes first, else those that they ask for ($2). What changed since the job ran
# is looked at again.
SHOWN_THOUGHTS = EntryRows(
    """SELECT {entry} FROM trending_thoughts r JOIN thoughts t ON t.id = r.thought_id JOIN entries e ON e.id = t.id
    WHERE {shown} AND {visible} AND {not_hidden} AND {not_silenced}
    ORDER BY coalesce(split_part(t.language, '-', 1) = ANY(coalesce((
            SELECT array[split_part(p.language, '-', 1)] FROM preferences p
            WHERE p.user_id = $1 AND p.language IS NOT NULL), $2::text[])), false) DESC,
        r.score DESC, t.id DESC
    OFFSET $3 LIMIT $4""",
    entry=ENTRY_COLUMNS,
    shown=THOUGHT_SHOWN,
    visible=VISIBLE,
    not_hidden=NOT_HIDDEN,
    not_silenced=NOT_SILENCED,
)
EVERY_THOUGHT = EntryRows(
    """SELECT {entry} FROM trending_thoughts r JOIN thoughts t ON t.id = r.thought_id JOIN entries e ON e.id = t.id
    ORDER BY r.score DESC, t.id DESC OFFSET $1 LIMIT $2""",
    entry=ENTRY_COLUMNS,
)
VERDICTS = Rows(
    Verdict,
    """SELECT t.id AS thought_id, {may} AS is_shown, t.trendable IS NULL AS requires_review
    FROM thoughts t WHERE t.id = ANY($1::uuid[])""",
    may=_THOUGHT_MAY,
)
JUDGE_THOUGHT = Command("UPDATE thoughts SET trendable = $2 WHERE id = $1 AND visibility = 'public'")


async def list_shown_tags(db: Connection, *, offset: int, limit: int) -> list[TrendingTag]:
    """List what trends and may be shown, the strongest first."""
    return await SHOWN_TAGS.all(db, offset, limit)


async def list_every_tag(db: Connection, *, offset: int, limit: int) -> list[UUID]:
    """List what trends, shown or not, the strongest first."""
    return await EVERY_TAG.all(db, offset, limit)


async def list_shown_thoughts(
    db: Connection, viewer_id: UUID | None, languages: Sequence[str], *, offset: int, limit: int
) -> list[Entry]:
    """List what trends and the viewer may see, in one of these languages first, then the strongest."""
    return await SHOWN_THOUGHTS.entries(db, viewer_id, list(languages), offset, limit)


async def list_every_thought(db: Connection, *, offset: int, limit: int) -> list[Entry]:
    """List what trends, shown or not, the strongest first."""
    return await EVERY_THOUGHT.entries(db, offset, limit)


async def find_verdicts(db: Connection, thought_ids: Sequence[UUID]) -> dict[UUID, Verdict]:
    """Find what moderators said of thoughts that trend."""
    return {one.thought_id: one for one in await VERDICTS.all(db, list(thought_ids))} if thought_ids else {}


async def judge_thought(db: Connection, thought_id: UUID, *, trendable: bool) -> bool:
    """Write down whether a public thought may trend; False when there is none such."""
    return bool(await JUDGE_THOUGHT.run(db, thought_id, trendable))
