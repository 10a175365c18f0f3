"""What a process remembers, and forgets."""

from datetime import timedelta

from federation.remote.recent import Recent
from tests.remote.fediverse import Clock


def test_values_are_forgotten_in_time(clock: Clock) -> None:
    recent: Recent[int] = Recent(timedelta(minutes=5), now=clock)
    recent.put("a", 1)
    clock.forward(minutes=4)
    assert recent.get("a") == 1
    clock.forward(minutes=1)
    assert recent.get("a") is None


def test_least_recently_used_makes_room(clock: Clock) -> None:
    recent: Recent[int] = Recent(timedelta(minutes=5), now=clock, most=2)
    recent.put("a", 1)
    recent.put("b", 2)
    assert recent.get("a") == 1
    recent.put("c", 3)
    assert [recent.get(key) for key in "abc"] == [1, None, 3]


def test_values_are_dropped_by_name_and_by_condition(clock: Clock) -> None:
    recent: Recent[int] = Recent(timedelta(minutes=5), now=clock)
    for number, key in enumerate("abc"):
        recent.put(key, number)
    recent.drop("a")
    recent.drop("a")
    recent.drop_where(lambda number: number == 1)
    assert [recent.get(key) for key in "abc"] == [None, None, 2]
