"""Refusing a connection before it is anybody: one readable line, then the end."""

import socket
from contextlib import suppress

import gevent
from gevent.socket import wait_read

from ..protocol.message import Message

_LINGER = 1.0  # seconds for the client to read the line
_MOST_LINGERING = 200  # beyond that they are cut at once: an attacker must not fill our memory with farewells


class Refusals:
    """Says why and waits a little for the client to close too: a close with unread data would destroy our line."""

    __slots__ = ("_lingering",)

    def __init__(self) -> None:
        self._lingering = 0

    def refuse(self, sock: socket.socket, reason: str) -> None:
        """sock: connected and non-blocking; it is closed when this returns."""
        with sock, suppress(OSError, gevent.Timeout):
            sock.send(Message("ERROR", (reason,)).format().encode() + b"\r\n")
            if self._lingering >= _MOST_LINGERING:
                return
            self._lingering += 1
            try:
                sock.shutdown(socket.SHUT_WR)
                with gevent.Timeout(_LINGER):
                    wait_read(sock.fileno())
                    while sock.recv(4096):
                        wait_read(sock.fileno())
            finally:
                self._lingering -= 1
