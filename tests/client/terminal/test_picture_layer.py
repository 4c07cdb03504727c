"""Pictures over the text: drawn only where the terminal reports support, and removed afterwards."""

import pytest

from greenchat.client.state.events import Attributes, CellSize, DrawsPictures
from greenchat.client.terminal import picture_layer
from greenchat.client.terminal.picture_layer import REQUEST_ATTRIBUTES, REQUEST_KITTY, PictureLayer
from greenchat.client.text.style import Cursor, Graphic, Graphics, PlacedGraphic, Size

KITTY = PlacedGraphic(Cursor(2, 5), Graphic("<picture>", "<erase>", Size(3, 10)))
SIXEL = PlacedGraphic(Cursor(2, 5), Graphic("<picture>", "", Size(3, 10)))
CELL = Size(20, 10)


class Terminal:
    """A terminal that keeps what is written."""

    def __init__(self) -> None:
        self.written = ""
        self.layer = PictureLayer(self.write, lambda: self.write("<redraw>"))

    def write(self, text: str) -> None:
        self.written += text


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(picture_layer, "ANSWER_SECONDS", 0.01)
    monkeypatch.setattr(picture_layer, "_cell", lambda: None)
    return Terminal()


def test_the_attributes_are_queried_last(terminal: Terminal) -> None:
    """Every terminal answers this query: all other answers have arrived by then."""
    terminal.layer.ask()
    assert terminal.written.endswith(REQUEST_ATTRIBUTES)
    assert REQUEST_KITTY in terminal.written


def test_the_cell_size_is_queried_each_time(terminal: Terminal) -> None:
    wait = terminal.layer.ask()
    terminal.layer.answered(CellSize(CELL))
    terminal.layer.answered(Attributes((62, 4)))
    before = terminal.written
    terminal.layer.ask()
    assert terminal.written == 2 * before
    assert terminal.layer.waits, "it waits for the new answer"
    assert wait() == Graphics(sixel=True, cell=CELL), "without an answer, the previous one holds"
    terminal.layer.answered(CellSize(Size(30, 15)))
    terminal.layer.answered(Attributes((62, 4)))
    assert wait() == Graphics(sixel=True, cell=Size(30, 15))


def test_after_a_resize_sixels_are_not_drawn_again(terminal: Terminal) -> None:
    for placed, drawn in ((SIXEL, False), (KITTY, True)):
        terminal.layer.make_room(placed)
        assert terminal.layer.drawn(placed, [])
        terminal.layer.resized()
        assert bool(terminal.layer.drawn(placed, [2, 3])) is drawn
        terminal.layer.make_room(None)
        assert terminal.layer.drawn(None, []) == ""


@pytest.mark.parametrize("term", ["screen-256color", "tmux-256color"])
def test_a_multiplexer_is_not_sent_kitty_queries(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, term: str
) -> None:
    monkeypatch.setenv("TERM", term)
    terminal.layer.ask()
    assert "\x1b_" not in terminal.written


def test_without_answers_no_graphics_are_used(terminal: Terminal) -> None:
    wait = terminal.layer.ask()
    terminal.layer.answered(CellSize(CELL))
    terminal.layer.answered(DrawsPictures(True))
    assert (terminal.layer.waits, wait()) == (True, Graphics())
    terminal.layer.answered(Attributes((62, 22)))
    assert (terminal.layer.waits, wait()) == (False, Graphics(kitty=True, cell=CELL)), (
        "early enough for the next picture"
    )


@pytest.mark.parametrize(
    ("attributes", "cell", "draws"),
    [((62, 4, 22), CELL, True), ((62, 4), None, False), ((62, 22), CELL, False), ((1, 2), None, False)],
)
def test_sixels_need_the_attribute_and_the_cell_size(
    terminal: Terminal, attributes: tuple[int, ...], cell: Size | None, draws: bool
) -> None:
    wait = terminal.layer.ask()
    if cell:
        terminal.layer.answered(CellSize(cell))
    terminal.layer.answered(Attributes(attributes))
    assert wait().any is draws


def test_answers_to_other_queries_change_nothing(terminal: Terminal) -> None:
    terminal.layer.answered(Attributes((62, 4)))
    assert not terminal.layer.waits
    assert terminal.layer.ask()() == Graphics()


@pytest.mark.parametrize(("placed", "erased"), [(KITTY, "<erase>"), (SIXEL, "<redraw>")])
def test_a_picture_is_drawn_once_and_removed(terminal: Terminal, placed: PlacedGraphic, erased: str) -> None:
    layer = terminal.layer
    layer.make_room(placed)
    assert layer.drawn(placed, [0, 1]) == "\x1b7\x1b[3;6H<picture>\x1b8"
    layer.make_room(placed)
    assert layer.drawn(placed, [0, 1, 5]) == "", "no row of it was overwritten"
    assert layer.drawn(placed, [4]) != ""
    assert terminal.written == ""
    layer.make_room(None)
    assert terminal.written == erased
    assert layer.drawn(None, [2]) == ""
    layer.make_room(None)
    assert terminal.written == erased
    assert layer.drawn(placed, []) != ""
