"""The client as a stream of lines, for screen readers and for scripts: what happens is printed, what is typed is sent.

No screen, no curses, no cursor: the terminal's own line editing does. Lines of other windows than the one that is
spoken in begin with their window's name.
"""

import os
import sys
import termios

from greenchat.client.console import Console
from greenchat.client.state.events import Entered, TerminalEvent
from greenchat.client.state.lines import Kind, Line
from greenchat.client.state.model import Buffer, BufferKind
from greenchat.client.text.cells import visible
from greenchat.client.text.style import Frame, Size
from greenchat.client.text.times import clock
from greenchat.protocol.formatting import strip_formatting

WIDE = Size(24, 80)


class LineInput:
    """Cuts what is entered into lines; the last one counts without its newline, too."""

    undecided = False

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[TerminalEvent]:
        """The lines that are complete now."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [Entered(line.decode(errors="replace").rstrip("\r")) for line in lines]

    def flush(self) -> list[TerminalEvent]:
        """The end of the input."""
        return self.feed(b"\n") if self._rest else []


class PlainScreen:
    """Stands where the screen stands for the app: painting is printing what is new."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._printed: dict[Buffer, int] = {}
        self._spoken_in: Buffer | None = None
        self._asked = ""
        self.size = WIDE
        self._hidden = False

    def paint(self, frame: Frame) -> None:
        """Print the lines that are new in any window, and then what is asked."""
        model = self._console.model
        self._hide(self._console.hides_input)
        if self._spoken_in is not model.current:
            self._spoken_in = model.current
            self._print(f"-- now in {visible(model.current.name)}")
        for buffer in model.buffers:
            start = max(self._printed.get(buffer, 0), buffer.first)
            for number in range(start, buffer.end):
                line = buffer.line(number)
                for_the_record = buffer.kind is BufferKind.STATUS and line.kind is Kind.EVENT
                if not for_the_record and not (line.own and buffer is model.current):
                    self._print(plain_line(line, "" if buffer is model.current else buffer.name))
            self._printed[buffer] = buffer.end
        asked, self._asked = self._asked, self._console.asked
        if self._asked and self._asked != asked:
            self._print(f"? {self._asked}")

    wide = False

    def reported(self, _row: int, _column: int) -> bool:
        """Nothing was asked."""
        return False

    def resize(self, _size: Size) -> None:
        """Nothing to lay out."""

    def beep(self) -> None:
        """Whoever is called hears the line itself."""

    def mouse(self, wanted: bool) -> None:
        """The mouse stays the terminal's."""

    def notify(self, _title: str, _text: str) -> None:
        """Whoever is called hears the line itself."""

    def copy(self, _text: str) -> None:
        """The terminal's own copying does."""

    def redraw(self) -> None:
        """Nothing to draw again."""

    def suspend(self) -> None:
        """The terminal was never taken."""

    def resume(self) -> None:
        """The terminal was never taken."""

    def _hide(self, hidden: bool) -> None:
        """Have the terminal not show what is typed."""
        if hidden == self._hidden or not os.isatty(0):
            return
        self._hidden = hidden
        attributes = termios.tcgetattr(0)
        attributes[3] = attributes[3] & ~termios.ECHO if hidden else attributes[3] | termios.ECHO
        termios.tcsetattr(0, termios.TCSANOW, attributes)

    def _print(self, text: str) -> None:
        data = (text + "\n").encode(sys.stdout.encoding or "utf-8", "replace")
        try:
            while data:
                data = data[os.write(1, data) :]
        except OSError:
            pass  # nobody reads any more; the end of the input will tell


def plain_line(line: Line, window: str) -> str:
    """`20:05 #tea bob: hello`, the window only where it is named."""
    text = "\n  ".join(visible(strip_formatting(part)) for part in line.text.split("\n"))
    where = f" {visible(window)}" if window else ""
    nick = visible(line.nick)
    if line.kind is Kind.SAID:
        text = f"{nick}: {text}"
    elif line.kind is Kind.ACTION:
        text = f"* {nick} {text}"
    elif line.kind is Kind.NOTICE:
        text = f"-{nick}- {text}"
    elif line.kind is Kind.ERROR:
        text = f"! {text}"
    return f"{clock(line.time)}{where} {text}"
