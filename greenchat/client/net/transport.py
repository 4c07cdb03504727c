"""One connection to a server: a thread that owns the socket, so that the screen never waits for the network.

It resolves names, connects, reads and parses lines, and posts events. The same thread also writes queued lines, because
a TLS socket must not be used by two threads at once. It touches no other state.
"""

import os
import select
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from greenchat.client.state.address import ServerAddress
from greenchat.client.state.events import (
    Connected,
    Disconnected,
    InvalidLine,
    NetworkEvent,
    Received,
    Recoded,
    Untrusted,
)
from greenchat.protocol.framing import SERVER_TAGS_LIMIT, LineBuffer, LineTooLong
from greenchat.protocol.message import ParseError, parse

CONNECT_SECONDS = 15
LINGER_SECONDS = 1.0  # for the queue when the user leaves
BODY_LIMIT = 16 * 1024  # servers now and then send more than 512 bytes (long topics, multi-line): accept it
MOST_WAITING = 2000  # unhandled events; beyond that reading stops, and TCP makes the server wait
ROOM_SECONDS = 0.01  # until the next check whether some were handled
RECEIVE_BYTES = 16 * 1024  # parsed in a millisecond: more would delay the thread that draws


class Transport:
    """A connection that opens itself.

    post: called from the thread with the events, in order; the last one is always Disconnected. Changes: send, close,
    took. They only hand over and return at once. pin: the fingerprint of a certificate that is trusted without an
    authority, certificate: the path of our own, proxy: see `socks.connect`; "" for none. find_password: run first, in
    the thread, to get a password from a program; its result is posted.
    """

    def __init__(
        self,
        address: ServerAddress,
        post: Callable[[Sequence[NetworkEvent]], None],
        *,
        pin: str = "",
        certificate: str = "",
        proxy: str = "",
        find_password: Callable[[], NetworkEvent] | None = None,
    ) -> None:
        self._find_password = find_password
        self.address = address
        self._pin = pin
        self._certificate = certificate
        self._proxy = proxy
        self._post = post
        self._outgoing: list[bytes] = []
        self._closing = ""
        self._posted = self._taken = 0  # events; each is counted by one thread only
        self._is_behind = False
        self._lock = threading.Lock()
        self._wake_reader, self._wake_writer = os.pipe()
        self._thread = threading.Thread(target=self._run, name=f"connection to {address}", daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def send(self, lines: bytes) -> None:
        """Queue complete lines with their line ends."""
        self._hand_over(lines, "")

    def close(self, reason: str) -> None:
        """Send the queue, then close; the reason is in Disconnected."""
        self._hand_over(b"", reason)

    def took(self) -> None:
        """Note that an event was handled. Reading stops while too many events wait."""
        self._taken += 1

    def join(self, seconds: float) -> None:
        """Wait until the thread has ended, up to a timeout."""
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _hand_over(self, lines: bytes, closing: str) -> None:
        with self._lock:
            if self._wake_writer < 0:
                return
            if lines:
                self._outgoing.append(lines)
            self._closing = self._closing or closing
            os.write(self._wake_writer, b".")

    def _run(self) -> None:
        connection: socket.socket | None = None
        try:
            if self._find_password:
                self._post([self._find_password()])
                if self._closing:
                    raise ConnectionAbortedError(self._closing)
            connection = self._connect()
            self._post([Connected()])
            reason = self._talk(connection)
        except OSError as error:
            fingerprint = getattr(error, "fingerprint", "")
            if fingerprint and not self._closing:
                self._post([Untrusted(fingerprint, explain(error, self.address))])
            reason = self._closing or explain(error, self.address)
        finally:
            if connection:
                connection.close()
            with self._lock:
                os.close(self._wake_reader)
                os.close(self._wake_writer)
                self._wake_writer = -1
        self._post([Disconnected(reason)])

    def _connect(self) -> socket.socket:
        address = self.address

        def connect() -> socket.socket:
            if self._proxy:
                from greenchat.client.net import socks  # late: few users have a proxy

                connection = socks.connect(self._proxy, address.host, address.port, CONNECT_SECONDS)
            else:
                connection = _connected(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            return connection

        if address.tls:
            from greenchat.client.net import tls  # late: it takes 15 ms, and a connection to this machine needs no TLS

            connection: socket.socket = tls.secure(connect, address.host, self._pin, self._certificate)
        else:
            connection = connect()
        connection.setblocking(False)
        return connection

    def _talk(self, connection: socket.socket) -> str:
        buffer = LineBuffer(BODY_LIMIT, SERVER_TAGS_LIMIT)
        unsent = b""
        deadline = 0.0
        wants_read, wants_write = _unready(connection)
        while True:
            timeout = max(0.0, deadline - time.monotonic()) if deadline else None
            watched: list[socket.socket | int] = [self._wake_reader]
            if self._is_behind:
                timeout = ROOM_SECONDS
            else:
                watched.append(connection)
            readable, _, _ = select.select(watched, [connection] if unsent else [], [], timeout)
            if self._wake_reader in readable:
                os.read(self._wake_reader, 4096)
            with self._lock:
                unsent += b"".join(self._outgoing)
                self._outgoing.clear()
                closing = self._closing
            try:
                while unsent:
                    unsent = unsent[connection.send(unsent) :]
            except (wants_read, wants_write):
                pass
            if closing and not deadline:
                deadline = time.monotonic() + LINGER_SECONDS
            if deadline and (not unsent or time.monotonic() >= deadline):
                return closing
            has_more = self._is_behind or connection in readable
            if has_more and not self._receive(connection, buffer, (wants_read, wants_write)):
                return "the server closed the connection"

    def _receive(self, connection: socket.socket, buffer: LineBuffer, unready: tuple[type[OSError], ...]) -> bool:
        """Post the lines received, as far as there is room; return False at the end."""
        while True:
            self._is_behind = self._posted - self._taken >= MOST_WAITING
            if self._is_behind:
                return True
            try:
                data = connection.recv(RECEIVE_BYTES)
            except unready:
                return True
            if not data:
                return False
            lines = buffer.feed(data)
            if lines:
                self._posted += len(lines)
                self._post([_event_of(line) for line in lines])
            if buffer.overrun and len(buffer.rest) > BODY_LIMIT + SERVER_TAGS_LIMIT:
                raise ConnectionAbortedError("the server sends no lines; is this an IRC server?")
            if len(data) < RECEIVE_BYTES and not hasattr(connection, "pending"):
                return True  # read until TLS is empty: select does not see decrypted bytes


def explain(error: OSError, address: ServerAddress) -> str:
    """Return the reason for a failed connection, in plain words."""
    if isinstance(error, ConnectionRefusedError):
        return f"nothing answers on {address}"
    if isinstance(error, TimeoutError):
        return f"no answer from {address}"
    if isinstance(error, socket.gaierror):
        return f"the host {address.host} can't be found ({error.strerror})"
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return "the connection was cut"
    verification = getattr(error, "verify_message", "")
    if verification:
        return f"the certificate of {address.host} is not trusted: {verification}"
    if hasattr(error, "fingerprint"):
        return str(error)
    if type(error).__module__ == "ssl":
        return f"{address}: TLS failed ({getattr(error, 'reason', None) or error})"
    return error.strerror or str(error) or type(error).__name__


def _event_of(line: bytes | LineTooLong) -> NetworkEvent:
    if isinstance(line, LineTooLong):
        return InvalidLine("too long")
    try:
        return Received(parse(line.decode()))
    except UnicodeDecodeError:
        try:
            return Recoded(parse(_recoded(line)))
        except ParseError as error:
            return InvalidLine(str(error))
    except ParseError as error:
        return InvalidLine(str(error))


def _recoded(line: bytes) -> str:
    """Return a line that is no UTF-8, read as Windows-1252; bytes undefined there are read as Latin-1.

    Words in UTF-8 are kept, also if a server cut the line within a character.
    """
    words = []
    for word in line.split(b" "):
        try:
            words.append(word.decode())
        except UnicodeDecodeError as error:
            if error.reason == "unexpected end of data" and not word[: error.start].isascii():
                words.append(word.decode(errors="replace"))
            else:
                words.append("".join(_WINDOWS.get(byte) or chr(byte) for byte in word))
    return " ".join(words)


_WINDOWS = dict(zip(range(0x80, 0xA0), "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ", strict=True))


def _unready(connection: socket.socket) -> tuple[type[OSError], type[OSError]]:
    """Return the exceptions by which this socket reports that it can't be read or written yet."""
    if hasattr(connection, "pending"):
        import ssl

        return ssl.SSLWantReadError, ssl.SSLWantWriteError
    return BlockingIOError, BlockingIOError


def _connected(address: ServerAddress) -> socket.socket:
    """Open a connection. Raises OSError."""
    host: Any = address.host
    if host.isascii():  # with a str Python loads the IDNA codec; the type stubs do not allow bytes here
        host = host.encode()
    return socket.create_connection((host, address.port), CONNECT_SECONDS)
