"""Refusing clients with the reason, in their own protocol: IRC or HTTP, also inside TLS.

This is limited, since an attacker must not fill our memory: beyond a number of waiting clients, and of TLS handshakes
per second, clients get an IRC line at once, or nothing.
"""

import socket
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

import gevent
from gevent.socket import wait_read

from greenchat.chat.protection.throttle import TokenBucket
from greenchat.protocol.first_bytes import TLS_FIRST_BYTE, is_request
from greenchat.protocol.http_head import HttpError, format_error
from greenchat.protocol.message import Message
from greenchat.server.net.connection_limits import RefusedError
from greenchat.server.net.stream import Stream, TlsAcceptor

_LINGER = 1.0  # seconds for a refused client to send something, and to read the reason
_SILENT = 0.4  # seconds after which a silent client is told
_MOST_LINGERING = 200
_HANDSHAKES, _FIRST_HANDSHAKES = 10.0, 20  # a second, and at once before that
_PEEKED = 64  # bytes
_STEP = 4096  # bytes
_RETRY = "60"  # seconds


class Refusals:
    """Tells refused clients the reason."""

    __slots__ = ("_handshakes", "_lingering", "_tls")

    def __init__(self, tls: Callable[[], TlsAcceptor | None]) -> None:
        """Make the refusals of a server. tls: begins TLS; None without TLS."""
        self._tls = tls
        self._lingering = 0
        self._handshakes = TokenBucket(_HANDSHAKES, _FIRST_HANDSHAKES)

    def send(self, sock: socket.socket, refusal: RefusedError, *, tls: str) -> None:
        """Send the reason, and wait a little for the client to close: unread data would destroy what was sent.

        sock: non-blocking; it is closed in the end. tls: of the listener, see `ListenerOptions`.
        """
        with sock, suppress(OSError, gevent.Timeout):
            if self._lingering >= _MOST_LINGERING:
                sock.send(in_irc(refusal))
                return
            self._lingering += 1
            try:
                with gevent.Timeout(_LINGER):
                    self._speak(sock, refusal, tls)
            finally:
                self._lingering -= 1

    def _speak(self, sock: socket.socket, refusal: RefusedError, tls: str) -> None:
        stream: Stream = sock
        first = _first_words(sock)
        if first.startswith(TLS_FIRST_BYTE) and tls != "never":
            stream = self._secured(sock)
            first = _read(stream)
        stream.send(in_http(refusal) if is_request(first) else in_irc(refusal))
        stream.shutdown(socket.SHUT_WR)
        while _read(stream):
            pass

    def _secured(self, sock: socket.socket) -> Stream:
        """Return the stream inside TLS. Raises OSError without TLS, or after too many handshakes."""
        tls, now = self._tls(), monotonic() * 1000
        if tls is None:
            raise OSError
        if self._handshakes.take(now) > 0:
            self._handshakes.take(now, -1)
            raise OSError
        stream = tls.accept(sock)
        while True:
            try:
                stream.handshake()
                return stream
            except BlockingIOError:
                wait_read(sock.fileno())


def in_irc(refusal: RefusedError) -> bytes:
    """Return the refusal as a line of IRC."""
    return Message("ERROR", (str(refusal),)).format().encode() + b"\r\n"


def in_http(refusal: RefusedError) -> bytes:
    """Return the refusal as an HTTP response that ends the connection."""
    return format_error(as_http(refusal))


def as_http(refusal: RefusedError) -> HttpError:
    """Return the refusal as an HTTP error."""
    return HttpError(refusal.status, str(refusal), **({} if refusal.status == 403 else {"Retry_After": _RETRY}))


def _first_words(sock: socket.socket) -> bytes:
    """Return the first bytes, without consuming them; b"" if none came for a while."""
    with gevent.Timeout(_SILENT, False):
        wait_read(sock.fileno())
    try:
        return sock.recv(_PEEKED, socket.MSG_PEEK)
    except BlockingIOError:
        return b""


def _read(stream: Stream) -> bytes:
    while True:
        try:
            return stream.recv(_STEP)
        except BlockingIOError:
            wait_read(stream.fileno())
