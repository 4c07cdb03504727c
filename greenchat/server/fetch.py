"""HTTP requests to services that the configuration names. They block: run them in a thread."""

import socket
import ssl
from collections.abc import Mapping
from contextlib import closing
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from io import BufferedReader, RawIOBase
from time import monotonic
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

_PIECE = 65536  # bytes
_HEAD = 65536  # bytes of an answer before its body
_NO_FIELDS: Mapping[str, str] = MappingProxyType({})


def fetch(
    url: str, body: bytes | None = None, fields: Mapping[str, str] = _NO_FIELDS, *, timeout: float, most: int
) -> tuple[int, bytes]:
    """Return the status and the body of the answer to a GET, or with a body to a POST. No redirect is followed.

    timeout: seconds for all of it, except for looking up the name. most: maximum bytes of the answer. Raises OSError:
    TimeoutError if it takes too long.
    """
    deadline = monotonic() + timeout
    parts = urlsplit(url)
    with closing(_connection(parts.scheme, parts.hostname or "", parts.port, timeout)) as connection:
        try:
            target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
            connection.connect()
            # http.client has a timeout for each read only, and headers can come in any number of pieces
            connection.sock = _BoundedSocket(connection.sock, deadline, most + _HEAD)
            connection.request("GET" if body is None else "POST", target, body, dict(fields))
            answer = connection.getresponse()
            data = b""
            while len(data) <= most:
                piece = answer.read1(_PIECE)
                if not piece:
                    return answer.status, data
                data += piece
        except HTTPException as error:
            raise OSError(f"it does not speak HTTP: {type(error).__name__}") from error
    raise OSError(f"its answer has more than {most} bytes")


class _BoundedSocket:
    """A socket for http.client with a deadline and a maximum size of the answer."""

    def __init__(self, sock: socket.socket, deadline: float, most: int) -> None:
        self._sock = sock
        self._deadline = deadline
        self._most = most

    def sendall(self, data: bytes) -> None:
        """Send all of it. Raises OSError."""
        self._sock.settimeout(_left(self._deadline))
        self._sock.sendall(data)

    def makefile(self, _: str) -> BufferedReader:
        """Return a file for reading the answer; http.client only reads."""
        return BufferedReader(_BoundedFile(self._sock, self._deadline, self._most))

    def close(self) -> None:
        """Close it; files that were made continue."""
        self._sock.close()


class _BoundedFile(RawIOBase):
    """A file that reads from a socket, with a deadline and a maximum size."""

    def __init__(self, sock: socket.socket, deadline: float, most: int) -> None:
        self._sock = sock
        self._file = sock.makefile("rb", buffering=0)
        self._deadline = deadline
        self._room = most

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Read available bytes, or wait for some. Raises OSError."""
        self._sock.settimeout(_left(self._deadline))
        count = self._file.readinto(buffer) or 0
        self._room -= count
        if self._room < 0:
            raise OSError("its answer is too large")
        return count

    def close(self) -> None:
        """Close the file, and the socket if nothing else uses it."""
        self._file.close()
        super().close()


def _left(deadline: float) -> float:
    """Return the seconds until a deadline. Raises TimeoutError."""
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError("it takes too long")
    return left


def _connection(scheme: str, host: str, port: int | None, timeout: float) -> HTTPConnection:
    if scheme == "https":
        return HTTPSConnection(host, port, timeout=timeout, context=system_trust())
    return HTTPConnection(host, port, timeout=timeout)


@cache
def system_trust() -> ssl.SSLContext:
    """Return a context with the system's certificates, read once: that takes longer than most answers.

    Callers must not change it.
    """
    return ssl.create_default_context()
