"""Ports of 127.0.0.1 that nobody else is given, for programs that are told where to listen, or where nobody does."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


class ReservedPort:
    """A port at which nobody listens until a program does that is told to; again and again, until it is closed.

    A port that was only found free may be another process's before the program listens, or between its end and its
    next start. The system gives this one to nobody who asks for any port, and with SO_REUSEADDR (here and there; NATS,
    slapd, Chromium's driver and we set it) it may be listened on: socket(7).
    """

    def __init__(self) -> None:
        """Reserve one."""
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.number: int = self._socket.getsockname()[1]

    def close(self) -> None:
        """Let others have it."""
        self._socket.close()


@contextmanager
def reserved_port() -> Iterator[int]:
    """Reserve a port until the end of the block."""
    port = ReservedPort()
    try:
        yield port.number
    finally:
        port.close()
