"""Polls from rows to what templates show, and from forms to drafts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from quart import request

from federation.actions.poll_drafts import MOST_OPTIONS, PollDraft
from web.presenting.emojis import Pictures, text_with
from web.view_models import OptionView, PollForm, PollView

if TYPE_CHECKING:
    from storage.people import Person
    from storage.polls import Poll
    from storage.thoughts import Thought


def poll_view(asked: Poll | None, thought: Thought, viewer: Person | None, emojis: Pictures) -> PollView | None:
    """Return a poll as the viewer may answer it; None stays None."""
    if asked is None:
        return None
    ended = asked.has_ended(datetime.now(UTC))
    # Of several answers each may be everybody's.
    total = max(asked.voters_count or 0, *asked.tallies) if asked.multiple else sum(asked.tallies)
    return PollView(
        options=tuple(
            OptionView(
                text_with(title, emojis),
                votes,
                round(100 * votes / total) if total else 0,
                chosen=place in asked.own_votes,
            )
            for place, (title, votes) in enumerate(zip(asked.options, asked.tallies, strict=True))
        ),
        multiple=asked.multiple,
        ended=ended,
        told=ended or not asked.hide_totals,
        ends_at=asked.expires_at,
        people=asked.voters_count,
        votes=sum(asked.tallies),
        may_vote=not ended and not asked.own_votes and viewer is not None and viewer.id != thought.user_id,
        voted=bool(asked.own_votes),
    )


def poll_form(asked: Poll | None) -> PollForm:
    """Return the composer's part for a poll, filled in when one is edited."""
    if asked is None:
        return PollForm()
    return PollForm(
        options=tuple(asked.options[:MOST_OPTIONS]),
        multiple=asked.multiple,
        hide_totals=asked.hide_totals,
        expires_in="",
        edited=True,
    )


async def typed_poll(*, edited: bool = False) -> PollForm:
    """Return the composer's part for a poll as it was typed."""
    form = await request.form
    return PollForm(
        options=tuple(form.getlist("poll_option")[:MOST_OPTIONS]),
        multiple="poll_multiple" in form,
        hide_totals="poll_hide_totals" in form,
        expires_in=form.get("poll_expires_in", "")[:9],
        edited=edited,
    )


def poll_draft(form: PollForm) -> PollDraft | None:
    """Return what was typed as a draft; no answers, no poll, and empty lines are none."""
    options = tuple(option for option in form.options if option.strip())
    if not options:
        return None
    seconds = form.expires_in
    return PollDraft(
        options,
        int(seconds) if seconds.isascii() and seconds.isdigit() else None,
        multiple=form.multiple,
        hide_totals=form.hide_totals,
    )
