"""Draws a picture in pixels over the text of the screen, if the terminal supports that.

The terminal is queried before the first picture: for the size of a cell (XTWINOPS 16), for kitty's graphics with a
hidden picture of one pixel, and for sixels by its attributes (DA1), which every terminal answers, so that this answer
is the last. Terminals that do not answer in time, or without support (tmux before 3.4), get half blocks.

https://sw.kovidgoyal.net/kitty/graphics-protocol/#querying-support-and-available-transmission-mediums,
https://vt100.net/docs/vt510-rm/DA1.html
"""

import os
import struct
import termios
import threading
from collections.abc import Callable
from contextlib import suppress

from greenchat.client.state.events import Attributes, CellSize, DrawsPictures, TerminalAnswer
from greenchat.client.text.style import Graphic, Graphics, PlacedGraphic, Size
from greenchat.records import replace

REQUEST_CELL, REQUEST_ATTRIBUTES = "\x1b[16t", "\x1b[c"
REQUEST_KITTY = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
SIXEL = 4  # an attribute
ANSWER_SECONDS = 0.5
MULTIPLEXERS = ("screen", "tmux")  # they would take kitty's query for a title


class PictureLayer:
    """Draws pictures over the text. write: to the terminal. redraw: writes all text again, which removes sixels."""

    def __init__(self, write: Callable[[str], None], redraw: Callable[[], None]) -> None:
        self._write = write
        self._redraw = redraw
        self._placed: PlacedGraphic | None = None
        self._stale: Graphic | None = None
        self._graphics = Graphics()  # as reported
        self._reported = Graphics()  # as reported so far
        self._answered = threading.Event()
        self._answered.set()  # nothing was queried

    def ask(self) -> Callable[[], Graphics]:
        """Query how the terminal draws pictures. Returns a function that waits for the answers, for a thread to call.

        It is queried each time, since the size of a cell may have changed; without an answer the previous one is used.
        """
        self._reported = Graphics(cell=_cell())
        self._answered.clear()
        kitty = "" if os.environ.get("TERM", "").startswith(MULTIPLEXERS) else REQUEST_KITTY
        self._write(f"{REQUEST_CELL}{kitty}{REQUEST_ATTRIBUTES}")
        return self._wait

    @property
    def waits(self) -> bool:
        """Whether answers are outstanding."""
        return not self._answered.is_set()

    def answered(self, answer: TerminalAnswer) -> None:
        """Note an answer."""
        match answer:
            case CellSize(size) if size.rows and size.columns:
                self._reported = replace(self._reported, cell=size)
            case DrawsPictures(can):
                self._reported = replace(self._reported, kitty=can)
            case Attributes(numbers) if self.waits:
                self._graphics = replace(self._reported, sixel=SIXEL in numbers)
                self._answered.set()
            case _:
                pass

    def _wait(self) -> Graphics:
        self._answered.wait(ANSWER_SECONDS)
        return self._graphics

    def make_room(self, placed: PlacedGraphic | None) -> None:
        """Remove the present picture, if another one, or none, is to be shown."""
        before = self._placed
        if before is None or before == placed:
            return
        self._placed = None
        if before.graphic.erased:
            self._write(before.graphic.erased)
        else:
            self._redraw()

    def resized(self) -> None:
        """Stop drawing the sixels: cells may have another size now, and the sixels would cover others."""
        if self._placed and not self._placed.graphic.erased:
            self._stale = self._placed.graphic

    def drawn(self, placed: PlacedGraphic | None, written: list[int]) -> str:
        """Return the sequence that draws the picture, "" if it is already there. written: the rows of text that are
        new.
        """
        before, self._placed = self._placed, placed
        if placed is None or placed.graphic is self._stale:
            return ""
        covered = range(placed.at.row, placed.at.row + placed.graphic.cells.rows)
        if before == placed and not any(row in covered for row in written):
            return ""
        return f"\x1b7\x1b[{placed.at.row + 1};{placed.at.column + 1}H{placed.graphic.drawn}\x1b8"


def _cell() -> Size | None:
    """Return the size of a cell in pixels, if the system knows it (TIOCGWINSZ, tty_ioctl(4))."""
    import fcntl  # late: rarely needed

    with suppress(OSError):
        rows, columns, wide, high = struct.unpack("HHHH", fcntl.ioctl(1, termios.TIOCGWINSZ, bytes(8)))
        if rows and columns and wide and high:
            return Size(high // rows, wide // columns)
    return None
