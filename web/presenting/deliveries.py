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


_THINGS: Final = {
    "Create": "A thought",
    "Update": "An edit",
    "Delete": "A deletion",
    "Announce": "A boost",
    "Like": "A like",
    "EmojiReact": "A reaction",
    "Follow": "A wish to follow",
    "Accept": "A yes to a follower",
    "Reject": "A no to a follower",
    "Undo": "Something taken back",
    "Block": "A block",
    "Flag": "A report",
    "Move": "A move to another account",
}

_READ: Final = {"thought": "A thought", "profile": "A profile", "actor": "A profile", "links": "A link of a profile"}


def subject_words(event: FailedEvent, activity: Activity | None = None) -> str:
    """Say what did not get through, and where; more exactly when the activity itself is at hand."""
    kind, _, rest = event.subject.partition(" ")
    if event.kind not in ("delivery", "inbox", "fetch"):
        return event.subject
    if event.kind == "fetch":
        return f"{_READ.get(rest.partition(' ')[0], 'Something')} on {event.host} could not be read"
    thing = _THINGS.get(kind, f"Something ({kind})" if kind else "Something")
    if event.kind == "inbox":
        return f"{thing} from {event.host} could not be taken in"
    if activity is not None and kind == "Create":
        thing = _thought_words(activity.payload)
    return f"{thing} could not be delivered to {event.host}"


def _thought_words(payload: bytes | None) -> str:
    """Say what kind of thought a stored Create of ours carries, and to whom."""
    thought = orjson.loads(payload).get("object") if payload else None
    if not isinstance(thought, dict):
        return "A thought"
    names = [tag["name"] for tag in thought.get("tag") or () if tag.get("type") == "Mention"]
    words = "An answer" if thought.get("inReplyTo") else "A thought"
    if not names:
        return words
    return f"{words} {'to' if thought.get('inReplyTo') else 'that names'} {names[0]}" + (
        f" and {len(names) - 1} more" if names[1:] else ""
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
        subject=subject_words(event, activity),
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
