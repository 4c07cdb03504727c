"""Long lists become as few lines as hold them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol.packing import pack


@pytest.mark.parametrize(
    ("words", "room", "lines"),
    [
        ([], 5, []),
        (["a"], 5, ["a"]),
        (["ab", "cd"], 5, ["ab cd"]),
        (["ab", "cde"], 5, ["ab", "cde"]),
        (["toolong", "a"], 5, ["toolong", "a"]),
        (["ää", "ä"], 7, ["ää ä"]),
        (["ää", "ä"], 6, ["ää", "ä"]),
    ],
)
def test_pack(words: list[str], room: int, lines: list[str]) -> None:
    assert list(pack(words, room=room)) == lines


@given(st.lists(st.text("aä", min_size=1, max_size=9)), st.integers(18, 40))
def test_nothing_is_lost_and_every_line_fits(words: list[str], room: int) -> None:
    lines = list(pack(words, ",", room))
    assert [word for line in lines for word in line.split(",")] == words
    assert all(len(line.encode()) <= room for line in lines)
    assert all(
        len(f"{line},{after.split(',')[0]}".encode()) > room for line, after in zip(lines, lines[1:], strict=False)
    )
