"""What the main loop needs of the place where the client is seen and typed to: a screen with keys, or plain lines."""

import locale
from collections.abc import Callable
from typing import Protocol

from greenchat.client.state.events import TerminalAnswer, TerminalEvent
from greenchat.client.text.style import Frame, Graphics, Size


def speaks_unicode() -> bool:
    """Whether the terminal takes Unicode, as the locale says, also where Python itself turned to UTF-8 (PEP 540)."""
    return locale.getencoding().lower().replace("-", "") == "utf8"


class Surface(Protocol):
    """The client's output: the screen, or a stream of lines."""

    @property
    def size(self) -> Size:
        """The size in cells."""

    @property
    def wide(self) -> bool:
        """Whether it draws rules and dots two columns wide."""

    def answered(self, answer: TerminalAnswer) -> bool:
        """Take an answer of the terminal, and return whether all is to be drawn again because of it."""

    def graphics(self) -> Callable[[], Graphics]:
        """Ask how the terminal draws pictures. Returns what waits for that, not long, for a thread to call."""

    def paint(self, frame: Frame) -> None:
        """Paint a frame."""

    def resize(self, size: Size) -> None:
        """Take the terminal's new size."""

    def beep(self) -> None:
        """Call the user."""

    def mouse(self, wanted: bool) -> None:
        """Enable or disable the mouse."""

    def notify(self, title: str, text: str) -> None:
        """Call the user who is looking elsewhere."""

    def copy(self, text: str) -> None:
        """Put a text into the clipboard."""

    def redraw(self) -> None:
        """Show everything again."""

    def suspend(self) -> None:
        """Give the terminal back for a while."""

    def resume(self) -> None:
        """Take it again."""


class Input(Protocol):
    """Bytes in, events out. undecided: more may belong to what has come; flush says that nothing does."""

    @property
    def undecided(self) -> bool:
        """Whether it waits for the rest of a sequence."""

    def feed(self, data: bytes) -> list[TerminalEvent]:
        """Return the events that the bytes so far complete."""

    def flush(self) -> list[TerminalEvent]:
        """Return the events of the remaining bytes when no more follow."""
