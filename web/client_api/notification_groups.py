"""Joined notifications, the policy, and what it keeps apart: /v2/notifications*, /v1/notifications/requests*."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from quart import Blueprint, Response

from federation.actions import notice_groups, notice_policies
from federation.actions.notice_groups import GROUPED
from federation.actions.notice_policies import RULES
from federation.errors import Invalid
from web.client_api.answers import answer
from web.client_api.authentication import scoped
from web.client_api.call import Call
from web.client_api.entities.accounts import account
from web.client_api.entities.notification_groups import grouped, policy, requests
from web.client_api.notifications import read_filters, read_supported
from web.client_api.paging import read_page
from web.current import path_id

routes = Blueprint("notification_groups", __name__)

_MOST_TYPES: Final = 40
_MOST_IDS: Final = 1000
_EXPANSIONS: Final = ("full", "partial_avatars")
_LIMIT: Final = 100


def _grouped_types(call: Call) -> frozenset[str]:
    given = call.parameters
    return frozenset(given.texts("grouped_types", most=_MOST_TYPES)) if given.has("grouped_types") else GROUPED


@routes.get("/v2/notifications")
@scoped("read:notifications")
async def page_of(call: Call) -> Response:
    """Show the caller's notifications, those that tell the same joined."""
    given = call.parameters
    expand = given.text("expand_accounts") or "full"
    if expand not in _EXPANSIONS:
        raise Invalid(f"Invalid value for 'expand_accounts': '{expand}'", field="expand_accounts")
    page = read_page(given, default=40)
    found = await notice_groups.get_groups(
        call.services, call.person, page, **read_filters(call), with_filtered=given.flag("include_filtered"),
        grouped=_grouped_types(call),
    )  # fmt: skip
    partial, supported = expand == "partial_avatars", read_supported(call)
    written = grouped(call.site, found, call.person, partial=partial, supported=supported)
    return call.paged(written, page, found.cursors, whole=found.whole)


@routes.get("/v2/notifications/unread_count")
@scoped("read:notifications")
async def unread_count(call: Call) -> Response:
    """Count the caller's unread notifications, those that tell the same as one."""
    limit = call.parameters.number("limit", _LIMIT, least=1, most=1000)
    count = await notice_groups.count_unread(
        call.services, call.person, **read_filters(call), limit=limit, grouped=_grouped_types(call)
    )
    return answer({"count": count})


@routes.get("/v2/notifications/policy")
@scoped("read:notifications")
async def get_policy(call: Call) -> Response:
    """Show from whom the caller wants to hear."""
    return answer(policy(await notice_policies.get_policy(call.services, call.person)))


@routes.patch("/v2/notifications/policy")
@scoped("write:notifications")
async def change_policy(call: Call) -> Response:
    """Change from whom the caller wants to hear."""
    changes = {rule: call.parameters.text(rule) for rule in RULES if call.parameters.has(rule)}
    return answer(policy(await notice_policies.change_policy(call.services, call.person, changes)))


@routes.get("/v2/notifications/<group_key>")
@scoped("read:notifications")
async def one(call: Call, group_key: str) -> Response:
    """Show a group of notifications."""
    return answer(grouped(call.site, await notice_groups.get_group(call.services, call.person, group_key), call.person))


@routes.get("/v2/notifications/<group_key>/accounts")
@scoped("read:notifications", "write:notifications")
async def accounts_of(call: Call, group_key: str) -> Response:
    """Show everybody in a group of notifications."""
    found = await notice_groups.get_group(call.services, call.person, group_key)
    ids = dict.fromkeys(one.actor_id for one in found.groups[0].members)
    people = found.notices.people
    return answer([account(call.site, people[one]) for one in ids if one in people])


@routes.post("/v2/notifications/<group_key>/dismiss")
@scoped("write:notifications")
async def dismiss(call: Call, group_key: str) -> Response:
    """Delete a group of notifications."""
    await notice_groups.dismiss_group(call.services, call.person, group_key)
    return answer({})


# --- What the policy keeps apart -------------------------------------------------------------------


@routes.get("/v1/notifications/requests")
@scoped("read:notifications")
async def all_requests(call: Call) -> Response:
    """Show of whom something is kept apart."""
    page = read_page(call.parameters, default=40)
    found = await notice_policies.get_requests(call.services, call.person, page, details=True)
    return call.paged(requests(call.site, found, call.person), page, [one.last_id for one in found.kept])


@routes.get("/v1/notifications/requests/merged")
@scoped("read:notifications")
async def merged(call: Call) -> Response:
    """Tell that what was accepted is among the notifications: it is at once."""
    return answer({"merged": True})


@routes.get("/v1/notifications/requests/<person_id>")
@scoped("read:notifications")
async def one_request(call: Call, person_id: str) -> Response:
    """Show what is kept apart of one person."""
    found = await notice_policies.get_request(call.services, call.person, path_id(person_id))
    return answer(requests(call.site, found, call.person)[0])


async def _settle(call: Call, ids: list[UUID], *, accept: bool) -> Response:
    verb: Any = notice_policies.accept_requests if accept else notice_policies.dismiss_requests
    await verb(call.services, call.person, ids)
    return answer({})


async def _one_of(call: Call, person_id: str) -> list[UUID]:
    found = await notice_policies.get_request(call.services, call.person, path_id(person_id))
    return [one.actor_id for one in found.kept]


@routes.post("/v1/notifications/requests/<person_id>/accept")
@scoped("write:notifications")
async def accept(call: Call, person_id: str) -> Response:
    """Let one person through."""
    return await _settle(call, await _one_of(call, person_id), accept=True)


@routes.post("/v1/notifications/requests/<person_id>/dismiss")
@scoped("write:notifications")
async def dismiss_one(call: Call, person_id: str) -> Response:
    """Discard what is kept apart of one person."""
    return await _settle(call, await _one_of(call, person_id), accept=False)


@routes.post("/v1/notifications/requests/accept")
@scoped("write:notifications")
async def accept_several(call: Call) -> Response:
    """Let several people through."""
    return await _settle(call, call.parameters.ids("id", most=_MOST_IDS), accept=True)


@routes.post("/v1/notifications/requests/dismiss")
@scoped("write:notifications")
async def dismiss_several(call: Call) -> Response:
    """Discard what is kept apart of several people."""
    return await _settle(call, call.parameters.ids("id", most=_MOST_IDS), accept=False)
