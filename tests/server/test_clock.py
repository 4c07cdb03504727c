"""The clock is set while the server runs."""

import pytest

from greenchat.server.clock import Clock

_HOUR, _DAY, _YEAR = 3_600_000, 86_400_000, 365 * 86_400_000
_NOON = 1_790_000_000_000


class _Hands:
    """Two clocks that are moved by hand; the date is the steady one's time and what it was set by."""

    def __init__(self) -> None:
        self.passed = 0
        self.set_by = 0

    def now(self) -> int:
        return _NOON + self.passed + self.set_by

    def steady(self) -> int:
        return self.passed


def _clock() -> tuple[Clock, _Hands]:
    hands = _Hands()
    return Clock(hands.now, hands.steady), hands


def test_time_that_passes_is_no_jump() -> None:
    clock, hands = _clock()
    for step in 1, 1000, _DAY, _YEAR:
        hands.passed += step
        assert clock.jumped() == 0
        assert clock.believed() == hands.now()


def test_drift_is_followed() -> None:
    clock, hands = _clock()
    for _ in range(100):
        hands.passed += 1000
        hands.set_by += 200
        assert clock.jumped() == 0
        assert clock.believed() == hands.now()


@pytest.mark.parametrize("by", [_HOUR, -_HOUR, _YEAR, -_YEAR])
def test_a_jump_is_told_once_and_believed_after_a_day(by: int) -> None:
    clock, hands = _clock()
    hands.set_by = by
    assert clock.jumped() == by
    for _ in range(23):
        hands.passed += _HOUR
        assert clock.jumped() == 0
        assert clock.believed() == hands.now() - by
    hands.passed += _HOUR
    assert clock.jumped() == 0
    assert clock.believed() == hands.now()


def test_a_jump_that_is_taken_back_was_none() -> None:
    clock, hands = _clock()
    hands.set_by = _YEAR
    assert clock.jumped() == _YEAR
    hands.passed += _HOUR
    hands.set_by = 0
    assert clock.jumped() == -_YEAR
    hands.passed += 23 * _HOUR
    assert clock.jumped() == 0
    assert clock.believed() == hands.now()
