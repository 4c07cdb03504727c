"""Reserved ports of 127.0.0.1, for programs that are told where to listen, or for unreachable servers."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


class ReservedPort:
    """A port without a listener until a program is told to listen on it, repeatedly, until the port is closed.

    A port that was only found free may be taken by another process before the program listens, or between its end and
    its next start. The system does not give a reserved one to a process that asks for any port, and with SO_REUSEADDR
    on both sides (NATS, slapd, Chromium's driver and we set it) a program can listen on it: socket(7).
    """

    def __init__(self) -> None:
        """Reserve a port."""
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.number: int = self._socket.getsockname()[1]

    def close(self) -> None:
        """Release the port."""
        self._socket.close()


@contextmanager
def reserved_port() -> Iterator[int]:
    """Reserve a port until the end of the block."""
    port = ReservedPort()
    try:
        yield port.number
    finally:
        port.close()
