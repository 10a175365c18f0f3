"""What trends: scored now and then, shown to all unless moderators must look first, and what they decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from federation.actions.moderating_tags import Moderated, find_moderated
from federation.actions.reports import check_moderator
from federation.actions.site import get_switches
from federation.actions.tags import Hashtag, describe
from federation.actions.timelines import Shown, show
from federation.errors import NotFound
from storage import entries, link_trends, moderation, trends
from storage.tags import TagDay
from storage.trends import Verdict

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

LEAST: Final = 3
"""How many people or reactions something needs to trend. Mastodon asks for five: places are smaller here."""
MOST_OFFSET: Final = 10_000


@dataclass(frozen=True, slots=True)
class JudgedThoughts:
    """Thoughts that trend, with what moderators said of each."""

    shown: Shown
    verdicts: dict[UUID, Verdict]


async def refresh_trends(services: Services) -> None:
    """Score anew whatever can trend, unless trends are switched off. Bounded, and harmless to do twice."""
    if not (await get_switches(services))["trends"]:
        return
    for refresh in (*trends.REFRESHES, link_trends.LINKS):
        async with services.database.transaction() as db:
            await refresh.run(db, LEAST)
    async with services.database.transaction() as db:
        await trends.WEEKS.run(db)
        await link_trends.WEEKS.run(db)
        await link_trends.NOTE_PUBLISHERS.run(db)


async def get_trending_tags(services: Services, viewer: Person | None, *, offset: int, limit: int) -> list[Hashtag]:
    """Return hashtags that trend, the strongest first; none when trends are switched off."""
    async with services.database.connection() as db:
        found = await trends.list_shown_tags(db, offset=offset, limit=limit)
        weeks = {one.name: [TagDay(one.name, **day) for day in one.week] for one in found}
        return await describe(db, viewer, list(weeks), weeks)


async def get_trending_thoughts(
    services: Services,
    viewer: Person | None,
    *,
    languages: Sequence[str] = (),
    offset: int,
    limit: int,
    details: bool = False,
) -> Shown:
    """Return thoughts that trend: the viewer's language first, else `languages`, then the strongest."""
    async with services.database.connection() as db:
        found = await trends.list_shown_thoughts(
            db, viewer.id if viewer else None, languages, offset=offset, limit=limit
        )
        return await show(db, viewer, found, details=details)


async def list_tags_to_judge(services: Services, moderator: Person, *, offset: int, limit: int) -> list[Moderated]:
    """List hashtags that trend, shown or not, also while trends are switched off."""
    check_moderator(moderator)
    async with services.database.connection() as db:
        return await find_moderated(db, moderator, await trends.list_every_tag(db, offset=offset, limit=limit))


async def list_thoughts_to_judge(services: Services, moderator: Person, *, offset: int, limit: int) -> JudgedThoughts:
    """List thoughts that trend, shown or not, also while trends are switched off."""
    check_moderator(moderator)
    async with services.database.connection() as db:
        found = await trends.list_every_thought(db, offset=offset, limit=limit)
        verdicts = await trends.find_verdicts(db, [entry.id for entry in found])
        return JudgedThoughts(await show(db, moderator, found, details=True), verdicts)


async def judge_thought(services: Services, moderator: Person, thought_id: UUID, *, trendable: bool) -> JudgedThoughts:
    """Say whether a public thought may trend."""
    check_moderator(moderator)
    async with services.database.transaction() as db:
        if not await trends.judge_thought(db, thought_id, trendable=trendable):
            raise NotFound("There is no such public thought.")
        await moderation.insert_audit(
            db, moderator.id, "let trend" if trendable else "keep from trends", str(thought_id)
        )
        found = await entries.list_of_thoughts(db, [thought_id])
        verdicts = await trends.find_verdicts(db, [thought_id])
        return JudgedThoughts(await show(db, moderator, found, details=True), verdicts)
