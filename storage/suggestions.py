"""Whom somebody may want to follow, and who wants to be found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from storage.people import COLUMNS, Person
from storage.query import Command, Rows
from storage.trends import THOUGHT_SHOWN

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Suggested:
    """Somebody to follow: a friend of friends, somebody whose thoughts trend, or much followed."""

    person_id: UUID
    source: str


_WANTED = """u.state = 'active' AND u.discoverable AND NOT u.silenced AND u.actor_type <> 'Application' AND u.id <> $1
        AND NOT EXISTS (SELECT FROM follows f WHERE f.follower_id = $1 AND f.following_id = u.id)
        AND NOT EXISTS (SELECT FROM blocks b WHERE (b.blocker_id = $1 AND b.blocked_id = u.id)
            OR (b.blocker_id = u.id AND b.blocked_id = $1))
        AND NOT EXISTS (SELECT FROM mutes m WHERE m.muter_id = $1 AND m.muted_id = u.id)
        AND NOT EXISTS (SELECT FROM user_domain_blocks d WHERE d.user_id = $1 AND d.domain = u.domain)
        AND NOT EXISTS (SELECT FROM suggestion_dismissals x WHERE x.user_id = $1 AND x.person_id = u.id)"""
# Whom the latest two hundred that somebody follows followed last, by how many of them; then who wrote what trends, and
# our own people with the most followers. Bounded on every step.
SUGGESTED = Rows(
    Suggested,
    """WITH near AS (
        SELECT u.id, count(*) AS ties
        FROM (SELECT following_id FROM follows WHERE follower_id = $1 AND state = 'accepted'
                ORDER BY id DESC LIMIT 200) mine
            CROSS JOIN LATERAL (SELECT following_id FROM follows
                WHERE follower_id = mine.following_id AND state = 'accepted' ORDER BY id DESC LIMIT 50) theirs
            JOIN users u ON u.id = theirs.following_id
        WHERE {wanted} GROUP BY u.id ORDER BY count(*) DESC, u.id LIMIT $2),
    heard AS (
        SELECT u.id, max(r.score) AS score
        FROM trending_thoughts r JOIN thoughts t ON t.id = r.thought_id JOIN users u ON u.id = t.user_id
        WHERE {shown} AND {wanted} AND u.id NOT IN (SELECT id FROM near)
        GROUP BY u.id ORDER BY max(r.score) DESC, u.id LIMIT $2),
    liked AS (
        SELECT u.id FROM users u WHERE NOT u.is_remote AND u.followers_count > 0 AND {wanted}
            AND u.id NOT IN (SELECT id FROM near UNION ALL SELECT id FROM heard)
        ORDER BY u.followers_count DESC, u.id LIMIT $2)
    SELECT id AS person_id, 'friends_of_friends' AS source FROM (SELECT id FROM near ORDER BY ties DESC, id) n
    UNION ALL SELECT id, 'most_interactions' FROM (SELECT id FROM heard ORDER BY score DESC, id) h
    UNION ALL SELECT id, 'most_followed' FROM liked LIMIT $2""",
    wanted=_WANTED,
    shown=THOUGHT_SHOWN,
)
DISMISS = Command(
    """INSERT INTO suggestion_dismissals (user_id, person_id) VALUES ($1, $2)
    ON CONFLICT DO NOTHING"""
)
# Ours by when they spoke last; they are few enough to be sorted.
ACTIVE_LOCAL = Rows(
    Person,
    """SELECT {columns} FROM users u
    WHERE NOT u.is_remote AND u.actor_type <> 'Application' AND u.state = 'active' AND u.discoverable
        AND NOT u.silenced
    ORDER BY u.last_thought_at DESC NULLS LAST, u.id DESC OFFSET $2 LIMIT $1""",
    columns=COLUMNS,
)
NEW_LOCAL = Rows(
    Person,
    """SELECT {columns} FROM users u
    WHERE NOT u.is_remote AND u.actor_type <> 'Application' AND u.state = 'active' AND u.discoverable
        AND NOT u.silenced
    ORDER BY u.id DESC OFFSET $2 LIMIT $1""",
    columns=COLUMNS,
)
# Everybody: those who spoke last, out of the latest thoughts, since sorting all people by that would need an index
# that every thought would have to keep.
ACTIVE = Rows(
    Person,
    """SELECT {columns} FROM (
        SELECT user_id, min(place) AS place FROM (
            SELECT user_id, row_number() OVER (ORDER BY id DESC) AS place
            FROM (SELECT id, user_id FROM entries ORDER BY id DESC LIMIT 5000) latest) spoke
        GROUP BY user_id) s JOIN users u ON u.id = s.user_id
    WHERE u.actor_type <> 'Application' AND u.state = 'active' AND u.discoverable AND NOT u.silenced
    ORDER BY s.place OFFSET $2 LIMIT $1""",
    columns=COLUMNS,
)
NEW = Rows(
    Person,
    """SELECT {columns} FROM users u
    WHERE (u.is_remote OR u.actor_type <> 'Application') AND u.state = 'active' AND u.discoverable AND NOT u.silenced
    ORDER BY u.id DESC OFFSET $2 LIMIT $1""",
    columns=COLUMNS,
)


async def list_suggested(db: Connection, user_id: UUID, *, limit: int) -> list[Suggested]:
    """List whom somebody may want to follow, the best first."""
    return await SUGGESTED.all(db, user_id, limit)


async def list_directory(db: Connection, *, newest: bool, local: bool, limit: int, offset: int) -> list[Person]:
    """List those who want to be found: the newest, or those who spoke last."""
    query = (NEW_LOCAL if local else NEW) if newest else (ACTIVE_LOCAL if local else ACTIVE)
    return await query.all(db, limit, offset)
