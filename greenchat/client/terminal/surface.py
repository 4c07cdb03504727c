"""The interface of the main loop to its input and output: a screen with keys, or plain lines."""

import locale
from collections.abc import Callable
from typing import Protocol

from greenchat.client.state.events import TerminalAnswer, TerminalEvent
from greenchat.client.text.style import Frame, Graphics, Size


def speaks_unicode() -> bool:
    """Whether the terminal displays Unicode, by its locale, also if Python itself switched to UTF-8 (PEP 540)."""
    return locale.getencoding().lower().replace("-", "") == "utf8"


class Surface(Protocol):
    """The client's output: the screen, or a stream of lines."""

    @property
    def size(self) -> Size:
        """The size in cells."""

    @property
    def wide(self) -> bool:
        """Whether it draws lines and dots two columns wide."""

    def answered(self, answer: TerminalAnswer) -> bool:
        """Handle an answer of the terminal, and return whether everything must be drawn again because of it."""

    def graphics(self) -> Callable[[], Graphics]:
        """Query how the terminal draws pictures. Returns a function that waits briefly for the answer, for a thread to
        call.
        """

    def paint(self, frame: Frame) -> None:
        """Paint a frame."""

    def resize(self, size: Size) -> None:
        """Use the terminal's new size."""

    def beep(self) -> None:
        """Ring the bell."""

    def mouse(self, wanted: bool) -> None:
        """Enable or disable the mouse."""

    def notify(self, title: str, text: str) -> None:
        """Show a desktop notification."""

    def copy(self, text: str) -> None:
        """Copy a text to the clipboard."""

    def redraw(self) -> None:
        """Draw everything again."""

    def suspend(self) -> None:
        """Restore the terminal for a while."""

    def resume(self) -> None:
        """Take over the terminal again."""


class Input(Protocol):
    """Bytes in, events out. undecided: the input may be incomplete; flush declares it complete."""

    @property
    def undecided(self) -> bool:
        """Whether it waits for the rest of a sequence."""

    def feed(self, data: bytes) -> list[TerminalEvent]:
        """Return the events that the bytes so far complete."""

    def flush(self) -> list[TerminalEvent]:
        """Return the events of the remaining bytes when no more follow."""
