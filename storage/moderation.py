"""Refused domains, the audit log, and the instance's own facts and secrets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class DomainBlock:
    """A refused domain."""

    domain: str
    reason: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Something that an admin did."""

    id: UUID
    actor: str | None
    action: str
    target: str
    detail: dict[str, Any]
    created_at: datetime


INSERT_BLOCK = Command(
    """INSERT INTO domain_blocks (domain, reason) VALUES ($1, $2)
    ON CONFLICT (domain) DO UPDATE SET reason = excluded.reason, severity = 'suspend'"""
)
DELETE_BLOCK = Command("DELETE FROM domain_blocks WHERE domain = $1")
BLOCKS = Rows(
    DomainBlock, "SELECT domain, reason, created_at FROM domain_blocks WHERE domain > $1 ORDER BY domain LIMIT $2"
)
REJECTS_REPORTS = Value(bool, "SELECT reject_reports FROM domain_blocks WHERE domain = $1")
IS_BLOCKED = Value(bool, "SELECT host_is_blocked($1)")
IS_REFUSED = Value(bool, "SELECT host_is_refused($1)")
REJECTS_MEDIA = Value(bool, "SELECT media_is_refused($1)")
# A handle may name another domain than the server that it leads to: refusing either refuses the person.
_REFUSED = """SELECT r.user_id FROM remote_actors r JOIN users o ON o.id = r.user_id
        WHERE host_is_blocked(r.host) OR host_is_blocked(o.domain)"""
# Blocking a domain ends the follows in both directions, quietly, and takes its people out of our homes.
LEAVE_HOMES = Command(
    """DELETE FROM home_entries h USING ({refused}) r, follows f, entries e
    WHERE f.following_id = r.user_id AND h.user_id = f.follower_id
        AND e.id = h.entry_id AND e.user_id = r.user_id""",
    refused=_REFUSED,
)
END_FOLLOWS = Command(
    """WITH refused AS MATERIALIZED ({refused}),
    gone AS (
        DELETE FROM follows WHERE follower_id IN (SELECT user_id FROM refused)
            OR following_id IN (SELECT user_id FROM refused)
        RETURNING follower_id, following_id, state),
    change (id, followers, following) AS (
        SELECT id, sum(followers), sum(following) FROM (
            SELECT following_id, 1, 0 FROM gone WHERE state = 'accepted'
            UNION ALL SELECT follower_id, 0, 1 FROM gone WHERE state = 'accepted') x (id, followers, following)
        GROUP BY id)
    UPDATE users u SET followers_count = greatest(0, u.followers_count - change.followers),
        following_count = greatest(0, u.following_count - change.following)
    FROM change WHERE u.id = change.id""",
    refused=_REFUSED,
)
# Who was suspended by name before stays so when the domain is let in again.
SUSPEND_DOMAIN = Command(
    """WITH refused AS (
        UPDATE users u SET state = 'suspended' FROM ({refused}) r
        WHERE r.user_id = u.id AND u.state = 'active' RETURNING u.id)
    UPDATE remote_actors r SET suspended_with_domain = true FROM refused WHERE r.user_id = refused.id""",
    refused=_REFUSED,
)
RESTORE_DOMAIN = Command(
    """WITH restored AS (
        UPDATE remote_actors SET suspended_with_domain = false
        WHERE suspended_with_domain AND user_id NOT IN ({refused}) RETURNING user_id)
    UPDATE users u SET state = 'active' FROM restored WHERE u.id = restored.user_id AND u.state = 'suspended'""",
    refused=_REFUSED,
)
INSERT_AUDIT = Command("INSERT INTO audit_log (actor_id, action, target, detail) VALUES ($1, $2, $3, $4)")
AUDIT = Rows(
    AuditEntry,
    """SELECT a.id, u.username AS actor, a.action, a.target, a.detail, a.created_at
    FROM audit_log a LEFT JOIN users u ON u.id = a.actor_id
    WHERE a.id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') ORDER BY a.id DESC LIMIT $2""",
)
INSERT_FACT = Command("INSERT INTO instance_facts (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING")
FACT = Value(str, "SELECT value FROM instance_facts WHERE name = $1")
SET_FACT = Command(
    """INSERT INTO instance_facts AS f (name, value) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE f.value <> excluded.value"""
)
INSERT_SECRET = Command("INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING")
SECRET = Value(bytes, "SELECT value FROM secrets WHERE name = $1")
DELETE_SECRET = Command("DELETE FROM secrets WHERE name = $1")


async def block_domain(db: Connection, domain: str, reason: str) -> None:
    """Refuse a domain: its people are suspended here and follows to and from them end."""
    await INSERT_BLOCK.run(db, domain, reason)
    await settle_domains(db)


async def settle_domains(db: Connection) -> None:
    """Make the people of all refused domains suspended, and of no others."""
    await SUSPEND_DOMAIN.run(db)
    await LEAVE_HOMES.run(db)
    await END_FOLLOWS.run(db)
    await RESTORE_DOMAIN.run(db)


async def unblock_domain(db: Connection, domain: str) -> bool:
    """Talk to a domain again; False when it was not refused."""
    if not await DELETE_BLOCK.run(db, domain):
        return False
    await RESTORE_DOMAIN.run(db)
    return True


async def list_domain_blocks(db: Connection, *, after: str = "", limit: int = 100) -> list[DomainBlock]:
    """List refused domains by name."""
    return await BLOCKS.all(db, after, limit)


async def is_blocked(db: Connection, host: str) -> bool:
    """Tell whether a host (authority) is refused, itself or through a parent domain."""
    return await IS_BLOCKED.one(db, host)


async def is_refused(db: Connection, host: str) -> bool:
    """Tell whether a host is not talked to: blocked, or not listed where only listed ones are."""
    return await IS_REFUSED.one(db, host)


async def rejects_media(db: Connection, host: str) -> bool:
    """Tell whether media of a host are refused."""
    return await REJECTS_MEDIA.one(db, host)


async def insert_audit(
    db: Connection, actor_id: UUID | None, action: str, target: str, detail: dict[str, Any] | None = None
) -> None:
    """Write down what an admin does; None stands for the command line."""
    await INSERT_AUDIT.run(db, actor_id, action, target, detail or {})


async def list_audit(db: Connection, *, before: UUID | None, limit: int) -> Sequence[AuditEntry]:
    """List what admins did, newest first."""
    return await AUDIT.all(db, before, limit)


async def settle_fact(db: Connection, name: str, value: str) -> str:
    """Store a fact at first start; return what is stored, which may differ later."""
    await INSERT_FACT.run(db, name, value)
    return await FACT.one(db, name)


async def settle_secret(db: Connection, name: str, value: bytes) -> bytes:
    """Store a fresh secret unless there is one; return the one that counts."""
    await INSERT_SECRET.run(db, name, value)
    return await SECRET.one(db, name)


async def find_secret(db: Connection, name: str) -> bytes | None:
    """Find a secret."""
    return await SECRET.get(db, name)


async def delete_secret(db: Connection, name: str) -> bool:
    """Use up a one-time secret; False when it is gone already."""
    return bool(await DELETE_SECRET.run(db, name))
