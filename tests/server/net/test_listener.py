"""Opening an address, and saying in one line why that can't be."""

import errno
import os
import socket

import pytest

from greenchat.config.options import Address, ListenerOptions
from greenchat.server.net.listener import CannotListenError, Listener


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EACCES, "can't listen on 127.0.0.1:80: this user may not open ports below 1024"),
        (errno.EADDRINUSE, "can't listen on 127.0.0.1:80: another program listens there already"),
        (errno.EADDRNOTAVAIL, "can't listen on 127.0.0.1:80: Cannot assign requested address"),
    ],
)
def test_why_it_can_not_be_opened(monkeypatch: pytest.MonkeyPatch, number: int, reason: str) -> None:
    def create_server(address: tuple[str, int], **_: object) -> socket.socket:
        text = os.strerror(number)
        raise OSError(number, f"{text} (while attempting to bind on address {address!r})")

    monkeypatch.setattr(socket, "create_server", create_server)
    with pytest.raises(CannotListenError) as caught:
        Listener(ListenerOptions(Address("127.0.0.1", 80)), lambda *_: None)
    assert str(caught.value) == reason


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
def test_an_address_as_people_write_it(text: str, address: Address, is_loopback: bool) -> None:
    assert Address.parse(text) == address
    assert address.is_loopback is is_loopback
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize("text", ["", "9090", ":", "host:", "::1:9090", "[::1]", ":-1", ":65536", ":x", "host:１"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        Address.parse(text)
