"""Splitting lists into lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol.framing import BODY_LIMIT
from greenchat.protocol.message import Message
from greenchat.protocol.wrap import room, wrap

GROUPS = [
    ([], 10, 9, []),
    (["a"], 10, 9, [["a"]]),
    (["abc", "def"], 7, 9, [["abc", "def"]]),
    (["abc", "def"], 6, 9, [["abc"], ["def"]]),
    (["abcdefgh", "b"], 5, 9, [["abcdefgh"], ["b"]]),
    (["ää", "b"], 5, 9, [["ää"], ["b"]]),
    (["a", "b", "c"], 99, 2, [["a", "b"], ["c"]]),
]


@pytest.mark.parametrize(("words", "size", "most", "groups"), GROUPS)
def test_wrap(words: list[str], size: int, most: int, groups: list[list[str]]) -> None:
    assert list(wrap(words, size, most)) == groups


words = st.lists(st.text(st.characters(exclude_characters=" ", exclude_categories=["Cs"]), min_size=1, max_size=30))


@given(words, st.integers(1, 60), st.integers(1, 10))
def test_every_word_is_there_once_and_in_order(words: list[str], size: int, most: int) -> None:
    groups = list(wrap(words, size, most))
    assert [word for group in groups for word in group] == words
    for group in groups:
        assert 1 <= len(group) <= most
        assert len(group) == 1 or len(" ".join(group).encode()) <= size


@given(st.integers(1, 400))
def test_a_line_is_filled(length: int) -> None:
    params = ("alice", "x" * length)
    left = room("irc.example.com", "353", *params)
    full = Message("353", (*params, "y" * left), "irc.example.com").format() + "\r\n"
    assert len(full) == BODY_LIMIT
