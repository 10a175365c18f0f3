"""Home timelines as they are kept: who has what in theirs, decided when it is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from storage.query import Command

if TYPE_CHECKING:
    from storage.database import Connection

# Home fan-out: the author, and local followers who may see it. A reply reaches those who follow both ends;
# a boost only those who asked for this person's boosts and were not shown the thought within a day.
FAN_OUT_DIRECT = Command(
    """INSERT INTO home_entries (user_id, entry_id)
    SELECT m.user_id, $1::uuid FROM mentions m JOIN users u ON u.id = m.user_id
        JOIN follows f ON f.follower_id = m.user_id AND f.following_id = $2 AND f.state = 'accepted'
    WHERE m.thought_id = $1 AND NOT u.is_remote AND u.state = 'active'
    UNION SELECT u.id, $1::uuid FROM users u WHERE u.id = $2 AND NOT u.is_remote
    ON CONFLICT DO NOTHING"""
)
# Lists that hold the author get it by the same rules and their own policy for answers; what is on an exclusive list
# stays out of its owner's home.
FAN_OUT = Command(
    """WITH shown AS MATERIALIZED (
        SELECT x.id FROM entries e JOIN entries x ON x.thought_id = e.thought_id
        WHERE $3::boolean AND e.id = $1 AND x.id <> $1 AND x.id > (SELECT uuid7(now() - interval '1 day'))
        ORDER BY x.id DESC LIMIT 100),
    hearers AS MATERIALIZED (
        SELECT f.follower_id FROM follows f JOIN users u ON u.id = f.follower_id
        WHERE f.following_id = $2 AND f.state = 'accepted' AND NOT u.is_remote AND u.state = 'active'
            AND (NOT $3 OR f.show_boosts)
            AND reads_language(f.languages, $5::text)),
    listed AS (
        INSERT INTO list_entries (list_id, entry_id)
        SELECT l.id, $1::uuid FROM list_members m JOIN lists l ON l.id = m.list_id
        WHERE m.person_id = $2 AND (m.user_id = $2 OR m.user_id IN (SELECT follower_id FROM hearers))
            AND NOT EXISTS (SELECT FROM shown JOIN list_entries h ON h.entry_id = shown.id AND h.list_id = l.id)
            AND ($4::uuid IS NULL OR $4 = $2 OR $4 = m.user_id
                OR (l.replies_policy = 'followed' AND EXISTS (
                    SELECT FROM follows p
                    WHERE p.follower_id = m.user_id AND p.following_id = $4 AND p.state = 'accepted'))
                OR (l.replies_policy = 'list' AND EXISTS (
                    SELECT FROM list_members p WHERE p.list_id = l.id AND p.person_id = $4)))
        ON CONFLICT DO NOTHING)
    INSERT INTO home_entries (user_id, entry_id)
    SELECT f.follower_id, $1::uuid FROM hearers f
    WHERE NOT EXISTS (
            SELECT FROM shown JOIN home_entries h ON h.entry_id = shown.id AND h.user_id = f.follower_id)
        AND ($4::uuid IS NULL OR $4 = $2 OR $4 = f.follower_id OR EXISTS (
            SELECT FROM follows p
            WHERE p.follower_id = f.follower_id AND p.following_id = $4 AND p.state = 'accepted'))
        AND NOT EXISTS (
            SELECT FROM list_members m JOIN lists l ON l.id = m.list_id
            WHERE m.person_id = $2 AND m.user_id = f.follower_id AND l.exclusive)
    UNION SELECT u.id, $1::uuid FROM users u WHERE u.id = $2 AND NOT u.is_remote
    ON CONFLICT DO NOTHING"""
)
BACKFILL_HOME = Command(
    """INSERT INTO home_entries (user_id, entry_id)
    SELECT $1, e.id FROM follows f
        CROSS JOIN LATERAL (
            SELECT x.id FROM entries x JOIN thoughts t ON t.id = x.thought_id
            WHERE x.user_id = f.following_id AND (x.kind = 'thought' OR f.show_boosts)
                AND x.visibility <> 'direct' AND NOT x.is_reply
                AND reads_language(f.languages, t.language)
            ORDER BY x.id DESC LIMIT 40) e
    WHERE f.follower_id = $1 AND f.following_id = ANY($2::uuid[]) AND f.state = 'accepted' AND NOT EXISTS (
        SELECT FROM list_members m JOIN lists l ON l.id = m.list_id
        WHERE m.person_id = f.following_id AND m.user_id = $1 AND l.exclusive)
    ON CONFLICT DO NOTHING"""
)
LEAVE_HOME = Command(
    """DELETE FROM home_entries h USING entries e
    WHERE h.user_id = $1 AND e.id = h.entry_id AND e.user_id = ANY($2::uuid[])"""
)


async def fan_out_direct(db: Connection, thought_id: UUID, author_id: UUID) -> None:
    """Put a direct thought into the home timelines of its author, and of those it names who follow them."""
    await FAN_OUT_DIRECT.run(db, thought_id, author_id)


async def fan_out(
    db: Connection,
    entry_id: UUID,
    author_id: UUID,
    *,
    is_boost: bool,
    reply_to_user_id: UUID | None,
    language: str | None,
) -> None:
    """Put an entry into the homes of its author and their local followers, and onto the lists of these."""
    await FAN_OUT.run(db, entry_id, author_id, is_boost, reply_to_user_id, language)


async def backfill_home(db: Connection, follower_id: UUID, following: Sequence[UUID]) -> None:
    """Bring the latest entries of people newly followed, and not read on an exclusive list, into a home timeline."""
    await BACKFILL_HOME.run(db, follower_id, following)


async def leave_home(db: Connection, follower_id: UUID, following: Sequence[UUID]) -> None:
    """Take the entries of people no longer read there out of a home timeline."""
    await LEAVE_HOME.run(db, follower_id, following)
