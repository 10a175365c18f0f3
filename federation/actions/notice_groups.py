"""Notifications that tell the same of different people, joined: likes and boosts of a thought, and new followers.

A group's key is made of what is told and of the half day in which it came: it needs no storage, and an old group
stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from federation.actions.acting import acting
from federation.actions.notices import Notices, read_notices
from federation.errors import NotFound
from storage import notifications
from storage.notifications import Notification

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.entries import Page
    from storage.people import Person

GROUPED: Final = frozenset({"favourite", "reblog", "follow"})
SAMPLE: Final = 8
_SPAN_S: Final = 12 * 3600
_KEY = re.compile(r"(favourite|reblog)-([0-9a-f-]{36})-([0-9]{1,9})|(follow)-([0-9]{1,9})|ungrouped-([0-9a-f-]{36})")
# Notifications looked at for a page of groups, at most.
_AT_ONCE: Final = 100
_MOST_ROUNDS: Final = 5
_MOST_IN_GROUP: Final = 1000


@dataclass(frozen=True, slots=True)
class Group:
    """Notifications under one key, newest first; `count` counts those beyond the page too."""

    key: str
    members: list[Notification]
    count: int


@dataclass(frozen=True, slots=True)
class Groups:
    """A page of groups with everything that they name.

    The first and the last of `cursors` are where newer and older pages go on; nothing comes after a `whole` one.
    """

    groups: list[Group]
    notices: Notices
    cursors: Sequence[UUID] = ()
    whole: bool = True


def group_key(one: Notification, grouped: Collection[str] = GROUPED) -> str:
    """Return under which key a notification is found."""
    if one.type not in grouped or one.type not in GROUPED:
        return f"ungrouped-{one.id}"
    half_day = int(one.created_at.timestamp()) // _SPAN_S
    return f"{one.type}-{one.thought_id}-{half_day}" if one.thought_id else f"{one.type}-{half_day}"


def _joined(found: Sequence[Notification], grouped: Collection[str]) -> dict[str, list[Notification]]:
    groups: dict[str, list[Notification]] = {}
    for one in found:
        groups.setdefault(group_key(one, grouped), []).append(one)
    return groups


async def get_groups(
    services: Services,
    viewer: Person,
    page: Page,
    *,
    types: Sequence[str] | None,
    exclude: Sequence[str] | None,
    actor_id: UUID | None,
    with_filtered: bool,
    grouped: Collection[str] = GROUPED,
) -> Groups:
    """Return a page of groups, newest first; a group that goes on beyond the page comes again on the next one."""
    async with services.database.connection() as db:
        found: list[Notification] = []
        at = replace(page, limit=_AT_ONCE)
        for _ in range(_MOST_ROUNDS):
            more = await notifications.list_notifications(
                db, viewer.id, at, types=types, exclude=exclude, actor_id=actor_id, with_filtered=with_filtered
            )
            found = [*more, *found] if page.ascending else [*found, *more]
            if len(more) < _AT_ONCE or len(_joined(found, grouped)) > page.limit:
                break
            at = replace(at, newer_than=more[0].id) if page.ascending else replace(at, older_than=more[-1].id)
        read = len(more) < _AT_ONCE
        groups, cursors, cut = _cut(found, grouped, page, read=read)
        shown = [one for _, members in groups for one in members]
        notices = await read_notices(db, viewer, shown, details=True)
        counted = [Group(key, members, await _count(db, viewer, key, members)) for key, members in groups]
    return Groups(counted, notices, cursors, whole=read and not cut)


def _cut(
    found: Sequence[Notification], grouped: Collection[str], page: Page, *, read: bool
) -> tuple[list[tuple[str, list[Notification]]], list[UUID], bool]:
    """Return the groups of a page, where its neighbours begin, and whether there are more; `read`: that was all.

    A page holds those that are met first on the way, and the next one begins where the last of them was met: its
    other members come again, and nothing between them is passed over.
    """
    groups = list(_joined(found, grouped).items())
    cut = len(groups) > page.limit
    met = -1 if page.ascending else 0
    groups.sort(key=lambda group: group[1][met].id, reverse=not page.ascending)
    groups = groups[: page.limit]
    cursors = [members[met].id for _, members in groups]
    if not (cut or read):
        cursors.append(found[0 if page.ascending else -1].id)
    if page.ascending:
        groups.sort(key=lambda group: group[1][0].id, reverse=True)
        cursors.reverse()
    return groups, cursors, cut


async def _count(db: Connection, viewer: Person, key: str, members: list[Notification]) -> int:
    """Count a group; only one that may go on beyond what was read needs a look."""
    if key.startswith("ungrouped-") or len(members) < _AT_ONCE // 2:
        return len(members)
    return len(await _members(db, viewer, key))


async def _members(db: Connection, viewer: Person, key: str) -> list[Notification]:
    match = _KEY.fullmatch(key)
    if match is None:
        raise NotFound("There is no such group of notifications.")
    reacted, thought_id, half_day, follow, follow_half_day, alone = match.groups()
    try:
        if alone:
            return await notifications.ONE.all(db, viewer.id, UUID(alone))
        since = datetime.fromtimestamp(int(half_day or follow_half_day) * _SPAN_S, UTC)
        about = UUID(thought_id) if thought_id else None
    except (ValueError, OverflowError, OSError) as exc:
        raise NotFound("There is no such group of notifications.") from exc
    return await notifications.list_group(
        db, viewer.id, reacted or follow, about, (since, since + timedelta(seconds=_SPAN_S)), limit=_MOST_IN_GROUP
    )


async def get_group(services: Services, viewer: Person, key: str) -> Groups:
    """Return one group; `NotFound` when nothing is in it."""
    async with services.database.connection() as db:
        members = await _members(db, viewer, key)
        if not members:
            raise NotFound("There is no such group of notifications.")
        notices = await read_notices(db, viewer, members, details=True)
    return Groups([Group(key, members, len(members))], notices)


async def dismiss_group(services: Services, viewer: Person, key: str) -> None:
    """Delete the notifications of a group; quiet when there are none."""
    async with acting(services, viewer) as db:
        members = await _members(db, viewer, key)
        await notifications.DISMISS_SEVERAL.run(db, viewer.id, [one.id for one in members])


async def count_unread(
    services: Services,
    viewer: Person,
    *,
    types: Sequence[str] | None,
    exclude: Sequence[str] | None,
    actor_id: UUID | None,
    limit: int,
    grouped: Collection[str] = (),
) -> int:
    """Count unread notifications, joined where their type is among `grouped`, up to a limit."""
    async with services.database.connection() as db:
        found = await notifications.list_unread(
            db, viewer.id, types=types, exclude=exclude, actor_id=actor_id, limit=_MOST_IN_GROUP if grouped else limit
        )
    return min(limit, len(_joined(found, grouped)))
