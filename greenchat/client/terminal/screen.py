"""The only place with curses: takes over the terminal, paints the changes of frames, and restores the terminal.

curses gets the width of some emoji wrong (joined sequences, skin tones, flags) and would shift everything after them.
So it gets placeholders of the right width instead, and the row is written again directly, with each such character at
its column, so that the rest of the row is in place for any width in the terminal.

It does not support links (OSC 8) either, nor usually true colours: rows with these are written again in the same way.
Links are underlined, so that curses never takes the cell of a link for one without.
"""

import contextlib
import curses
import os
import select
import termios
import time
from collections.abc import Callable
from types import TracebackType
from zlib import crc32

from greenchat.client.state.events import CursorReported, TerminalAnswer
from greenchat.client.terminal import notifications
from greenchat.client.terminal.picture_layer import PictureLayer
from greenchat.client.terminal.probe import ASKED, REQUEST, REQUEST_BACKGROUND, Probe
from greenchat.client.terminal.sgr import sgr
from greenchat.client.terminal.surface import speaks_unicode
from greenchat.client.text import colours
from greenchat.client.text.cells import draw_ambiguous, graphemes, width
from greenchat.client.text.links import encoded
from greenchat.client.text.style import Frame, Graphics, Size, Style, StyledRow
from greenchat.records import replace

ENTER = "\x1b[?2004h\x1b[?1004h"  # bracketed paste, focus reports
LEAVE = "\x1b[?2004l\x1b[?1004l"
MOUSE, NO_MOUSE = "\x1b[?1000h\x1b[?1006h", "\x1b[?1006l\x1b[?1000l"
XTERM = (
    "xterm",
    "rxvt",
    "screen",
    "tmux",
    "alacritty",
    "foot",
    "kitty",
    "st-",
)  # terminals with titles, links and the clipboard
# A terminal draws output between these at once, or ignores both (Contour's "Synchronized Output").
BEGIN_UPDATE, END_UPDATE = "\x1b[?2026h", "\x1b[?2026l"
SAVE_TITLE, RESTORE_TITLE = "\x1b[22;2t", "\x1b[23;2t"
ANSWER_SECONDS = 0.2  # how long leaving waits for answers of the terminal ...
ANSWERED_WITHIN = 2.0  # ... that were asked for no longer ago
MOST_COPIED = 74_000  # bytes; xterm's limit is 100,000 encoded bytes
PLACEHOLDER = "\ue000"  # one column wide, and never in sanitized text
FIRST_DIRECT = 0x1F000  # emoji and characters newer than the C library's tables
JOINERS = "\u200d\ufe0e\ufe0f\u20e3"
TerminalError = curses.error  # raised by a terminal that can't be drawn on


class Screen:
    """The terminal while the client uses it; a context manager, so that it is always restored.

    wanted: the number of colours, a name of `colours.DEPTHS`, or "auto" for the terminal's own number.
    """

    def __init__(self, wanted: str = "auto") -> None:
        self._wanted = wanted
        self._depth = 0
        self._probe = Probe()
        self._asked_at = float("-inf")
        self._window: curses.window | None = None
        self._pairs: dict[tuple[int, int], int] = {}
        self._attributes: dict[Style, int] = {}
        self._painted: list[StyledRow] = []
        self._pictures = PictureLayer(self._write, self.redraw)
        self._title = ""
        self._mouse = False
        self._xterm = False
        self._unicode = speaks_unicode()
        self._saved: list[int | list[bytes | int]] | None = None

    def __enter__(self) -> "Screen":
        """Take over the terminal. Raises curses.error if it can't draw."""
        self._saved = termios.tcgetattr(0) if os.isatty(0) else None
        # Alt sends ESC first anyway; curses must not wait for more, since `key_decoder` decodes.
        os.environ.setdefault("ESCDELAY", "25")
        self._window = curses.initscr()
        try:
            if not curses.tigetstr("cup"):
                raise TerminalError("its cursor can't be moved; use greenchat --plain")
            curses.noecho()
            curses.raw()
            curses.nonl()
            self._window.leaveok(False)
            if curses.has_colors():
                curses.start_color()
                curses.use_default_colors()
                detected = colours.depth(os.environ, curses.COLORS)
                self._depth = colours.DEPTHS.get(self._wanted, detected)
            self._xterm = os.environ.get("TERM", "").startswith(XTERM)
            self._window.refresh()  # clears the screen, which must happen before the queries here
            self._write(ENTER + (SAVE_TITLE if self._xterm else ""))
            self._ask()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Restore the terminal."""
        self._leave()

    def answered(self, answer: TerminalAnswer) -> bool:
        """Handle an answer of the terminal; return True if the screen must be drawn again because of it."""
        self._pictures.answered(answer)
        was_done = self._probe.done
        if isinstance(answer, CursorReported):
            self._probe.answered(answer.row, answer.column)
        if was_done or not self._probe.done:
            return False
        draw_ambiguous(self._probe.ambiguous)
        self.redraw()
        return True

    def graphics(self) -> Callable[[], Graphics]:
        """Query how the terminal draws pictures. Returns a function that waits briefly for the answer, for a thread to
        call.
        """
        return self._pictures.ask() if self._xterm else Graphics

    @property
    def wide(self) -> bool:
        """Whether the terminal draws lines and dots two columns wide."""
        return self._probe.ambiguous == 2

    @property
    def depth(self) -> int:
        """The number of colours."""
        return self._depth

    @property
    def size(self) -> Size:
        """The size that the terminal reports."""
        columns, rows = os.get_terminal_size(1)
        return Size(rows, columns)

    def resize(self, size: Size) -> None:
        """Use the terminal's new size and paint everything again."""
        assert self._window
        self._pictures.resized()
        curses.resizeterm(max(1, size.rows), max(1, size.columns))
        self._painted.clear()
        self._window.clear()  # output for the previous size may be anywhere

    def redraw(self) -> None:
        """Paint everything again, since another program wrote on the terminal."""
        assert self._window
        self._painted.clear()
        self._window.clear()

    def suspend(self) -> None:
        """Restore the terminal for a while."""
        self._pictures.make_room(None)
        self._write(LEAVE + NO_MOUSE * self._mouse)
        curses.endwin()

    def resume(self) -> None:
        """Take over the terminal again."""
        assert self._window
        self._window.refresh()
        self._write(ENTER + MOUSE * self._mouse)
        self.redraw()

    def beep(self) -> None:
        """Ring the bell."""
        self._write("\a")

    def mouse(self, wanted: bool) -> None:
        """Turn mouse reports on or off."""
        if wanted != self._mouse:
            self._mouse = wanted
            self._write(MOUSE if wanted else NO_MOUSE)

    def notify(self, title: str, text: str) -> None:
        """Show a desktop notification."""
        sequence = notifications.sequence(os.environ, title, text)
        if sequence:
            self._write(sequence)
        else:
            notifications.send(os.environ, title, text)

    def copy(self, text: str) -> None:
        """Copy a text to the clipboard through the terminal (OSC 52), which works over ssh, too."""
        from base64 import b64encode

        if self._xterm:
            self._write(f"\x1b]52;c;{b64encode(text.encode(errors='replace')[:MOST_COPIED]).decode()}\x07")

    def paint(self, frame: Frame) -> None:
        """Show the frame; only rows that differ from the present ones are written."""
        window = self._window
        assert window
        height, columns = window.getmaxyx()
        direct, written = [], []
        self._pictures.make_room(frame.placed)
        for number, row in enumerate(frame.rows[:height]):
            if number < len(self._painted) and self._painted[number] == row:
                continue
            written.append(number)
            if self._paint_row(number, row, columns):
                direct.append(number)
        self._painted = list(frame.rows[:height])
        if frame.cursor and frame.cursor.row < height:
            window.move(frame.cursor.row, min(frame.cursor.column, columns - 1))
        if self._xterm:
            self._write(BEGIN_UPDATE)
        window.refresh()
        after = ""
        if frame.title != self._title and self._xterm:
            self._title = frame.title
            after += f"\x1b]2;{frame.title}\x1b\\"
        if direct:
            after += "\x1b7" + "".join(self._direct(number, frame.rows[number]) for number in direct) + "\x1b8"
        if self._xterm:
            after += END_UPDATE
        after += self._pictures.drawn(frame.placed, written)
        self._write(after)

    def _paint_row(self, number: int, row: StyledRow, columns: int) -> bool:
        """Put a row into the window; return True if it must be written directly, too."""
        window = self._window
        assert window
        needs_direct = False
        window.move(number, 0)
        window.clrtoeol()
        column = 0
        for span in row:
            text = span.text
            if not text.isascii() and not self._unicode:
                text = _in_ascii(text)
            elif not text.isascii():
                text, replaced = self._with_placeholders(text)
                needs_direct = needs_direct or replaced
            needs_direct = needs_direct or (bool(span.style.link) and self._xterm) or self._is_true(span.style)
            taken = width(text)
            if column + taken > columns:
                break
            try:
                window.addstr(number, column, text, self._attribute(span.style))
            except curses.error:
                # curses complains when the last cell of the screen is filled, after filling it.
                if column + taken < columns:
                    raise
            column += taken
        return needs_direct

    def _with_placeholders(self, text: str) -> tuple[str, bool]:
        parts = []
        replaced = False
        for grapheme in graphemes(text):
            risky = self._risky(grapheme)
            parts.append(PLACEHOLDER * width(grapheme) if risky else grapheme)
            replaced = replaced or risky
        return "".join(parts), replaced

    def _risky(self, grapheme: str) -> bool:
        """Whether curses would give this character another width than the terminal does."""
        return _counted_wrongly(grapheme) or (self.wide and not grapheme.isascii())

    def _is_true(self, style: Style) -> bool:
        """Whether curses can't draw this colour exactly: it draws the nearest, then the row is written directly."""
        return self._depth == colours.TRUE > curses.COLORS and (
            (style.foreground or 0) >= colours.TRUE or (style.background or 0) >= colours.TRUE
        )

    def _direct(self, number: int, row: StyledRow) -> str:
        """Return the escape sequences that write a row with each wide or joined character at its column."""
        parts = []
        column = 0
        for span in row:
            parts.append(sgr(span.style, self._depth))
            link = encoded(span.style.link) if self._xterm else ""
            if link:
                # With the same id the terminal treats a wrapped link as one.
                parts.append(f"\x1b]8;id={crc32(link.encode()):x};{link}\x1b\\")
            at_place = False
            for grapheme in graphemes(span.text if self._unicode else _in_ascii(span.text)):
                risky = self._risky(grapheme)
                if not at_place or risky:
                    parts.append(f"\x1b[{number + 1};{column + 1}H")
                parts.append(self._probe.drawable(grapheme) if risky else grapheme)
                column += width(grapheme)
                at_place = not risky
            if link:
                parts.append("\x1b]8;;\x1b\\")
        parts.append("\x1b[0m")
        return "".join(parts)

    def _attribute(self, style: Style) -> int:
        if style.link:
            style = replace(style, link="")
        known = self._attributes.get(style)
        if known is None:
            known = self._attributes[style] = self._new_attribute(style)
        return known

    def _new_attribute(self, style: Style) -> int:
        attribute = 0
        for wanted, bit in (
            (style.bold, curses.A_BOLD),
            (style.dim, curses.A_DIM),
            (style.italic, getattr(curses, "A_ITALIC", 0)),
            (style.underline, curses.A_UNDERLINE),
            (style.reverse, curses.A_REVERSE),
        ):
            if wanted:
                attribute |= bit
        if style.foreground is None and style.background is None:
            return attribute
        if not self._depth:
            # Without colours a bar must still be visible.
            return attribute | (curses.A_REVERSE if style.background is not None else 0)
        pair = (self._in_curses(style.foreground), self._in_curses(style.background))
        number = self._pairs.get(pair)
        if number is None:
            number = len(self._pairs) + 1
            if number >= curses.COLOR_PAIRS:
                return attribute
            curses.init_pair(number, *pair)
            self._pairs[pair] = number
        return attribute | curses.color_pair(number)

    def _in_curses(self, colour: int | None) -> int:
        """Return curses' number for the nearest colour; -1 for the terminal's own."""
        if colour is None:
            return -1
        if curses.COLORS > 256:  # numbers from 8 on are 0xRRGGBB there
            return colour if colour < 8 else colours.rgb(colours.nearest(colour, self._depth))
        return colours.nearest(colour, min(self._depth, curses.COLORS))

    def _write(self, text: str) -> None:
        data = text.encode(errors="replace")
        with contextlib.suppress(OSError):  # the terminal may be gone, which reading will notice
            while data:
                data = data[os.write(1, data) :]

    def _ask(self) -> None:
        """Query the terminal; the background first, so that its answer has arrived when the last one has."""
        if self._unicode and (self._xterm or os.environ.get("TERM") == "linux"):
            self._write((REQUEST_BACKGROUND if self._xterm else "") + REQUEST)
            self._asked_at = time.monotonic()

    def _await_answers(self) -> None:
        """Read late answers to queries; the shell would take them as typed."""
        now = time.monotonic()
        missing = len(ASKED) - self._probe.answers if now - self._asked_at <= ANSWERED_WITHIN else 0
        pictures = self._pictures.waits
        while (missing > 0 or pictures) and select.select(
            [0], [], [], max(0.0, now + ANSWER_SECONDS - time.monotonic())
        )[0]:
            data = os.read(0, 1024)
            missing = missing - data.count(b"R") if data else 0
            pictures = pictures and bool(data) and b"c" not in data

    def _leave(self) -> None:
        with contextlib.suppress(OSError, curses.error):  # the terminal may be gone
            self._pictures.make_room(None)
            self._write(LEAVE + NO_MOUSE * self._mouse + (RESTORE_TITLE if self._xterm else ""))
            self._await_answers()
            curses.endwin()
        if self._saved is not None:
            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(0, termios.TCSADRAIN, self._saved)


def _counted_wrongly(grapheme: str) -> bool:
    """Whether curses would give this character another width than the terminal does."""
    if grapheme.isascii():
        return False
    return any(ord(letter) >= FIRST_DIRECT or letter in JOINERS for letter in grapheme) or len(grapheme) > 4


def _in_ascii(text: str) -> str:
    """Return the text for a terminal without Unicode: a question mark for each column it can't draw."""
    return "".join(each if each.isascii() else "?" * width(each) for each in graphemes(text))
