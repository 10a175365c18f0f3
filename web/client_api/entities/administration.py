"""Admin::Account and Admin::Report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from federation.actions.administration import Dossier
from federation.actions.reports import Case
from storage.people import Person
from web.client_api.entities.accounts import account, role
from web.client_api.entities.site import Site, moment
from web.client_api.entities.statuses import Statuses


def admin_account(site: Site, dossier: Dossier) -> dict[str, Any]:
    """Write an account with what only those who look after this place know."""
    person, facts = dossier.person, dossier.facts
    ips = [{"ip": one.address.partition("/")[0], "used_at": moment(one.used_at)} for one in dossier.seen_from]
    written: dict[str, Any] = {
        "id": str(person.id),
        "username": person.username,
        "domain": person.domain,
        "created_at": moment(person.created_at),
        "email": (facts.email if facts is not None else None) or "",
        "ip": ips[0]["ip"] if ips else None,
        "ips": ips,
        "locale": "en",
        "invite_request": (facts.sign_up_reason if facts is not None else "") or None,
        "role": role(person),
        "confirmed": facts is None or not facts.needs_confirmation,
        "approved": facts is None or not facts.needs_approval,
        "disabled": person.disabled,
        "silenced": person.silenced,
        "sensitized": person.sensitised,
        "suspended": person.state == "suspended",
        "account": account(site, person),
    }
    if facts is not None and facts.created_by_app is not None:
        written["created_by_application_id"] = str(facts.created_by_app)
    return written


def admin_report(site: Site, case: Case, dossiers: Mapping[UUID, Dossier], viewer: Person) -> dict[str, Any]:
    """Write a report with everybody and everything that it names."""
    one, wanted = case.report, set(case.report.thought_ids)

    def known(person_id: UUID | None) -> dict[str, Any] | None:
        dossier = dossiers.get(person_id) if person_id is not None else None
        return admin_account(site, dossier) if dossier is not None else None

    entries = [entry for entry in case.shown.entries if entry.thought.id in wanted]
    return {
        "id": str(one.id),
        "action_taken": one.action_taken_at is not None,
        "action_taken_at": moment(one.action_taken_at) if one.action_taken_at else None,
        "category": one.category,
        "comment": one.comment,
        "forwarded": one.forwarded,
        "created_at": moment(one.created_at),
        "updated_at": moment(one.updated_at),
        "account": known(one.reporter_id),
        "target_account": known(one.target_id),
        "assigned_account": known(one.assigned_to),
        "action_taken_by_account": known(one.action_taken_by),
        "statuses": Statuses(site, case.shown, viewer).some(entries),
        "rules": [{"id": rule_id, "text": "", "hint": ""} for rule_id in one.rule_ids],
    }
