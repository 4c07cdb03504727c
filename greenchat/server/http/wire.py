"""The two halves of a connection for `gevent.pywsgi`: a file to read from, a socket to send to.

Reading has a deadline for the whole request, sending one for each step, so that a slow peer blocks nothing for long.
Both wait in the connection's greenlet.
"""

import socket
from collections.abc import Callable
from time import monotonic

import gevent
from gevent.socket import wait_write

from greenchat.protocol.http_head import HEAD_END, HEAD_LIMIT, LINE_END, HttpError
from greenchat.server.net.stream import Stream

_STEP = 64 * 1024  # bytes
_STALLED = 30.0  # seconds without progress of a response
_LONGEST_LINE = 64 * 1024  # bytes of a line in a body


class RequestReader:
    """A reader of requests.

    deadline: for the complete request, in seconds of the monotonic clock.
    """

    __slots__ = ("_data", "_read", "_used", "closed", "deadline")

    def __init__(self, read: Callable[[float | None], bytes | None], data: bytes) -> None:
        """Make a reader. read: waits so many seconds for data; returns None for a timeout, b"" at the end."""
        self._read = read
        self.closed = False
        self.deadline = 0.0
        self._data = data
        self._used = 0  # bytes consumed of the data

    @property
    def unread(self) -> bytes:
        """The bytes that were read and not consumed yet."""
        return self._data[self._used :]

    def extend(self, seconds: float) -> None:
        """Allow so many seconds from now on for the rest of the request."""
        self.deadline = monotonic() + seconds

    def head(self, idle: float, timeout: float) -> bytes:
        """Return the next head with its empty line; b"" at the end, or after `idle` silent seconds.

        timeout: seconds for the whole head, once it has started. Raises HttpError.
        """
        data = self.unread or self._read(idle) or b""
        self.deadline = monotonic() + timeout
        while data:
            # "a server that is expecting to receive and parse a request-line SHOULD ignore at least one empty line"
            data = data.removeprefix(LINE_END)
            end = data.find(HEAD_END)
            if end > HEAD_LIMIT or (end < 0 and len(data) > HEAD_LIMIT):
                raise HttpError(431, f"The head of a request has at most {HEAD_LIMIT} bytes")
            if end >= 0:
                self._data = data
                self._used = end + 4
                return data[: end + 4]
            if b"\n\n" in data or data.startswith(b"\n"):
                raise HttpError(400, "A line of a request ends in CR LF")
            more = self._wait()
            if not more:
                break
            data += more
        return b""

    def read(self, size: int) -> bytes:
        """Return `size` bytes, fewer at the end. Raises HttpError if they come too slowly."""
        while len(self._data) - self._used < size and self._more():
            pass
        data = self._data[self._used : self._used + size]
        self._used += len(data)
        return data

    def readline(self, size: int = _LONGEST_LINE) -> bytes:
        """Return data up to a newline, or `size` bytes."""
        while self._data.find(b"\n", self._used) < 0 and len(self._data) - self._used < size and self._more():
            pass
        end = self._data.find(b"\n", self._used) + 1 or len(self._data)
        return self.read(min(end - self._used, size))

    def _more(self) -> bool:
        data = self._wait()
        self._data = self._data[self._used :] + data
        self._used = 0
        return data != b""

    def _wait(self) -> bytes:
        left = self.deadline - monotonic()
        data = self._read(left) if left > 0 else None
        if data is None:
            raise HttpError(408, "The request came too slowly")
        return data


class ResponseSocket:
    """A socket for responses, which are sent at once, not at the end of a turn."""

    __slots__ = ("_stream", "sent")

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.sent = 0

    def sendall(self, data: bytes | bytearray) -> None:
        """Send the data as fast as the peer reads it. Raises OSError if the peer reads nothing for long."""
        left = bytes(data)
        at = 0
        while at < len(left):
            try:
                count = self._stream.send(left[at : at + _STEP])
            except BlockingIOError:
                wait_write(self._stream.fileno(), timeout=_STALLED, timeout_exc=BrokenPipeError(32, "It read nothing"))
                continue
            at += count
            self.sent += count
            if at < len(left):
                gevent.sleep(0)  # a peer that reads as fast as we send must not keep the others waiting

    def close(self) -> None:
        """Do nothing: the connection closes the socket."""

    def shutdown(self, how: int) -> None:
        """Do nothing: the connection shuts the socket down."""
        self._stream.shutdown(how)

    def __str__(self) -> str:
        return "HTTP"


def end(stream: Stream) -> None:
    """End our half of the stream. Raises OSError."""
    stream.shutdown(socket.SHUT_WR)
