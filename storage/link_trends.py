"""Pages that trend, whose publishers may or may not, and the timeline of those who link to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from storage.cards import COLUMNS, Card
from storage.entries import ENTRY_COLUMNS, LONGEST_PAGE, Entry, EntryRows, Page
from storage.query import Command, Joined, Rows, Value
from storage.trends import refresh
from storage.visibility import NOT_HIDDEN, NOT_SILENCED, VISIBLE

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class TrendingCard:
    """A page, whether it may be shown as a trend, and whether moderators have yet to say so.

    `week` holds the days of its last week as the job counted them, while it trends; `publisher_id` stands for its
    host, once a page of that has trended.
    """

    is_shown: bool
    requires_review: bool
    publisher_id: UUID | None
    week: list[dict[str, int]]
    card: Card


@dataclass(frozen=True, slots=True)
class Publisher:
    """A host whose pages have trended; `trendable` as moderators said, None while they have not."""

    id: UUID
    host: str
    trendable: bool | None
    created_at: datetime
    reviewed_at: datetime | None


# Who linked to a page within a day or boosted such a thought, against those of the day before. Pages without a word or
# picture to show, and what hangs on covered thoughts, do not trend.
LINKS = refresh(
    """WITH linking AS MATERIALIZED (
        SELECT t.id, t.link_id FROM thoughts t JOIN users a ON a.id = t.user_id
        WHERE t.id > {since} AND t.link_id IS NOT NULL AND t.visibility = 'public' AND NOT t.sensitive
            AND t.summary = '' AND a.state = 'active' AND NOT a.silenced
        ORDER BY t.id DESC LIMIT {most}),
    people AS (
        SELECT l.card_id, e.user_id, max(e.created_at) AS last_at,
            bool_or(e.created_at <= now() - interval '1 day') AS before
        FROM linking x JOIN links l ON l.id = x.link_id AND l.card_id IS NOT NULL
            JOIN entries e ON e.thought_id = x.id AND e.visibility = 'public'
            JOIN users a ON a.id = e.user_id AND a.state = 'active' AND NOT a.silenced
        GROUP BY l.card_id, e.user_id),
    counted AS (
        SELECT card_id, count(*) FILTER (WHERE last_at > now() - interval '1 day') AS observed,
            greatest(count(*) FILTER (WHERE before), 1) AS expected,
            avg({freshness}) FILTER (WHERE last_at > now() - interval '1 day') AS freshness
        FROM people GROUP BY card_id),
    scored AS (
        SELECT c.card_id AS id, (c.observed - c.expected) ^ 2 / c.expected * c.freshness AS score
        FROM counted c JOIN preview_cards p ON p.id = c.card_id AND p.description <> '' AND p.image_url IS NOT NULL
        WHERE c.observed >= $1::int AND c.observed > c.expected),
    best AS (SELECT id, score FROM scored WHERE score > 0.3 ORDER BY score DESC, id DESC LIMIT {places})""",
    table="trending_cards",
    column="card_id",
    subjects="preview_cards",
    used_at="last_at",
)
# As of hashtags: counted here, not whenever somebody looks.
WEEKS = Command(
    """UPDATE trending_cards r SET week = coalesce((
        SELECT jsonb_agg(jsonb_build_object('day', d.day, 'uses', d.uses, 'accounts', d.accounts))
        FROM (SELECT extract(epoch FROM date_trunc('day', t.created_at, 'UTC'))::int8 AS day,
                count(*) AS uses, count(DISTINCT t.user_id) AS accounts
            FROM links l JOIN thoughts t ON t.link_id = l.id AND t.visibility = 'public'
            WHERE l.card_id = r.card_id AND t.id > (SELECT uuid7(now() - interval '7 days'))
            GROUP BY 1) d), '[]')"""
)
NOTE_PUBLISHERS = Command(
    """INSERT INTO publishers (host)
    SELECT DISTINCT c.host FROM trending_cards r JOIN preview_cards c ON c.id = r.card_id
    WHERE NOT EXISTS (SELECT FROM publishers p WHERE p.host = c.host)
    ON CONFLICT (host) DO NOTHING"""
)

_MAY: Final = "coalesce(c.trendable, p.trendable, is_switched_on('trendable_by_default'))"
_FROM: Final = """trending_cards r JOIN preview_cards c ON c.id = r.card_id LEFT JOIN publishers p ON p.host = c.host"""
_COLUMNS: Final = f"""{_MAY} AS is_shown, c.trendable IS NULL AND p.trendable IS NULL AS requires_review,
    p.id AS publisher_id, coalesce(r.week, '[]') AS week, {COLUMNS}"""
# The language that the viewer writes in comes first, else those that they ask for.
SHOWN = Joined(
    TrendingCard,
    Card,
    """SELECT {columns} FROM {trending}
    WHERE (SELECT is_switched_on('trends')) AND {may} AND NOT host_is_blocked(c.host)
    ORDER BY coalesce(c.language = ANY(coalesce((
            SELECT array[split_part(q.language, '-', 1)] FROM preferences q
            WHERE q.user_id = $1 AND q.language IS NOT NULL), $2::text[])), false) DESC,
        r.score DESC, c.id DESC
    OFFSET $3 LIMIT $4""",
    columns=_COLUMNS,
    trending=_FROM,
    may=_MAY,
)
EVERY = Joined(
    TrendingCard,
    Card,
    "SELECT {columns} FROM {trending} ORDER BY r.score DESC, c.id DESC OFFSET $1 LIMIT $2",
    columns=_COLUMNS,
    trending=_FROM,
)
ONE = Joined(
    TrendingCard,
    Card,
    """SELECT {columns} FROM preview_cards c LEFT JOIN trending_cards r ON r.card_id = c.id
        LEFT JOIN publishers p ON p.host = c.host
    WHERE c.id = $1""",
    columns=_COLUMNS,
)
JUDGE = Command("UPDATE preview_cards SET trendable = $2 WHERE id = $1")
_PUBLISHERS: Final = """SELECT id, host, trendable, created_at, reviewed_at FROM publishers
    WHERE id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND id > coalesce($2::uuid, '00000000-0000-0000-0000-000000000000')
    ORDER BY id {order} LIMIT $3"""
NEWEST_PUBLISHERS = Rows(Publisher, _PUBLISHERS, order="DESC")
OLDEST_PUBLISHERS = Rows(Publisher, _PUBLISHERS, order="ASC")
JUDGE_PUBLISHER = Rows(
    Publisher,
    """UPDATE publishers SET trendable = $2, reviewed_at = now() WHERE id = $1
    RETURNING id, host, trendable, created_at, reviewed_at""",
)
TRENDING_AT = Value(
    UUID,
    """SELECT c.id FROM {trending}
    WHERE (c.url = $1 OR c.id = (SELECT l.card_id FROM links l WHERE l.url = $1))
        AND (SELECT is_switched_on('trends')) AND {may} AND NOT host_is_blocked(c.host)""",
    trending=_FROM,
    may=_MAY,
)
# Many addresses may lead to one page: of each the newest, then of those the newest.
_LINKING: Final = """SELECT {entry} FROM (
        SELECT x.id FROM links l CROSS JOIN LATERAL (
            SELECT t.id FROM thoughts t JOIN users a ON a.id = t.user_id JOIN entries e ON e.id = t.id
            WHERE t.link_id = l.id AND t.visibility = 'public' AND a.state = 'active' AND a.discoverable
                AND {visible} AND {not_hidden} AND {not_silenced}
                AND t.id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                AND t.id > coalesce($4::uuid, '00000000-0000-0000-0000-000000000000')
            ORDER BY t.id {order} LIMIT {longest}) x
        WHERE l.card_id = $2 ORDER BY x.id {order} LIMIT $5) page
    JOIN entries e ON e.id = page.id JOIN thoughts t ON t.id = page.id ORDER BY page.id {order}"""
_FRAGMENTS: Final = {
    "entry": ENTRY_COLUMNS,
    "visible": VISIBLE,
    "not_hidden": NOT_HIDDEN,
    "not_silenced": NOT_SILENCED,
    "longest": str(LONGEST_PAGE),
}
NEWEST_LINKING = EntryRows(_LINKING, order="DESC", **_FRAGMENTS)
OLDEST_LINKING = EntryRows(_LINKING, order="ASC", **_FRAGMENTS)


async def list_shown(
    db: Connection, viewer_id: UUID | None, languages: Sequence[str], *, offset: int, limit: int
) -> list[TrendingCard]:
    """List pages that trend and may be shown, those in one of these languages first, then the strongest."""
    return await SHOWN.all(db, viewer_id, list(languages), offset, limit)


async def list_every(db: Connection, *, offset: int, limit: int) -> list[TrendingCard]:
    """List pages that trend, shown or not, the strongest first."""
    return await EVERY.all(db, offset, limit)


async def judge(db: Connection, card_id: UUID, *, trendable: bool) -> TrendingCard | None:
    """Write down whether a page may trend; None when there is none such."""
    await JUDGE.run(db, card_id, trendable)
    return await ONE.first(db, card_id)


async def list_publishers(db: Connection, page: Page) -> list[Publisher]:
    """List a page of the hosts whose pages have trended, the newest first."""
    query = OLDEST_PUBLISHERS if page.ascending else NEWEST_PUBLISHERS
    found = await query.all(db, page.older_than, page.newer_than, page.limit)
    return found[::-1] if page.ascending else found


async def judge_publisher(db: Connection, publisher_id: UUID, *, trendable: bool) -> Publisher | None:
    """Write down whether the pages of a host may trend; None when there is none such."""
    return await JUDGE_PUBLISHER.first(db, publisher_id, trendable)


async def find_trending(db: Connection, url: str) -> UUID | None:
    """Find the page that trends, and may be shown, at an address."""
    return await TRENDING_AT.get(db, url)


async def list_linking(db: Connection, viewer_id: UUID | None, card_id: UUID, page: Page) -> list[Entry]:
    """List a page of public thoughts that link to a page, of people who want to be found, newest first."""
    query = OLDEST_LINKING if page.ascending else NEWEST_LINKING
    found = await query.entries(db, viewer_id, card_id, page.older_than, page.newer_than, page.limit)
    return found[::-1] if page.ascending else found
