"""The delivery drain of one lane: claim, sign and send, write outcomes in sets, until nothing is due."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum

import structlog

from federation.errors import NotFound, ThoughtsError
from federation.protocol.digests import body_sha256
from federation.protocol.retry import (
    EXPIRE_AFTER,
    ErrorClass,
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
from federation.protocol.signatures import Scheme
from federation.remote.deliver import Letter, SendResult, send
from federation.remote.keyring import Keyring
from federation.remote.network import NetworkClient
from federation.remote.targets import authority
from storage import deliveries, delivery_outcomes
from storage.database import Connection, Database
from storage.deliveries import Claimed
from storage.delivery_outcomes import Arrived, HostChange, Missed, Moved
from storage.errors import StorageError

_log = structlog.get_logger(__name__)

# Sends that one proven host may have in flight; an unproven one has a single one.
HOST_SLOTS = 4
# Two knocks of ten seconds and a look at the actor.
LEASE = timedelta(seconds=45)
_REFRESH_TIMEOUT_S = 15.0
_FLUSH_AT = 50
_FLUSH_AFTER_S = 0.05
# How long outcomes are kept while PostgreSQL is away; later their leases have ended, and they are sent again.
_FLUSH_PATIENCE_S = 15.0
_FLUSH_PAUSE_S = 0.25
# A drain that leaves at a shutdown waits so long for what is under way.
_GRACE_S = 5.0


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


RefreshInboxOf = Callable[[str], Awaitable[str | InboxGone | None]]
"""Fetch the actor behind an inbox again: its present inbox, or None when we know nobody there."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery with the answer to it. `inbox`: what a refresh found after a 404, 410 or redirect."""

    claimed: Claimed
    result: SendResult
    at: datetime
    refreshed: bool = False
    inbox: str | InboxGone | None = None


class DeliveryDrain:
    """Works off what is due in a lane, as one loop per process however often it is asked to run."""

    def __init__(
        self,
        lane: Lane,
        *,
        database: Database,
        network: NetworkClient,
        keyring: Keyring,
        refresh_inbox: RefreshInboxOf,
        wake: Callable[[], None],
        now: Callable[[], datetime],
    ) -> None:
        self.lane = lane
        self._database = database
        self._network = network
        self._keyring = keyring
        self._refresh_inbox = refresh_inbox
        self._wake = wake
        self._now = now
        self._running = False
        self._stopping = False
        self._in_flight = 0
        self._finished: list[Sent] = []
        self._unsent: list[Claimed] = []
        self._superseded: list[Claimed] = []
        self._moved: dict[str, asyncio.Future[str | InboxGone | None]] = {}
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self) -> None:
        """Send until nothing is due; when another call is at it, that one looks again instead."""
        self._news.set()
        if self._running or self._stopping:
            return
        self._running = True
        self._idle.clear()
        try:
            await self._drain()
        finally:
            self._running = False
            self._moved.clear()
            self._idle.set()

    async def stop(self) -> None:
        """Claim nothing more, and wait a moment for what is under way."""
        self._stopping = True
        self._news.set()
        try:
            async with asyncio.timeout(_GRACE_S):
                await self._idle.wait()
        except TimeoutError:
            _log.info("deliveries are still under way", lane=self.lane.label, count=self._in_flight)

    async def _drain(self) -> None:
        try:
            async with asyncio.TaskGroup() as sends:
                while True:
                    self._news.clear()
                    await self._start_due(sends)
                    if not (self._in_flight or self._finished or self._unsent or self._superseded):
                        break
                    await self._wait()
                    await self._flush()
        except BaseException:
            # Cancelled, or a fault of ours: what arrived must not be sent again.
            await self._flush()
            raise

    async def _start_due(self, sends: asyncio.TaskGroup) -> None:
        room = self.lane.in_flight - self._in_flight
        if room <= 0 or self._stopping:
            return
        try:
            async with self._database.transaction() as db:
                claimed = await deliveries.claim(
                    db, self.lane.label, lease_for=LEASE, limit=room, slots=HOST_SLOTS
                )  # fmt: skip
        except StorageError as exc:
            # What is under way ends first; the relay asks again when PostgreSQL is back.
            _log.warning("nothing can be claimed", lane=self.lane.label, error=str(exc))
            return
        try:
            for sender_id in {delivery.sender_id for delivery in claimed}:
                with suppress(NotFound):
                    await self._keyring.signing_key(sender_id)  # read once, not by every send
        except StorageError:
            self._unsent += claimed
            return
        for delivery in claimed:
            self._in_flight += 1
            sends.create_task(self._send(delivery))
            # A signature takes a millisecond: let answers be read between two of them.
            await asyncio.sleep(0)

    async def _wait(self) -> None:
        """Wait for something to write or to look at, then a moment for more of it."""
        if not (self._finished or self._unsent or self._superseded):  # what ended during a flush told so before it
            await self._news.wait()
        if 0 < len(self._finished) < _FLUSH_AT and self._in_flight:
            await asyncio.sleep(_FLUSH_AFTER_S)

    async def _send(self, claimed: Claimed) -> None:
        sent: Sent | None = None
        try:
            if claimed.payload is None:
                self._superseded.append(claimed)
                return
            sent = await self._attempt(claimed, claimed.payload)
        except StorageError:
            self._unsent.append(claimed)
        except asyncio.CancelledError:
            self._unsent.append(claimed)
            raise
        except Exception:  # a process edge: one delivery that we cannot make must not stop the others
            _log.exception("a delivery failed by a fault of ours", delivery=str(claimed.id))
            fault = SendResult(ErrorClass.FAULT, Scheme.CAVAGE, "An error of this server; its log says more.")
            sent = Sent(claimed, fault, self._now())
        finally:
            if sent is not None:
                self._finished.append(sent)
            self._in_flight -= 1
            self._news.set()

    async def _attempt(self, claimed: Claimed, payload: bytes) -> Sent:
        at = self._now()
        try:
            key = await self._keyring.signing_key(claimed.sender_id)
        except NotFound as exc:
            return Sent(claimed, SendResult(ErrorClass.UNSAFE, Scheme.CAVAGE, exc.message), at)
        scheme = Scheme(claimed.scheme) if claimed.scheme else None
        letter = Letter(claimed.inbox_url, payload, body_sha256(payload), scheme)
        sent = Sent(claimed, await send(self._network, key, letter, self._now), at)
        if not isinstance(_judged(sent, None), RefreshInbox):
            return sent
        try:
            return replace(sent, refreshed=True, inbox=await self._present_inbox(claimed.inbox_url))
        except (ThoughtsError, TimeoutError):
            # Nobody could tell whether it moved: ask again at the next attempt.
            return sent

    async def _present_inbox(self, inbox_url: str) -> str | InboxGone | None:
        """Refresh the actor behind an inbox, once for all deliveries of this run that ask."""
        if (asked := self._moved.get(inbox_url)) is not None:
            return await asyncio.shield(asked)
        future: asyncio.Future[str | InboxGone | None] = asyncio.get_running_loop().create_future()
        self._moved[inbox_url] = future
        try:
            async with asyncio.timeout(_REFRESH_TIMEOUT_S):
                found = await self._refresh_inbox(inbox_url)
        except BaseException as exc:
            del self._moved[inbox_url]
            future.set_exception(exc if isinstance(exc, Exception) else TimeoutError())
            future.exception()  # nobody else may be waiting for it
            raise
        future.set_result(found)
        return found

    async def _flush(self) -> None:
        """Write what is finished, again and again while PostgreSQL is away."""
        sent, self._finished = self._finished, []
        unsent, self._unsent = self._unsent, []
        superseded, self._superseded = self._superseded, []
        if not sent and not unsent and not superseded:
            return
        give_up_at = asyncio.get_running_loop().time() + _FLUSH_PATIENCE_S
        while True:
            try:
                async with self._database.transaction() as db:
                    changed_lanes = await write_outcomes(db, sent, superseded=superseded)
                if changed_lanes:
                    self._wake()
                if unsent:
                    async with self._database.transaction() as db:
                        await deliveries.give_back(db, unsent, slots=HOST_SLOTS)
                return
            except Exception:  # a process edge: PostgreSQL restarts, or broke a deadlock
                if asyncio.get_running_loop().time() > give_up_at:
                    _log.exception("outcomes are lost; these deliveries are sent again", count=len(sent))
                    return
                _log.warning("outcomes wait for PostgreSQL", count=len(sent), exc_info=True)
            await asyncio.sleep(_FLUSH_PAUSE_S)


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


def _judged(sent: Sent, verdict: HostVerdict | None, jitter: float = 0.0) -> object:
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
    match _judged(sent, verdict, jitter):
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
