"""bin/greenchat in a pseudo-terminal, forked: see `tests.server.forked`."""

import os
import termios
from collections.abc import Mapping, Sequence

from tests.patience import PATIENCE
from tests.server.forked import CLIENT, Forked


class ForkedClient:
    """A client and the other end of its terminal, with the part of `ptyprocess.PtyProcess` that `Terminal` uses.

    fd: the descriptor of that end.
    """

    def __init__(
        self, arguments: Sequence[str], environment: Mapping[str, str], rows: int = 24, columns: int = 80
    ) -> None:
        self.fd, theirs = os.openpty()
        try:
            termios.tcsetwinsize(theirs, (rows, columns))
            self._process = Forked(arguments, environment, [theirs] * 3, script=CLIENT, terminal=True)
        finally:
            os.close(theirs)
        self.pid = self._process.pid
        self.closed = False

    def write(self, data: bytes) -> None:
        """Press keys."""
        while data:
            data = data[os.write(self.fd, data) :]

    def setwinsize(self, rows: int, columns: int) -> None:
        """Resize the window."""
        termios.tcsetwinsize(self.fd, (rows, columns))

    def isalive(self) -> bool:
        """Whether the client runs."""
        return self._process.poll() is None

    def wait(self) -> int:
        """Wait for the end, and return the exit code."""
        return self._process.wait(PATIENCE)

    def kill(self, number: int) -> None:
        """Send a signal, unless the client has ended."""
        self._process.send_signal(number)

    def close(self, *, force: bool) -> None:
        """Close the terminal. force: end the client, whatever it does."""
        if not self.closed:
            os.close(self.fd)
            self.closed = True
        if force:
            self._process.kill()
            self.wait()
