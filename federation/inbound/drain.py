"""The drain of the inboxes: claims what is due, each signer's activities in order, different signers side by side.

Most are done in milliseconds. One that waits for another server makes only its signer wait: its turn goes to
somebody else, its batch is not waited for, and its host gets nothing more claimed while too much of it is late.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from federation.inbound.process import process
from storage import inbox, people
from storage.errors import DatabaseUnavailable
from storage.inbox import Incoming, Trouble

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

BATCH = 50
CONCURRENT_TURNS = 16
# Signers with something under way, late ones included; and how many of one host may be late.
MOST_SIGNERS = 400
MOST_LATE_OF_HOST = 8
LATE_AFTER_S = 0.25
# Renewed while something is under way: what a killed worker held is soon processed by another.
LEASE = timedelta(seconds=20)
RENEW_EVERY_S = 5.0
# After these, what we know of a signer may be out of date.
_CHANGING_SIGNERS = frozenset({"Update", "Delete"})


class InboxDrain:
    """Works off what is due, as one loop per process however often it is asked to run."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._running = False
        self._news = asyncio.Event()
        self._turns = asyncio.Semaphore(CONCURRENT_TURNS)
        self._begin()

    def _begin(self) -> None:
        # Whatever an interrupted run held ends with its lease.
        self._lease = uuid4()
        self._busy: dict[UUID, str] = {}
        self._done: list[tuple[UUID, str]] = []
        self._troubles: list[Trouble] = []

    async def run(self) -> int:
        """Process until nothing is due, and return how much that was; when another call is at it, it looks again."""
        self._news.set()
        if self._running:
            return 0
        self._running = True
        self._begin()
        try:
            async with self._held(), asyncio.TaskGroup() as tasks:
                return await self._drain(tasks)
        finally:
            self._running = False

    async def _drain(self, tasks: asyncio.TaskGroup) -> int:
        count = 0
        while True:
            self._news.clear()
            batch, signers = await self._claim()
            count += len(batch)
            started = [
                tasks.create_task(self._process_in_order(queue, signers.get(signer_id)))
                for signer_id, queue in _by_signer(batch).items()
            ]
            if started:
                await asyncio.wait(started, timeout=LATE_AFTER_S)
            elif self._busy and not (self._done or self._troubles):
                await self._news.wait()
            if not (self._busy or self._done or self._troubles):
                return count
            await self._flush()

    async def _claim(self) -> tuple[list[Incoming], dict[UUID, Person]]:
        """Lease a batch, with the people who sent it."""
        room = min(BATCH, MOST_SIGNERS - len(self._busy))
        if room <= 0:
            return [], {}
        late = [host for host, count in Counter(self._busy.values()).items() if count >= MOST_LATE_OF_HOST]
        async with self._services.database.transaction() as db:
            batch = await inbox.claim(db, lease=self._lease, lease_for=LEASE, limit=room, but_of=late)
            signers = await people.find_people(db, list({incoming.signer_id for incoming in batch}))
        self._busy |= {incoming.signer_id: incoming.host for incoming in batch}
        return batch, signers

    async def _process_in_order(self, queue: list[Incoming], signer: Person | None) -> None:
        try:
            for incoming in queue:
                async with self._turn():
                    outcome = await process(self._services, incoming, signer)
                    if isinstance(outcome, Trouble):
                        self._troubles.append(outcome)
                    else:
                        self._done.append((incoming.id, outcome))
                    if incoming.type in _CHANGING_SIGNERS and incoming is not queue[-1]:
                        async with self._services.database.connection() as db:
                            signer = await people.find_person(db, incoming.signer_id)
        finally:
            self._busy.pop(queue[0].signer_id, None)
            self._news.set()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Take a turn for the block, or for as long as it is not late."""
        loop = asyncio.get_running_loop()
        await self._turns.acquire()
        handing_on = loop.call_later(LATE_AFTER_S, self._turns.release)
        try:
            yield
        finally:
            if loop.time() < handing_on.when():
                handing_on.cancel()
                self._turns.release()

    async def _flush(self) -> None:
        done, self._done = self._done, []
        troubles, self._troubles = self._troubles, []
        async with self._services.database.transaction() as db:
            if done:
                await inbox.mark_done(db, self._lease, done)
            for trouble in troubles:
                await inbox.mark_trouble(db, self._lease, trouble)

    @asynccontextmanager
    async def _held(self) -> AsyncIterator[None]:
        """Renew our lease again and again until the end of the block."""

        async def renew() -> None:
            while True:
                await asyncio.sleep(RENEW_EVERY_S)
                with suppress(DatabaseUnavailable):
                    async with self._services.database.connection() as db:
                        await inbox.renew(db, self._lease, LEASE)

        renewing = asyncio.create_task(renew())
        try:
            yield
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing


def _by_signer(batch: list[Incoming]) -> dict[UUID, list[Incoming]]:
    queues: dict[UUID, list[Incoming]] = {}
    for incoming in batch:
        queues.setdefault(incoming.signer_id, []).append(incoming)
    return queues
