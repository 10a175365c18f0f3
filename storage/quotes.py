"""Quotes: what a thought quotes, whether that was agreed to, and the consent that our people gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from storage.entries import Page
from storage.news import ThoughtEdited, tell
from storage.query import Command, Rows, Value
from storage.thoughts import COLUMNS as THOUGHT_COLUMNS
from storage.thoughts import Thought
from storage.visibility import VISIBLE

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Quote:
    """A row of quotes; `legacy` ones are ordinary links until they are accepted."""

    thought_id: UUID
    user_id: UUID
    quoted_id: UUID | None
    quoted_user_id: UUID | None
    quoted_ap_id: str
    state: str
    legacy: bool
    request_ap_id: str | None
    stamp: str | None


@dataclass(frozen=True, slots=True)
class Authorization:
    """Consent of one of our people (FEP-044f); `revoked` ones are remembered, so that asking again is in vain."""

    id: UUID
    quoted_id: UUID
    quoter_id: UUID
    quoting_ap_id: str


@dataclass(frozen=True, slots=True)
class HiddenAuthor:
    """Somebody whom the viewer blocked or muted, or whose server; `how` is the client API's name for it."""

    person_id: UUID
    how: str


COLUMNS = """q.thought_id, q.user_id, q.quoted_id, q.quoted_user_id, q.quoted_ap_id, q.state, q.legacy,
    q.request_ap_id, q.stamp"""
OF_THOUGHTS = Rows(Quote, "SELECT {columns} FROM quotes q WHERE q.thought_id = ANY($1::uuid[])", columns=COLUMNS)
LOCKED = Rows(Quote, "SELECT {columns} FROM quotes q WHERE q.thought_id = $1 FOR UPDATE", columns=COLUMNS)
BY_REQUEST = Rows(Quote, "SELECT {columns} FROM quotes q WHERE q.request_ap_id = $1 LIMIT 1", columns=COLUMNS)
BY_STAMP = Rows(
    Quote, "SELECT {columns} FROM quotes q WHERE q.stamp = $1 AND q.quoted_user_id = $2 LIMIT 100", columns=COLUMNS
)
BY_QUOTING = Rows(
    Quote,
    """SELECT {columns} FROM quotes q JOIN thoughts t ON t.id = q.thought_id
    WHERE t.ap_id = $1 AND q.quoted_id = $2""",
    columns=COLUMNS,
)
INSERT = Command(
    """INSERT INTO quotes (thought_id, user_id, quoted_id, quoted_user_id, quoted_ap_id, state, legacy,
        request_ap_id, stamp)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (thought_id) DO NOTHING"""
)
SETTLE = Command("UPDATE quotes SET state = $2, stamp = $3 WHERE thought_id = $1")
SET_REQUEST = Command("UPDATE quotes SET request_ap_id = $2 WHERE thought_id = $1")
SET_STAMP = Command(
    """UPDATE quotes SET stamp = $2, legacy = legacy AND $3 WHERE thought_id = $1 AND state = 'pending'"""
)
ADDRESSES = Value(
    str,
    """SELECT unnest(ARRAY[t.url, t.ap_id]) FROM quotes q JOIN thoughts t ON t.id = q.quoted_id
    WHERE q.thought_id = $1""",
)
CONNECT = Command("UPDATE quotes SET quoted_id = $2, quoted_user_id = $3 WHERE thought_id = $1 AND quoted_id IS NULL")
DELETE = Command("DELETE FROM quotes WHERE thought_id = $1")
COUNT = Command("UPDATE thoughts SET quotes_count = greatest(0, quotes_count + $2) WHERE id = $1")
SET_HAS_QUOTE = Rows(
    Thought, "UPDATE thoughts t SET has_quote = $2 WHERE t.id = $1 RETURNING {columns}", columns=THOUGHT_COLUMNS
)
SET_POLICY = Rows(
    Thought,
    "UPDATE thoughts t SET quote_policy = $2 WHERE t.id = $1 RETURNING {columns}",
    columns=THOUGHT_COLUMNS,
)
VISIBLE_QUOTED = Rows(
    Thought,
    "SELECT {columns} FROM thoughts t WHERE t.id = ANY($2::uuid[]) AND {visible}",
    columns=THOUGHT_COLUMNS,
    visible=VISIBLE,
)
HIDDEN_AUTHORS = Rows(
    HiddenAuthor,
    """SELECT x.person_id, x.how FROM (
        SELECT u.id AS person_id, CASE
            WHEN EXISTS (SELECT FROM blocks b WHERE b.blocker_id = $1 AND b.blocked_id = u.id) THEN 'blocked_account'
            WHEN EXISTS (SELECT FROM user_domain_blocks d WHERE d.user_id = $1 AND d.domain = u.domain)
                THEN 'blocked_domain'
            WHEN EXISTS (SELECT FROM mutes m WHERE m.muter_id = $1 AND m.muted_id = u.id
                AND (m.expires_at IS NULL OR m.expires_at > now())) THEN 'muted_account'
            END AS how
        FROM users u WHERE u.id = ANY($2::uuid[])) x
    WHERE x.how IS NOT NULL""",
)
LOCAL_QUOTERS = Value(
    UUID,
    """SELECT DISTINCT q.user_id FROM quotes q JOIN users u ON u.id = q.user_id
    WHERE q.quoted_id = $1 AND q.state = 'accepted' AND NOT u.is_remote""",
)
_PAGE = """SELECT {columns} FROM quotes q JOIN thoughts t ON t.id = q.thought_id
    WHERE q.quoted_id = $2 AND q.state = 'accepted' AND {visible}
        AND NOT EXISTS (SELECT FROM blocks h WHERE h.blocker_id = $1 AND h.blocked_id = t.user_id)
        AND q.thought_id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND q.thought_id > coalesce($4::uuid, '00000000-0000-0000-0000-000000000000')
    ORDER BY q.thought_id {order} LIMIT $5"""
NEWEST = Rows(Thought, _PAGE, columns=THOUGHT_COLUMNS, visible=VISIBLE, order="DESC")
OLDEST = Rows(Thought, _PAGE, columns=THOUGHT_COLUMNS, visible=VISIBLE, order="ASC")
AUTHORIZE = Rows(
    Authorization,
    """INSERT INTO quote_authorizations (quoted_id, quoter_id, quoting_ap_id) VALUES ($1, $2, $3)
    ON CONFLICT (quoted_id, quoting_ap_id) DO UPDATE SET quoter_id = excluded.quoter_id
    RETURNING id, quoted_id, quoter_id, quoting_ap_id""",
)
AUTHORIZATION = Rows(
    Authorization, "SELECT id, quoted_id, quoter_id, quoting_ap_id FROM quote_authorizations WHERE id = $1"
)
AUTHORIZATION_OF = Rows(
    Authorization,
    """SELECT id, quoted_id, quoter_id, quoting_ap_id FROM quote_authorizations
    WHERE quoted_id = $1 AND quoting_ap_id = $2""",
)


async def list_quotes(db: Connection, thought_ids: Sequence[UUID]) -> dict[UUID, Quote]:
    """Return what these thoughts quote."""
    return {quote.thought_id: quote for quote in await OF_THOUGHTS.all(db, thought_ids)} if thought_ids else {}


async def find_quote(db: Connection, thought_id: UUID, *, lock: bool = False) -> Quote | None:
    """Find what a thought quotes; `lock` holds the row until the transaction ends."""
    return await (LOCKED.first(db, thought_id) if lock else OF_THOUGHTS.first(db, [thought_id]))


async def list_addresses(db: Connection, thought: Thought) -> list[str]:
    """List where what a thought quotes is to be found."""
    return await ADDRESSES.all(db, thought.id) if thought.has_quote else []


async def insert_quote(db: Connection, new: Quote) -> None:
    """Note what a thought quotes, and count it when that is agreed."""
    stored = await INSERT.run(
        db, new.thought_id, new.user_id, new.quoted_id, new.quoted_user_id, new.quoted_ap_id, new.state, new.legacy,
        new.request_ap_id, new.stamp,
    )  # fmt: skip
    if stored and new.state == "accepted" and new.quoted_id is not None:
        await COUNT.run(db, new.quoted_id, 1)


async def settle(db: Connection, quote: Quote, state: str, stamp: str | None) -> None:
    """Change the state of a quote whose row is held, and count."""
    await SETTLE.run(db, quote.thought_id, state, stamp)
    tell(db, ThoughtEdited(quote.thought_id))
    change = (state == "accepted") - (quote.state == "accepted")
    if change and quote.quoted_id is not None:
        await COUNT.run(db, quote.quoted_id, change)


async def delete_quote(db: Connection, quote: Quote) -> None:
    """Take away what a thought quoted."""
    await DELETE.run(db, quote.thought_id)
    if quote.state == "accepted" and quote.quoted_id is not None:
        await COUNT.run(db, quote.quoted_id, -1)


async def list_visible(db: Connection, viewer: UUID | None, thought_ids: Sequence[UUID]) -> dict[UUID, Thought]:
    """Return those of these thoughts that the viewer may see."""
    if not thought_ids:
        return {}
    return {thought.id: thought for thought in await VISIBLE_QUOTED.all(db, viewer, thought_ids)}


async def list_hidden_authors(db: Connection, viewer: UUID, people: Sequence[UUID]) -> dict[UUID, str]:
    """Tell whom of these people the viewer hides, and how."""
    return {one.person_id: one.how for one in await HIDDEN_AUTHORS.all(db, viewer, people)} if people else {}


async def list_quoting(db: Connection, viewer: UUID | None, quoted_id: UUID, page: Page) -> list[Thought]:
    """List a page of the thoughts that quote another, newest first: those that the viewer may see."""
    query = OLDEST if page.ascending else NEWEST
    found = await query.all(db, viewer, quoted_id, page.older_than, page.newer_than, page.limit)
    return found[::-1] if page.ascending else found


async def authorize(db: Connection, quoted_id: UUID, quoter_id: UUID, quoting_ap_id: str) -> Authorization:
    """Write down the consent to a quote, once."""
    return await AUTHORIZE.one(db, quoted_id, quoter_id, quoting_ap_id)
