"""People, follows and thoughts of other servers, written by SQL in sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from federation.protocol.own_links import with_own_links
from federation.protocol.sanitise import SANITISER_VERSION
from storage.query import Command, Value

if TYPE_CHECKING:
    from storage.database import Connection, Database

INSERT_PEOPLE = Value(
    UUID,
    """WITH made AS (
        INSERT INTO users (username, domain, display_name, is_remote, ap_id, inbox_url, profile_url)
        SELECT name, host, initcap(name), true, 'http://' || host || '/users/' || name,
            'http://' || host || '/users/' || name || '/inbox', 'http://' || host || '/@' || name
        FROM unnest($1::text[]) WITH ORDINALITY AS hosts (host, number), concat($2::text, number) AS name
        RETURNING id, username, display_name, domain, ap_id, inbox_url)
    INSERT INTO remote_actors (user_id, ap_url, username, display_name, host, inbox_url)
    SELECT id, ap_id, username, display_name, domain, inbox_url FROM made
    RETURNING user_id""",
)
INSERT_FOLLOWERS = Command(
    """INSERT INTO follows (follower_id, following_id, state, ap_id)
    SELECT follower, $1::uuid, 'accepted', 'bench:' || follower || $1::uuid
    FROM unnest($2::uuid[]) AS people (follower)"""
)
COUNT_FOLLOWERS = Command("UPDATE users SET followers_count = followers_count + $2 WHERE id = $1")
INSERT_FOLLOWEES = Command(
    """INSERT INTO follows (follower_id, following_id, state, ap_id)
    SELECT $1::uuid, followee, 'accepted', 'bench:' || $1::uuid || followee
    FROM unnest($2::uuid[]) AS people (followee)"""
)
# A home page never reads the indexes for search, and filling them takes longer than everything else.
DROP_SEARCH_INDEXES = Command("DROP INDEX thoughts_search, thoughts_trigrams")
# One every ten seconds, back from now.
INSERT_THOUGHTS = Command(
    """WITH turns AS (
        SELECT n, now() - n * interval '10 seconds' AS at, ($2::uuid[])[1 + n * 7 % cardinality($2::uuid[])] AS author
        FROM generate_series($3::int, $4::int) AS turns (n)),
    written AS (
        INSERT INTO thoughts (id, user_id, content, page_html, plain, sanitiser, visibility, ap_id, url, likes_count,
            created_at)
        SELECT uuid7(at), author, replace($5, '{n}', n::text), replace($8, '{n}', n::text), 'A morning', $6,
            'public', 'https://peer.example/statuses/' || n, 'https://peer.example/@writer/' || n, n % 5, at
        FROM turns RETURNING id, user_id, created_at, ap_id),
    entered AS (
        INSERT INTO entries (id, user_id, thought_id, kind, is_remote, ap_id, created_at)
        SELECT id, user_id, id, 'thought', true, ap_id, created_at FROM written RETURNING id)
    INSERT INTO home_entries (user_id, entry_id) SELECT $1, id FROM entered ORDER BY id DESC LIMIT $7"""
)
_CONTENT = (
    "<p>The kettle sings before it boils, and the cat, who has heard it sing every morning for eleven years, still "
    "turns one ear towards the kitchen. Somebody ought to write that down. I wrote it down. Then I wrote about "
    "writing it down, and by the time I looked up the tea was cold and the cat was asleep.</p>"
    '<p><a href="https://example.org/mornings/{n}" rel="nofollow noopener">example.org/mornings/{n}</a> '
    '<a href="https://peer.example/tags/mornings" class="mention hashtag" rel="tag">#mornings</a></p>'
)
_PAGE_HTML = with_own_links(_CONTENT, origin="http://127.0.0.1")
_AT_ONCE = 20_000
# As many as retention leaves in a home timeline.
_KEPT_AT_HOME = 1000


async def insert_people(db: Connection, name: str, hosts: Sequence[str]) -> list[UUID]:
    """Make somebody known at each of these hosts, with names that begin so."""
    return await INSERT_PEOPLE.all(db, list(hosts), name)


async def insert_followers(db: Connection, person_id: UUID, followers: Sequence[UUID]) -> None:
    """Let people follow one of ours."""
    await INSERT_FOLLOWERS.run(db, person_id, list(followers))
    await COUNT_FOLLOWERS.run(db, person_id, len(followers))


async def insert_followees(db: Connection, person_id: UUID, followees: Sequence[UUID]) -> None:
    """Let one of ours follow people."""
    await INSERT_FOLLOWEES.run(db, person_id, list(followees))


async def fill_home(database: Database, person_id: UUID, authors: Sequence[UUID], count: int) -> None:
    """Write public thoughts of these authors, the newest of them in one person's home timeline."""
    async with database.connection() as db:
        await DROP_SEARCH_INDEXES.run(db)
        for first in range(1, count + 1, _AT_ONCE):
            last = min(count, first + _AT_ONCE - 1)
            at_home = _KEPT_AT_HOME if first == 1 else 0
            await INSERT_THOUGHTS.run(
                db, person_id, list(authors), first, last, _CONTENT, SANITISER_VERSION, at_home, _PAGE_HTML
            )
        # What PostgreSQL would do on its own in the midst of the measurement.
        await db.execute("VACUUM ANALYZE")
        await db.execute("CHECKPOINT")
