"""The parts of a frame: styled spans in rows, and a cursor. No curses here; `screen` turns them into cells."""

from typing import NamedTuple

from greenchat.records import record


@record(frozen=True, slots=True)
class Style:
    """The look of a piece of text.

    foreground, background: a number of the 256-colour palette, None for the terminal's own.

    link: its URL, for terminals that can open links (OSC 8).
    """

    foreground: int | None = None
    background: int | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False
    link: str = ""


NORMAL = Style()


class Span(NamedTuple):
    """Text in one style."""

    text: str
    style: Style = NORMAL


StyledRow = tuple[Span, ...]


class Cursor(NamedTuple):
    """Counted from 0 at the top left."""

    row: int
    column: int


class Size(NamedTuple):
    """A size, usually in cells."""

    rows: int
    columns: int


@record(frozen=True, slots=True, eq=False)
class Graphic:
    """A picture in pixels. drawn: the sequence that draws it at the cursor. erased: the sequence that removes it, "" if
    text written over it does. cells: the area that it covers.
    """

    drawn: str
    erased: str
    cells: Size


@record(frozen=True, slots=True)
class Graphics:
    """The ways in which a terminal draws pictures in pixels. cell: the pixels of a cell, None while unknown."""

    kitty: bool = False
    sixel: bool = False
    cell: Size | None = None

    @property
    def any(self) -> bool:
        """Whether it draws pictures in the right place: sixels have a fixed size."""
        return self.kitty or (self.sixel and self.cell is not None)


class PlacedGraphic(NamedTuple):
    """A picture in pixels over cells that show it roughly, too. at: its upper left cell."""

    at: Cursor
    graphic: Graphic


@record(frozen=True, slots=True)
class Frame:
    """The content of the whole terminal; each row fits its width. placed: pictures to draw over it."""

    rows: tuple[StyledRow, ...]
    cursor: Cursor | None
    title: str = ""
    placed: PlacedGraphic | None = None

    def picture(self) -> list[str]:
        """Return the rows as plain text without trailing spaces, for tests and for debugging."""
        return ["".join(span.text for span in row).rstrip() for row in self.rows]
