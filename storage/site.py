"""What this place says of itself, and what is counted of it: texts, rules, known servers, weeks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class SiteText:
    """A text as an admin typed it."""

    kind: str
    effective_on: date
    content: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SiteRule:
    """A rule of the house."""

    id: UUID
    text: str
    hint: str


@dataclass(frozen=True, slots=True)
class Week:
    """What happened in a week, which begins on Monday (UTC)."""

    begins_at: datetime
    thoughts: int
    people: int
    sign_ups: int


SWITCHED_ON = Value(str, "SELECT name FROM unnest($1::text[]) AS name WHERE is_switched_on(name)")
TURN_SWITCH = Command(
    """INSERT INTO site_switches AS s (name, is_on) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET is_on = excluded.is_on WHERE s.is_on <> excluded.is_on"""
)
# Newest first; only the terms have more than one version.
TEXTS = Rows(
    SiteText,
    """SELECT kind, effective_on, content, updated_at FROM site_texts
    WHERE kind = $1 ORDER BY effective_on DESC LIMIT 100""",
)
SAVE_TEXT = Command(
    """INSERT INTO site_texts (kind, effective_on, content) VALUES ($1, coalesce($2, date '2005-01-01'), $3)
    ON CONFLICT (kind, effective_on) DO UPDATE SET content = excluded.content, updated_at = now()"""
)
DELETE_TEXT = Command("DELETE FROM site_texts WHERE kind = $1 AND effective_on = coalesce($2, date '2005-01-01')")
RULES = Rows(SiteRule, "SELECT id, text, hint FROM rules ORDER BY id LIMIT 100")
INSERT_RULE = Command("INSERT INTO rules (text, hint) VALUES ($1, $2)")
DELETE_RULE = Command("DELETE FROM rules WHERE id = $1")
# From host to host along the index, not over every person there.
PEERS = Value(
    str,
    """WITH RECURSIVE known (host) AS (
        SELECT min(host) FROM remote_actors
        UNION ALL
        SELECT (SELECT min(r.host) FROM remote_actors r WHERE r.host > k.host) FROM known k WHERE k.host IS NOT NULL)
    SELECT host FROM known WHERE host IS NOT NULL AND NOT host_is_blocked(host) LIMIT 20000""",
)
WEEKS = Rows(
    Week,
    """SELECT begins_at,
        (SELECT count(*) FROM thoughts t WHERE t.source IS NOT NULL
            AND t.id >= (SELECT uuid7(begins_at)) AND t.id < (SELECT uuid7(begins_at + interval '7 days'))) AS thoughts,
        (SELECT count(*) FROM active_weeks a WHERE a.week = (begins_at AT TIME ZONE 'UTC')::date) AS people,
        (SELECT count(*) FROM users u WHERE NOT u.is_remote AND u.actor_type <> 'Application'
            AND u.created_at >= begins_at AND u.created_at < begins_at + interval '7 days') AS sign_ups
    FROM generate_series(0, 11) AS ago,
        LATERAL (SELECT (date_trunc('week', now() AT TIME ZONE 'UTC') - ago * interval '7 days') AT TIME ZONE 'UTC')
            AS w (begins_at)
    ORDER BY begins_at DESC""",
)


async def list_texts(db: Connection, kind: str) -> list[SiteText]:
    """List the versions of a text, newest first."""
    return await TEXTS.all(db, kind)


async def save_text(db: Connection, kind: str, content: str, *, effective_on: date | None) -> None:
    """Store a text, or with nothing in it take it away."""
    if content:
        await SAVE_TEXT.run(db, kind, effective_on, content)
    else:
        await DELETE_TEXT.run(db, kind, effective_on)


async def list_rules(db: Connection) -> list[SiteRule]:
    """List the rules, oldest first."""
    return await RULES.all(db)


async def insert_rule(db: Connection, text: str, hint: str) -> None:
    """Add a rule."""
    await INSERT_RULE.run(db, text, hint)


async def delete_rule(db: Connection, rule_id: UUID) -> bool:
    """Take a rule away; False when there is none such."""
    return bool(await DELETE_RULE.run(db, rule_id))


async def find_switched_on(db: Connection, names: Sequence[str]) -> list[str]:
    """Find which of these switches are on; what nobody turned is."""
    return await SWITCHED_ON.all(db, names)


async def turn_switch(db: Connection, name: str, *, is_on: bool) -> bool:
    """Turn a switch; False when somebody had turned it so already."""
    return bool(await TURN_SWITCH.run(db, name, is_on))


async def list_peers(db: Connection) -> list[str]:
    """List the servers that we know somebody of, by name."""
    return await PEERS.all(db)


async def list_weeks(db: Connection) -> list[Week]:
    """Count the last twelve weeks, this one first."""
    return await WEEKS.all(db)
