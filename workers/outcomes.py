"""What became of deliveries, and of the hosts that they went to: judged, and written in sets."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum

from federation.protocol.retry import (
    EXPIRE_AFTER,
    Final,
    HostHealth,
    HostVerdict,
    RefreshInbox,
    RetryLater,
    WaitForHost,
    classify,
    host_after,
    judge,
    next_attempt,
)
from federation.remote.deliver import SendResult
from federation.remote.targets import authority
from storage import deliveries, delivery_outcomes
from storage.database import Connection
from storage.deliveries import Claimed
from storage.delivery_outcomes import Arrived, HostChange, Missed, Moved

# Sends that one proven host may have in flight; an unproven one has a single one.
HOST_SLOTS = 4


class Lane(Enum):
    """Hosts with and without a recent success are sent to apart, so that hanging ones hold up nobody.

    The number is how many sends one process has in flight.
    """

    PROVEN = ("proven", 64)
    UNPROVEN = ("unproven", 512)

    def __init__(self, label: str, in_flight: int) -> None:
        self.label = label
        self.in_flight = in_flight


class InboxGone(Enum):
    """The actor behind an inbox is gone for good."""

    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery with the answer to it. `inbox`: what a refresh found after a 404, 410 or redirect."""

    claimed: Claimed
    result: SendResult
    at: datetime
    refreshed: bool = False
    inbox: str | InboxGone | None = None


async def write_outcomes(db: Connection, sent: Sequence[Sent], *, superseded: Sequence[Claimed] = ()) -> bool:
    """Write what became of deliveries, and of their hosts, in one transaction of the caller's.

    Return whether another lane may have got something to do.
    """
    jitter = random.random()  # noqa: S311 - spreads load, keeps no secret
    moved_to = {one.inbox: authority(one.inbox) for one in sent if isinstance(one.inbox, str)}
    hosts = {one.claimed.host for one in sent} | {claimed.host for claimed in superseded}
    states = await delivery_outcomes.lock_hosts(db, hosts, new=moved_to.values())
    verdicts: dict[str, HostVerdict | None] = {}
    changes = []
    for host in hosts & states.keys():
        state = states[host]
        ours = [one for one in sent if one.claimed.host == host]
        answers = [(one.result.answer, one.result.retry_after_s) for one in ours]
        verdict = host_after(HostHealth(state.failures, state.down_for), answers, jitter=jitter)
        verdicts[host] = verdict
        if verdict is not None:
            changes.append(_change(host, verdict, ours))
    arrived, missed, moved = [], [], []
    for one in sent:
        outcome = _outcome(one, verdicts.get(one.claimed.host), moved_to, jitter)
        match outcome:
            case Arrived():
                arrived.append(outcome)
            case Missed():
                missed.append(outcome)
            case Moved():
                moved.append(outcome)
    await delivery_outcomes.mark_arrived(db, arrived)
    await delivery_outcomes.mark_missed(db, missed)
    if moved:
        await delivery_outcomes.mark_moved(db, moved)
    await delivery_outcomes.mark_superseded(db, [(claimed.id, claimed.lease) for claimed in superseded])
    await delivery_outcomes.change_hosts(db, changes)
    await delivery_outcomes.release_backlog(db, [host for host, v in verdicts.items() if v and v.released])
    for one in {one.claimed.host: one for one in sent}.values():
        verdict, state = verdicts.get(one.claimed.host), states[one.claimed.host]
        if verdict and verdict.down and state.down_for and state.down_for >= EXPIRE_AFTER:
            await delivery_outcomes.expire(
                db, state.host, after=EXPIRE_AFTER, error_class=classify(one.result.answer), error=one.result.message
            )
    await deliveries.reschedule(db, list(states), slots=HOST_SLOTS)
    was_proven = {host for host, state in states.items() if state.lane == Lane.PROVEN.label}
    return bool(moved) or any((change.arrived and not change.down) != (change.host in was_proven) for change in changes)


def _change(host: str, verdict: HostVerdict, sent: Sequence[Sent]) -> HostChange:
    arrived = [one for one in sent if _arrived(one)]
    failed = [one.result for one in sent if not _arrived(one)]
    return HostChange(
        host=host,
        failures=verdict.failures,
        down=verdict.down,
        closed_for=verdict.closed_for,
        arrived=bool(arrived),
        scheme=arrived[-1].result.scheme if arrived else None,
        forget_scheme=any(result.answer in (400, 401, 403) for result in failed),
        error=failed[-1].message if failed else None,
    )


def _arrived(sent: Sent) -> bool:
    return sent.result.status is not None and 200 <= sent.result.status < 300


def judged(sent: Sent, verdict: HostVerdict | None, jitter: float = 0.0) -> object:
    """Say by the retry policy what an answer means for its delivery."""
    return judge(
        sent.result.answer,
        strikes=sent.claimed.strikes,
        age=sent.claimed.age,
        jitter=jitter,
        retry_after_s=sent.result.retry_after_s,
        refreshed=sent.refreshed,
        host_is_down=verdict is not None and verdict.down,
    )


def _outcome(
    sent: Sent, verdict: HostVerdict | None, moved_to: dict[str, str], jitter: float
) -> Arrived | Missed | Moved:
    claimed, result = sent.claimed, sent.result
    if _arrived(sent):
        return Arrived(claimed.id, claimed.lease, result.status or 0)
    strike = True
    pause: timedelta | None
    match judged(sent, verdict, jitter):
        case WaitForHost():
            strike, pause = False, timedelta(0)
        case RetryLater(after):
            pause = after
        case RefreshInbox():
            pause = next_attempt(claimed.strikes + 1, jitter)
        case Final() | _:
            pause = None
    missed = Missed(
        delivery_id=claimed.id,
        lease=claimed.lease,
        pause=pause,
        strike=strike,
        status=result.status,
        error_class=classify(result.answer),
        error=result.message,
        answer=result.body_clip,
        attempt={
            "at": sent.at.astimezone(UTC).isoformat(timespec="milliseconds"),
            "status": result.status,
            "error": result.message,
            "scheme": result.scheme,
        },
    )
    if isinstance(sent.inbox, str) and sent.inbox != claimed.inbox_url:
        # The first move is made at once; an actor whose inbox moves with every look is not followed for long.
        pause = next_attempt(claimed.strikes, jitter) if claimed.strikes else timedelta(0)
        if pause is not None:
            return Moved(
                replace(missed, pause=pause), claimed.activity_id, sent.inbox, moved_to[sent.inbox]
            )  # fmt: skip
    if sent.inbox is InboxGone.GONE:
        return replace(missed, pause=None)
    return missed
