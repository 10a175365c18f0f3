"""What somebody asks in a poll, checked against the rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from federation.errors import Invalid
from federation.protocol.objects import Poll as RemotePoll
from federation.protocol.text import count_characters, normalise_source
from storage.polls import NewPoll, Poll

LEAST_OPTIONS, MOST_OPTIONS = 2, 4
MAX_OPTION_CHARS = 50
SHORTEST_S, LONGEST_S = 5 * 60, 2_629_746
_LARGEST_TALLY = 2**31 - 1


@dataclass(frozen=True, slots=True)
class PollDraft:
    """The question part of a draft: its answers, and for how many seconds from now they may be given.

    None leaves the end of a poll that is edited as it is.
    """

    options: tuple[str, ...]
    expires_in_s: int | None
    multiple: bool = False
    hide_totals: bool = False


def check_poll(draft: PollDraft, now: datetime, *, before: Poll | None = None, media: bool = False) -> NewPoll:
    """Return the poll to be, or raise `Invalid` naming the field; `before` is the one that an edit finds.

    A thought carries a poll or `media`: other servers show only one of them.
    """
    if media:
        raise Invalid("A thought has either a poll or attachments.", field="poll")
    options = [" ".join(normalise_source(option).split()) for option in draft.options]
    if not LEAST_OPTIONS <= len(options) <= MOST_OPTIONS:
        raise Invalid(f"A poll has {LEAST_OPTIONS} to {MOST_OPTIONS} answers to choose from.", field="poll")
    if not all(options):
        raise Invalid("An answer of the poll is empty.", field="poll")
    if any(count_characters(option) > MAX_OPTION_CHARS for option in options):
        raise Invalid(f"An answer of a poll has at most {MAX_OPTION_CHARS} characters.", field="poll")
    if len(set(options)) < len(options):
        raise Invalid("Two answers of the poll are the same.", field="poll")
    if before is not None and draft.expires_in_s is None:
        ends = before.expires_at
    elif draft.expires_in_s is not None and SHORTEST_S <= draft.expires_in_s <= LONGEST_S:
        ends = now + timedelta(seconds=draft.expires_in_s)
    else:
        raise Invalid("A poll is open for five minutes at least and for a month at most.", field="poll")
    return NewPoll(options, draft.multiple, draft.hide_totals, ends, [0] * len(options), 0)


def as_counted(remote: RemotePoll, now: datetime) -> NewPoll:
    """Return another server's poll with the tallies that it claims; options that repeat count as one."""
    tallies: dict[str, int] = {}
    for option in remote.options:
        tallies.setdefault(option.title, min(option.votes, _LARGEST_TALLY))
    ends = remote.ends_at
    if remote.closed and (ends is None or ends > now):
        ends = now
    voters = None if remote.voters_count is None else min(remote.voters_count, _LARGEST_TALLY)
    over = ends is not None and ends <= now
    return NewPoll(
        list(tallies), remote.multiple, False, ends, list(tallies.values()), voters, closed_at=ends if over else None
    )
