"""HTTP requests to a service, with limits of time and size that hold whatever the service does."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from greenchat.server.fetch import fetch
from tests.patience import PATIENCE

_GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello"


@contextmanager
def service(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Answer one request. Yields the URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError), listener.accept()[0] as connection:
                _take_request(connection)
                answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x?y=z"
        thread.join(PATIENCE)


def _take_request(connection: socket.socket) -> None:
    """Read the whole request: closing with unread data resets the connection, RFC 1122 section 4.2.2.13."""
    with connection.makefile("rb") as file:
        length = 0
        while (line := file.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        file.read(length)


def _slowly(data: bytes) -> Callable[[socket.socket], None]:
    """Send byte by byte, for as long as the other side reads."""

    def answer(connection: socket.socket) -> None:
        for number in range(len(data)):
            connection.sendall(data[number : number + 1])
            time.sleep(0.05)

    return answer


def _at_once(data: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(data)


@pytest.mark.parametrize(
    "data",
    [
        _GOOD,
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + _GOOD,
    ],
)
def test_an_answer(data: bytes) -> None:
    with service(_at_once(data)) as url:
        assert fetch(url, b"question", timeout=PATIENCE, most=5) == (200, b"hello")


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 " + b"x" * 1000,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 200,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 200,
    ],
)
def test_a_slow_answer_ends_in_time(data: bytes) -> None:
    with service(_slowly(data)) as url:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            fetch(url, timeout=0.5, most=10_000)
        assert time.monotonic() - began < 0.05 * len(data)  # the whole answer would take longer


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000_000,
        b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"y" * 60_000 + b"\r\n") * 90,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 1_000_000,
    ],
)
def test_a_large_answer_is_not_read(data: bytes) -> None:
    with (
        service(_at_once(data)) as url,
        pytest.raises(OSError, match=r"its answer (is too large|has more than 1000 bytes)"),
    ):
        fetch(url, timeout=PATIENCE, most=1000)


def test_a_service_that_does_not_read() -> None:
    with service(lambda _: time.sleep(1)) as url, pytest.raises(TimeoutError):
        fetch(url, b"x" * 50_000_000, timeout=0.5, most=10)
