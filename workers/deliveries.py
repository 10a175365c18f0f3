"""The delivery drain of one lane: claim, sign and send, until nothing is due."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from federation.errors import NotFound, ThoughtsError
from federation.protocol.digests import body_sha256
from federation.protocol.retry import ErrorClass, RefreshInbox
from federation.protocol.signatures import Scheme
from federation.remote.deliver import Letter, SendResult, send
from federation.remote.keyring import Keyring
from federation.remote.network import NetworkClient
from storage import deliveries
from storage.database import Database
from storage.deliveries import Claimed
from storage.errors import StorageError
from workers.outcomes import HOST_SLOTS, InboxGone, Lane, Sent, judged, write_outcomes

_log = structlog.get_logger(__name__)

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

RefreshInboxOf = Callable[[str], Awaitable[str | InboxGone | None]]
"""Fetch the actor behind an inbox again: its present inbox, or None when we know nobody there."""


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
        if not isinstance(judged(sent, None), RefreshInbox):
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
