"""The client as a stream of lines, for screen readers and scripts: prints events, sends input lines.

It has no screen and needs no curses: the terminal edits lines. Lines of windows other than the current one begin with
the window's name.
"""

import os
import sys
import termios
import time
from collections.abc import Callable

from greenchat.client.console import Console
from greenchat.client.irc import chathistory, message_actions
from greenchat.client.state.events import LineEntered, TerminalAnswer, TerminalEvent
from greenchat.client.state.lines import Line, LineKind
from greenchat.client.state.model import Buffer, BufferKind, LinkState
from greenchat.client.text.cells import visible
from greenchat.client.text.style import Frame, Graphics, Size
from greenchat.client.text.times import clock, date
from greenchat.protocol.formatting import strip_formatting

WIDE = Size(24, 80)
PATIENCE_SECONDS = 10.0  # for missed lines: a server may never answer


class LineInput:
    """Cuts what is entered into lines; the last one counts without its newline, too."""

    undecided = False

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[TerminalEvent]:
        """Return the lines that are complete now."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [LineEntered(line.decode(errors="replace").rstrip("\r")) for line in lines]

    def flush(self) -> list[TerminalEvent]:
        """Return the end of the input."""
        return self.feed(b"\n") if self._rest else []


class _Printed:
    """The printed part of a window. known: its lines at that time, by identity."""

    __slots__ = ("edits", "end", "known", "reactions")

    def __init__(self) -> None:
        self.end = 0
        self.edits = 0
        self.known: dict[int, Line] = {}
        self.reactions: set[tuple[str, str, str]] = set()


class PlainScreen:
    """Replaces the screen: painting prints the new lines."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._held_since: dict[Buffer, float] = {}
        self._printed: dict[Buffer, _Printed] = {}
        self._place: tuple[Buffer, bool] | None = None  # the current window, and whether the user can speak there
        self._date = ""
        self._asked = ""
        self.size = WIDE
        self._hidden = False

    def paint(self, frame: Frame) -> None:
        """Print the new lines of all windows, and then the question."""
        self._hide(self._console.hides_input)
        self._print_place()
        for buffer in self._console.model.buffers:
            if not self._waits(buffer):
                self._print_lines(buffer)
                self._print_reactions(buffer)
        asked, self._asked = self._asked, self._console.asked
        if self._asked and self._asked != asked:
            self._print(f"? {self._asked}")

    def finish(self) -> None:
        """Print the remaining lines, at the end."""
        for buffer in self._console.model.buffers:
            self._print_lines(buffer)

    def _waits(self, buffer: Buffer) -> bool:
        """Whether to delay a window's lines until missed earlier ones have arrived, for a limited time."""
        if not chathistory.is_behind(buffer):
            self._held_since.pop(buffer, None)
            return False
        now = self._clock()
        return now - self._held_since.setdefault(buffer, now) < PATIENCE_SECONDS

    def _print_place(self) -> None:
        """Print the target of typed lines, once it can receive them."""
        current = self._console.model.current
        place = current, current.kind is not BufferKind.CHANNEL or current.joined
        if self._place == place:
            return
        name = visible(current.name)
        if place[1]:
            self._print(f"-- now in {name}")
        elif self._place is None or self._place[0] is not current:
            is_coming = current.network.link.state is not LinkState.ONLINE
            self._print(f"-- {name}: {'joining; your lines wait until then' if is_coming else 'not joined yet'}")
        else:
            self._print(f"-- {name}: no longer joined")
        self._place = place

    def _print_lines(self, buffer: Buffer) -> None:
        printed = self._printed.setdefault(buffer, _Printed())
        if buffer.edits != printed.edits:
            # Lines were inserted or replaced: printed ones are recognized by identity, not by number.
            new = [line for line in buffer.lines if id(line) not in printed.known]
        else:
            new = [buffer.line(number) for number in range(max(printed.end, buffer.first), buffer.end)]
        if new or buffer.edits != printed.edits:
            printed.known = {id(line): line for line in buffer.lines}
        printed.end = buffer.end
        printed.edits = buffer.edits
        current = buffer is self._console.model.current
        for line in new:
            for_the_record = buffer.kind is BufferKind.STATUS and line.kind is LineKind.EVENT
            if for_the_record or (line.here and current):
                continue  # the user's own input is on the screen already
            day = date(line.time)
            if day != self._date:
                self._date = day
                self._print(f"-- {day}")
            if line.id in buffer.history.gaps:
                self._print("-- more messages here are not shown")
            self._print(format_line(line, "" if current else buffer.name))

    def _print_reactions(self, buffer: Buffer) -> None:
        printed = self._printed[buffer]
        count = sum(len(nicks) for given in buffer.reactions.values() for nicks in given.values())
        if count == len(printed.reactions):
            return
        now = {
            (msgid, reaction, nick)
            for msgid, given in buffer.reactions.items()
            for reaction, nicks in given.items()
            for nick in nicks
        }
        for msgid, reaction, nick in sorted(now - printed.reactions):
            prefix = "" if buffer is self._console.model.current else f"{visible(buffer.name)} "
            about = message_actions.quoted(buffer.find_message(msgid))
            self._print(f"{prefix}{visible(nick)} reacts with {visible(strip_formatting(reaction))} to {about}")
        printed.reactions = now

    wide = False

    def answered(self, _answer: TerminalAnswer) -> bool:
        """Return False: nothing was asked."""
        return False

    def graphics(self) -> Callable[[], Graphics]:
        """Return a function that reports that pictures can't be drawn."""
        return Graphics

    def resize(self, _size: Size) -> None:
        """Do nothing: there is nothing to lay out."""

    def beep(self) -> None:
        """Do nothing: the line itself is heard."""

    def mouse(self, wanted: bool) -> None:
        """Do nothing: the mouse stays the terminal's."""

    def notify(self, _title: str, _text: str) -> None:
        """Do nothing: the line itself is heard."""

    def copy(self, _text: str) -> None:
        """Do nothing: the terminal copies by itself."""

    def redraw(self) -> None:
        """Do nothing: there is nothing to draw again."""

    def suspend(self) -> None:
        """Do nothing: the terminal was never taken."""

    def resume(self) -> None:
        """Do nothing: the terminal was never taken."""

    def _hide(self, hidden: bool) -> None:
        """Turn the terminal's echo off or on, for passwords."""
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
            pass  # the output is closed; the end of the input follows


def format_line(line: Line, window: str) -> str:
    """Return `20:05 #tea bob: hello`, without the window if it is ""; a reply quotes the message that it answers."""
    text = "\n  ".join(visible(strip_formatting(part)) for part in line.text.split("\n"))
    prefix = f" {visible(window)}" if window else ""
    nick = visible(line.nick)
    if line.quote:
        nick += f" (reply to {visible(line.quote)})"
    if line.kind is LineKind.SAID:
        text = f"{nick}: {text}"
    elif line.kind is LineKind.ACTION:
        text = f"* {nick} {text}"
    elif line.kind is LineKind.NOTICE:
        text = f"-{nick}- {text}"
    elif line.kind is LineKind.ERROR:
        text = f"! {text}"
    return f"{clock(line.time)}{prefix} {text}"
