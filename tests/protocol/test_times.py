"""Timestamps of IRC."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol.times import format_time, parse_time


@given(st.integers(0, 253_402_300_799_999))
def test_a_time_is_read_back(milliseconds: int) -> None:
    assert parse_time(format_time(milliseconds)) == milliseconds


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1970-01-01T00:00:00.000Z", 0),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2012-06-30T23:59:60.419Z", 1341100800419),  # the specification's example, a leap second
        ("9999-12-31T23:59:59.999Z", 253402300799999),
    ],
)
def test_reading(text: str, milliseconds: int) -> None:
    assert parse_time(text) == milliseconds


@pytest.mark.parametrize(
    "text",
    ["", "x", "2023-01-01", "2023-01-01T00:00:00Z", "2023-01-01T00:00:00.000", "2023-13-01T00:00:00.000Z",
     "2023-02-29T00:00:00.000Z", "2023-01-01T24:00:00.000Z", "2023-01-01T00:00:61.000Z", "0000-01-01T00:00:00.000Z",
     "2023-01-01T00:00:00.000Z ", "٢023-01-01T00:00:00.000Z"],
)  # fmt: skip
def test_invalid_times(text: str) -> None:
    with pytest.raises(ValueError):
        parse_time(text)
