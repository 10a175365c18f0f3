"""The end of an account: what goes with it, and what is counted down for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from storage.query import Command

if TYPE_CHECKING:
    from storage.database import Connection

# The name stays reserved, the keys stay for signing the last deliveries; all else goes.
ERASE_PERSON = Command(
    """UPDATE users SET state = 'deleted', deleted_at = now(), updated_at = now(), email = NULL,
        password_hash = NULL, display_name = '', bio = '', bio_html = '', fields = '[]', avatar_url = NULL,
        avatar_alt = '', header_url = NULL, header_alt = '', custom_css = '', custom_css_source = '',
        role = 'user', followers_count = 0, following_count = 0, thoughts_count = 0, last_thought_at = NULL
    WHERE id = $1 AND state <> 'deleted'"""
)
DELETE_REMOTE = Command("DELETE FROM users WHERE id = $1 AND is_remote")
DELETE_PENDING = Command("DELETE FROM users WHERE id = $1 AND state = 'pending' AND NOT is_remote")
# Ending an account counts down what it liked and boosted.
FORGET_REACTIONS = Command(
    """WITH gone AS (DELETE FROM likes WHERE user_id = $1 RETURNING thought_id)
    UPDATE thoughts t SET likes_count = greatest(0, t.likes_count - 1) FROM gone WHERE t.id = gone.thought_id"""
)
FORGET_BOOSTS = Command(
    """WITH gone AS (DELETE FROM entries WHERE user_id = $1 AND kind = 'boost' RETURNING thought_id)
    UPDATE thoughts t SET boosts_count = greatest(0, t.boosts_count - 1) FROM gone WHERE t.id = gone.thought_id"""
)
# All that the end of an account touches, in one order, so that two of them never wait for each other.
LOCK_TOUCHED_PEOPLE = Command(
    """SELECT FROM users WHERE id = $1 OR id IN (
        SELECT follower_id FROM follows WHERE following_id = $1
        UNION SELECT following_id FROM follows WHERE follower_id = $1)
    ORDER BY id FOR NO KEY UPDATE"""
)
LOCK_TOUCHED_THOUGHTS = Command(
    """SELECT FROM thoughts WHERE id IN (
        SELECT id FROM thoughts WHERE user_id = $1
        UNION SELECT reply_to FROM thoughts WHERE user_id = $1
        UNION SELECT r.id FROM thoughts p JOIN thoughts r ON r.reply_to = p.id WHERE p.user_id = $1
        UNION SELECT thought_id FROM likes WHERE user_id = $1
        UNION SELECT thought_id FROM emoji_reactions WHERE user_id = $1
        UNION SELECT thought_id FROM entries WHERE user_id = $1 AND kind = 'boost')
    ORDER BY id FOR UPDATE"""
)
FORGET_FOLLOWS = Command(
    """WITH gone AS (
        DELETE FROM follows WHERE follower_id = $1 OR following_id = $1 RETURNING follower_id, following_id, state),
    change (id, followers, following) AS (
        SELECT id, sum(followers), sum(following) FROM (
            SELECT following_id, 1, 0 FROM gone WHERE state = 'accepted'
            UNION ALL SELECT follower_id, 0, 1 FROM gone WHERE state = 'accepted') x (id, followers, following)
        GROUP BY id)
    UPDATE users u SET followers_count = greatest(0, u.followers_count - change.followers),
        following_count = greatest(0, u.following_count - change.following)
    FROM change WHERE u.id = change.id"""
)
FORGET_REPLIES = Command(
    """UPDATE thoughts p SET replies_count = greatest(0, p.replies_count - gone.count)
    FROM (SELECT reply_to, count(*) FROM thoughts WHERE user_id = $1 AND reply_to IS NOT NULL GROUP BY reply_to) gone
    WHERE p.id = gone.reply_to"""
)
# Purging what somebody wrote purges its stored bytes, but for the Deletes that say so.
FORGET_PAYLOADS = Command("UPDATE activities SET payload = NULL WHERE user_id = $1 AND type <> 'Delete'")
FORGET_TIES = Command("DELETE FROM top_friends WHERE user_id = $1 OR friend_id = $1")
FORGET_BLOCKS = Command("DELETE FROM blocks WHERE blocker_id = $1 OR blocked_id = $1")
FORGET_MUTES = Command("DELETE FROM mutes WHERE muter_id = $1 OR muted_id = $1")
FORGET_BOOKMARKS = Command("DELETE FROM bookmarks WHERE user_id = $1")
FORGET_HOME = Command("DELETE FROM home_entries WHERE user_id = $1")
FORGET_DOMAIN_BLOCKS = Command("DELETE FROM user_domain_blocks WHERE user_id = $1")
FORGET_FOLLOWED_TAGS = Command("DELETE FROM followed_tags WHERE user_id = $1")
FORGET_FEATURED_TAGS = Command("DELETE FROM featured_tags WHERE user_id = $1")
FORGET_CONVERSATIONS = Command("DELETE FROM conversations WHERE user_id = $1")
FORGET_MARKERS = Command("DELETE FROM markers WHERE user_id = $1")
FORGET_POLICY = Command("DELETE FROM notification_policies WHERE user_id = $1")
FORGET_PERMISSIONS = Command("DELETE FROM notification_permissions WHERE user_id = $1 OR from_id = $1")
FORGET_DISMISSALS = Command("DELETE FROM suggestion_dismissals WHERE user_id = $1 OR person_id = $1")
FORGET_FILTERS = Command("DELETE FROM filters WHERE user_id = $1")
FORGET_COLLECTIONS = Command("DELETE FROM collections WHERE user_id = $1")
FORGET_FEATURED = Command("DELETE FROM collection_items WHERE person_id = $1")
FORGET_FEATURE_CONSENTS = Command("DELETE FROM feature_authorizations WHERE person_id = $1 OR owner_id = $1")
FORGET_LISTS = Command("DELETE FROM lists WHERE user_id = $1")
# What was voted stays counted: nobody can tell any more who it was.
FORGET_VOTES = Command("DELETE FROM poll_votes WHERE user_id = $1")
FORGET_EMOJI_REACTIONS = Command(
    """WITH gone AS (DELETE FROM emoji_reactions WHERE user_id = $1 RETURNING thought_id)
    UPDATE thoughts t SET reactions_count = greatest(0, t.reactions_count - change.count)
    FROM (SELECT thought_id, count(*) FROM gone GROUP BY thought_id) change WHERE t.id = change.thought_id"""
)
FORGET_CONSENTS = Command("DELETE FROM quote_authorizations WHERE quoter_id = $1")
FORGET_NOTES = Command("DELETE FROM account_notes WHERE user_id = $1 OR person_id = $1")
FORGET_THREAD_MUTES = Command("DELETE FROM thread_mutes WHERE user_id = $1")
FORGET_PREFERENCES = Command("DELETE FROM preferences WHERE user_id = $1")
FORGET_SCHEDULED = Command("DELETE FROM scheduled_thoughts WHERE user_id = $1")
FORGET_ANNOUNCEMENTS = Command("DELETE FROM announcement_dismissals WHERE user_id = $1")
FORGET_ANNOUNCEMENT_REACTIONS = Command("DELETE FROM announcement_reactions WHERE user_id = $1")
FORGET_AUTHORSHIP = Command("UPDATE preview_cards SET author_id = NULL WHERE author_id = $1")
FORGET_NOTIFICATIONS = Command("DELETE FROM notifications WHERE user_id = $1 OR actor_id = $1")


async def lock_touched(db: Connection, person_id: UUID) -> None:
    """Lock a person who is about to end, and whoever that touches: what they do meanwhile comes before or never."""
    await LOCK_TOUCHED_PEOPLE.run(db, person_id)


async def end_follows(db: Connection, person_id: UUID) -> None:
    """End every follow and request from or to a person, and count it down for the others."""
    await LOCK_TOUCHED_PEOPLE.run(db, person_id)
    await FORGET_FOLLOWS.run(db, person_id)


async def forget_deeds(db: Connection, person_id: UUID) -> None:
    """Delete what a person did, all but their thoughts, and count it down for the others; after `lock_touched`."""
    for command in (
        LOCK_TOUCHED_THOUGHTS, FORGET_FOLLOWS, FORGET_REACTIONS, FORGET_BOOSTS, FORGET_REPLIES,
        FORGET_PAYLOADS, FORGET_TIES, FORGET_BLOCKS, FORGET_MUTES, FORGET_BOOKMARKS, FORGET_HOME,
        FORGET_DOMAIN_BLOCKS, FORGET_FOLLOWED_TAGS, FORGET_FEATURED_TAGS,
        FORGET_DISMISSALS, FORGET_CONVERSATIONS, FORGET_MARKERS, FORGET_POLICY, FORGET_PERMISSIONS,
        FORGET_LISTS, FORGET_FILTERS, FORGET_VOTES, FORGET_EMOJI_REACTIONS, FORGET_CONSENTS, FORGET_NOTES,
        FORGET_THREAD_MUTES, FORGET_PREFERENCES, FORGET_SCHEDULED, FORGET_NOTIFICATIONS, FORGET_COLLECTIONS,
        FORGET_FEATURED, FORGET_FEATURE_CONSENTS, FORGET_ANNOUNCEMENTS, FORGET_ANNOUNCEMENT_REACTIONS,
        FORGET_AUTHORSHIP,
    ):  # fmt: skip
        await command.run(db, person_id)
