"""Parsing and formatting mode strings: https://modern.ircdocs.horse/#mode-message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol.modes import (
    PARAMETERS_A_LINE,
    ModeChange,
    ModeTable,
    format_changes,
    lines_of_changes,
    parse_changes,
)

TABLE = ModeTable(lists="beI", always="k", setting="lf", flags="imnst", prefixes="qaohv", symbols="~&@%+")


def plus(letter: str, parameter: str | None = None) -> ModeChange:
    return ModeChange(True, letter, parameter)


def minus(letter: str, parameter: str | None = None) -> ModeChange:
    return ModeChange(False, letter, parameter)


CHANGES = [
    ((), []),
    (("",), []),
    (("+",), []),
    (("+-+",), []),
    (("i",), [plus("i")]),
    (("+i-m",), [plus("i"), minus("m")]),
    (("+mb", "*@127.0.0.1"), [plus("m"), plus("b", "*@127.0.0.1")]),
    (("-bl+i", "*@192.168.0.1"), [minus("b", "*@192.168.0.1"), minus("l"), plus("i")]),
    (("+ov-k", "alice", "bob", "key"), [plus("o", "alice"), plus("v", "bob"), minus("k", "key")]),
    (("+l-l", "5", "6"), [plus("l", "5"), minus("l")]),
    (("b",), [plus("b")]),
    (("+bo", "a"), [plus("b", "a"), plus("o")]),
    (("+Z", "x"), [plus("Z")]),
    (("+ö",), [plus("ö")]),
]


@pytest.mark.parametrize(("params", "changes"), CHANGES)
def test_parse(params: tuple[str, ...], changes: list[ModeChange]) -> None:
    assert parse_changes(params, TABLE) == changes


FORMATTED = [
    ([], ("",)),
    ([plus("i")], ("+i",)),
    ([plus("i"), plus("m"), minus("s"), plus("n")], ("+im-s+n",)),
    ([plus("o", "alice"), plus("i"), minus("v", "bob")], ("+oi-v", "alice", "bob")),
]


@pytest.mark.parametrize(("changes", "params"), FORMATTED)
def test_format(changes: list[ModeChange], params: tuple[str, ...]) -> None:
    assert format_changes(changes) == params


@st.composite
def complete_changes(draw: st.DrawFn) -> ModeChange:
    letter = draw(st.sampled_from("beIklfimnstqaohv"))
    adding = draw(st.booleans())
    return ModeChange(adding, letter, draw(st.text()) if TABLE.takes_parameter(letter, adding=adding) else None)


@given(st.lists(complete_changes()))
def test_changes_are_read_back(changes: list[ModeChange]) -> None:
    assert parse_changes(format_changes(changes), TABLE) == changes


@pytest.mark.parametrize(
    ("letters", "symbols"), [("", ""), ("v", "+"), ("vo", "@+"), ("voq", "~@+"), ("hvoaq", "~&@%+"), ("x", "")]
)
def test_prefixes_are_in_the_order_of_ranks(letters: str, symbols: str) -> None:
    assert TABLE.symbols_of(letters) == symbols


@pytest.mark.parametrize(
    ("letter", "adding", "removing"),
    [("b", True, True), ("k", True, True), ("l", True, False), ("i", False, False), ("o", True, True)],
)
def test_modes_with_a_parameter(letter: str, adding: bool, removing: bool) -> None:
    """https://modern.ircdocs.horse/#mode-message: types A, B, C, D, and the prefixes, which are like B."""
    assert TABLE.takes_parameter(letter, adding=True) is adding
    assert TABLE.takes_parameter(letter, adding=False) is removing


@given(st.lists(complete_changes(), max_size=60), st.integers(20, 400))
def test_lines(changes: list[ModeChange], room: int) -> None:
    """The lines together equal one long line, each fits, and none has more than 15 parameters including the target."""
    lines = list(lines_of_changes(changes, room))
    assert [change for line in lines for change in parse_changes(line, TABLE)] == changes
    for line in lines:
        assert len(line) - 1 <= PARAMETERS_A_LINE
        assert len(" ".join(line).encode()) <= room or len(parse_changes(line, TABLE)) == 1
