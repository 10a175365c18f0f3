"""Processing what was accepted: type to handler, each activity's effect exactly once.

Handlers are idempotent, so an activity whose worker died is simply processed again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import structlog

from federation.errors import Rejected, Temporary, ThoughtsError
from federation.inbound import actors, follows, reactions, thoughts
from federation.inbound.accept import MAX_ACTIVITY_BYTES
from federation.inbound.envelope import Envelope
from federation.protocol import activities as wire
from federation.protocol.documents import parse_document
from federation.remote.failures import classify
from storage import inbox, people
from storage.errors import DatabaseUnavailable
from storage.inbox import Incoming, Trouble

if TYPE_CHECKING:
    from federation.services import Services

log = structlog.get_logger()

BATCH = 50
CONCURRENT_SIGNERS = 16
# Renewed while a batch is at work: what a killed worker held is soon processed by another.
LEASE = timedelta(seconds=20)
RENEW_EVERY_S = 5.0
HANDLER_TIMEOUT_S = 120
# Pauses after each failed try; one more failure makes a dead letter.
PAUSES_S = (10, 60, 300, 1800, 7200, 6 * 3600)


Handler = Callable[["Services", Envelope, Any], Awaitable[str]]

HANDLERS: dict[type[wire.Envelope], Handler] = {
    wire.Follow: follows.on_follow,
    wire.Accept: follows.on_accept,
    wire.Reject: follows.on_reject,
    wire.Create: thoughts.on_create,
    wire.Update: thoughts.on_update,
    wire.Delete: thoughts.on_delete,
    wire.Like: reactions.on_like,
    wire.Announce: reactions.on_announce,
    wire.Undo: reactions.on_undo,
    wire.Add: reactions.on_add,
    wire.Remove: reactions.on_remove,
    wire.Block: actors.on_block,
}


async def drain(services: Services) -> int:
    """Process everything that is due; return how much that was."""
    count = 0
    while True:
        lease = uuid4()
        async with services.database.transaction() as db:
            batch = await inbox.claim(db, lease=lease, lease_for=LEASE, limit=BATCH)
        if not batch:
            return count
        count += len(batch)
        await _process_batch(services, lease, batch)


async def _process_batch(services: Services, lease: UUID, batch: list[Incoming]) -> None:
    """Process a batch: each signer's activities in order, different signers side by side."""
    by_signer: dict[UUID, list[Incoming]] = {}
    for incoming in batch:
        by_signer.setdefault(incoming.signer_id, []).append(incoming)
    slots = asyncio.Semaphore(CONCURRENT_SIGNERS)
    done: list[tuple[UUID, str]] = []

    async def process_in_order(queue: list[Incoming]) -> None:
        async with slots:
            for incoming in queue:
                outcome = await _process(services, incoming)
                if isinstance(outcome, Trouble):
                    async with services.database.transaction() as db:
                        await inbox.mark_trouble(db, lease, outcome)
                else:
                    done.append((incoming.id, outcome))

    async with _held(services, lease), asyncio.TaskGroup() as tasks:
        for queue in by_signer.values():
            tasks.create_task(process_in_order(queue))
    if done:
        async with services.database.transaction() as db:
            await inbox.mark_done(db, lease, done)


@asynccontextmanager
async def _held(services: Services, lease: UUID) -> AsyncIterator[None]:
    """Renew a lease again and again until the end of the block."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            with suppress(DatabaseUnavailable):
                async with services.database.connection() as db:
                    await inbox.renew(db, lease, LEASE)

    renewing = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing


async def _process(services: Services, incoming: Incoming) -> str | Trouble:
    """Process one activity; return why it was ignored, an empty text for an effect, or what went wrong."""
    try:
        async with asyncio.timeout(HANDLER_TIMEOUT_S):
            return await _handle(services, incoming)
    except Temporary as exc:
        return _trouble(services, incoming, str(classify(exc)), exc.message)
    except ThoughtsError as exc:
        return exc.message
    except TimeoutError:
        return _trouble(services, incoming, "timeout", "Processing took too long.")
    except DatabaseUnavailable:
        raise
    except Exception as exc:  # the process edge: one bad activity must not stop the others
        log.exception("inbox.crash", incoming=str(incoming.id), type=incoming.type, host=incoming.host)
        return _trouble(services, incoming, "crash", f"{type(exc).__name__} while processing; see the log.")


async def _handle(services: Services, incoming: Incoming) -> str:
    async with services.database.connection() as db:
        signer = await people.find_person(db, incoming.signer_id)
    if signer is None or signer.state != "active":
        return "the signer is gone or suspended"
    activity = wire.parse_activity(parse_document(incoming.body, limit=MAX_ACTIVITY_BYTES))
    if (problem := wire.authority_problem(activity, signer.ap_id)) is not None:
        raise Rejected(problem)
    handler = HANDLERS.get(type(activity))
    if handler is None:
        return f"{activity.type} is not something we act upon"
    return await handler(services, Envelope(signer, incoming.addressee_id), activity)


def _trouble(services: Services, incoming: Incoming, error_class: str, error: str) -> Trouble:
    now = services.now()
    tried = incoming.attempts
    retry_at = now + timedelta(seconds=PAUSES_S[tried]) if tried < len(PAUSES_S) else None
    attempt = {"at": now.isoformat(), "error": error, "class": error_class}
    return Trouble(incoming.id, error_class, error, attempt, retry_at)
