"""The delivery retry policy: what an answer means, and when to come back. Pure, without a clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

# The pause after each failed attempt, about three days in all; one more failure is the last.
STEPS_S = (
    10,
    30,
    60,
    2 * 60,
    5 * 60,
    15 * 60,
    30 * 60,
    3_600,
    2 * 3_600,
    4 * 3_600,
    8 * 3_600,
    *(5 * (12 * 3_600,)),
)
JITTER = 0.2
RETRY_AFTER_LIMIT_S = 12 * 3_600

_KNOCK_AGAIN = frozenset({400, 401, 403})
_BACK_LATER = frozenset({401, 408, 425, 429})
_GONE = frozenset({404, 410})


class ErrorClass(StrEnum):
    """What kind of trouble a delivery met; stored with its attempts and dead letters."""

    REFUSED = "refused"
    UNAUTHENTICATED = "unauthenticated"
    GONE = "gone"
    REDIRECTED = "redirected"
    THROTTLED = "throttled"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    DNS = "dns"
    TLS = "tls"
    UNSAFE = "unsafe"


@dataclass(frozen=True, slots=True)
class Delivered:
    """The peer has it."""


@dataclass(frozen=True, slots=True)
class KnockOtherScheme:
    """Send it again at once, signed with the other scheme."""


@dataclass(frozen=True, slots=True)
class RefreshInbox:
    """Fetch the actor again: its inbox may have moved, or the actor be gone."""


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Come back after a pause."""

    after: timedelta
    error_class: ErrorClass


@dataclass(frozen=True, slots=True)
class Final:
    """No further attempt; `exhausted` when the schedule ran out rather than the peer refused."""

    error_class: ErrorClass
    exhausted: bool = False


Outcome = Delivered | KnockOtherScheme | RefreshInbox | RetryLater | Final


def next_attempt(attempts: int, jitter: float, retry_after_s: float | None = None) -> timedelta | None:
    """Return the pause after `attempts` failed attempts (at least 1), None when that was the last.

    `jitter` in [0, 1) spreads the step over ±10 %. A Retry-After, clamped to 12 hours, only ever lengthens
    the pause: a host that always asks for one second would otherwise use up its attempts in a minute.
    """
    if attempts > len(STEPS_S):
        return None
    step_s = STEPS_S[max(attempts, 1) - 1] * (1 + JITTER * (jitter - 0.5))
    asked_s = min(retry_after_s or 0.0, RETRY_AFTER_LIMIT_S)
    return timedelta(seconds=max(step_s, asked_s))


def judge(
    answer: int | ErrorClass,
    *,
    attempts: int,
    jitter: float,
    retry_after_s: float | None = None,
    knocked: bool = False,
    refreshed: bool = False,
) -> Outcome:
    """Say what follows from a peer's answer: its HTTP status, or the error class when there was none.

    `attempts` counts this one. `knocked`: the other signature scheme was tried within this attempt;
    `refreshed`: the inbox was looked up again since the delivery first met 404 or 410.
    """
    if isinstance(answer, ErrorClass):
        if answer is ErrorClass.UNSAFE:
            return Final(answer)
    elif 200 <= answer < 300:
        return Delivered()
    elif answer in _KNOCK_AGAIN and not knocked:
        return KnockOtherScheme()
    elif (answer in _GONE or 300 <= answer < 400) and not refreshed:
        return RefreshInbox()
    elif answer == 501 or (400 <= answer < 500 and answer not in _BACK_LATER):
        return Final(classify(answer))
    error_class = answer if isinstance(answer, ErrorClass) else classify(answer)
    pause = next_attempt(attempts, jitter, retry_after_s)
    return Final(error_class, exhausted=True) if pause is None else RetryLater(pause, error_class)


def classify(status: int) -> ErrorClass:  # noqa: PLR0911 - a table
    """Return the error class of an HTTP status that is no success."""
    if status in _GONE:
        return ErrorClass.GONE
    if status == 401:
        return ErrorClass.UNAUTHENTICATED
    if status == 408:
        return ErrorClass.TIMEOUT
    if status in (425, 429, 503):
        return ErrorClass.THROTTLED
    if 300 <= status < 400:
        return ErrorClass.REDIRECTED
    if 400 <= status < 500 or status == 501:
        return ErrorClass.REFUSED
    return ErrorClass.SERVER_ERROR
