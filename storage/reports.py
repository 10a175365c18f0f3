"""Reports and warnings: what people tell moderators, and what these tell people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from storage.entries import Page
from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Report:
    """A row of reports."""

    id: UUID
    reporter_id: UUID
    target_id: UUID
    comment: str
    category: str
    rule_ids: list[str]
    thought_ids: list[UUID]
    forwarded: bool
    assigned_to: UUID | None
    action_taken_at: datetime | None
    action_taken_by: UUID | None
    created_at: datetime
    updated_at: datetime
    collection_ids: list[UUID]


@dataclass(frozen=True, slots=True)
class NewReport:
    """A report to be written."""

    reporter_id: UUID
    target_id: UUID
    comment: str
    category: str
    rule_ids: Sequence[str]
    thought_ids: Sequence[UUID]
    ap_id: str | None
    forwarded: bool = False
    collection_ids: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True)
class Strike:
    """What somebody was told that a moderator did."""

    id: UUID
    target_id: UUID
    action: str
    text: str
    thought_ids: list[UUID]
    created_at: datetime


COLUMNS = """r.id, r.reporter_id, r.target_id, r.comment, r.category, r.rule_ids, r.thought_ids, r.forwarded,
    r.assigned_to, r.action_taken_at, r.action_taken_by, r.created_at, r.updated_at, r.collection_ids"""
WARNING_COLUMNS = "w.id, w.target_id, w.action, w.text, w.thought_ids, w.created_at"
INSERT = Rows(
    Report,
    """INSERT INTO reports AS r (reporter_id, target_id, comment, category, rule_ids, thought_ids, ap_id, forwarded,
        collection_ids)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (ap_id) DO NOTHING RETURNING {columns}""",
    columns=COLUMNS,
)
SET_AP_ID = Command("UPDATE reports SET ap_id = $2 WHERE id = $1")
BY_IDS = Rows(Report, "SELECT {columns} FROM reports r WHERE r.id = ANY($1::uuid[])", columns=COLUMNS)
_PAGE = """SELECT {columns} FROM reports r
    WHERE r.id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND r.id > coalesce($2::uuid, '00000000-0000-0000-0000-000000000000')
        AND (r.action_taken_at IS NOT NULL) = $4
        AND ($5::uuid IS NULL OR r.reporter_id = $5) AND ($6::uuid IS NULL OR r.target_id = $6)
    ORDER BY r.id {order} LIMIT $3"""
NEWEST = Rows(Report, _PAGE, columns=COLUMNS, order="DESC")
OLDEST = Rows(Report, _PAGE, columns=COLUMNS, order="ASC")
ASSIGN = Rows(
    Report,
    "UPDATE reports r SET assigned_to = $2, updated_at = now() WHERE r.id = $1 RETURNING {columns}",
    columns=COLUMNS,
)
RESOLVE = Rows(
    Report,
    """UPDATE reports r SET action_taken_at = coalesce(r.action_taken_at, now()),
        action_taken_by = coalesce(r.action_taken_by, $2), updated_at = now()
    WHERE r.id = $1 RETURNING {columns}""",
    columns=COLUMNS,
)
REOPEN = Rows(
    Report,
    """UPDATE reports r SET action_taken_at = NULL, action_taken_by = NULL, updated_at = now()
    WHERE r.id = $1 RETURNING {columns}""",
    columns=COLUMNS,
)
UPDATE = Rows(
    Report,
    """UPDATE reports r SET category = $2, rule_ids = $3, updated_at = now() WHERE r.id = $1 RETURNING {columns}""",
    columns=COLUMNS,
)
COUNT_OPEN = Value(int, "SELECT count(*) FROM (SELECT FROM reports WHERE action_taken_at IS NULL LIMIT 1000) x")
# Those of these thoughts that are the person's own: nobody is reported for what others wrote.
OWN_THOUGHTS = Value(
    UUID, "SELECT id FROM thoughts WHERE user_id = $1 AND id = ANY($2::uuid[]) ORDER BY id LIMIT 100"
)  # fmt: skip
OWN_BY_AP_ID = Value(
    UUID, "SELECT id FROM thoughts WHERE user_id = $1 AND ap_id = ANY($2::text[]) ORDER BY id LIMIT 100"
)  # fmt: skip
INSERT_WARNING = Rows(
    Strike,
    """INSERT INTO warnings AS w (target_id, by_id, report_id, action, text, thought_ids)
    VALUES ($1, $2, $3, $4, $5, $6) RETURNING {columns}""",
    columns=WARNING_COLUMNS,
)
WARNINGS_BY_IDS = Rows(Strike, "SELECT {columns} FROM warnings w WHERE w.id = ANY($1::uuid[])", columns=WARNING_COLUMNS)
WARNINGS_OF = Rows(
    Strike,
    "SELECT {columns} FROM warnings w WHERE w.target_id = $1 ORDER BY w.id DESC LIMIT 100",
    columns=WARNING_COLUMNS,
)


async def insert_report(db: Connection, new: NewReport) -> Report | None:
    """Write a report; None when its Flag came before."""
    return await INSERT.first(
        db, new.reporter_id, new.target_id, new.comment, new.category, list(new.rule_ids), list(new.thought_ids),
        new.ap_id, new.forwarded, list(new.collection_ids),
    )  # fmt: skip


async def find_report(db: Connection, report_id: UUID) -> Report | None:
    """Find a report."""
    return await BY_IDS.first(db, [report_id])


async def find_reports(db: Connection, report_ids: Collection[UUID]) -> dict[UUID, Report]:
    """Find these reports."""
    return {one.id: one for one in await BY_IDS.all(db, list(report_ids))} if report_ids else {}


async def list_reports(
    db: Connection, page: Page, *, resolved: bool, reporter_id: UUID | None = None, target_id: UUID | None = None
) -> list[Report]:
    """List a page of the open or of the resolved reports, newest first."""
    query = OLDEST if page.ascending else NEWEST
    found = await query.all(
        db, page.older_than, page.newer_than, page.limit, resolved, reporter_id, target_id
    )  # fmt: skip
    return found[::-1] if page.ascending else found


async def insert_warning(
    db: Connection,
    target_id: UUID,
    *,
    by_id: UUID | None,
    report_id: UUID | None,
    action: str,
    text: str,
    thought_ids: Sequence[UUID],
) -> Strike:
    """Write what was done about somebody."""
    return await INSERT_WARNING.one(db, target_id, by_id, report_id, action, text, list(thought_ids))


async def find_warnings(db: Connection, warning_ids: Collection[UUID]) -> dict[UUID, Strike]:
    """Find these warnings."""
    return {one.id: one for one in await WARNINGS_BY_IDS.all(db, list(warning_ids))} if warning_ids else {}


async def list_warnings(db: Connection, target_id: UUID) -> list[Strike]:
    """List what was done about somebody, newest first."""
    return await WARNINGS_OF.all(db, target_id)
