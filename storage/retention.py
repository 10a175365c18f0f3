"""What is kept for how long: each statement works off one bounded batch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from storage.query import Command

if TYPE_CHECKING:
    from storage.database import Connection

INBOX_BODIES = Command(
    """DELETE FROM inbox_activities WHERE id IN (
        SELECT id FROM inbox_activities
        WHERE received_at < now() - interval '7 days' AND state IN ('done', 'ignored', 'discarded') LIMIT $1)"""
)
SEEN_ACTIVITIES = Command(
    """DELETE FROM seen_activities WHERE key IN (
        SELECT key FROM seen_activities WHERE received_at < now() - interval '90 days' LIMIT $1)"""
)
# Finished rows are folded into per-host and per-thought counts; dead ones stay while their letter is open.
FINISHED_DELIVERIES = Command(
    """WITH gone AS (
        DELETE FROM deliveries WHERE id IN (
            SELECT d.id FROM deliveries d
            WHERE d.state <> 'pending' AND d.finished_at < now() - interval '30 days'
                AND (d.state <> 'dead' OR NOT EXISTS (SELECT FROM failed_events x
                    WHERE x.kind = 'delivery' AND x.source_id = d.id AND x.resolution IS NULL))
            LIMIT $1)
        RETURNING host, state, activity_id),
    locked AS MATERIALIZED (
        SELECT host FROM instances WHERE host IN (SELECT host FROM gone) ORDER BY host FOR UPDATE),
    hosts AS (
        UPDATE instances i SET delivered = i.delivered + g.count
        FROM locked JOIN (
            SELECT host, count(*) FROM gone WHERE state = 'delivered' GROUP BY host) g USING (host)
        WHERE i.host = locked.host),
    reach AS (
        INSERT INTO thought_reach AS r (thought_id, delivered, failed)
        SELECT a.thought_id, count(*) FILTER (WHERE g.state = 'delivered'),
            count(*) FILTER (WHERE g.state IN ('dead', 'discarded'))
        FROM gone g JOIN activities a ON a.id = g.activity_id JOIN thoughts t ON t.id = a.thought_id
        WHERE a.type = 'Create' GROUP BY a.thought_id
        ON CONFLICT (thought_id) DO UPDATE
            SET delivered = r.delivered + excluded.delivered, failed = r.failed + excluded.failed)
    SELECT FROM gone"""
)
ACTIVITIES = Command(
    """DELETE FROM activities WHERE id IN (
        SELECT a.id FROM activities a
        WHERE a.created_at < now() - interval '30 days' AND (a.thought_id IS NULL OR a.payload IS NULL)
            AND NOT EXISTS (SELECT FROM deliveries d WHERE d.activity_id = a.id)
            AND NOT EXISTS (SELECT FROM fanouts f WHERE f.activity_id = a.id) LIMIT $1)"""
)
REMOTE_THOUGHTS = Command(
    """WITH gone AS (
        DELETE FROM thoughts WHERE id IN (
            SELECT t.id FROM thoughts t JOIN users u ON u.id = t.user_id
            WHERE u.is_remote AND t.arrived_at < now() - $2::interval
                AND NOT EXISTS (SELECT FROM follows f JOIN users l ON l.id = f.follower_id
                    WHERE f.following_id = t.user_id AND NOT l.is_remote)
                AND NOT EXISTS (SELECT FROM thoughts r JOIN users l ON l.id = r.user_id
                    WHERE r.reply_to = t.id AND NOT l.is_remote)
                AND NOT EXISTS (SELECT FROM users l WHERE l.id = t.reply_to_user_id AND NOT l.is_remote)
                AND NOT EXISTS (SELECT FROM likes x JOIN users l ON l.id = x.user_id
                    WHERE x.thought_id = t.id AND NOT l.is_remote)
                AND NOT EXISTS (SELECT FROM entries e JOIN users l ON l.id = e.user_id
                    WHERE e.thought_id = t.id AND NOT l.is_remote)
                AND NOT EXISTS (SELECT FROM bookmarks k WHERE k.thought_id = t.id)
                AND NOT EXISTS (SELECT FROM quotes q JOIN users l ON l.id = q.user_id
                    WHERE q.quoted_id = t.id AND NOT l.is_remote)
                AND NOT EXISTS (SELECT FROM quotes q JOIN users l ON l.id = q.quoted_user_id
                    WHERE q.thought_id = t.id AND NOT l.is_remote)
                AND NOT EXISTS (SELECT FROM emoji_reactions x JOIN users l ON l.id = x.user_id
                    WHERE x.thought_id = t.id AND NOT l.is_remote)
                AND NOT EXISTS (SELECT FROM poll_votes v JOIN users l ON l.id = v.user_id
                    WHERE v.thought_id = t.id AND NOT l.is_remote)
                AND NOT EXISTS (SELECT FROM mentions m JOIN users l ON l.id = m.user_id
                    WHERE m.thought_id = t.id AND NOT l.is_remote)
            LIMIT $1)
        RETURNING id, user_id, reply_to),
    authors AS (
        UPDATE users u SET thoughts_count = greatest(0, u.thoughts_count - x.count)
        FROM (SELECT user_id, count(*) FROM gone GROUP BY user_id) x WHERE u.id = x.user_id),
    parents AS (
        UPDATE thoughts p SET replies_count = greatest(0, p.replies_count - x.count)
        FROM (SELECT reply_to, count(*) FROM gone WHERE reply_to NOT IN (SELECT id FROM gone) GROUP BY reply_to) x
        WHERE p.id = x.reply_to)
    SELECT FROM gone"""
)
# A home keeps its newest thousand: one look per person, not one per entry.
HOME_ENTRIES = Command(
    """DELETE FROM home_entries h USING (
        SELECT k.user_id, k.entry_id FROM users u
            CROSS JOIN LATERAL (
                SELECT x.entry_id FROM home_entries x WHERE x.user_id = u.id
                ORDER BY x.entry_id DESC OFFSET 1000 LIMIT 1) first_too_many
            JOIN home_entries k ON k.user_id = u.id AND k.entry_id <= first_too_many.entry_id
        WHERE NOT u.is_remote LIMIT $1) old
    WHERE h.user_id = old.user_id AND h.entry_id = old.entry_id"""
)
DANGLING_HOME_ENTRIES = Command(
    """DELETE FROM home_entries h USING (
        SELECT k.user_id, k.entry_id FROM home_entries k
        WHERE NOT EXISTS (SELECT FROM entries e WHERE e.id = k.entry_id) LIMIT $1) gone
    WHERE h.user_id = gone.user_id AND h.entry_id = gone.entry_id"""
)
# As homes, so lists.
LIST_ENTRIES = Command(
    """DELETE FROM list_entries h USING (
        SELECT k.list_id, k.entry_id FROM lists l
            CROSS JOIN LATERAL (
                SELECT x.entry_id FROM list_entries x WHERE x.list_id = l.id
                ORDER BY x.entry_id DESC OFFSET 1000 LIMIT 1) first_too_many
            JOIN list_entries k ON k.list_id = l.id AND k.entry_id <= first_too_many.entry_id
        LIMIT $1) old
    WHERE h.list_id = old.list_id AND h.entry_id = old.entry_id"""
)
DANGLING_LIST_ENTRIES = Command(
    """DELETE FROM list_entries h USING (
        SELECT k.list_id, k.entry_id FROM list_entries k
        WHERE NOT EXISTS (SELECT FROM entries e WHERE e.id = k.entry_id) LIMIT $1) gone
    WHERE h.list_id = gone.list_id AND h.entry_id = gone.entry_id"""
)
SESSIONS = Command("DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < now() LIMIT $1)")
IDEMPOTENCY_KEYS = Command(
    """DELETE FROM idempotency_keys WHERE (user_id, key) IN (
        SELECT user_id, key FROM idempotency_keys WHERE created_at < now() - interval '1 day' LIMIT $1)"""
)
# A code that was used stays known for a day, so that a second use is seen.
CODES = Command(
    """DELETE FROM authorization_codes WHERE id IN (
        SELECT id FROM authorization_codes WHERE expires_at < now() - interval '1 day' LIMIT $1)"""
)
# Revoked tokens stay known for a month, for the same reason.
REVOKED_TOKENS = Command(
    """DELETE FROM access_tokens WHERE id IN (
        SELECT id FROM access_tokens WHERE revoked_at < now() - interval '30 days' LIMIT $1)"""
)
# An app gets another token for itself whenever it wants one.
IDLE_APP_TOKENS = Command(
    """DELETE FROM access_tokens WHERE id IN (
        SELECT id FROM access_tokens
        WHERE id < (SELECT uuid7(now() - interval '30 days')) AND user_id IS NULL
            AND coalesce(last_used_at, created_at) < now() - interval '30 days' LIMIT $1)"""
)
# What registered and came no further.
IDLE_APPS = Command(
    """DELETE FROM apps WHERE id IN (
        SELECT a.id FROM apps a
        WHERE a.id < (SELECT uuid7(now() - interval '1 day'))
            AND NOT EXISTS (SELECT FROM access_tokens t WHERE t.app_id = a.id)
            AND NOT EXISTS (SELECT FROM authorization_codes c WHERE c.app_id = a.id)
            AND NOT EXISTS (SELECT FROM users u WHERE u.created_by_app = a.id) LIMIT $1)"""
)
# Whoever never opened the link of their letter leaves the name to others.
UNCONFIRMED = Command(
    """DELETE FROM users WHERE id IN (
        SELECT id FROM users
        WHERE NOT is_remote AND id < (SELECT uuid7(now() - interval '7 days')) AND state = 'pending'
            AND needs_confirmation LIMIT $1)"""
)
FINISHED_MAILS = Command(
    """DELETE FROM mails WHERE id IN (
        SELECT id FROM mails WHERE state <> 'pending' AND created_at < now() - interval '30 days' LIMIT $1)"""
)
SIGN_IN_FAILURES = Command(
    """DELETE FROM sign_in_failures WHERE (account, address) IN (
        SELECT account, address FROM sign_in_failures WHERE updated_at < now() - interval '1 day' LIMIT $1)"""
)
NOTIFICATIONS = Command(
    """DELETE FROM notifications WHERE id IN (
        SELECT id FROM notifications WHERE id < (SELECT uuid7(now() - interval '1 year')) LIMIT $1)"""
)
RESOLVED_EVENTS = Command(
    """DELETE FROM failed_events WHERE id IN (
        SELECT id FROM failed_events WHERE resolved_at < now() - interval '90 days' LIMIT $1)"""
)

# What no thought links to any more; cards go with their last link.
UNUSED_LINKS = Command(
    """DELETE FROM links WHERE id IN (
        SELECT l.id FROM links l
        WHERE l.read_at < now() - interval '30 days' AND l.due_at IS NULL
            AND NOT EXISTS (SELECT FROM thoughts t WHERE t.link_id = l.id) LIMIT $1)"""
)
UNUSED_CARDS = Command(
    """DELETE FROM preview_cards WHERE id IN (
        SELECT c.id FROM preview_cards c
        WHERE c.updated_at < now() - interval '1 day'
            AND NOT EXISTS (SELECT FROM links l WHERE l.card_id = c.id) LIMIT $1)"""
)

BATCHES: Mapping[str, Command] = {
    "inbox bodies": INBOX_BODIES,
    "seen activities": SEEN_ACTIVITIES,
    "finished deliveries": FINISHED_DELIVERIES,
    "activities": ACTIVITIES,
    "home entries": HOME_ENTRIES,
    "dangling home entries": DANGLING_HOME_ENTRIES,
    "list entries": LIST_ENTRIES,
    "dangling list entries": DANGLING_LIST_ENTRIES,
    "sessions": SESSIONS,
    "idempotency keys": IDEMPOTENCY_KEYS,
    "sign-in failures": SIGN_IN_FAILURES,
    "authorization codes": CODES,
    "revoked tokens": REVOKED_TOKENS,
    "idle app tokens": IDLE_APP_TOKENS,
    "idle apps": IDLE_APPS,
    "unconfirmed accounts": UNCONFIRMED,
    "finished mails": FINISHED_MAILS,
    "notifications": NOTIFICATIONS,
    "unused links": UNUSED_LINKS,
    "unused preview cards": UNUSED_CARDS,
    "resolved dead letters": RESOLVED_EVENTS,
}


async def run_batch(db: Connection, name: str, *, limit: int) -> int:
    """Work off one batch of a retention rule; return how many rows went."""
    return await BATCHES[name].run(db, limit)


async def purge_remote_thoughts(db: Connection, older_than: timedelta, *, limit: int) -> int:
    """Delete a batch of remote thoughts in which nobody here has a stake."""
    return await REMOTE_THOUGHTS.run(db, limit, older_than)
