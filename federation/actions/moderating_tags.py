"""What moderators decide about hashtags: whether they can be written, found and trend, and in which letters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.reports import check_moderator
from federation.actions.tags import Hashtag, describe, tag_name
from federation.errors import Invalid, NotFound
from federation.protocol.text import normalise_tag
from storage import moderation, tags
from storage.tags import ModeratedTag

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.entries import Page
    from storage.people import Person


@dataclass(frozen=True, slots=True)
class Moderated:
    """A hashtag as everybody sees it, and what was decided about it."""

    hashtag: Hashtag
    rules: ModeratedTag


@dataclass(frozen=True, slots=True)
class TagRules:
    """What is to hold for a hashtag from now on; what is None stays."""

    display_name: str | None = None
    usable: bool | None = None
    listable: bool | None = None
    trendable: bool | None = None


async def list_tags(services: Services, moderator: Person, page: Page) -> list[Moderated]:
    """List a page of all hashtags, the newest first."""
    check_moderator(moderator)
    async with services.database.connection() as db:
        return await _described(db, moderator, await tags.list_moderated(db, page))


async def get_tag(services: Services, moderator: Person, named: UUID | str) -> Moderated:
    """Return a hashtag by its id or name."""
    check_moderator(moderator)
    async with services.database.connection() as db:
        return await _one(db, moderator, named)


async def moderate_tag(services: Services, moderator: Person, named: UUID | str, rules: TagRules) -> Moderated:
    """Decide about a hashtag, which counts as reviewed from then on. Raises `Invalid` for letters that are not its."""
    check_moderator(moderator)
    async with services.database.transaction() as db:
        before = (await _one(db, moderator, named)).rules
        display_name = rules.display_name.removeprefix("#") if rules.display_name else None
        if display_name is not None and normalise_tag(display_name) != before.name:
            raise Invalid("Only which letters are large can be changed.", field="display_name")
        await tags.moderate(
            db, before.id,
            display_name=display_name, usable=rules.usable, listable=rules.listable, trendable=rules.trendable,
        )  # fmt: skip
        after = await _one(db, moderator, before.id)
        await moderation.insert_audit(
            db, moderator.id, "decide about tag", f"#{before.name}",
            {rule: getattr(after.rules, rule) for rule in ("usable", "listable", "trendable")},
        )  # fmt: skip
    return after


async def find_moderated(db: Connection, moderator: Person, tag_ids: list[UUID]) -> list[Moderated]:
    """Find hashtags with what was decided about them, in this order."""
    found = {row.id: row for row in await tags.MODERATED.all(db, tag_ids)}
    return await _described(db, moderator, [found[tag_id] for tag_id in tag_ids if tag_id in found])


async def _one(db: Connection, moderator: Person, named: UUID | str) -> Moderated:
    tag_id = named if isinstance(named, UUID) else await tags.ID_OF.get(db, tag_name(named))
    found = await find_moderated(db, moderator, [tag_id] if tag_id is not None else [])
    if not found:
        raise NotFound("There is no such hashtag.")
    return found[0]


async def _described(db: Connection, moderator: Person, rows: list[ModeratedTag]) -> list[Moderated]:
    hashtags = await describe(db, moderator, [row.name for row in rows])
    return [Moderated(hashtag, row) for hashtag, row in zip(hashtags, rows, strict=True)]
