"""Hashtags: how they are used, following them, and showing them on one's profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.acting import acting
from federation.actions.outgoing import Audience, send
from federation.actions.weeks import Day, last_week
from federation.errors import Invalid, NotFound
from federation.protocol.text import normalise_tag
from storage import relations, tags
from storage.tags import Featured, TagDay, TagOfViewer, TagTie

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.entries import Page
    from storage.people import Person

MOST_FEATURED = 10
MOST_FOLLOWED = 500
SUGGESTED = 10


@dataclass(frozen=True, slots=True)
class Hashtag:
    """A tag with its use on each of the last days that it was used on, and what it is to the viewer."""

    name: str
    display_name: str
    history: list[TagDay] = field(default_factory=list)
    following: bool = False
    featuring: bool = False

    def week(self, now: datetime) -> list[Day]:
        """Return its last seven days, today first, those without use as well."""
        return last_week(self.history, now)


def tag_name(text: str) -> str:
    """Return a hashtag's identity; `NotFound` for what is none."""
    name = normalise_tag(text)
    if name is None:
        raise NotFound("That is not a hashtag.")
    return name


async def check_usable(services: Services, names: Sequence[str]) -> None:
    """Raise `Invalid` when a text has a hashtag that moderators do not let our people write."""
    if not names:
        return
    async with services.database.connection() as db:
        refused = await tags.UNUSABLE_AMONG.all(db, names)
    if refused:
        raise Invalid(f"This hashtag cannot be used here: #{refused[0]}.", field="source")


async def describe(
    db: Connection, viewer: Person | None, names: Sequence[str], weeks: Mapping[str, list[TagDay]] | None = None
) -> list[Hashtag]:
    """Read what is known of tags, in the order given; `weeks` when their use is known already."""
    used: Mapping[str, list[TagDay]] = await _count_weeks(db, names) if weeks is None else weeks
    known = await tags.find_of_viewer(db, viewer.id if viewer else None, names)
    return [_hashtag(name, known.get(name), used.get(name, [])) for name in names]


async def _count_weeks(db: Connection, names: Sequence[str]) -> dict[str, list[TagDay]]:
    used: dict[str, list[TagDay]] = {}
    for day in await tags.list_history(db, names):
        used.setdefault(day.name, []).append(day)
    return used


def _hashtag(name: str, known: TagOfViewer | None, history: list[TagDay]) -> Hashtag:
    if known is None:
        return Hashtag(name, name, history)
    return Hashtag(name, known.display_name, history, known.following, known.featuring)


async def get_hashtags(services: Services, viewer: Person | None, names: Sequence[str]) -> list[Hashtag]:
    """Return what is known of tags, in the order given."""
    async with services.database.connection() as db:
        return await describe(db, viewer, names)


async def get_hashtag(services: Services, viewer: Person | None, text: str) -> Hashtag:
    """Return what is known of a tag; one that nobody used is a tag too."""
    return (await get_hashtags(services, viewer, [tag_name(text)]))[0]


async def follow_tag(services: Services, person: Person, text: str) -> None:
    """Read at home, from now on, what is said in public with a tag."""
    name = tag_name(text)
    async with acting(services, person) as db:
        await relations.lock_pair(db, person.id, person.id)
        tag_id = await tags.COIN.one(db, name)
        made = await tags.FOLLOW.run(db, person.id, tag_id, MOST_FOLLOWED)
        if not made and not await tags.IS_FOLLOWED.get(db, person.id, tag_id):
            raise Invalid(f"You follow {MOST_FOLLOWED} tags. Unfollow one first.")


async def unfollow_tag(services: Services, person: Person, text: str) -> None:
    """Read a tag no longer at home; what came home by it alone goes. Quiet when it is not followed."""
    name = tag_name(text)
    async with acting(services, person) as db:
        tag_id = await tags.ID_OF.get(db, name)
        if tag_id is not None and await tags.UNFOLLOW.run(db, person.id, tag_id):
            await tags.LEAVE_HOME.run(db, person.id, tag_id)


async def get_followed(services: Services, person: Person, page: Page) -> list[TagTie]:
    """Return a page of the tags that a person follows."""
    async with services.database.connection() as db:
        return await tags.list_followed(db, person.id, page)


async def feature_tag(services: Services, person: Person, text: str) -> Featured:
    """Show a tag on one's profile, once."""
    name = normalise_tag(text)
    if name is None:
        raise Invalid("That is not a hashtag.", field="name")
    async with acting(services, person) as db:
        await relations.lock_pair(db, person.id, person.id)
        tag_id = await tags.COIN.one(db, name)
        made = await tags.FEATURE.run(db, person.id, tag_id, MOST_FEATURED)
        if not made and not await tags.IS_FEATURED.get(db, person.id, tag_id):
            raise Invalid(f"Your profile shows {MOST_FEATURED} tags. Take one away first.")
        if made:
            await _tell(db, services, person, "Add", name)
        shown = next(one for one in await tags.FEATURED.all(db, person.id) if one.name == name)
    services.wake()
    return shown


async def _tell(db: Connection, services: Services, person: Person, kind: str, name: str) -> None:
    """Tell the followers' servers which hashtags a profile shows."""
    await send(
        db, services, person, kind,
        lambda ap_id: services.render.collections.hashtag(kind, ap_id, person, name),
        ordering_key=f"{person.ap_id} {name}",
        audience=Audience(to_followers=True),
        public=True,
    )  # fmt: skip


async def receive_featured_tag(services: Services, person: Person, name: str, *, shown: bool) -> None:
    """Take over that a remote person's profile shows a hashtag, or does no longer."""
    async with services.database.transaction() as db:
        tag_id = await tags.COIN.one(db, name)
        if shown:
            await tags.FEATURE.run(db, person.id, tag_id, MOST_FEATURED)
        else:
            await tags.UNFEATURE.run(db, person.id, tag_id)


async def unfeature_tag(services: Services, person: Person, text: str) -> None:
    """Take a tag from one's profile; quiet when it is not there."""
    name = tag_name(text)
    async with acting(services, person) as db:
        tag_id = await tags.ID_OF.get(db, name)
        if tag_id is not None and await tags.UNFEATURE.run(db, person.id, tag_id):
            await _tell(db, services, person, "Remove", name)
    services.wake()


async def unfeature_by_id(services: Services, person: Person, featured_id: UUID) -> None:
    """Take a tag from one's profile by the id of its place there."""
    async with acting(services, person) as db:
        shown = next((one for one in await tags.FEATURED.all(db, person.id) if one.id == featured_id), None)
        if shown is None or not await tags.UNFEATURE_BY_ID.run(db, person.id, featured_id):
            raise NotFound("Your profile does not show that tag.")
        await _tell(db, services, person, "Remove", shown.name)
    services.wake()


async def get_featured(services: Services, person: Person) -> list[Featured]:
    """Return the tags on a person's profile, the most used first."""
    async with services.database.connection() as db:
        return await tags.FEATURED.all(db, person.id)


async def suggest_featured(services: Services, person: Person) -> list[Hashtag]:
    """Return the tags that a person used most of late and does not show yet."""
    async with services.database.connection() as db:
        return await describe(db, person, await tags.USED_MOST.all(db, person.id, SUGGESTED))
