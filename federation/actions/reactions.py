"""Likes, boosts, bookmarks and pins: by our people and by remote ones alike."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.acting import acting
from federation.actions.outgoing import send_to
from federation.actions.publish_thought import author_of
from federation.errors import Forbidden, Invalid, NotFound
from storage import boosts, homes, notifications, reactions, thoughts
from storage.boosts import NewEntry
from storage.people import Person
from storage.thoughts import Thought

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection

MOST_PINS = 5
# Who may see a boost, from most to fewest.
_NARROWER = ("public", "unlisted", "followers")


async def _visible(db: Connection, person: Person, thought_id: UUID) -> Thought:
    thought = await thoughts.find_visible(db, person.id, thought_id, keep=True)
    if thought is None:
        raise NotFound("This thought is gone, or not yours to see.")
    return thought


async def like_thought(services: Services, person: Person, thought_id: UUID, *, ap_id: str | None = None) -> Thought:
    """Like a thought, once. `ap_id` is the activity's when a remote person does it."""
    async with acting(services, person) as db:
        thought = await _visible(db, person, thought_id)
        author = await author_of(db, thought)
        like_id = ap_id or services.urls.activity(await thoughts.new_id(db, services.now()))
        if not await reactions.insert_like(db, person.id, thought_id, like_id):
            return thought
        await notifications.notify(db, [author.id], "favourite", person.id, thought_id)
        if not person.is_remote and author.is_remote:
            await send_to(
                db, services, person, "Like",
                lambda _: services.render.like(like_id, person.ap_id, thought.ap_id, author.ap_id),
                to=author, thought_id=thought_id,
            )  # fmt: skip
    services.wake()
    return thought


async def unlike_thought(services: Services, person: Person, thought_id: UUID) -> None:
    """Take a like back, if there is one."""
    async with services.database.transaction() as db:
        thought = await thoughts.find_thought(db, thought_id)
        gone = await reactions.delete_like(db, person.id, thought_id)
        if thought is None or gone is None:
            return
        author = await author_of(db, thought)
        await notifications.withdraw(db, author.id, "favourite", person.id, thought_id)
        if not person.is_remote and author.is_remote and gone.ap_id is not None:
            like = services.render.like(gone.ap_id, person.ap_id, thought.ap_id, author.ap_id)
            await send_to(
                db, services, person, "Undo",
                lambda ap_id: services.render.undo(ap_id, like),
                to=author, thought_id=thought_id,
            )  # fmt: skip
    services.wake()


def may_boost(booster: Person, thought: Thought) -> bool:
    """Tell whether a thought that this person may see may be boosted by them."""
    own_followers = thought.visibility == "followers" and thought.user_id == booster.id
    return thought.visibility in ("public", "unlisted") or own_followers


def check_boost(booster: Person, thought: Thought) -> None:
    """Raise `Forbidden` unless the thought may be boosted by this person: who may see it is checked elsewhere."""
    if not may_boost(booster, thought):
        raise Forbidden("Only public thoughts can be boosted.")


def _audience(thought: Thought, wanted: str | None) -> str:
    """Return who may see a boost: no more people than may see the thought, fewer if so wanted."""
    if wanted is None:
        return thought.visibility
    if wanted not in _NARROWER:
        raise Invalid("A boost is public, unlisted or for followers.", field="visibility")
    return max(thought.visibility, wanted, key=_NARROWER.index)


async def boost_thought(
    services: Services,
    person: Person,
    thought_id: UUID,
    *,
    visibility: str | None = None,
    ap_id: str | None = None,
    at: datetime | None = None,
) -> UUID | None:
    """Boost a thought, once, for all who may see it or (by `visibility`) for fewer.

    Return the boost's entry id, None when it was boosted before. `ap_id` and `at` are the Announce's when a remote
    person does it.
    """
    async with acting(services, person) as db:
        thought = await _visible(db, person, thought_id)
        check_boost(person, thought)
        audience = _audience(thought, visibility)
        author = await author_of(db, thought)
        boosted_at = at or services.now()
        entry_id = await thoughts.new_id(db, boosted_at)
        boost_ap_id = ap_id or services.urls.activity(entry_id)
        entry = NewEntry(
            id=entry_id,
            user_id=person.id,
            thought_id=thought_id,
            kind="boost",
            visibility=audience,
            is_remote=person.is_remote,
            is_reply=False,
            ap_id=boost_ap_id,
            created_at=boosted_at,
        )
        if not await boosts.insert_boost(db, entry):
            return None
        await homes.fan_out(
            db, entry_id, person.id, is_boost=True, reply_to_user_id=None, language=thought.language
        )  # fmt: skip
        await notifications.notify(db, [author.id], "reblog", person.id, thought_id)
        if not person.is_remote:
            await send_to(
                db, services, person, "Announce",
                lambda _: services.render.announce(
                    boost_ap_id, person, thought, author.ap_id, boosted_at, visibility=audience
                ),
                to=author, thought_id=thought_id, to_followers=True, public=audience in ("public", "unlisted"),
            )  # fmt: skip
    services.wake()
    return entry_id


async def find_boost(services: Services, person: Person, thought_id: UUID) -> UUID | None:
    """Find the entry of a person's own boost of a thought."""
    async with services.database.connection() as db:
        return await boosts.find_boost_of(db, person.id, thought_id)


async def unboost_thought(services: Services, person: Person, thought_id: UUID) -> None:
    """Take a boost back, if there is one."""
    async with services.database.transaction() as db:
        thought = await thoughts.find_thought(db, thought_id)
        gone = await boosts.delete_boost(db, person.id, thought_id)
        if thought is None or gone is None:
            return
        author = await author_of(db, thought)
        await notifications.withdraw(db, author.id, "reblog", person.id, thought_id)
        if not person.is_remote and gone.ap_id is not None:
            announce = services.render.announce(
                gone.ap_id, person, thought, author.ap_id, services.now(), visibility=gone.visibility
            )
            await send_to(
                db, services, person, "Undo",
                lambda ap_id: services.render.undo(ap_id, announce),
                to=author, thought_id=thought_id, to_followers=True,
            )  # fmt: skip
    services.wake()


async def bookmark_thought(services: Services, person: Person, thought_id: UUID) -> None:
    """Bookmark a thought; nobody else learns of it."""
    async with acting(services, person) as db:
        await _visible(db, person, thought_id)
        await reactions.insert_bookmark(db, person.id, thought_id)


async def unbookmark_thought(services: Services, person: Person, thought_id: UUID) -> None:
    """Take a bookmark away, if there is one."""
    async with services.database.transaction() as db:
        await reactions.delete_bookmark(db, person.id, thought_id)


async def pin_thought(services: Services, person: Person, thought_id: UUID) -> None:
    """Pin one's own thought to one's profile, five at most."""
    async with acting(services, person) as db:
        thought = await _visible(db, person, thought_id)
        if thought.user_id != person.id:
            raise Forbidden("You can only pin your own thoughts.")
        if thought.visibility == "direct":
            raise Invalid("A direct thought cannot be pinned: nobody could see it.")
        pinned = await reactions.insert_pin(db, person.id, thought_id, most=MOST_PINS)
        if not pinned and not await reactions.IS_PINNED.get(db, person.id, thought_id):
            raise Invalid(f"You have pinned {MOST_PINS} thoughts. Unpin one first.")


async def unpin_thought(services: Services, person: Person, thought_id: UUID) -> None:
    """Unpin a thought, if it is pinned."""
    async with services.database.transaction() as db:
        await reactions.delete_pin(db, person.id, thought_id)
