"""Reacting to a thought with an emoji: by our people and by remote ones alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.acting import acting
from federation.actions.outgoing import Audience, between, send
from federation.actions.publish_thought import author_of
from federation.actions.written_emojis import find_chosen
from federation.errors import Invalid, NotFound
from federation.protocol.emojis import is_emoji
from federation.remote.emojis import keep_emojis
from federation.remote.targets import authority
from storage import emoji_reactions, emojis, notifications, people, reactions, relations, thoughts
from storage.emoji_reactions import EmojiReaction
from storage.people import Person
from storage.thoughts import Thought

if TYPE_CHECKING:
    from federation.protocol.activities import Reaction
    from federation.services import Services
    from storage.database import Connection

MOST_EACH = 20
MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class Reactor:
    """Who reacted, and with what."""

    person: Person
    name: str
    url: str | None


async def react(services: Services, person: Person, thought_id: UUID, name: str) -> None:
    """React, once with each emoji: a Unicode one, a `:shortcode:` of ours, or what others reacted with before."""
    async with acting(services, person) as db:
        thought = await thoughts.find_visible(db, person.id, thought_id, keep=True)
        if thought is None:
            raise NotFound("This thought is gone, or not yours to see.")
        name, url = await _chosen(db, thought, name.strip())
        author = await author_of(db, thought)
        ap_id = services.urls.activity(await thoughts.new_id(db, services.now()))
        reaction = EmojiReaction(person.id, thought_id, name, url, ap_id)
        if not await emoji_reactions.insert_reaction(db, reaction, most=MOST_EACH):
            return
        await notifications.notify(db, [author.id], "favourite", person.id, thought_id)
        if author.is_remote:
            await _send(db, services, reaction, of=person, on=thought, author=author, undo=False)
    services.wake()


async def _chosen(db: Connection, thought: Thought, name: str) -> tuple[str, str | None]:
    """Return an emoji as it is stored, with its picture."""
    if "@" in name:
        url = await emoji_reactions.PICTURE.get(db, thought.id, name)
        if url is not None:
            return name, url
    elif (found := await find_chosen(db, name)) is not None:
        return found
    raise Invalid("Choose one emoji.", field="emoji")


async def unreact(services: Services, person: Person, thought_id: UUID, name: str) -> None:
    """Take a reaction back, if there is one."""
    async with acting(services, person) as db:
        thought = await thoughts.find_thought(db, thought_id)
        gone = await emoji_reactions.delete_reaction(db, person.id, thought_id, name)
        if thought is None or gone is None:
            return
        author = await author_of(db, thought)
        await _forget_notice(db, author, person, thought_id)
        if author.is_remote and gone.ap_id is not None:
            await _send(db, services, gone, of=person, on=thought, author=author, undo=True)
    services.wake()


async def _send(
    db: Connection, services: Services, reaction: EmojiReaction, *, of: Person, on: Thought, author: Person, undo: bool
) -> None:
    """Tell the author's server, in the transaction that holds the effect."""
    document = services.render.emoji_react(
        reaction.ap_id or "", of.ap_id, on.ap_id, author.ap_id, name=reaction.name, picture=reaction.url
    )
    await send(
        db, services, of, "Undo" if undo else "EmojiReact",
        lambda ap_id: services.render.undo(ap_id, document) if undo else document,
        ordering_key=between(of, author),
        audience=Audience(inboxes=await relations.list_inboxes(db, [author.id])),
        thought_id=on.id, target_id=author.id,
    )  # fmt: skip


async def _forget_notice(db: Connection, author: Person, person: Person, thought_id: UUID) -> None:
    """Take the notification back with the last that it told of."""
    if await reactions.IS_LIKED.one(db, person.id, thought_id):
        return
    if not await emoji_reactions.HAS_ANY.one(db, person.id, thought_id):
        await notifications.withdraw(db, author.id, "favourite", person.id, thought_id)


# --- From other servers ----------------------------------------------------------------------------


async def receive_reaction(
    services: Services, person: Person, thought_id: UUID, reaction: Reaction, *, ap_id: str | None
) -> str:
    """Store a remote person's reaction; return why it is not one, or an empty text."""
    async with acting(services, person) as db:
        thought = await thoughts.find_visible(db, person.id, thought_id, keep=True)
        if thought is None:
            return "reacts to what it may not see"
        stored = await _received(db, services, person, reaction)
        if stored is None:
            return "reacts with what is no emoji"
        name, url = stored
        new = EmojiReaction(person.id, thought_id, name, url, ap_id)
        if not await emoji_reactions.insert_reaction(db, new, most=MOST_EACH):
            return "reacted so before"
        await notifications.notify(db, [thought.user_id], "favourite", person.id, thought_id)
    return ""


async def _received(
    db: Connection, services: Services, person: Person, reaction: Reaction
) -> tuple[str, str | None] | None:
    if is_emoji(reaction.content):
        return reaction.content, None
    if reaction.emoji is None:
        return None
    shortcode, url = reaction.emoji.shortcode, reaction.emoji.url
    if services.urls.is_ours(url) or url.startswith(f"{services.settings.media_origin or services.settings.origin}/"):
        ours = await emojis.find_named(db, [shortcode])
        return (ours[0].shortcode, ours[0].url) if ours else None
    host = authority(person.ap_id)
    kept = await keep_emojis(db, host, [{"shortcode": shortcode[:128], "url": url}])
    return f"{kept[0]['shortcode']}@{host}", url


async def undo_reaction(services: Services, person: Person, ap_id: str | None) -> bool:
    """Take back what a remote person reacted with, by the activity's id; False when there is no such reaction."""
    if ap_id is None:
        return False
    async with acting(services, person) as db:
        found = await emoji_reactions.BY_AP_ID.first(db, person.id, ap_id)
        if found is None:
            return False
        thought = await thoughts.find_thought(db, found.thought_id)
        await emoji_reactions.delete_reaction(db, person.id, found.thought_id, found.name)
        if thought is not None:
            await _forget_notice(db, await author_of(db, thought), person, thought.id)
    return True


async def list_reactors(services: Services, viewer: Person | None, thought_id: UUID) -> list[Reactor]:
    """List who reacted to a thought that the viewer may see, newest first."""
    async with services.database.connection() as db:
        if await thoughts.find_visible(db, viewer.id if viewer else None, thought_id) is None:
            raise NotFound("This thought is gone, or not yours to see.")
        found = await emoji_reactions.OF_THOUGHT.all(db, thought_id, MOST_LISTED)
        known = await people.find_people(db, list({one.user_id for one in found}))
    return [Reactor(known[one.user_id], one.name, one.url) for one in found if one.user_id in known]
