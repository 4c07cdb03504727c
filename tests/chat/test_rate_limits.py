"""Modes that slow members down: their parameters, and what is within the pace."""

import pytest

from greenchat.chat.paces import Pace, RecentTimes


@pytest.mark.parametrize(
    ("letter", "text", "pace"),
    [
        ("j", "5:10", Pace(5, 10)),
        ("W", "1:60", Pace(1, 60)),
        ("d", "20", Pace(1, 20)),
        ("j", "1000:86400", Pace(1000, 86400)),
    ],
)
def test_a_parameter_is_read_back(letter: str, text: str, pace: Pace) -> None:
    assert Pace.parse(letter, text) == pace
    assert pace.text(letter) == text


@pytest.mark.parametrize("text", ["", "5", "0:10", "5:0", "5:86401", "1001:5", "-1:5", "5:10:2", "a:b", "٣:٤", " 5:10"])
def test_invalid_pairs(text: str) -> None:
    with pytest.raises(ValueError, match="COUNT:SECONDS"):
        Pace.parse("j", text)


@pytest.mark.parametrize("text", ["", "0", "86401", "5:10", "-5", "٣", "9" * 30])
def test_invalid_delays(text: str) -> None:
    with pytest.raises(ValueError, match="takes seconds"):
        Pace.parse("d", text)


def test_what_is_within_a_pace() -> None:
    recent, pace = RecentTimes(), Pace(2, 10)
    waits = []
    for now in (0, 1000, 2000, 9_999, 10_000, 10_500, 11_000):
        wait = recent.wait(pace, now)
        waits.append(wait)
        if not wait:
            recent.count(now)
    assert waits == [0, 0, 8000, 1, 0, 500, 0]
