"""A progress bar on a terminal; nothing elsewhere."""

import shutil
import sys
from typing import TextIO

BAR = 24


def bar(title: str, what: str, share: float, columns: int) -> str:
    """Return a progress bar, a line of at most `columns` characters."""
    filled = round(max(0.0, min(1.0, share)) * BAR)
    return f"{title}  [{'#' * filled}{'.' * (BAR - filled)}] {what}"[: max(0, columns - 1)]


class ProgressLine:
    """Draws over itself on `stream` if that is a terminal."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self.stream = stream
        self.visible = stream.isatty()

    def show(self, title: str, what: str, share: float) -> None:
        """Draw the bar."""
        if self.visible:
            columns = shutil.get_terminal_size().columns
            self.stream.write(f"\r{bar(title, what, share, columns)}\x1b[K")
            self.stream.flush()

    def clear(self) -> None:
        """Remove the bar."""
        if self.visible:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
