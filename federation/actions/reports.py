"""Reports: people tell moderators of others, here and across the wire; moderators decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from federation.actions.outgoing import Audience, between, send
from federation.actions.timelines import Shown, show
from federation.errors import Forbidden, Invalid, NotFound
from storage import collections, entries, moderation, notifications, people, relations, reports, thoughts
from storage.collections import Collection
from storage.people import Person
from storage.query import Rows
from storage.reports import NewReport, Report

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.entries import Page

CATEGORIES: Final = ("spam", "legal", "violation", "other")
MAX_COMMENT: Final = 1000
_MAX_REMOTE_COMMENT: Final = 5000
_MOST_THOUGHTS: Final = 100
_MOST_RULES: Final = 20


@dataclass(frozen=True, slots=True)
class Complaint:
    """What somebody reports; `forward`: tell the server of the reported person too."""

    thought_ids: Sequence[UUID] = ()
    comment: str = ""
    category: str = "other"
    rule_ids: Sequence[str] = ()
    forward: bool = False
    collection_ids: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A report with the people, thoughts and collections that it names."""

    report: Report
    people: dict[UUID, Person]
    shown: Shown
    collections: list[Collection]


async def report_person(services: Services, reporter: Person, target: Person, complaint: Complaint) -> Report:
    """Tell our moderators of somebody, and when asked their server, which does not learn who complains.

    Raises `Invalid` naming the field.
    """
    comment, category = complaint.comment.strip(), complaint.category
    if len(comment) > MAX_COMMENT:
        raise Invalid(f"A report may have {MAX_COMMENT} characters.", field="comment")
    if category not in CATEGORIES:
        raise Invalid(f"The category is one of {', '.join(CATEGORIES)}.", field="category")
    if len(complaint.collection_ids) > _MOST_THOUGHTS:
        raise Invalid("That is too much for one report.", field="collection_ids")
    if len(complaint.thought_ids) > _MOST_THOUGHTS or len(complaint.rule_ids) > _MOST_RULES:
        raise Invalid("That is too much for one report.", field="status_ids")
    if "\0" in comment:
        raise Invalid("A report cannot contain that.", field="comment")
    forwarded = complaint.forward and target.is_remote
    async with services.database.transaction() as db:
        own = await reports.OWN_THOUGHTS.all(db, target.id, list(complaint.thought_ids))
        if len(own) < len(set(complaint.thought_ids)):
            raise NotFound("One of these thoughts is gone, or not theirs.")
        curated = await collections.OWN_AMONG.all(db, target.id, list(complaint.collection_ids))
        if len(curated) < len(set(complaint.collection_ids)):
            raise NotFound("One of these collections is gone, or not theirs.")
        rules = list(complaint.rule_ids) if category == "violation" else []
        new = NewReport(reporter.id, target.id, comment, category, rules, own, None, forwarded, curated)
        report = await reports.insert_report(db, new)
        if report is None:
            raise NotFound("The report could not be written.")
        await _tell_moderators(db, report)
        if forwarded:
            await _forward(db, services, target, report)
    services.wake()
    return report


async def _tell_moderators(db: Connection, report: Report) -> None:
    await notifications.notify_moderators(db, "admin.report", report.reporter_id, report.id)


async def _forward(db: Connection, services: Services, target: Person, report: Report) -> None:
    """Send the Flag, in the name of the server: who complains stays here (facts §6.4)."""
    sender = await people.find_person(db, services.instance_actor_id)
    if sender is None:
        raise NotFound("There is no instance actor.")
    written = [await thoughts.find_thought(db, thought_id) for thought_id in report.thought_ids]
    curated = [one.ap_id for one in await collections.BY_IDS.all(db, report.collection_ids)]
    objects = [target.ap_id, *(thought.ap_id for thought in written if thought is not None), *curated]
    ap_id = await send(
        db, services, sender, "Flag",
        lambda ap_id: services.render.flag(ap_id, sender.ap_id, objects, report.comment, to=target.ap_id),
        ordering_key=between(sender, target),
        audience=Audience(inboxes=await relations.list_inboxes(db, [target.id])),
        target_id=target.id,
    )  # fmt: skip
    await reports.SET_AP_ID.run(db, report.id, ap_id)


async def receive_report(
    services: Services, signer: Person, objects: Sequence[str], comment: str, ap_id: str | None
) -> str:
    """Take a report of another server about our people; return why nothing came of it, or an empty text."""
    async with services.database.transaction() as db:
        named = await people.find_by_ap_ids(db, list(objects)[:_MOST_THOUGHTS])
        targets = {person.id: person for person in named if not person.is_remote and person.actor_type != "Application"}
        for thought_id in await thoughts.LOCAL_BY_AP_IDS.all(db, list(objects)[:_MOST_THOUGHTS]):
            thought = await thoughts.find_thought(db, thought_id)
            author = await people.find_person(db, thought.user_id) if thought is not None else None
            if author is not None:
                targets[author.id] = author
        owners = await collections.LOCAL_OWNERS.all(db, list(objects)[:_MOST_THOUGHTS])
        targets |= await people.find_people(db, [owner_id for owner_id in owners if owner_id not in targets])
        if not targets:
            return "reports nobody here"
        if signer.domain is not None and await moderation.REJECTS_REPORTS.get(db, signer.domain):
            return "reports of that server are not taken"
        for number, target in enumerate(targets.values()):
            own = await reports.OWN_BY_AP_ID.all(db, target.id, list(objects))
            one_id = ap_id if number == 0 else None
            new = NewReport(
                signer.id, target.id, comment[:_MAX_REMOTE_COMMENT].replace("\0", ""), "other", [], own, one_id,
                collection_ids=await collections.OWN_BY_AP_ID.all(db, target.id, list(objects)),
            )  # fmt: skip
            report = await reports.insert_report(db, new)
            if report is None:
                return "was reported before"
            await _tell_moderators(db, report)
    return ""


def check_moderator(person: Person) -> None:
    """Raise `Forbidden` unless somebody looks after this place."""
    if person.role not in ("moderator", "admin"):
        raise Forbidden("This is for those who look after this place.")


async def list_cases(
    services: Services,
    moderator: Person,
    page: Page,
    *,
    resolved: bool,
    reporter_id: UUID | None = None,
    target_id: UUID | None = None,
) -> list[Case]:
    """List a page of reports with what they are about, newest first."""
    check_moderator(moderator)
    async with services.database.connection() as db:
        found = await reports.list_reports(
            db, page, resolved=resolved, reporter_id=reporter_id, target_id=target_id
        )  # fmt: skip
        return await _cases(db, moderator, found)


async def get_case(services: Services, moderator: Person, report_id: UUID) -> Case:
    """Return a report with what it is about."""
    check_moderator(moderator)
    async with services.database.connection() as db:
        found = await reports.find_report(db, report_id)
        if found is None:
            raise NotFound("There is no such report.")
        return (await _cases(db, moderator, [found]))[0]


async def _cases(db: Connection, moderator: Person, found: Sequence[Report]) -> list[Case]:
    named = {
        person_id
        for one in found
        for person_id in (one.reporter_id, one.target_id, one.assigned_to, one.action_taken_by)
        if person_id is not None
    }
    known = await people.find_people(db, list(named))
    about = {thought_id for one in found for thought_id in one.thought_ids}
    # What is reported is shown to moderators, whoever may see it otherwise.
    shown = await show(db, moderator, await entries.list_of_thoughts(db, list(about)), details=True)
    curated = {collection_id for one in found for collection_id in one.collection_ids}
    kept = await collections.BY_IDS.all(db, list(curated)) if curated else []
    return [Case(one, known, shown, [each for each in kept if each.id in one.collection_ids]) for one in found]


async def assign(services: Services, moderator: Person, report_id: UUID, to: Person | None) -> Report:
    """Give a report to somebody, or to nobody."""
    return await _decide(services, moderator, "assign report", report_id, reports.ASSIGN, to.id if to else None)


async def resolve(services: Services, moderator: Person, report_id: UUID) -> Report:
    """Close a report; closing it again changes nothing."""
    return await _decide(services, moderator, "resolve report", report_id, reports.RESOLVE, moderator.id)


async def reopen(services: Services, moderator: Person, report_id: UUID) -> Report:
    """Open a report again."""
    return await _decide(services, moderator, "reopen report", report_id, reports.REOPEN)


async def reclassify(
    services: Services, moderator: Person, report_id: UUID, category: str, rule_ids: Sequence[str]
) -> Report:
    """Say anew what a report is about."""
    if category not in CATEGORIES:
        raise Invalid(f"The category is one of {', '.join(CATEGORIES)}.", field="category")
    return await _decide(
        services, moderator, "change report", report_id, reports.UPDATE, category, list(rule_ids)[:_MOST_RULES]
    )


async def _decide(
    services: Services, moderator: Person, words: str, report_id: UUID, query: Rows[Report], *values: object
) -> Report:
    check_moderator(moderator)
    async with services.database.transaction() as db:
        changed = await query.first(db, report_id, *values)
        if changed is None:
            raise NotFound("There is no such report.")
        await moderation.insert_audit(db, moderator.id, words, str(report_id))
    return changed
