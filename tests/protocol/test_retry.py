"""The delivery retry policy: answer by answer for the delivery, and what they make of the host."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from federation.protocol.retry import (
    EXPIRE_AFTER,
    STEPS_S,
    STUMBLES,
    Answer,
    Delivered,
    ErrorClass,
    Final,
    HostHealth,
    HostVerdict,
    Outcome,
    RefreshInbox,
    RetryLater,
    WaitForHost,
    classify,
    host_after,
    judge,
    next_attempt,
    probe_pause,
)

TEN_SECONDS = timedelta(seconds=10)
AWAY = (ErrorClass.DNS, ErrorClass.TLS, ErrorClass.TIMEOUT, ErrorClass.CONNECTION)


def judged(answer: Answer, **more: Any) -> Outcome:
    return judge(answer, **{"strikes": 0, "age": timedelta(0), "jitter": 0.0, **more})


def host(*answers: Answer, health: HostHealth | None = None, retry_after_s: float | None = None) -> HostVerdict | None:
    return host_after(health or HostHealth(), [(answer, retry_after_s) for answer in answers], jitter=0.0)


def test_steps_are_those_of_the_design_and_last_about_three_days() -> None:
    minutes = [step / 60 for step in STEPS_S[2:7]]
    assert STEPS_S[:2] == (10, 30)
    assert minutes == [1, 2, 5, 15, 30]
    assert [step / 3600 for step in STEPS_S[7:12]] == [1, 2, 4, 8, 12]
    assert timedelta(days=2.5) < timedelta(seconds=sum(STEPS_S)) < timedelta(days=3.5)


def test_each_failure_waits_its_step_and_the_last_is_the_end() -> None:
    pauses = [next_attempt(failures, 0.0) for failures in range(1, len(STEPS_S) + 2)]
    assert pauses == [*(timedelta(seconds=step) for step in STEPS_S), None]


def test_jitter_only_shortens() -> None:
    assert next_attempt(1, 0.0) == TEN_SECONDS
    shortest = next_attempt(1, 0.999)
    assert shortest is not None
    assert timedelta(seconds=9) < shortest < TEN_SECONDS


def test_retry_after_only_lengthens_and_is_clamped() -> None:
    assert next_attempt(1, 0.0, 120) == timedelta(seconds=120)
    assert next_attempt(8, 0.0, 1) == timedelta(hours=1)
    assert next_attempt(1, 0.0, 10**9) == timedelta(hours=12)
    assert next_attempt(1, 0.0, -5) == TEN_SECONDS
    assert next_attempt(len(STEPS_S) + 1, 0.0, 60) is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [(301, "redirected"), (401, "unauthenticated"), (403, "refused"), (404, "gone"), (408, "timeout"), (410, "gone"),
     (422, "refused"), (429, "throttled"), (500, "server_error"), (501, "refused"), (503, "throttled")],
)  # fmt: skip
def test_statuses_have_their_error_class(status: int, kind: str) -> None:
    assert classify(status) == kind


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_success_is_delivered(status: int) -> None:
    assert judged(status, age=2 * EXPIRE_AFTER) == Delivered()


@pytest.mark.parametrize("status", [401, 408, 425, 500, 502, 503, 504, 520, 599])
def test_what_may_pass_follows_the_schedule(status: int) -> None:
    assert judged(status) == RetryLater(TEN_SECONDS)
    assert judged(status, strikes=2) == RetryLater(timedelta(minutes=1))
    assert judged(status, strikes=len(STEPS_S)) == Final(exhausted=True)


@pytest.mark.parametrize("status", [400, 402, 403, 405, 406, 413, 422, 451, 501])
def test_refusals_are_final(status: int) -> None:
    assert judged(status) == Final()


@pytest.mark.parametrize("status", [404, 410])
def test_missing_inbox_is_looked_up_once_then_final(status: int) -> None:
    assert judged(status) == RefreshInbox()
    assert judged(status, refreshed=True) == Final()


def test_redirect_refreshes_the_inbox_then_follows_the_schedule() -> None:
    assert judged(301) == RefreshInbox()
    assert judged(308, refreshed=True) == RetryLater(TEN_SECONDS)


def test_trouble_of_the_host_is_no_strike_against_the_delivery() -> None:
    for answer in (*AWAY, 429):
        assert judged(answer, strikes=len(STEPS_S)) == WaitForHost()
    assert judged(503, retry_after_s=90) == WaitForHost()
    assert judged(500, host_is_down=True) == WaitForHost()
    assert judged(401, host_is_down=True) == RetryLater(TEN_SECONDS)


@pytest.mark.parametrize("answer", [*AWAY, 429, 401, 500])
def test_what_waited_for_three_days_dies(answer: Answer) -> None:
    assert judged(answer, age=EXPIRE_AFTER) == Final(exhausted=True)


def test_unsafe_address_is_final_and_says_nothing_of_the_host() -> None:
    assert judged(ErrorClass.UNSAFE) == Final()
    assert host(ErrorClass.UNSAFE) is None


def test_a_fault_of_ours_follows_the_schedule_and_says_nothing_of_the_host() -> None:
    assert judged(ErrorClass.FAULT) == RetryLater(TEN_SECONDS)
    assert host(ErrorClass.FAULT) is None


@pytest.mark.parametrize("answer", AWAY)
def test_a_host_that_is_away_is_closed_at_once(answer: ErrorClass) -> None:
    assert host(answer) == HostVerdict(1, down=True, closed_for=TEN_SECONDS)


@pytest.mark.parametrize("answer", [500, 503, ErrorClass.BROKEN])
def test_server_errors_close_a_host_after_five_in_a_row(answer: Answer) -> None:
    assert host(*[answer] * (STUMBLES - 1)) == HostVerdict(STUMBLES - 1, down=False)
    assert host(*[answer] * STUMBLES) == HostVerdict(STUMBLES, down=True, closed_for=TEN_SECONDS)
    assert host(answer, answer, 202, answer) == HostVerdict(1, down=False)


def test_a_probe_that_stumbles_keeps_the_host_closed() -> None:
    down = HostHealth(1, timedelta(minutes=5))
    assert host(500, health=down) == HostVerdict(2, down=True, closed_for=timedelta(minutes=1))


@pytest.mark.parametrize("answer", [202, 401, 403, 410])
def test_any_real_answer_releases_a_host(answer: int) -> None:
    assert host(answer, health=HostHealth(7, timedelta(hours=5))) == HostVerdict(0, down=False, released=True)


def test_being_asked_to_wait_closes_the_host_without_trouble() -> None:
    assert host(429, retry_after_s=120) == HostVerdict(1, down=False, closed_for=timedelta(minutes=2))
    assert host(429, health=HostHealth(1)) == HostVerdict(2, down=False, closed_for=timedelta(seconds=30))


def test_probes_come_every_minute_for_a_quarter_of_an_hour_then_ever_more_seldom() -> None:
    elapsed = timedelta(0)
    pauses = []
    while elapsed < EXPIRE_AFTER:
        pauses.append(probe_pause(elapsed, 0.0))
        # A probe of a host that hangs takes its ten seconds.
        elapsed += pauses[-1] + TEN_SECONDS
        if elapsed < timedelta(minutes=15):
            assert pauses[-1] + TEN_SECONDS < timedelta(minutes=1, seconds=30)
    assert [pause.total_seconds() for pause in pauses[:4]] == [10, 30, 60, 60]
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(hours=12)
    assert len(pauses) < 40
