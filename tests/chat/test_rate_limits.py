"""Modes that slow members down: their parameters, and what is within a limit."""

import pytest

from greenchat.chat.rate_limits import RateLimit, RecentTimes


@pytest.mark.parametrize(
    ("letter", "text", "limit"),
    [
        ("j", "5:10", RateLimit(5, 10)),
        ("W", "1:60", RateLimit(1, 60)),
        ("d", "20", RateLimit(1, 20)),
        ("j", "1000:86400", RateLimit(1000, 86400)),
    ],
)
def test_a_parameter_is_read_back(letter: str, text: str, limit: RateLimit) -> None:
    assert RateLimit.parse(letter, text) == limit
    assert limit.text(letter) == text


@pytest.mark.parametrize("text", ["", "5", "0:10", "5:0", "5:86401", "1001:5", "-1:5", "5:10:2", "a:b", "٣:٤", " 5:10"])
def test_invalid_pairs(text: str) -> None:
    with pytest.raises(ValueError, match="COUNT:SECONDS"):
        RateLimit.parse("j", text)


@pytest.mark.parametrize("text", ["", "0", "86401", "5:10", "-5", "٣", "9" * 30])
def test_invalid_delays(text: str) -> None:
    with pytest.raises(ValueError, match="takes seconds"):
        RateLimit.parse("d", text)


def test_what_is_within_a_pace() -> None:
    recent, limit = RecentTimes(), RateLimit(2, 10)
    waits = []
    for now in (0, 1000, 2000, 9_999, 10_000, 10_500, 11_000):
        wait = recent.wait(limit, now)
        waits.append(wait)
        if not wait:
            recent.count(now)
    assert waits == [0, 0, 8000, 1, 0, 500, 0]
