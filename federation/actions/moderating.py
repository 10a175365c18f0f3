"""What moderators do about people: warn, lock out, cover, silence, suspend, and take it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from federation.actions import collections
from federation.actions.accounts import suspend, unsuspend
from federation.actions.delete_thought import delete_thought
from federation.actions.reports import check_moderator
from federation.errors import Conflict, Forbidden, Invalid, NotFound
from storage import access, moderation, notifications, people, reports, thoughts

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.people import Person
    from storage.query import Command
    from storage.reports import Report, Strike

ACTIONS: Final = (
    "none", "disable", "mark_statuses_as_sensitive", "delete_statuses", "sensitive", "silence", "suspend",
)  # fmt: skip
_OF_LOCAL: Final = frozenset({"none", "disable"})
_MAX_TEXT: Final = 2000


@dataclass(frozen=True, slots=True)
class Measure:
    """What is done about somebody; `report_id`: the report that it answers, which is closed with it."""

    action: str
    text: str = ""
    report_id: UUID | None = None
    notify: bool = True


async def take_measure(services: Services, moderator: Person, target: Person, measure: Measure) -> None:
    """Do something about a person, write it down, and tell them; raise `Invalid`, `Forbidden` or `NotFound`."""
    check_moderator(moderator)
    _check(moderator, target, measure)
    report = await _report(services, target, measure)
    thought_ids = report.thought_ids if report is not None else []
    match measure.action:
        case "suspend":
            if target.state == "active":
                await suspend(services, moderator, target)
        case "delete_statuses":
            for thought_id in thought_ids:
                await _delete(services, moderator, thought_id)
            for collection_id in report.collection_ids if report is not None else []:
                await collections.take_down(services, collection_id)
        case "mark_statuses_as_sensitive":
            for collection_id in report.collection_ids if report is not None else []:
                await collections.cover(services, collection_id)
        case _:
            pass
    async with services.database.transaction() as db:
        await _mark(db, target, measure.action, thought_ids)
        warning = await reports.insert_warning(
            db, target.id,
            by_id=moderator.id, report_id=measure.report_id, action=measure.action, text=measure.text.strip(),
            thought_ids=thought_ids,
        )  # fmt: skip
        if not target.is_remote and measure.notify and measure.action != "suspend":
            await notifications.notify_warned(db, target.id, warning.id)
        if measure.report_id is not None:
            await reports.RESOLVE.first(db, measure.report_id, moderator.id)
        await moderation.insert_audit(db, moderator.id, measure.action.replace("_", " "), target.handle)
    services.wake()


def _check(moderator: Person, target: Person, measure: Measure) -> None:
    if measure.action not in ACTIONS:
        raise Invalid("There is no such action.", field="type")
    if target.id == moderator.id or (target.role != "user" and moderator.role != "admin") or target.role == "admin":
        raise Forbidden("Nothing can be done about those who look after this place.")
    if target.is_remote and measure.action in _OF_LOCAL:
        raise Invalid("That can be done about our own people only.", field="type")
    if len(measure.text) > _MAX_TEXT or "\0" in measure.text:
        raise Invalid(f"The text may have {_MAX_TEXT} characters.", field="text")


async def _report(services: Services, target: Person, measure: Measure) -> Report | None:
    if measure.report_id is None:
        if measure.action in ("delete_statuses", "mark_statuses_as_sensitive"):
            raise Invalid("Which thoughts? That is for reports.", field="type")
        return None
    async with services.database.connection() as db:
        report = await reports.find_report(db, measure.report_id)
    if report is None or report.target_id != target.id:
        raise NotFound("There is no such report.")
    return report


async def _delete(services: Services, moderator: Person, thought_id: UUID) -> None:
    try:
        await delete_thought(services, moderator, thought_id)
    except NotFound:
        return


async def _mark(db: Connection, target: Person, action: str, thought_ids: Sequence[UUID]) -> None:
    match action:
        case "disable":
            await people.SET_DISABLED.run(db, target.id, True)
            await access.delete_sessions(db, target.id)
        case "silence":
            await people.SET_SILENCED.run(db, target.id, True)
        case "sensitive":
            await people.SET_SENSITISED.run(db, target.id, True)
        case "mark_statuses_as_sensitive":
            await thoughts.MARK_SENSITIVE.run(db, list(thought_ids))
        case _:
            pass


async def enable(services: Services, moderator: Person, target: Person) -> None:
    """Let somebody sign in again."""
    await _lift(services, moderator, target, "enable", people.SET_DISABLED)


async def unsilence(services: Services, moderator: Person, target: Person) -> None:
    """Show somebody everywhere again."""
    await _lift(services, moderator, target, "unsilence", people.SET_SILENCED)


async def unsensitise(services: Services, moderator: Person, target: Person) -> None:
    """Cover somebody's media no more, unless they do."""
    await _lift(services, moderator, target, "unsensitive", people.SET_SENSITISED)


async def lift_suspension(services: Services, moderator: Person, target: Person) -> None:
    """Undo a suspension."""
    check_moderator(moderator)
    if target.state != "suspended":
        raise Conflict(f"{target.handle} is not suspended.")
    await unsuspend(services, moderator, target)


async def _lift(services: Services, moderator: Person, target: Person, words: str, query: Command) -> None:
    check_moderator(moderator)
    async with services.database.transaction() as db:
        await query.run(db, target.id, False)
        await moderation.insert_audit(db, moderator.id, words, target.handle)


async def list_warnings(services: Services, person: Person) -> list[Strike]:
    """List what was decided about somebody, for themselves, newest first."""
    async with services.database.connection() as db:
        return await reports.list_warnings(db, person.id)
