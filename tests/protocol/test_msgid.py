"""Msgids: ordered, unique, and read back from text unchanged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol.msgid import LAST_ID, MessageIds, first_id, format_msgid, msgid_time, parse_msgid, time_of

numbers = st.integers(0, LAST_ID)


@given(numbers)
def test_text_and_number_are_the_same_id(number: int) -> None:
    text = format_msgid(number)
    # "message ids MUST NOT contain spaces": https://ircv3.net/specs/extensions/message-redaction
    assert len(text) == 13
    assert text.isascii()
    assert text.isalnum()
    assert parse_msgid(text) == number


@given(numbers, numbers)
def test_texts_sort_like_their_numbers(one: int, other: int) -> None:
    assert (one < other) == (format_msgid(one) < format_msgid(other))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0" * 12,
        "0" * 14,
        "8" + "0" * 12,
        "z" * 13,
        "0" * 12 + "W",
        " " + "0" * 12,
        "+" + "0" * 12,
        "0_0" * 4 + "0",
        "٠" * 13,
    ],
)
def test_invalid_ids(text: str) -> None:
    assert parse_msgid(text) is None


@given(st.lists(st.integers(0, 1 << 42), max_size=50), numbers.filter(lambda number: number < LAST_ID - 100))
def test_ids_increase_whatever_the_clock_does(times: list[int], last: int) -> None:
    ids = MessageIds(last)
    given = [ids.next(now) for now in times]
    assert given == sorted(set(given))
    assert all(number > last for number in given)


def test_an_id_contains_its_time() -> None:
    ids = MessageIds()
    assert [time_of(ids.next(now)) for now in (5, 5, 6, 9)] == [5, 5, 6, 9]
    assert msgid_time(format_msgid(ids.next(12))) == 12
    assert first_id(6) == 6 << 20
    assert first_id(-1) == 0
    assert first_id(1 << 62) == LAST_ID
