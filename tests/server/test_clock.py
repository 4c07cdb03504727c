"""The clock is set while the server runs."""

import pytest

from greenchat.server.clock import Clock

_HOUR, _DAY, _YEAR = 3_600_000, 86_400_000, 365 * 86_400_000
_NOON = 1_790_000_000_000


class _SettableClock:
    """Two clocks moved by hand; the date is the monotonic time plus an offset."""

    def __init__(self) -> None:
        self.passed = 0
        self.set_by = 0

    def now(self) -> int:
        return _NOON + self.passed + self.set_by

    def steady(self) -> int:
        return self.passed


def _clock() -> tuple[Clock, _SettableClock]:
    settable = _SettableClock()
    return Clock(settable.now, settable.steady), settable


def test_passing_time_is_not_a_jump() -> None:
    clock, settable = _clock()
    for step in 1, 1000, _DAY, _YEAR:
        settable.passed += step
        assert clock.jumped() == 0
        assert clock.believed() == settable.now()


def test_drift_is_followed() -> None:
    clock, settable = _clock()
    for _ in range(100):
        settable.passed += 1000
        settable.set_by += 200
        assert clock.jumped() == 0
        assert clock.believed() == settable.now()


@pytest.mark.parametrize("by", [_HOUR, -_HOUR, _YEAR, -_YEAR])
def test_a_jump_is_reported_once_and_believed_after_a_day(by: int) -> None:
    clock, settable = _clock()
    settable.set_by = by
    assert clock.jumped() == by
    for _ in range(23):
        settable.passed += _HOUR
        assert clock.jumped() == 0
        assert clock.believed() == settable.now() - by
    settable.passed += _HOUR
    assert clock.jumped() == 0
    assert clock.believed() == settable.now()


def test_a_reverted_jump_has_no_effect() -> None:
    clock, settable = _clock()
    settable.set_by = _YEAR
    assert clock.jumped() == _YEAR
    settable.passed += _HOUR
    settable.set_by = 0
    assert clock.jumped() == -_YEAR
    settable.passed += 23 * _HOUR
    assert clock.jumped() == 0
    assert clock.believed() == settable.now()


@pytest.mark.parametrize("pause", [20, 10_000])
def test_an_interruption_between_the_two_readings_is_no_jump(pause: int) -> None:
    """A busy machine, or a virtual one that was suspended."""
    clock, settable = _clock()
    pauses = [0, pause]

    def now() -> int:
        settable.passed += pauses.pop() if pauses else 0  # ms in which the thread did not run
        return settable.now()

    interrupted = Clock(now, settable.steady)
    pauses.append(pause)
    settable.set_by = _HOUR
    assert interrupted.jumped() == _HOUR
    assert interrupted.believed() == settable.now() - _HOUR
    assert clock.jumped() == _HOUR
