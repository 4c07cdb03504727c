"""Probing the terminal: the queries, the effect of the answers, and that no answer is taken for a key."""

from collections.abc import Iterator

import pytest

from greenchat.client.state.events import (
    Attributes,
    CellSize,
    CursorReported,
    DrawsPictures,
    KeyPressed,
    TerminalBackground,
)
from greenchat.client.terminal.key_decoder import Decoder
from greenchat.client.terminal.probe import ASKED, REQUEST, ROW, Probe
from greenchat.client.text import cells
from greenchat.client.text.style import Size

MODERN = (1, 2, 2, 2)  # columns
COUPLE, THUMB, FLAG = "\U0001f469\u200d\u2764\ufe0f\u200d\U0001f468", "\U0001f44d\U0001f3ff", "\U0001f1eb\U0001f1f7"


def probed(*widths: int) -> Probe:
    probe = Probe()
    for columns in widths:
        probe.answered(ROW, columns + 1)
    return probe


def test_each_text_is_measured_where_no_answer_looks_like_a_key() -> None:
    assert REQUEST.count("\x1b[6n") == len(ASKED) == len(MODERN)
    assert ROW > 1  # xterm sends `CSI 1 ; 2 R` for Shift-F3


@pytest.mark.parametrize(
    ("widths", "drawn"),
    [
        (MODERN, (COUPLE, THUMB, FLAG)),
        ((1, 4, 4, 2), ("\U0001f469", "\U0001f44d", FLAG)),  # one after another
        ((1, 2, 2, 4), (COUPLE, THUMB, "FR")),
        ((2, 2, 2, 2), (COUPLE, THUMB, FLAG)),
    ],
)
def test_sequences_that_the_terminal_draws_too_wide_are_shortened(
    widths: tuple[int, ...], drawn: tuple[str, ...]
) -> None:
    probe = probed(*widths)
    assert probe.done
    assert tuple(map(probe.drawable, (COUPLE, THUMB, FLAG))) == drawn
    assert probe.drawable("\U0001f3fd") == "\U0001f3fd"  # a skin tone alone is a picture of its own
    assert probe.ambiguous == widths[0]


def test_defaults_without_or_with_strange_answers() -> None:
    probe = probed(1, 2)
    probe.answered(7, 60)  # from another position
    assert not probe.done
    assert probe.drawable(COUPLE) == COUPLE
    for _ in range(9):
        probe.answered(ROW, 3)
    assert probe == probed(*MODERN)


@pytest.fixture
def wide() -> Iterator[None]:
    """Make a terminal for East Asian text."""
    cells.draw_ambiguous(2)
    yield
    cells.draw_ambiguous(1)


@pytest.mark.usefixtures("wide")
def test_lines_and_dots_can_be_two_columns_wide() -> None:
    assert cells.width("│…é") == 6
    assert cells.width("ascii") == 5
    cells.draw_ambiguous(1)
    assert cells.width("│…é") == 3


@pytest.mark.parametrize(
    ("data", "events"),
    [
        (b"\x1b[2;5R", [CursorReported(2, 5)]),
        (b"\x1b[?62;4;22c", [Attributes((62, 4, 22))]),
        (b"\x1b[?6cx", [Attributes((6,)), KeyPressed("x")]),
        (b"\x1b[6;20;10t", [CellSize(Size(20, 10))]),
        (b"\x1b_Gi=31;OK\x1b\\y", [DrawsPictures(True), KeyPressed("y")]),
        (b"\x1b_Gi=31;ENOTSUPPORTED:no\x1b\\", [DrawsPictures(False)]),
        (b"\x1b[24;80R", [CursorReported(24, 80)]),
        (b"\x1b[R\x1b[1;2R", [KeyPressed("F3"), KeyPressed("S-F3")]),
        (b"\x1b]11;rgb:0000/0000/0000\x1b\\a", [TerminalBackground(False), KeyPressed("a")]),
        (b"\x1b]11;rgb:ffff/fafa/f0f0\x07", [TerminalBackground(True)]),
        (b"\x1b]11;rgba:fd/f6/e3/ff\x07", [TerminalBackground(True)]),
        (b"\x1b]10;rgb:ff/ff/ff\x07\x1b]11;white\x07", []),  # of another query, and with a colour name
        (b"\x1b]52;c;\x1b\\x", [KeyPressed("x")]),
    ],
)
def test_answers_in_any_pieces_are_not_keys(data: bytes, events: list[object]) -> None:
    for size in range(1, len(data) + 1):
        decoder = Decoder()
        found = [event for start in range(0, len(data), size) for event in decoder.feed(data[start : start + size])]
        assert found == events, size
        assert decoder.flush() == []


def test_an_unfinished_answer_does_not_swallow_keys() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\x1b]11;rgb:0000") == []
    assert not decoder.undecided  # slow connections may take their time
    assert KeyPressed("z") in decoder.feed(b"y" * 200 + b"z")
    decoder = Decoder()
    for key in (b"\x1b]", b"\x1b_"):
        assert decoder.feed(key) == []
        assert decoder.undecided
        assert decoder.flush() == [KeyPressed(f"M-{key.decode()[1]}")]
    assert decoder.feed(b"\x1b_x") == [KeyPressed("M-_"), KeyPressed("x")]
