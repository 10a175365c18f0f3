"""What queue queries read before PostgreSQL has statistics: each table here was filled just now, and never analysed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from storage import activities, deliveries, inbox, notifications, retention
from tests.outgoing_rows import insert_activity, insert_sender

if TYPE_CHECKING:
    from storage.database import Connection, Database

LEASE = timedelta(seconds=20)

REMOTE_PEOPLE = """WITH new AS (
        INSERT INTO users (username, domain, is_remote, ap_id, inbox_url, profile_url)
        SELECT 'bob' || n, 'host' || n % 100 || '.example', true, 'https://host' || n % 100 || '.example/users/' || n,
            'https://host' || n % 100 || '.example/users/' || n || '/inbox', 'https://bob.example/'
        FROM generate_series(1, $1::int) AS n RETURNING id, ap_id, username, domain, inbox_url)
    INSERT INTO remote_actors (user_id, ap_url, username, host, inbox_url, shared_inbox_url)
    SELECT id, ap_id, username, domain, inbox_url, 'https://' || domain || '/inbox' FROM new"""
FOLLOWS = """INSERT INTO follows (follower_id, following_id, state, ap_id)
    SELECT id, $1, 'accepted', ap_id || '#follow' FROM users WHERE is_remote"""
OLDER_ACTIVITIES = """INSERT INTO activities (ap_id, user_id, type, ordering_key, payload)
    SELECT 'https://ours.example/' || n, $1, 'Create', 'key ' || n, '' FROM generate_series(1, 1000) AS n"""
BACKLOG = """INSERT INTO inbox_activities (signer_id, host, type, body)
    SELECT id, domain, 'Create', convert_to(repeat('x', 500), 'UTF8') FROM users, generate_series(1, 3000)
    WHERE is_remote ORDER BY id"""
TO_ONE_HOST = """INSERT INTO deliveries (activity_id, activity_seq, sender_id, inbox_url, host, ordering_key, state,
        finished_at)
    SELECT $1, n, $2, 'https://far.example/inbox/' || n, 'far.example', 'key ' || n, $3, now() - interval '40 days'
    FROM generate_series(1, 3000) AS n"""
LETTERS = """INSERT INTO failed_events (kind, source_id, host, subject, error_class)
    SELECT 'delivery', id, host, 'Create', 'timeout' FROM deliveries"""
NOTICES = """WITH written AS (
        INSERT INTO thoughts (user_id, content, visibility, ap_id, url)
        SELECT id, 'Hello', 'public', ap_id || '/1', ap_id FROM users WHERE is_remote RETURNING id, user_id)
    INSERT INTO notifications (user_id, type, actor_id, thought_id) SELECT $1, 'mention', user_id, id FROM written"""
# The first column of a foreign key, or another of its columns, is the first of an index that holds every such row.
SLOW_FOREIGN_KEYS = """SELECT c.conrelid::regclass || '.' || a.attname
    FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    WHERE c.contype = 'f' AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid
        AND i.indkey[0] = ANY(c.conkey)
        AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) LIKE '%' || a.attname || ' IS NOT NULL%'))"""


async def _explain(db: Connection, sql: str, *args: object) -> dict[str, Any]:
    plan = (await db.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", *args))[0]["Plan"]
    assert isinstance(plan, dict)
    return plan


def _blocks(plan: dict[str, Any]) -> int:
    return int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])


def _most_rows(plan: dict[str, Any], *, of_tables: bool = False) -> float:
    """Return how many rows the busiest node of a plan had before it: of all nodes, or of those that read tables."""
    own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    counted = own if "Relation Name" in plan or not of_tables else 0.0
    return max([counted, *(_most_rows(child, of_tables=of_tables) for child in plan.get("Plans", ()))])


async def test_a_fan_out_does_not_meet_all_activities_of_its_author_for_each_follower(
    fresh_database: Database,
) -> None:
    async with fresh_database.transaction() as db:
        author = await insert_sender(db)
        await db.execute(REMOTE_PEOPLE, 300)
        await db.execute(FOLLOWS, author)
        await db.execute(OLDER_ACTIVITIES, author)
        waiting = [await insert_activity(db, author, to_followers=True) for _ in range(20)]
        plan = await _explain(db, activities.EXPAND.sql, waiting)
    assert plan["Actual Rows"] == 20 * 100  # shared inboxes
    assert _most_rows(plan) <= 20 * 300


async def test_a_claim_does_not_look_for_a_signers_leases_among_all_that_waits_of_theirs(
    fresh_database: Database,
) -> None:
    async with fresh_database.transaction() as db:
        await db.execute(REMOTE_PEOPLE, 2)
        await db.execute(BACKLOG)
    async with fresh_database.transaction() as db:
        plan = await _explain(db, inbox.CLAIM.sql, uuid4(), LEASE, 50, [])
        assert plan["Actual Rows"] == 50
        assert _most_rows(plan) <= 6100  # a merge reads a row or two again
    async with fresh_database.transaction() as db:
        plan = await _explain(db, inbox.CLAIM.sql, uuid4(), LEASE, 50, [])
        assert plan["Actual Rows"] == 50  # of the other signer, past those of the busy one
        assert _blocks(plan) < 3000


async def test_a_claim_reads_no_more_of_a_hosts_backlog_than_it_takes(fresh_database: Database) -> None:
    async with fresh_database.transaction() as db:
        sender = await insert_sender(db)
        await db.execute(TO_ONE_HOST, await insert_activity(db, sender), sender, "pending")
        await db.execute("INSERT INTO instances (host) VALUES ('far.example')")
    async with fresh_database.transaction() as db:
        plan = await _explain(db, deliveries.CLAIM.sql, ["far.example"], [4], uuid4(), LEASE, 100)
        assert plan["Actual Rows"] == 4
        assert _most_rows(plan, of_tables=True) <= 10
        plan = await _explain(db, deliveries.RESCHEDULE.sql, ["far.example"], 4)
        assert _most_rows(plan, of_tables=True) <= 10


async def test_retention_does_not_compare_each_dead_delivery_with_every_open_letter(
    fresh_database: Database,
) -> None:
    async with fresh_database.transaction() as db:
        sender = await insert_sender(db)
        await db.execute(TO_ONE_HOST, await insert_activity(db, sender), sender, "dead")
        await db.execute(LETTERS)
        plan = await _explain(db, retention.FINISHED_DELIVERIES.sql, 1000)
        assert _most_rows(plan) <= 3000
        assert await db.fetchval("SELECT count(*) FROM deliveries") == 3000


async def test_what_belongs_to_a_deleted_row_is_found_by_an_index(fresh_database: Database) -> None:
    async with fresh_database.connection() as db:
        assert await db.fetch(SLOW_FOREIGN_KEYS) == []


async def test_a_page_of_notifications_does_not_look_up_everybody(fresh_database: Database) -> None:
    async with fresh_database.connection() as db:
        alice = await insert_sender(db)
        await db.execute(REMOTE_PEOPLE, 20_000)
        await db.execute(NOTICES, alice)
        await db.execute("ANALYZE")
        plan = await _explain(db, notifications.NEWEST.sql, alice, None, None, 40, None, None, None, False)
        assert _most_rows(plan) < 500
        unread = await _explain(db, notifications.COUNT_UNREAD.sql, alice)
    assert _most_rows(unread) < 500
