"""A real program in a pseudo-terminal, and its screen as a person sees it.

It waits for contents, never for time. pyte, the terminal emulator, has gaps that are filled here: it drops what follows
a zero-width joiner, knows neither REP nor SU, which ncurses uses, fails on halves of wide characters, and takes
pictures (DCS and APC) for text.
"""

import errno
import os
import re
import select
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyte
from ptyprocess import PtyProcess
from wcwidth import wcwidth

from tests.features.forked_client import ForkedClient
from tests.patience import PATIENCE

BEING_DRAWN = 2026 << 5  # pyte's number of the private mode of synchronized output
_STRINGS = re.compile(rb"\x1b[P_][^\x1b]*\x1b\\")
_STRING_BEGUN = re.compile(rb"\x1b(?:[P_][^\x1b]*\x1b?)?$")


class _Screen(pyte.Screen):
    last = ""

    def draw(self, data: str) -> None:
        for part in re.findall(
            r"[\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]|[^\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]+", data
        ):
            if wcwidth(part[0]) == 0 and self.cursor.x:
                line, column = self.buffer[self.cursor.y], self.cursor.x - 1
                while column and line[column].data == "":
                    column -= 1
                line[column] = line[column]._replace(data=line[column].data + part)
            else:
                super().draw(part)
                self.last = part[-1]

    def repeat(self, count: int = 1) -> None:
        super().draw(self.last * (count or 1))

    def scroll_up(self, count: int = 1) -> None:
        row = self.cursor.y
        self.cursor.y = self.margins.bottom if self.margins else self.lines - 1
        for _ in range(count or 1):
            self.index()
        self.cursor.y = row

    @property
    def being_drawn(self) -> bool:
        """Whether the program is in the middle of a frame."""
        return BEING_DRAWN in self.mode

    def rows(self) -> list[str]:
        """Return the text of each row, without trailing spaces."""
        return [
            "".join(self.buffer[row][column].data for column in range(self.columns)).rstrip()
            for row in range(self.lines)
        ]


class _Stream(pyte.ByteStream):
    csi = {**pyte.ByteStream.csi, "b": "repeat", "S": "scroll_up"}
    events = pyte.ByteStream.events | {"repeat", "scroll_up"}


class Terminal:
    """A program and its terminal, `columns` by `rows`. beside: other terminals that are read while this one is waited
    for.
    """

    def __init__(self, process: PtyProcess | ForkedClient, rows: int = 24, columns: int = 80) -> None:
        self.screen = _Screen(columns, rows)
        self._stream = _Stream(self.screen)
        self.process = process
        self.output = b""
        self._begun = b""
        self.ended = False
        self.beside: Sequence[Terminal] = ()

    @classmethod
    def of_command(cls, command: Sequence[str], environment: Mapping[str, str]) -> "Terminal":
        """Start any program."""
        return cls(PtyProcess.spawn(list(command), env=dict(environment)))

    @property
    def rows(self) -> list[str]:
        """The rows of the screen."""
        return self.screen.rows()

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.rows)

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column, from 0."""
        return self.screen.cursor.y, self.screen.cursor.x

    def send(self, *texts: str) -> None:
        """Press keys: text, or escape sequences as the terminal sends them."""
        self.process.write("".join(texts).encode())

    def enter(self, line: str) -> None:
        """Type a line and Enter."""
        self.send(line, "\r")

    def paste(self, text: str) -> None:
        """Paste as a terminal with bracketed paste does."""
        self.send("\x1b[200~", text.replace("\n", "\r"), "\x1b[201~")

    def resize(self, rows: int, columns: int) -> None:
        """Resize the window."""
        self.screen.resize(rows, columns)
        self.process.setwinsize(rows, columns)

    def wait(self, condition: Callable[[], bool], what: str = "") -> None:
        """Read until the condition holds. Fails with the screen in the message when it never does."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            left = deadline - time.monotonic()
            trying = left > 0 and not self.ended
            assert trying, f"waited for {what or condition} in vain:\n{self.text}"
            self._read(left)

    def press_until_shown(self, key: str, text: str) -> None:
        """Press a key, again when that changed nothing, until this is on the screen."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.text:
            assert time.monotonic() < deadline, f"pressed {key!r} for {text!r} in vain:\n{self.text}"
            self.send(key)
            self._read(0.2)

    def wait_until_stopped(self) -> None:
        """Wait until the system has stopped the program, as after Ctrl-Z: the state T of proc_pid_stat(5)."""
        deadline = time.monotonic() + PATIENCE
        while Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def wait_for(self, *texts: str) -> None:
        """Read until all of these are on the screen."""
        self.wait(lambda: all(text in self.text for text in texts), " and ".join(map(repr, texts)))

    def wait_gone(self, text: str) -> None:
        """Read until this is no longer on the screen."""
        self.wait(lambda: text not in self.text, f"no {text!r}")

    def wait_quiet(self) -> None:
        """Read until there was no output for a second, but at most three seconds: a countdown never ends."""
        deadline, before = time.monotonic() + 3, -1
        while before != len(self.output) and time.monotonic() < deadline:
            before = len(self.output)
            self._read(1.0)

    def wait_end(self) -> int:
        """Read until the program ends; return its exit status."""
        deadline = time.monotonic() + PATIENCE
        while not self.ended:
            left = deadline - time.monotonic()
            assert left > 0, f"it did not end:\n{self.text}"
            self._read(left)
        status = self.process.wait()
        assert isinstance(status, int)
        return status

    def signal(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        os.kill(self.process.pid, number)

    def close(self) -> None:
        """End the program, whatever it does."""
        if self.process.isalive():
            self.process.kill(signal.SIGTERM)
            deadline = time.monotonic() + PATIENCE
            while not self.ended and time.monotonic() < deadline:
                self._read(deadline - time.monotonic())
        if not self.ended:
            self.process.kill(signal.SIGKILL)
        self.process.close(force=True)

    def _draw(self, data: bytes) -> None:
        """Draw output, except for the strings of pictures, which may come in several pieces."""
        data, self._begun = self._begun + data, b""
        data = _STRINGS.sub(b"", data)
        if begun := _STRING_BEGUN.search(data):
            data, self._begun = data[: begun.start()], data[begun.start() :]
        self._stream.feed(data)

    def _read(self, seconds: float) -> None:
        others = {each.process.fd: each for each in self.beside if not each.ended}
        readable, _, _ = select.select([self.process.fd, *others], [], [], seconds)
        for fd in set(readable) & others.keys():
            others[fd]._read(0)
        if self.process.fd not in readable:
            return
        try:
            data = os.read(self.process.fd, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        if data:
            self.output += data
            self._draw(data)
            if self.screen.being_drawn:  # the terminal does not show this yet
                self._read(seconds)
        else:
            self.ended = True
