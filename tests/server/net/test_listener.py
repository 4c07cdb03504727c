"""Opening an address, and the error in one line."""

import errno
import os
import socket

import gevent
import pytest

from greenchat.config.options import Address, ListenerOptions
from greenchat.server.net import listener as module
from greenchat.server.net.listener import CannotListenError, Listener
from tests.patience import PATIENCE


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EACCES, "can't listen on 127.0.0.1:80: this user may not open ports below 1024"),
        (errno.EADDRINUSE, "can't listen on 127.0.0.1:80: another program is already listening there"),
        (errno.EADDRNOTAVAIL, "can't listen on 127.0.0.1:80: Cannot assign requested address"),
    ],
)
def test_errors_of_opening(monkeypatch: pytest.MonkeyPatch, number: int, reason: str) -> None:
    def create_server(address: tuple[str, int], **_: object) -> socket.socket:
        text = os.strerror(number)
        raise OSError(number, f"{text} (while attempting to bind on address {address!r})")

    monkeypatch.setattr(socket, "create_server", create_server)
    with pytest.raises(CannotListenError) as caught:
        Listener(ListenerOptions(Address("127.0.0.1", 80)), lambda *_: None)
    assert str(caught.value) == reason


def test_connections_during_overload_wait_or_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections wait in the system's queue; when it is nearly full and the overload lasts, the log says so."""
    served: list[socket.socket] = []
    is_busy = True
    address = Address("127.0.0.1", 0)
    listener = Listener(ListenerOptions(address), lambda sock, *_: served.append(sock), lambda: is_busy)
    try:
        with socket.create_connection((listener.bound.host, listener.bound.port), PATIENCE) as waits:
            gevent.sleep(0.05)
            assert served == []
            monkeypatch.setattr(module, "_PATIENCE", 0.0)
            monkeypatch.setattr(module, "_NEARLY_FULL", 0.0)
            gevent.sleep(0.05)
            assert waits.recv(1000) == b"ERROR :This server is too busy for new connections; try again in a minute\r\n"
            assert waits.recv(1000) == b""
        is_busy = False
        with socket.create_connection((listener.bound.host, listener.bound.port), PATIENCE), gevent.Timeout(PATIENCE):
            while not served:
                gevent.sleep(0.001)
    finally:
        listener.stop(timeout=0)


@pytest.mark.parametrize(
    ("text", "address", "is_loopback"),
    [
        ("127.0.0.1:9090", Address("127.0.0.1", 9090), True),
        ("[::1]:6667", Address("::1", 6667), True),
        ("localhost:0", Address("localhost", 0), True),
        (":9090", Address("", 9090), False),
        ("*:9090", Address("", 9090), False),
        ("192.0.2.1:1", Address("192.0.2.1", 1), False),
        ("irc.example.org:6667", Address("irc.example.org", 6667), False),
    ],
)
def test_addresses_as_users_write_them(text: str, address: Address, is_loopback: bool) -> None:
    assert Address.parse(text) == address
    assert address.is_loopback is is_loopback
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize("text", ["", "9090", ":", "host:", "::1:9090", "[::1]", ":-1", ":65536", ":x", "host:１"])
def test_invalid_addresses(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        Address.parse(text)
