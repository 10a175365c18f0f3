"""What admins look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from web.view_models.thoughts import PersonView, ReactionView


@dataclass(frozen=True, slots=True)
class OverviewView:
    """The health of the server at a glance; the series are one number an hour, oldest first."""

    people: int
    pending_people: int
    thoughts: int
    hosts: int
    hosts_troubled: int
    due: int
    failed: int
    version: str
    oldest_due_at: datetime | None = None
    delivered_by_hour: tuple[int, ...] = ()
    received_by_hour: tuple[int, ...] = ()
    failed_by_hour: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class HostView:
    """A remote server and how we get on; `state` is well, probing, paused or blocked."""

    host: str
    state: str
    backlog: int = 0
    failed: int = 0
    software: str = ""
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    last_error: str = ""
    next_probe_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One try at something that failed in the end."""

    at: datetime
    outcome: str
    status: int | None = None
    scheme: str = ""
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class FailedView:
    """A dead letter; the last four are only filled for the page that looks inside."""

    id: str
    kind: str
    host: str
    error: str
    explanation: str
    died_at: datetime
    status: int | None = None
    attempt_count: int = 0
    subject: str = ""
    subject_url: str | None = None
    resolution: str | None = None
    resolved_by: str | None = None
    resolved_at: datetime | None = None
    source_id: str = ""
    inbox_url: str = ""
    answer: str = ""
    payload: str = ""
    attempts: tuple[AttemptView, ...] = ()


@dataclass(frozen=True, slots=True)
class FailedFilters:
    """The filters of the failed page as they stand in its address; empty means any."""

    host: str = ""
    kind: str = ""
    error: str = ""
    age: str = ""
    state: str = "open"

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out besides what is resolved already."""
        return bool(self.host or self.kind or self.error or self.age)


@dataclass(frozen=True, slots=True)
class AdminPersonView:
    """An account as the people page shows it; `state` is active, pending, suspended or remote."""

    person: PersonView
    state: str
    joined_at: datetime
    email: str = ""
    reason: str = ""
    is_admin: bool = False
    seen_at: datetime | None = None
    thoughts: int = 0


@dataclass(frozen=True, slots=True)
class DomainBlockView:
    """A server that is kept out, silenced or noted; `also` in words what else holds of it."""

    id: str
    domain: str
    severity: str
    created_at: datetime
    reason: str = ""
    public_comment: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GateRow:
    """Something on a list of who may not, or may, come in."""

    id: str
    name: str
    created_at: datetime
    words: str = ""
    comment: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditView:
    """One thing that somebody with the keys did."""

    id: str
    at: datetime
    by: str
    action: str
    subject: str = ""
    subject_url: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AnnouncementView:
    """What admins tell everybody; `when` says in words of when it tells, if of anything that has a time."""

    id: str
    html: str
    when: str
    published_at: datetime | None
    reactions: tuple[ReactionView, ...] = ()
    dismissed: bool = False


@dataclass(frozen=True, slots=True)
class AnnouncementRow:
    """An announcement as admins see it; `state` is published, due, or draft."""

    id: str
    source: str
    when: str
    state: str
    at: datetime | None
