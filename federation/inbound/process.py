"""Processing what was accepted: type to handler, each activity's effect exactly once.

Handlers are idempotent, so an activity whose worker died is simply processed again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from federation.errors import Rejected, Temporary, ThoughtsError
from federation.inbound import actors, collections, follows, quotes, reactions, reports, thoughts
from federation.inbound.accept import MAX_ACTIVITY_BYTES
from federation.inbound.envelope import Envelope
from federation.protocol import activities as wire
from federation.protocol.documents import parse_document
from federation.remote.failures import classify
from storage.errors import DatabaseUnavailable
from storage.inbox import Incoming, Trouble

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

log = structlog.get_logger()

# One fetch may take thirty seconds.
HANDLER_TIMEOUT_S = 40
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
    wire.QuoteRequest: quotes.on_quote_request,
    wire.FeatureRequest: collections.on_feature_request,
    wire.Undo: reactions.on_undo,
    wire.Add: reactions.on_add,
    wire.Remove: reactions.on_remove,
    wire.Block: actors.on_block,
    wire.Flag: reports.on_flag,
}


async def process(services: Services, incoming: Incoming, signer: Person | None) -> str | Trouble:
    """Process one activity; return why it was ignored, an empty text for an effect, or what went wrong."""
    try:
        async with asyncio.timeout(HANDLER_TIMEOUT_S):
            return await _handle(services, incoming, signer)
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


async def _handle(services: Services, incoming: Incoming, signer: Person | None) -> str:
    activity = wire.parse_activity(parse_document(incoming.body, limit=MAX_ACTIVITY_BYTES))
    if signer is None or not (
        signer.state == "active" or (signer.state == "suspended" and isinstance(activity, wire.WITHDRAWALS))
    ):
        return "the signer is gone or suspended"
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
