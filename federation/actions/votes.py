"""Voting in polls: by our people and by remote ones alike."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.acting import acting
from federation.actions.outgoing import Audience, between, send
from federation.actions.publish_thought import author_of
from federation.errors import Invalid, NotFound
from storage import polls, relations, thoughts
from storage.polls import Poll

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

_GONE = "This poll is gone, or not yours to see."


async def vote(services: Services, person: Person, poll_id: UUID, choices: Sequence[int]) -> Poll:
    """Vote, once and for good; a remote poll's server is told, one activity for each choice.

    Raises `NotFound` for a poll that the person may not see, `Invalid` for what is no vote in it.
    """
    wanted = sorted(set(choices))
    async with acting(services, person) as db:
        thought = await thoughts.find_visible(db, person.id, poll_id, keep=True)
        poll = await polls.find_poll(db, person.id, poll_id, lock=True) if thought is not None else None
        if thought is None or poll is None:
            raise NotFound(_GONE)
        if thought.user_id == person.id:
            raise Invalid("You cannot vote in your own polls.", field="choices")
        if poll.has_ended(services.now()):
            raise Invalid("The poll has already ended.", field="choices")
        if not wanted or any(not 0 <= choice < len(poll.options) for choice in wanted):
            raise Invalid("The chosen vote option does not exist.", field="choices")
        if len(wanted) > 1 and not poll.multiple:
            # Mastodon counts the first answer, and says of the second:
            raise Invalid("You have already voted on this poll, which takes one answer only.", field="choices")
        if poll.own_votes:
            raise Invalid("You have already voted on this poll.", field="choices")
        author = await author_of(db, thought)
        await polls.insert_votes(db, poll, person.id, wanted, ours=not author.is_remote)
        if author.is_remote:
            inboxes = await relations.list_inboxes(db, [author.id])
            for choice in wanted:
                note_id = f"{person.ap_id}#votes/{await thoughts.new_id(db, services.now())}"
                render = partial(
                    services.render.vote, note_id=note_id, voter=person.ap_id, choice=poll.options[choice],
                    question=thought.ap_id, author=author.ap_id,
                )  # fmt: skip
                await send(
                    db, services, person, "Create", render,
                    ordering_key=between(person, author), audience=Audience(inboxes=inboxes),
                )  # fmt: skip
        voted = await polls.find_poll(db, person.id, poll_id)
    services.wake()
    if voted is None:
        raise NotFound(_GONE)
    return voted


async def receive_vote(services: Services, person: Person, question: str, title: str) -> str:
    """Count a remote person's vote in a poll of ours; return why it does not count, or an empty text.

    Other servers send the choices of one vote one by one, and may send each again.
    """
    async with acting(services, person) as db:
        known = await thoughts.find_by_ap_id(db, question)
        thought = await thoughts.find_visible(db, person.id, known.id, keep=True) if known is not None else None
        poll = await polls.find_poll(db, person.id, thought.id, lock=True) if thought is not None else None
        if thought is None or poll is None or not services.urls.is_ours(thought.ap_id):
            return "is a vote, and nobody here asked that question"
        if title not in poll.options:
            return "is a vote for what was not among the answers"
        if poll.has_ended(services.now()):
            return "is a vote after the end of the poll"
        choice = poll.options.index(title)
        if poll.own_votes and (choice in poll.own_votes or not poll.multiple):
            return "is a second vote"
        await polls.insert_votes(db, poll, person.id, [choice], ours=True)
    return ""
