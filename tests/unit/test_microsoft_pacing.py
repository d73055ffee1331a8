"""The pace of a mailbox: four at once, and the pause that one was asked for holds for all (SYNC.md R27)."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from connectors.pacing import AT_ONCE, Pace, Paced, pace_of
from sync_engine.errors import Throttled


class _Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def _throttled(times: int, seconds: float) -> Callable[[], str]:
    """Refused so often, then answered."""
    left = [times]

    def call() -> str:
        if left[0]:
            left[0] -= 1
            raise Throttled("Not now.", retry_after=seconds)
        return "done"

    return call


def test_r27_a_short_pause_is_waited_for() -> None:
    time = _Time()
    paced = Paced(Pace(lambda: time.now), 5.0, time.sleep)
    assert paced.ask(_throttled(2, 2.0)) == "done"
    assert time.slept == [2.0, 2.0]


def test_r27_a_long_pause_ends_the_cycle_and_holds_for_everybody() -> None:
    time = _Time()
    pace = Pace(lambda: time.now)
    with pytest.raises(Throttled) as told:
        Paced(pace, 5.0, time.sleep).ask(_throttled(1, 60.0))
    assert told.value.retry_after == 60.0
    asked: list[int] = []
    with pytest.raises(Throttled) as other:
        Paced(pace, 5.0, time.sleep).ask(lambda: asked.append(1))
    assert (asked, other.value.retry_after, time.slept) == ([], 60.0, [])
    time.now = 60.0
    Paced(pace, 5.0, time.sleep).ask(lambda: asked.append(1))
    assert asked == [1]


def test_r27_what_may_not_be_repeated_is_not() -> None:
    time = _Time()
    with pytest.raises(Throttled):
        Paced(Pace(lambda: time.now), 5.0, time.sleep).ask(_throttled(1, 1.0), repeat=False)
    assert time.slept == []


def test_r27_who_is_throttled_for_ever_gives_up() -> None:
    time = _Time()
    with pytest.raises(Throttled):
        Paced(Pace(lambda: time.now), 5.0, time.sleep).ask(_throttled(99, 1.0))
    assert len(time.slept) == 3


def test_r27_four_at_once_and_a_batch_takes_all_places() -> None:
    pace, guard, busy, most = Pace(), threading.Lock(), [0], [0]

    def work(slots: int) -> None:
        with pace.turn(slots):
            with guard:
                busy[0] += slots
                most[0] = max(most[0], busy[0])
            threading.Event().wait(0.005)
            with guard:
                busy[0] -= slots

    threads = [threading.Thread(target=work, args=(4 if n % 5 == 0 else 1,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert most[0] == AT_ONCE
    assert busy[0] == 0


def test_r27_a_failure_gives_its_place_back() -> None:
    pace = Pace()
    for _ in range(AT_ONCE + 1):
        with pytest.raises(ValueError, match="no"), pace.turn():
            raise ValueError("no")


def test_r27_a_mailbox_has_one_pace_in_the_process() -> None:
    assert pace_of("https://a.example ada@a.example") is pace_of("https://a.example ada@a.example")
    assert pace_of("https://a.example ada@a.example") is not pace_of("https://a.example bob@a.example")
