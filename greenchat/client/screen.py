"""The only place with curses: takes the terminal over, paints what changed of a frame, and gives the terminal back.

curses counts emoji wrongly (joined sequences, skin tones, flags) and would shift everything behind them. So it is given
placeholders of the right width in their place, and the row is written once more directly, each such character at its
own column: whatever width the terminal gives it, the rest of the row stands where it belongs.

It knows nothing of links (OSC 8) either: a row with links is written once more in the same way. Links are underlined,
so that curses never takes the cell of a link for one without.
"""

import contextlib
import curses
import os
import sys
import termios
from base64 import b64encode
from dataclasses import replace
from types import TracebackType
from zlib import crc32

from greenchat.client import notifications
from greenchat.client.links import encoded
from greenchat.client.style import Frame, Row, Size, Style
from greenchat.client.text import graphemes, width

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
)  # those that take titles, links and the clipboard
SAVE_TITLE, RESTORE_TITLE = "\x1b[22;2t", "\x1b[23;2t"
MOST_COPIED = 74_000  # bytes; xterm takes 100,000 of them encoded
PLACEHOLDER = "\ue000"  # one column wide, and never in a text that was made visible
FIRST_DIRECT = 0x1F000  # emoji and what came later than the C library's tables
JOINERS = "\u200d\ufe0e\ufe0f\u20e3"
_BASIC = (
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
)

TerminalError = curses.error  # what a terminal that can't be drawn on raises


class Screen:
    """The terminal while the client has it; a context manager, so that it is given back whatever happens."""

    def __init__(self) -> None:
        self._window: curses.window | None = None
        self._pairs: dict[tuple[int, int], int] = {}
        self._attributes: dict[Style, int] = {}
        self._painted: list[Row] = []
        self._title = ""
        self._mouse = False
        self._xterm = False
        self._unicode = sys.stdout.encoding.lower().replace("-", "") == "utf8"
        self._saved: list[int | list[bytes | int]] | None = None

    def __enter__(self) -> "Screen":
        """Take the terminal. Raises curses.error where it can't draw."""
        self._saved = termios.tcgetattr(0) if os.isatty(0) else None
        # Alt sends ESC first anyway; curses must not wait for more, we decode ourselves.
        os.environ.setdefault("ESCDELAY", "25")
        self._window = curses.initscr()
        try:
            curses.noecho()
            curses.raw()
            curses.nonl()
            self._window.leaveok(False)
            if curses.has_colors():
                curses.start_color()
                curses.use_default_colors()
            self._xterm = os.environ.get("TERM", "").startswith(XTERM)
            self._write(ENTER + (SAVE_TITLE if self._xterm else ""))
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the terminal back."""
        self._leave()

    @property
    def size(self) -> Size:
        """As the terminal says it now."""
        columns, rows = os.get_terminal_size(1)
        return Size(rows, columns)

    def resize(self, size: Size) -> None:
        """The terminal has another size: everything is painted anew."""
        assert self._window
        curses.resizeterm(max(1, size.rows), max(1, size.columns))
        self._painted.clear()
        self._window.erase()

    def redraw(self) -> None:
        """Paint everything anew, because somebody else wrote on the terminal."""
        assert self._window
        self._painted.clear()
        self._window.clear()

    def suspend(self) -> None:
        """Give the terminal back for a while."""
        self._write(LEAVE + NO_MOUSE * self._mouse)
        curses.endwin()

    def resume(self) -> None:
        """Take it again."""
        assert self._window
        self._window.refresh()
        self._write(ENTER + MOUSE * self._mouse)
        self.redraw()

    def beep(self) -> None:
        """Ring."""
        self._write("\a")

    def mouse(self, wanted: bool) -> None:
        """Have the terminal tell of clicks and the wheel, or leave them to it."""
        self._mouse = wanted
        self._write(MOUSE if wanted else NO_MOUSE)

    def notify(self, title: str, text: str) -> None:
        """Notify on the desktop."""
        told = notifications.sequence(os.environ, title, text)
        if told:
            self._write(told)
        else:
            notifications.send(os.environ, title, text)

    def copy(self, text: str) -> None:
        """Put a text into the clipboard through the terminal (OSC 52), which works over ssh, too."""
        if self._xterm:
            self._write(f"\x1b]52;c;{b64encode(text.encode(errors='replace')[:MOST_COPIED]).decode()}\x07")

    def paint(self, frame: Frame) -> None:
        """Show the frame; only rows that differ from what is there are touched."""
        window = self._window
        assert window
        height, columns = window.getmaxyx()
        direct = []
        for number, row in enumerate(frame.rows[:height]):
            if number < len(self._painted) and self._painted[number] == row:
                continue
            if self._paint_row(number, row, columns):
                direct.append(number)
        self._painted = list(frame.rows[:height])
        if frame.cursor and frame.cursor.row < height:
            window.move(frame.cursor.row, min(frame.cursor.column, columns - 1))
        window.refresh()
        if frame.title != self._title and self._xterm:
            self._title = frame.title
            self._write(f"\x1b]2;{frame.title}\x1b\\")
        if direct:
            self._write("\x1b7" + "".join(self._direct(number, frame.rows[number]) for number in direct) + "\x1b8")

    def _paint_row(self, number: int, row: Row, columns: int) -> bool:
        """Put the row into the window; True if it must be written directly, too."""
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
                text, replaced = _with_placeholders(text)
                needs_direct = needs_direct or replaced
            needs_direct = needs_direct or (bool(span.style.link) and self._xterm)
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

    def _direct(self, number: int, row: Row) -> str:
        """The escape sequences that write a row with each wide or joined character at its column."""
        parts = []
        column = 0
        for span in row:
            parts.append(self._sgr(span.style))
            link = encoded(span.style.link) if self._xterm else ""
            if link:
                # The same id lets the terminal take what was wrapped for one link.
                parts.append(f"\x1b]8;id={crc32(link.encode()):x};{link}\x1b\\")
            at_place = False
            for grapheme in graphemes(span.text if self._unicode else _in_ascii(span.text)):
                risky = _counted_wrongly(grapheme)
                if not at_place or risky:
                    parts.append(f"\x1b[{number + 1};{column + 1}H")
                parts.append(grapheme)
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
        if not curses.has_colors():
            # Without colours a bar must still stand out.
            return attribute | (curses.A_REVERSE if style.background is not None else 0)
        pair = (_nearest(style.foreground), _nearest(style.background))
        number = self._pairs.get(pair)
        if number is None:
            number = len(self._pairs) + 1
            if number >= curses.COLOR_PAIRS:
                return attribute
            curses.init_pair(number, *pair)
            self._pairs[pair] = number
        return attribute | curses.color_pair(number)

    def _sgr(self, style: Style) -> str:
        codes = ["0"]
        codes += [
            code
            for wanted, code in (
                (style.bold, "1"),
                (style.dim, "2"),
                (style.italic, "3"),
                (style.underline, "4"),
                (style.reverse, "7"),
            )
            if wanted
        ]
        if curses.has_colors():
            codes += _sgr_colour(_nearest(style.foreground), 30)
            codes += _sgr_colour(_nearest(style.background), 40)
        return f"\x1b[{';'.join(codes)}m"

    def _write(self, text: str) -> None:
        data = text.encode(errors="replace")
        with contextlib.suppress(OSError):  # the terminal may be gone; reading from it will tell
            while data:
                data = data[os.write(1, data) :]

    def _leave(self) -> None:
        with contextlib.suppress(OSError, curses.error):  # the terminal may be gone
            self._write(LEAVE + NO_MOUSE * self._mouse + (RESTORE_TITLE if self._xterm else ""))
            curses.endwin()
        if self._saved is not None:
            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(0, termios.TCSADRAIN, self._saved)


def _counted_wrongly(grapheme: str) -> bool:
    """Would curses give this character another width than the terminal does?"""
    if grapheme.isascii():
        return False
    return any(ord(letter) >= FIRST_DIRECT or letter in JOINERS for letter in grapheme) or len(grapheme) > 4


def _with_placeholders(text: str) -> tuple[str, bool]:
    parts = []
    replaced = False
    for grapheme in graphemes(text):
        if _counted_wrongly(grapheme):
            parts.append(PLACEHOLDER * width(grapheme))
            replaced = True
        else:
            parts.append(grapheme)
    return "".join(parts), replaced


def _in_ascii(text: str) -> str:
    """For a terminal without Unicode: a question mark for each column of what it can't draw."""
    return "".join(each if each.isascii() else "?" * width(each) for each in graphemes(text))


def _sgr_colour(colour: int, base: int) -> list[str]:
    if colour < 0:
        return []
    if colour < 8:
        return [str(base + colour)]
    if colour < 16:
        return [str(base + 60 + colour - 8)]
    return [str(base + 8), "5", str(colour)]


def _nearest(colour: int | None) -> int:
    """The colour this terminal has that comes nearest; -1 for its own."""
    if colour is None:
        return -1
    if colour < curses.COLORS:
        return colour
    if colour >= 16:
        colour = _basic(colour)
    return colour if colour < curses.COLORS else colour % 8


def _basic(colour: int) -> int:
    """One of the 256 as one of the first eight."""
    if colour >= 232:
        return 7 if colour >= 243 else 0
    red, green, blue = ((colour - 16) // 36, (colour - 16) // 6 % 6, (colour - 16) % 6)
    return min(
        range(8),
        key=lambda number: sum(
            abs(mine * 51 - theirs) for mine, theirs in zip((red, green, blue), _BASIC[number], strict=True)
        ),
    )
