"""Reports from rows to what templates show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from web.presenting.collections import collection_view
from web.presenting.people import person_view
from web.presenting.thoughts import Presenter

if TYPE_CHECKING:
    from federation.actions.reports import Case
    from storage.people import Person
    from web.view_models import CollectionView, PersonView, ThoughtView


@dataclass(frozen=True, slots=True)
class CaseView:
    """A report as moderators read it."""

    id: str
    reporter: PersonView
    target: PersonView
    target_state: str
    category: str
    comment: str
    forwarded: bool
    created_at: datetime
    resolved_at: datetime | None
    resolved_by: str
    thoughts: tuple[ThoughtView, ...]
    gone: int
    collections: tuple[CollectionView, ...] = ()


def case_view(case: Case, viewer: Person) -> CaseView:
    """Return a report with everybody and everything that it names."""
    one, wanted = case.report, set(case.report.thought_ids)
    presenter = Presenter(case.shown, viewer)
    shown = (presenter.one(entry) for entry in case.shown.entries if entry.thought.id in wanted)
    thoughts = tuple(view for view in shown if view is not None)
    decided = case.people.get(one.action_taken_by) if one.action_taken_by is not None else None
    target = case.people[one.target_id]
    marks = (("silenced", target.silenced), ("covered", target.sensitised), ("locked out", target.disabled))
    return CaseView(
        id=str(one.id),
        reporter=person_view(case.people[one.reporter_id]),
        target=person_view(target),
        target_state=", ".join([target.state, *(words for words, is_so in marks if is_so)]),
        category=one.category,
        comment=one.comment,
        forwarded=one.forwarded,
        created_at=one.created_at,
        resolved_at=one.action_taken_at,
        resolved_by=decided.handle if decided is not None else "",
        thoughts=thoughts,
        gone=len(wanted) - len(thoughts),
        collections=tuple(collection_view(found, target, (), {}) for found in case.collections),
    )
