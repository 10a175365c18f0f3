"""Deliveries and dead letters in words that a person understands; the code is one click away."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

from federation.protocol.retry import ErrorClass
from web.view_models import AttemptView, DeliveryView, FailedView

if TYPE_CHECKING:
    from storage.activities import Activity
    from storage.deliveries import HostReceipt
    from storage.failed_events import FailedEvent

_WHY: Final = {
    ErrorClass.REFUSED: "{host} refused it.",
    ErrorClass.UNAUTHENTICATED: "{host} could not verify that it came from here.",
    ErrorClass.GONE: "{host} does not know the people addressed any more.",
    ErrorClass.REDIRECTED: "{host} sends us elsewhere, where nobody takes it.",
    ErrorClass.THROTTLED: "{host} asks us to come back later.",
    ErrorClass.SERVER_ERROR: "{host} has trouble of its own.",
    ErrorClass.TIMEOUT: "{host} does not answer in time.",
    ErrorClass.CONNECTION: "{host} cannot be reached.",
    ErrorClass.DNS: "{host} cannot be found in the network.",
    ErrorClass.TLS: "{host} does not prove who it is.",
    ErrorClass.UNSAFE: "{host} lies where we must not send anything.",
}
_STATES: Final = {"delivered": "delivered", "dead": "failed", "superseded": "dropped", "discarded": "dropped"}


def explain(error_class: str | None, host: str) -> str:
    """Say in a sentence what went wrong."""
    if error_class in list(ErrorClass):
        return _WHY[ErrorClass(error_class)].format(host=host)
    return f"Something went wrong with {host}." if error_class else ""


def delivery_view(row: HostReceipt) -> DeliveryView:
    """Return how a thought fares at one server."""
    state = _STATES.get(row.state) or ("retrying" if row.attempts else "waiting")
    troubled = state in ("retrying", "failed")
    status = f"HTTP {row.last_status}" if row.last_status else ""
    return DeliveryView(
        host=row.host,
        state=state,
        at=row.finished_at,
        next_at=row.due_at if state in ("waiting", "retrying") else None,
        attempts=row.attempts,
        explanation=explain(row.error_class, row.host) if troubled else "",
        detail="\n".join(filter(None, (status, row.last_error))) if troubled else "",
    )


def failed_view(event: FailedEvent, activity: Activity | None = None) -> FailedView:
    """Return a dead letter, with its payload when looked into."""
    return FailedView(
        id=str(event.id),
        kind=event.kind,
        host=event.host,
        error=event.error_class,
        explanation=explain(event.error_class, event.host),
        died_at=event.died_at,
        status=event.last_status,
        attempt_count=len(event.attempts),
        subject=event.subject,
        resolution=event.resolution,
        resolved_by=event.resolved_by,
        resolved_at=event.resolved_at,
        source_id=activity.ap_id if activity else str(event.source_id),
        answer=event.answer,
        payload=_readable(activity.payload) if activity else "",
        attempts=tuple(_attempt(one) for one in event.attempts),
    )


def _readable(payload: bytes | None) -> str:
    """Return an activity as people read JSON; what is no longer kept is nothing."""
    return orjson.dumps(orjson.loads(payload), option=orjson.OPT_INDENT_2).decode() if payload else ""


def _attempt(row: dict[str, Any]) -> AttemptView:
    return AttemptView(
        at=datetime.fromisoformat(row["at"]),
        outcome=row.get("error") or "failed",
        status=row.get("status"),
        scheme=row.get("scheme") or "",
        duration_ms=row.get("duration_ms"),
    )
