"""The delivery retry policy, answer by answer."""

from datetime import timedelta
from typing import Any

import pytest

from federation.protocol.retry import (
    STEPS_S,
    Delivered,
    ErrorClass,
    Final,
    KnockOtherScheme,
    Outcome,
    RefreshInbox,
    RetryLater,
    judge,
    next_attempt,
)

TEN_SECONDS = timedelta(seconds=10)


def judged(answer: int | ErrorClass, **more: Any) -> Outcome:
    return judge(answer, **{"attempts": 1, "jitter": 0.5, **more})


def test_steps_are_those_of_the_design_and_last_about_three_days() -> None:
    minutes = [step / 60 for step in STEPS_S[2:7]]
    assert STEPS_S[:2] == (10, 30)
    assert minutes == [1, 2, 5, 15, 30]
    assert [step / 3600 for step in STEPS_S[7:12]] == [1, 2, 4, 8, 12]
    assert timedelta(days=2.5) < timedelta(seconds=sum(STEPS_S)) < timedelta(days=3.5)


def test_each_failure_waits_its_step_and_the_last_is_the_end() -> None:
    pauses = [next_attempt(attempts, 0.5) for attempts in range(1, len(STEPS_S) + 2)]
    assert pauses == [*(timedelta(seconds=step) for step in STEPS_S), None]


def test_jitter_spreads_by_a_tenth_each_way() -> None:
    assert next_attempt(1, 0.0) == timedelta(seconds=9)
    latest = next_attempt(1, 0.999)
    assert latest is not None
    assert TEN_SECONDS < latest < timedelta(seconds=11)


def test_retry_after_only_lengthens_and_is_clamped() -> None:
    assert next_attempt(1, 0.5, 120) == timedelta(seconds=120)
    assert next_attempt(8, 0.5, 1) == timedelta(hours=1)
    assert next_attempt(1, 0.5, 10**9) == timedelta(hours=12)
    assert next_attempt(1, 0.5, -5) == TEN_SECONDS
    assert next_attempt(len(STEPS_S) + 1, 0.5, 60) is None


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_success_is_delivered(status: int) -> None:
    assert judged(status) == Delivered()


@pytest.mark.parametrize("status", [400, 401, 403])
def test_refused_signatures_are_tried_with_the_other_scheme_once(status: int) -> None:
    assert judged(status) == KnockOtherScheme()
    assert judged(status, knocked=True) != KnockOtherScheme()


def test_401_to_both_schemes_follows_the_schedule() -> None:
    assert judged(401, knocked=True) == RetryLater(TEN_SECONDS, ErrorClass.UNAUTHENTICATED)


@pytest.mark.parametrize("status", [400, 403, 405, 406, 413, 422, 501, 402, 451])
def test_refusals_are_final(status: int) -> None:
    assert judged(status, knocked=True) == Final(ErrorClass.REFUSED)


@pytest.mark.parametrize("status", [404, 410])
def test_missing_inbox_is_looked_up_once_then_final(status: int) -> None:
    assert judged(status) == RefreshInbox()
    assert judged(status, refreshed=True) == Final(ErrorClass.GONE)


def test_redirect_refreshes_the_inbox_then_follows_the_schedule() -> None:
    assert judged(301) == RefreshInbox()
    assert judged(308, refreshed=True) == RetryLater(TEN_SECONDS, ErrorClass.REDIRECTED)


@pytest.mark.parametrize("status", [429, 503])
def test_throttled_waits_as_asked(status: int) -> None:
    assert judged(status, retry_after_s=90) == RetryLater(timedelta(seconds=90), ErrorClass.THROTTLED)
    assert judged(status) == RetryLater(TEN_SECONDS, ErrorClass.THROTTLED)


@pytest.mark.parametrize("status", [500, 502, 504, 520, 599])
def test_server_errors_follow_the_schedule(status: int) -> None:
    assert judged(status, attempts=3) == RetryLater(timedelta(minutes=1), ErrorClass.SERVER_ERROR)


def test_request_timeout_follows_the_schedule() -> None:
    assert judged(408) == RetryLater(TEN_SECONDS, ErrorClass.TIMEOUT)


@pytest.mark.parametrize("error", [ErrorClass.TIMEOUT, ErrorClass.CONNECTION, ErrorClass.DNS, ErrorClass.TLS])
def test_network_errors_follow_the_schedule(error: ErrorClass) -> None:
    assert judged(error) == RetryLater(TEN_SECONDS, error)


def test_unsafe_address_is_final() -> None:
    assert judged(ErrorClass.UNSAFE) == Final(ErrorClass.UNSAFE)


@pytest.mark.parametrize("answer", [500, 401, 429, ErrorClass.TIMEOUT])
def test_exhausted_schedule_is_final(answer: int | ErrorClass) -> None:
    outcome = judged(answer, attempts=len(STEPS_S) + 1, knocked=True, retry_after_s=60)
    assert isinstance(outcome, Final)
    assert outcome.exhausted
