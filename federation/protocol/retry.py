"""The delivery retry policy: what an answer means, for the delivery and for its host. Pure, without a clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, StrEnum, auto

# The pause after each failure that is the delivery's own, about three days in all; one more is the last.
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
# A delivery that waits longer than this dies, whoever is to blame.
EXPIRE_AFTER = timedelta(days=3)
# How long to wait between probes of a host that has been away for so long. For the first quarter of an hour
# that is a minute: what waited is to be there within two, and a probe that hangs and the sending take their time.
PROBE_STEPS_S = (
    (0, 10),
    (9, 30),
    (35, 60),
    (15 * 60, 5 * 60),
    (20 * 60, 15 * 60),
    (30 * 60, 30 * 60),
    (3_600, 3_600),
    (2 * 3_600, 2 * 3_600),
    (4 * 3_600, 4 * 3_600),
    (8 * 3_600, 8 * 3_600),
    (16 * 3_600, 12 * 3_600),
)
# So many server errors in a row are trouble of the host.
STUMBLES = 5
JITTER = 0.1
RETRY_AFTER_LIMIT_S = 12 * 3_600

# Answers to a signature that the peer may not have understood.
KNOCK_AGAIN = frozenset({400, 401, 403})

_BACK_LATER = frozenset({401, 408, 425})
_GONE = frozenset({404, 410})


class ErrorClass(StrEnum):
    """What kind of trouble a request met; stored with attempts and dead letters."""

    REFUSED = "refused"
    UNAUTHENTICATED = "unauthenticated"
    GONE = "gone"
    REDIRECTED = "redirected"
    THROTTLED = "throttled"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    """No connection came about."""
    BROKEN = "broken"
    """A connection came about, and ended without a proper answer."""
    DNS = "dns"
    TLS = "tls"
    UNSAFE = "unsafe"
    FAULT = "fault"
    """A fault of ours, not the peer's."""


_OURS = frozenset({ErrorClass.UNSAFE, ErrorClass.FAULT})
_AWAY = frozenset({ErrorClass.DNS, ErrorClass.TLS, ErrorClass.TIMEOUT, ErrorClass.CONNECTION})

Answer = int | ErrorClass
"""The HTTP status, or the error class when there was none."""


def classify(answer: Answer) -> ErrorClass:  # noqa: PLR0911 - a table
    """Return the error class of an answer that is no success."""
    if isinstance(answer, ErrorClass):
        return answer
    if answer in _GONE:
        return ErrorClass.GONE
    if answer == 401:
        return ErrorClass.UNAUTHENTICATED
    if answer == 408:
        return ErrorClass.TIMEOUT
    if answer in (425, 429, 503):
        return ErrorClass.THROTTLED
    if 300 <= answer < 400:
        return ErrorClass.REDIRECTED
    if 400 <= answer < 500 or answer == 501:
        return ErrorClass.REFUSED
    return ErrorClass.SERVER_ERROR


@dataclass(frozen=True, slots=True)
class Delivered:
    """The peer has it."""


@dataclass(frozen=True, slots=True)
class RefreshInbox:
    """Fetch the actor again: its inbox may have moved, or the actor be gone."""


@dataclass(frozen=True, slots=True)
class WaitForHost:
    """Try again when the host does: this failure is not the delivery's."""


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Come back after a pause."""

    after: timedelta


@dataclass(frozen=True, slots=True)
class Final:
    """No further attempt; `exhausted` when time ran out rather than the peer refused."""

    exhausted: bool = False


Outcome = Delivered | RefreshInbox | WaitForHost | RetryLater | Final


def judge(  # noqa: PLR0911 - a table
    answer: Answer,
    *,
    strikes: int,
    age: timedelta,
    jitter: float,
    retry_after_s: float | None = None,
    refreshed: bool = False,
    host_is_down: bool = False,
) -> Outcome:
    """Say what follows for a delivery from a peer's answer.

    `strikes` counts the earlier failures that were its own, `age` the time since its first attempt was due.
    `refreshed`: its inbox was looked up again. `host_is_down`: the breaker is open after this answer.
    """
    news = news_of(answer, retry_after_s)
    if news is News.ARRIVED:
        return Delivered()
    if not isinstance(answer, ErrorClass):
        if (answer in _GONE or 300 <= answer < 400) and not refreshed:
            return RefreshInbox()
        if answer == 501 or (400 <= answer < 500 and answer not in _BACK_LATER and news is News.ANSWERED):
            return Final()
    elif answer is ErrorClass.UNSAFE:
        return Final()
    if age >= EXPIRE_AFTER:
        return Final(exhausted=True)
    if news in (News.AWAY, News.THROTTLED) or (news is News.STUMBLED and host_is_down):
        return WaitForHost()
    pause = next_attempt(strikes + 1, jitter, retry_after_s)
    return Final(exhausted=True) if pause is None else RetryLater(pause)


def next_attempt(failures: int, jitter: float, retry_after_s: float | None = None) -> timedelta | None:
    """Return the pause after so many failures (at least 1), None when that was the last.

    `jitter` in [0, 1) shortens the step by up to 10 %. A Retry-After, clamped to 12 hours, only ever
    lengthens it: a host that always asks for one second would otherwise use up the attempts in a minute.
    """
    if failures > len(STEPS_S):
        return None
    step_s = STEPS_S[max(failures, 1) - 1] * (1 - JITTER * jitter)
    return timedelta(seconds=max(step_s, _asked_s(retry_after_s)))


def _asked_s(retry_after_s: float | None) -> float:
    return min(retry_after_s or 0.0, RETRY_AFTER_LIMIT_S)


class News(Enum):
    """What an answer tells about the host."""

    ARRIVED = auto()
    ANSWERED = auto()
    """It works, whatever it thinks of this delivery."""
    STUMBLED = auto()
    """A server error or a broken connection: once is nothing."""
    AWAY = auto()
    THROTTLED = auto()
    """It asks everybody, or us, to wait."""
    NONE = auto()


def news_of(answer: Answer, retry_after_s: float | None) -> News:
    """Say what an answer tells about the host."""
    if isinstance(answer, ErrorClass):
        if answer in _OURS:
            return News.NONE
        return News.AWAY if answer in _AWAY else News.STUMBLED
    if 200 <= answer < 300:
        return News.ARRIVED
    if answer == 429 or (answer == 503 and retry_after_s is not None):
        return News.THROTTLED
    return News.STUMBLED if answer >= 500 and answer != 501 else News.ANSWERED


@dataclass(frozen=True, slots=True)
class HostHealth:
    """Consecutive failures of a host, and for how long its breaker has been open."""

    failures: int = 0
    down_for: timedelta | None = None


@dataclass(frozen=True, slots=True)
class HostVerdict:
    """A host's health after some answers.

    `closed_for`: nothing is sent for so long. `released`: it was down and is not any more.
    """

    failures: int
    down: bool
    closed_for: timedelta | None = None
    released: bool = False


def host_after(
    health: HostHealth, answers: Sequence[tuple[Answer, float | None]], *, jitter: float
) -> HostVerdict | None:
    """Fold answers with their Retry-After, in order, into a host's health; None when they say nothing of it.

    Trouble that no answer came through opens the breaker at once, other failures after five in a row; any
    answer but a server error closes it. Being asked to wait closes the host for a while, but is no trouble.
    """
    failures = health.failures
    down_for = health.down_for
    closed_for: timedelta | None = None
    told = False
    for answer, retry_after_s in answers:
        match news_of(answer, retry_after_s):
            case News.NONE:
                continue
            case News.ARRIVED | News.ANSWERED:
                failures, down_for, closed_for = 0, None, None
            case News.THROTTLED:
                failures += 1
                closed_for = next_attempt(min(failures, STUMBLES), jitter, retry_after_s)
                down_for = None
            case news:
                failures += 1
                if news is News.AWAY or down_for is not None or failures >= STUMBLES:
                    down_for = down_for or timedelta(0)
                    closed_for = probe_pause(down_for, jitter)
        told = True
    if not told:
        return None
    down = down_for is not None
    return HostVerdict(failures, down, closed_for, released=health.down_for is not None and not down)


def probe_pause(down_for: timedelta, jitter: float) -> timedelta:
    """Return how long to wait before the next probe of a host that has been away for so long."""
    elapsed_s = down_for.total_seconds()
    step_s = next(step for start, step in reversed(PROBE_STEPS_S) if elapsed_s >= start or start == 0)
    return timedelta(seconds=step_s * (1 - JITTER * jitter))
