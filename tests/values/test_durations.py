"""Durations as operators write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.values.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("30m", 1800), ("1w2d", 777_600), ("1H30M", 5400), ("0", 0), ("forever", 0), ("1y", 31_536_000)],
)
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "x", "1x", "-1", "1.5h", "h", "0s", "²", "9" * 10, "spam"])
def test_invalid_durations(text: str) -> None:
    assert parse_duration(text) is None


def test_a_number_alone_may_mean_minutes() -> None:
    assert parse_duration("5", unit="m") == 300


@given(st.integers(1, 3_000_000_000))
def test_a_formatted_duration_is_read_back(seconds: int) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "forever"), (-1, "forever"), (59, "59s"), (3600, "1h"), (93_784, "1d2h3m4s"), (31_536_000, "1y")],
)
def test_formatted(seconds: int, text: str) -> None:
    assert format_duration(seconds) == text


def test_the_longest_duration_is_a_century() -> None:
    assert parse_duration("999999999y") == 100 * 31_536_000
