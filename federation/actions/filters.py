"""Filters: what somebody does not want to read, or not without a warning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.acting import acting
from federation.errors import Invalid, NotFound
from federation.protocol.filtering import ACTIONS, CONTEXTS
from storage import filters, relations, thoughts
from storage.filters import Filter, FilteredThought, Keyword

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.people import Person

MOST_FILTERS = 100
MOST_KEYWORDS = 200
MOST_THOUGHTS = 500
MAX_TITLE = 255
MAX_KEYWORD = 512
LONGEST = timedelta(days=10 * 365)


@dataclass(frozen=True, slots=True)
class FilterForm:
    """What somebody says of a filter. Its end is `lasts` from now; with `keep_end` it stays as it is."""

    title: str
    contexts: Sequence[str]
    action: str = "warn"
    lasts: timedelta | None = None
    keep_end: bool = False


@dataclass(frozen=True, slots=True)
class KeywordForm:
    """A keyword to be added, or with an `id` changed or removed."""

    keyword: str = ""
    whole_word: bool = True
    id: UUID | None = None
    remove: bool = False


@dataclass(frozen=True, slots=True)
class OwnFilter:
    """A filter with everything that it holds."""

    filter: Filter
    keywords: list[Keyword]
    thoughts: list[FilteredThought]


def _checked(form: FilterForm) -> FilterForm:
    title = " ".join(form.title.split())
    if not title:
        raise Invalid("A filter needs a title.", field="title")
    if len(title) > MAX_TITLE:
        raise Invalid(f"The title may have {MAX_TITLE} characters.", field="title")
    if form.action not in ACTIONS:
        raise Invalid("The action is warn, hide or blur.", field="filter_action")
    contexts = list(dict.fromkeys(form.contexts))
    if not contexts or not set(contexts) <= set(CONTEXTS):
        raise Invalid(f"Choose where it applies: {', '.join(CONTEXTS)}.", field="context")
    return replace(form, title=title, contexts=contexts)


def _word(keyword: str) -> str:
    word = " ".join(keyword.split())
    if not word:
        raise Invalid("A keyword cannot be empty.", field="keyword")
    if len(word) > MAX_KEYWORD:
        raise Invalid(f"A keyword may have {MAX_KEYWORD} characters.", field="keyword")
    return word


def _end(form: FilterForm, now: datetime) -> datetime | None:
    return None if form.lasts is None else now + min(form.lasts, LONGEST)


async def _find(db: Connection, owner: Person, filter_id: UUID) -> Filter:
    found = await filters.find_filter(db, owner.id, filter_id)
    if found is None:
        raise NotFound("You have no such filter.")
    return found


async def _whole(db: Connection, found: Sequence[Filter]) -> list[OwnFilter]:
    ids = [one.id for one in found]
    words, named = await filters.list_keywords(db, ids), await filters.list_thoughts(db, ids)
    return [
        OwnFilter(
            one,
            [word for word in words if word.filter_id == one.id],
            [thought for thought in named if thought.filter_id == one.id],
        )
        for one in found
    ]


async def get_filters(services: Services, owner: Person) -> list[OwnFilter]:
    """Return somebody's filters, the oldest first."""
    async with services.database.connection() as db:
        return await _whole(db, await filters.list_filters(db, owner.id))


async def get_filter(services: Services, owner: Person, filter_id: UUID) -> OwnFilter:
    """Return a filter of somebody's own."""
    async with services.database.connection() as db:
        return (await _whole(db, [await _find(db, owner, filter_id)]))[0]


async def make_filter(
    services: Services, owner: Person, form: FilterForm, keywords: Sequence[KeywordForm] = ()
) -> OwnFilter:
    """Make a filter with its first keywords."""
    form = _checked(form)
    async with acting(services, owner) as db:
        await relations.lock_pair(db, owner.id, owner.id)
        made = await filters.INSERT.first(
            db, owner.id, form.title, form.action, form.contexts, _end(form, services.now()), MOST_FILTERS
        )
        if made is None:
            raise Invalid(f"You have {MOST_FILTERS} filters. Delete one first.")
        await _apply(db, made, keywords)
        await filters.raise_version(db, owner.id)
        return (await _whole(db, [made]))[0]


async def change_filter(
    services: Services, owner: Person, filter_id: UUID, form: FilterForm, keywords: Sequence[KeywordForm] = ()
) -> OwnFilter:
    """Change a filter, and those of its keywords that are named."""
    form = _checked(form)
    async with acting(services, owner) as db:
        before = await _find(db, owner, filter_id)
        end = before.expires_at if form.keep_end else _end(form, services.now())
        changed = await filters.UPDATE.one(db, filter_id, form.title, form.action, form.contexts, end)
        await _apply(db, changed, keywords)
        await filters.raise_version(db, owner.id)
        return (await _whole(db, [changed]))[0]


async def _apply(db: Connection, one: Filter, keywords: Sequence[KeywordForm]) -> list[Keyword]:
    """Add, change and remove keywords; return those that were added or changed."""
    done: list[Keyword] = []
    for form in keywords:
        if form.id is not None and form.remove:
            await filters.DELETE_KEYWORD.run(db, one.id, form.id)
            continue
        word = _word(form.keyword)
        if form.id is None:
            made = await filters.INSERT_KEYWORD.first(db, one.id, word, form.whole_word, MOST_KEYWORDS)
            if made is None:
                raise Invalid(f"A filter may have {MOST_KEYWORDS} keywords.")
        else:
            made = await filters.UPDATE_KEYWORD.first(db, one.id, form.id, word, form.whole_word)
            if made is None:
                raise NotFound("This filter has no such keyword.")
        done.append(made)
    return done


async def delete_filter(services: Services, owner: Person, filter_id: UUID) -> None:
    """Delete a filter."""
    async with acting(services, owner) as db:
        if not await filters.DELETE.run(db, owner.id, filter_id):
            raise NotFound("You have no such filter.")
        await filters.raise_version(db, owner.id)


async def get_keyword(services: Services, owner: Person, keyword_id: UUID) -> Keyword:
    """Return a keyword of one of somebody's own filters."""
    async with services.database.connection() as db:
        return await _find_keyword(db, owner, keyword_id)


async def _find_keyword(db: Connection, owner: Person, keyword_id: UUID) -> Keyword:
    found = await filters.KEYWORD.first(db, owner.id, keyword_id)
    if found is None:
        raise NotFound("You have no such keyword.")
    return found


async def add_keyword(services: Services, owner: Person, filter_id: UUID, form: KeywordForm) -> Keyword:
    """Add a keyword to a filter."""
    async with acting(services, owner) as db:
        made = (await _apply(db, await _find(db, owner, filter_id), [form]))[0]
        await filters.raise_version(db, owner.id)
        return made


async def change_keyword(services: Services, owner: Person, keyword_id: UUID, form: KeywordForm) -> Keyword:
    """Change a keyword."""
    async with acting(services, owner) as db:
        found = await _find_keyword(db, owner, keyword_id)
        one = await _find(db, owner, found.filter_id)
        changed = (await _apply(db, one, [replace(form, id=keyword_id)]))[0]
        await filters.raise_version(db, owner.id)
        return changed


async def delete_keyword(services: Services, owner: Person, keyword_id: UUID, *, with_empty: bool = False) -> None:
    """Delete a keyword; `with_empty` deletes its filter too when nothing is left in it."""
    async with acting(services, owner) as db:
        found = await _find_keyword(db, owner, keyword_id)
        await filters.DELETE_KEYWORD.run(db, found.filter_id, keyword_id)
        if with_empty:
            await filters.DELETE_IF_EMPTY.run(db, found.filter_id)
        await filters.raise_version(db, owner.id)


async def get_filtered_thought(services: Services, owner: Person, filtered_id: UUID) -> FilteredThought:
    """Return what one of somebody's own filters names, by its own id."""
    async with services.database.connection() as db:
        found = await filters.THOUGHT.first(db, owner.id, filtered_id)
    if found is None:
        raise NotFound("You have no such filter.")
    return found


async def add_thought(services: Services, owner: Person, filter_id: UUID, entry_id: UUID) -> FilteredThought:
    """Let a filter name a thought that its owner may see."""
    async with acting(services, owner) as db:
        found = await _find(db, owner, filter_id)
        thought = await thoughts.find_visible_by_entry(db, owner.id, entry_id)
        if thought is None:
            raise NotFound("This thought is gone, or not yours to see.")
        made = await filters.INSERT_THOUGHT.first(db, found.id, thought.id, MOST_THOUGHTS)
        if made is None:
            raise Invalid(f"A filter may name {MOST_THOUGHTS} thoughts.")
        await filters.raise_version(db, owner.id)
        return made


async def remove_thought(services: Services, owner: Person, filtered_id: UUID) -> FilteredThought:
    """Let a filter no longer name a thought."""
    async with acting(services, owner) as db:
        found = await filters.THOUGHT.first(db, owner.id, filtered_id)
        if found is None:
            raise NotFound("You have no such filter.")
        await filters.DELETE_THOUGHT.run(db, found.filter_id, filtered_id)
        await filters.raise_version(db, owner.id)
        return found
