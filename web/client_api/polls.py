"""Polls: read and vote. /v1/polls/*"""

from __future__ import annotations

from typing import Final

from quart import Blueprint, Response

from federation.actions.polls import get_poll
from federation.actions.timelines import get_thought
from federation.actions.votes import vote
from storage.polls import Poll
from storage.thoughts import Thought
from web.client_api.answers import answer
from web.client_api.authentication import open_to_all, scoped
from web.client_api.call import Call
from web.client_api.entities.polls import poll
from web.client_api.entities.site import custom_emojis
from web.current import path_id

routes = Blueprint("polls", __name__)

_MOST_CHOICES: Final = 500


@routes.get("/v1/polls/<poll_id>")
@open_to_all("read:statuses")
async def one(call: Call, poll_id: str) -> Response:
    """Show a poll, with fresh tallies."""
    thought, asked = await get_poll(call.services, call.caller, path_id(poll_id))
    return _answer(call, thought, asked)


@routes.post("/v1/polls/<poll_id>/votes")
@scoped("write:statuses")
async def cast(call: Call, poll_id: str) -> Response:
    """Vote for one or several of the answers, by their places."""
    wanted = path_id(poll_id)
    choices = [_place(text) for text in call.parameters.texts("choices", most=_MOST_CHOICES)]
    voted = await vote(call.services, call.person, wanted, choices)
    thought = await get_thought(call.services, call.caller, wanted)
    return _answer(call, thought, voted)


def _answer(call: Call, thought: Thought, asked: Poll) -> Response:
    emojis = custom_emojis(call.site, thought.emojis, is_remote=not call.services.urls.is_ours(thought.ap_id))
    return answer(poll(asked, thought, call.caller, call.services.now(), emojis))


def _place(text: str) -> int:
    """Return the place of an answer; -1, which no answer has, for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else -1
