"""Hosts, accounts and the audit log from rows to what the admin pages show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from web.presenting.people import person_view
from web.view_models import AdminPersonView, AuditView, DomainBlockView, GateRow, HostView, OverviewView

if TYPE_CHECKING:
    from federation.actions.overview import Overview
    from storage.gates import Listed, RefusedDomain, RefusedNetwork
    from storage.instances import Instance
    from storage.moderation import AuditEntry
    from storage.overview import Account, Attention
    from storage.people import Person


def overview_view(overview: Overview, attention: Attention, *, version: str) -> OverviewView:
    """Return the server's health at a glance."""
    hours = overview.hours
    return OverviewView(
        people=overview.summary.people,
        pending_people=attention.pending_people,
        thoughts=overview.summary.thoughts,
        hosts=overview.summary.hosts,
        hosts_troubled=overview.traffic.hosts_troubled,
        due=overview.traffic.due,
        failed=attention.failed,
        version=version,
        oldest_due_at=overview.traffic.oldest_due_at,
        delivered_by_hour=tuple(hour.delivered for hour in hours),
        received_by_hour=tuple(hour.received for hour in hours),
        failed_by_hour=tuple(hour.failed for hour in hours),
    )


def host_view(host: Instance) -> HostView:
    """Return a remote server and how we get on."""
    down = host.down_since is not None
    state = "blocked" if host.blocked else "paused" if host.paused else "probing" if down else "well"
    return HostView(
        host=host.host,
        state=state,
        backlog=host.backlog,
        failed=host.dead,
        last_success_at=host.last_success_at,
        last_failure_at=host.last_failure_at,
        last_error=host.last_error,
        next_probe_at=host.probe_at if down and state == "probing" else None,
    )


def account_view(person: Person, account: Account | None) -> AdminPersonView:
    """Return an account with what only admins know of it."""
    return AdminPersonView(
        person=person_view(person),
        state=person.state,
        joined_at=person.created_at,
        email=(account.email or "") if account else "",
        reason=account.sign_up_reason if account else "",
        is_admin=person.role == "admin",
        seen_at=account.seen_at if account else None,
        thoughts=person.thoughts_count,
    )


_ALSO = (
    ("reject_media", "its media are refused"),
    ("reject_reports", "its reports are refused"),
    ("obfuscate", "its name is shown with stars"),
)
_OF_NETWORKS = {
    "sign_up_requires_approval": "Who signs up from there waits for approval",
    "sign_up_block": "Nobody signs up from there",
    "no_access": "Nobody comes in from there",
}


def domain_view(block: RefusedDomain) -> DomainBlockView:
    """Return a server that is kept out, silenced or noted."""
    also = tuple(words for name, words in _ALSO if getattr(block, name))
    return DomainBlockView(
        str(block.id), block.domain, block.severity, block.created_at, block.reason, block.public_comment, also
    )  # fmt: skip


def network_row(one: RefusedNetwork) -> GateRow:
    """Return a network from which not everybody may come in."""
    return GateRow(str(one.id), one.ip, one.created_at, _OF_NETWORKS[one.severity], one.comment, one.expires_at)


def name_row(one: Listed) -> GateRow:
    """Return an entry of a list of names."""
    return GateRow(str(one.id), one.name, one.created_at)


def audit_view(entry: AuditEntry) -> AuditView:
    """Return one thing that somebody with the keys did."""
    return AuditView(
        id=str(entry.id),
        at=entry.created_at,
        by=entry.actor or "the command line",
        action=entry.action,
        subject=entry.target,
        detail=_in_words(entry.detail),
    )


def _in_words(detail: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in detail.items() if value not in ("", None))
