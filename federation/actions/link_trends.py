"""Pages that trend: who linked to them, and what moderators say of them and of their publishers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.reports import check_moderator
from federation.actions.timelines import Shown, show
from federation.actions.weeks import Day, last_week
from federation.errors import NotFound, ThoughtsError
from federation.remote.targets import parse_target
from storage import link_trends, moderation, people
from storage.cards import Card
from storage.link_trends import Publisher, TrendingCard

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.entries import Page
    from storage.people import Person


@dataclass(frozen=True, slots=True)
class TrendingPage:
    """A page that trends, with whom it names as its author, and its use on the last days that it was used on."""

    card: Card
    author: Person | None = None
    history: list[Day] = field(default_factory=list)

    def week(self, now: datetime) -> list[Day]:
        """Return its last seven days, today first, those without use as well."""
        return last_week(self.history, now)


@dataclass(frozen=True, slots=True)
class JudgedPage:
    """A page with what was decided about it; `publisher_id` of its host, once a page of that has trended."""

    page: TrendingPage
    is_shown: bool
    requires_review: bool
    publisher_id: UUID | None = None


async def get_trending_pages(
    services: Services, viewer: Person | None, *, languages: Sequence[str] = (), offset: int, limit: int
) -> list[TrendingPage]:
    """Return pages that trend: those in the viewer's language first, else `languages`, then the strongest."""
    async with services.database.connection() as db:
        found = await link_trends.list_shown(db, viewer.id if viewer else None, languages, offset=offset, limit=limit)
        return await _describe(db, found)


async def get_linking(
    services: Services, viewer: Person | None, url: str, page: Page, *, details: bool = False
) -> Shown:
    """Return a page of public thoughts that link to a page that trends, of people who want to be found."""
    async with services.database.connection() as db:
        card_id = await link_trends.find_trending(db, _normal(url))
        if card_id is None:
            raise NotFound("No page at this address trends here.")
        found = await link_trends.list_linking(db, viewer.id if viewer else None, card_id, page)
        return await show(db, viewer, found, details=details)


async def list_pages_to_judge(services: Services, moderator: Person, *, offset: int, limit: int) -> list[JudgedPage]:
    """List pages that trend, shown or not, also while trends are switched off."""
    check_moderator(moderator)
    async with services.database.connection() as db:
        found = await link_trends.list_every(db, offset=offset, limit=limit)
        pages = await _describe(db, found)
    return [
        JudgedPage(page, one.is_shown, one.requires_review, one.publisher_id)
        for page, one in zip(pages, found, strict=True)
    ]


async def judge_page(services: Services, moderator: Person, card_id: UUID, *, trendable: bool) -> JudgedPage:
    """Say whether a page may trend, whatever holds for its publisher."""
    check_moderator(moderator)
    async with services.database.transaction() as db:
        judged = await link_trends.judge(db, card_id, trendable=trendable)
        if judged is None:
            raise NotFound("There is no such page.")
        await moderation.insert_audit(db, moderator.id, _deed(trendable), judged.card.url)
        (page,) = await _describe(db, [judged])
    return JudgedPage(page, judged.is_shown, judged.requires_review, judged.publisher_id)


async def list_publishers(services: Services, moderator: Person, page: Page) -> list[Publisher]:
    """List a page of the hosts whose pages have trended, the newest first."""
    check_moderator(moderator)
    async with services.database.connection() as db:
        return await link_trends.list_publishers(db, page)


async def judge_publisher(services: Services, moderator: Person, publisher_id: UUID, *, trendable: bool) -> Publisher:
    """Say whether the pages of a host may trend, as far as nobody said so of each of them."""
    check_moderator(moderator)
    async with services.database.transaction() as db:
        judged = await link_trends.judge_publisher(db, publisher_id, trendable=trendable)
        if judged is None:
            raise NotFound("There is no such publisher.")
        await moderation.insert_audit(db, moderator.id, _deed(trendable), judged.host)
    return judged


def _deed(trendable: bool) -> str:  # noqa: FBT001
    return "let trend" if trendable else "keep from trends"


def _normal(url: str) -> str:
    """Return an address as cards are kept by; one that is none leads nowhere."""
    try:
        return parse_target(url).url
    except ThoughtsError as exc:
        raise NotFound("No page at this address trends here.") from exc


async def _describe(db: Connection, found: Sequence[TrendingCard]) -> list[TrendingPage]:
    authors = await people.find_shown(db, [one.card.author_id for one in found if one.card.author_id is not None])
    return [
        TrendingPage(
            one.card,
            authors.get(one.card.author_id) if one.card.author_id is not None else None,
            [Day(**day) for day in one.week],
        )
        for one in found
    ]
