"""Direct thoughts as each of our people has them: one row for a thread and who takes part in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from storage.news import Conversed, tell
from storage.query import Command, Rows, Value
from storage.visibility import VISIBLE

if TYPE_CHECKING:
    from storage.database import Connection
    from storage.entries import Page
    from storage.thoughts import Thought


@dataclass(frozen=True, slots=True)
class Conversation:
    """A row of conversations."""

    id: UUID
    participants: list[UUID]
    last_thought_id: UUID
    unread: bool


COLUMNS = "c.id, c.participants, c.last_thought_id, c.unread"
# Who blocks or muted the author hears nothing of it here either.
ADD = Value(
    UUID,
    """WITH part (id) AS (SELECT user_id FROM thoughts WHERE id = $1
        UNION SELECT user_id FROM mentions WHERE thought_id = $1)
    INSERT INTO conversations AS c (user_id, conversation_id, participants, last_thought_id, unread)
    SELECT u.id, $2, ARRAY(SELECT o.id FROM part o WHERE o.id <> u.id ORDER BY o.id), $1, u.id <> $3
    FROM part JOIN users u ON u.id = part.id
    WHERE NOT u.is_remote AND u.state = 'active'
        AND NOT EXISTS (SELECT FROM blocks b WHERE b.blocker_id = u.id AND b.blocked_id = $3)
        AND NOT EXISTS (SELECT FROM mutes m WHERE m.muter_id = u.id AND m.muted_id = $3 AND m.hide_notifications
            AND (m.expires_at IS NULL OR m.expires_at > now()))
    ON CONFLICT (user_id, conversation_id, participants) DO UPDATE
        SET last_thought_id = excluded.last_thought_id, unread = excluded.unread
    RETURNING c.user_id""",
)
# Before a direct thought goes: what it was the last of shows the one before.
STEP_BACK = Command(
    """UPDATE conversations c SET last_thought_id = k.id
    FROM conversations x CROSS JOIN LATERAL (
        SELECT t.id FROM thoughts t
        WHERE t.visibility = 'direct' AND coalesce(t.conversation_id, t.id) = x.conversation_id AND t.id <> $1
            AND (t.user_id = x.user_id OR t.user_id = ANY(x.participants))
            AND (t.user_id = x.user_id
                OR EXISTS (SELECT FROM mentions m WHERE m.thought_id = t.id AND m.user_id = x.user_id))
        ORDER BY t.id DESC LIMIT 1) k
    WHERE x.last_thought_id = $1 AND c.id = x.id"""
)
PAGE = Rows(
    Conversation,
    """SELECT {columns} FROM conversations c JOIN thoughts t ON t.id = c.last_thought_id
    WHERE c.user_id = $1 AND {visible}
        AND c.last_thought_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND c.last_thought_id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
    ORDER BY c.last_thought_id {order} LIMIT $4""",
    columns=COLUMNS,
    visible=VISIBLE,
    order="DESC",
)
PAGE_UP = Rows(
    Conversation, PAGE.sql.replace("ORDER BY c.last_thought_id DESC", "ORDER BY c.last_thought_id ASC")
)  # fmt: skip
ONE = Rows(Conversation, "SELECT {columns} FROM conversations c WHERE c.user_id = $1 AND c.id = $2", columns=COLUMNS)
OF_THOUGHT = Rows(
    Conversation,
    "SELECT {columns} FROM conversations c WHERE c.user_id = $1 AND c.last_thought_id = $2",
    columns=COLUMNS,
)
MARK_READ = Command("UPDATE conversations SET unread = false WHERE user_id = $1 AND id = $2 AND unread")
MARK_THREAD_READ = Command(
    "UPDATE conversations SET unread = false WHERE user_id = $1 AND conversation_id = $2 AND unread"
)
DELETE = Command("DELETE FROM conversations WHERE user_id = $1 AND id = $2")


async def add_thought(db: Connection, thought: Thought) -> list[UUID]:
    """Make a direct thought the last of its conversation for those of us who take part; return who they are."""
    people = await ADD.all(db, thought.id, thought.conversation_id, thought.user_id)
    if people:
        tell(db, Conversed(people, thought.id))
    return people


async def list_conversations(db: Connection, user_id: UUID, page: Page) -> list[Conversation]:
    """List a page of somebody's conversations, the one with the newest thought first."""
    query = PAGE_UP if page.ascending else PAGE
    found = await query.all(db, user_id, page.older_than, page.newer_than, page.limit)
    return found[::-1] if page.ascending else found
