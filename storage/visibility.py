"""Who may see a thought: the one predicate that every query reuses.

Fragments over `t` (thoughts) and `$1`, the viewer's id or NULL for a stranger.
"""

from __future__ import annotations

VISIBLE = """(
    (t.visibility IN ('public', 'unlisted')
        OR t.user_id = $1
        OR (t.visibility = 'followers' AND EXISTS (
            SELECT FROM follows f
            WHERE f.follower_id = $1 AND f.following_id = t.user_id AND f.state = 'accepted'))
        OR EXISTS (SELECT FROM mentions m WHERE m.thought_id = t.id AND m.user_id = $1))
    AND NOT EXISTS (SELECT FROM blocks b WHERE b.blocker_id = t.user_id AND b.blocked_id = $1)
    AND EXISTS (SELECT FROM users a WHERE a.id = t.user_id AND a.state = 'active')
)"""

# Over `e` (entries) too: a boost shows to those it is for, while its booster is here and does not block the viewer.
# Under OR these are looked up row by row; as joins they would make planning ten times as long.
ENTRY_VISIBLE = f"""({VISIBLE} AND (e.user_id = t.user_id OR (
    EXISTS (SELECT FROM users o WHERE o.id = e.user_id AND o.state = 'active')
    AND NOT EXISTS (SELECT FROM blocks p WHERE p.blocker_id = e.user_id AND p.blocked_id = $1)
)) AND (e.visibility <> 'followers' OR e.kind = 'thought' OR e.user_id = $1 OR EXISTS (
    SELECT FROM follows q WHERE q.follower_id = $1 AND q.following_id = e.user_id AND q.state = 'accepted')))"""

# For lists: leave out whom the viewer blocked or muted, and people of servers that they block; whether they block
# any is asked once a query. Over `t` and `e` (entries: the booster).
NOT_HIDDEN = """(
    NOT EXISTS (SELECT FROM blocks h WHERE h.blocker_id = $1 AND h.blocked_id IN (t.user_id, e.user_id))
    AND NOT EXISTS (SELECT FROM mutes h WHERE h.muter_id = $1 AND h.muted_id IN (t.user_id, e.user_id)
        AND (h.expires_at IS NULL OR h.expires_at > now()))
    AND (NOT EXISTS (SELECT FROM user_domain_blocks h WHERE h.user_id = $1) OR NOT EXISTS (
        SELECT FROM users a JOIN user_domain_blocks h ON h.domain = a.domain AND h.user_id = $1
        WHERE a.id IN (t.user_id, e.user_id)))
)"""

# For the timelines of everybody: silenced people show only to those who follow them, and to themselves.
NOT_SILENCED = """(
    NOT EXISTS (SELECT FROM users z WHERE z.id = t.user_id AND z.silenced)
    OR t.user_id = $1
    OR EXISTS (SELECT FROM follows z WHERE z.follower_id = $1 AND z.following_id = t.user_id AND z.state = 'accepted')
)"""
