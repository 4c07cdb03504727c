"""Connecting through a SOCKS proxy."""

import queue
import socket
import threading

import pytest

from greenchat.client.net.transport import Transport
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.events import Connected, Disconnected, NetworkEvent, Received
from greenchat.protocol.message import Message
from tests.client.net.test_transport import events_to
from tests.patience import PATIENCE

GRANTED, REFUSED = 0, 5  # RFC 1928, section 6


class Proxy:
    """A SOCKS5 proxy for one connection: it notes the request, and plays the server behind it."""

    def __init__(self, reply: int) -> None:
        self.asked = b""
        self._reply = reply
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socks5://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        client, _ = self._listener.accept()
        with client, client.makefile("rb") as stream:
            _, methods = stream.read(2)
            stream.read(methods)
            client.sendall(b"\x05\x00")  # no authentication
            *_, kind, length = stream.read(5)
            assert kind == 3  # a name, "not resolved by the client"
            self.asked = stream.read(length) + b":%d" % int.from_bytes(stream.read(2))
            client.sendall(bytes((5, self._reply, 0, 1, 127, 0, 0, 1, 0, 1)))
            if self._reply == GRANTED:
                client.sendall(b"PING :through\r\n")
                stream.read()  # until the client leaves

    def close(self) -> None:
        self._listener.close()
        self._thread.join(PATIENCE)


def opened(proxy: str, address: ServerAddress) -> tuple[Transport, queue.Queue[NetworkEvent]]:
    events: queue.Queue[NetworkEvent] = queue.Queue()
    transport = Transport(address, events_to(events), proxy=proxy)
    transport.start()
    return transport, events


def test_the_proxy_connects_and_resolves_the_name() -> None:
    proxy = Proxy(GRANTED)
    transport, events = opened(proxy.url, ServerAddress("chat.example", 6667))
    assert events.get(timeout=PATIENCE) == Connected()
    assert events.get(timeout=PATIENCE) == Received(Message("PING", ("through",)))
    assert proxy.asked == b"chat.example:6667"
    transport.close("you left")
    assert events.get(timeout=PATIENCE) == Disconnected("you left")
    proxy.close()


def reason_of(proxy: str) -> str:
    _, events = opened(proxy, ServerAddress("chat.example", 6667))
    event = events.get(timeout=PATIENCE)
    assert isinstance(event, Disconnected)
    return event.reason


def test_a_proxy_that_cannot_connect() -> None:
    proxy = Proxy(REFUSED)
    where = proxy.url.removeprefix("socks5://")
    assert reason_of(proxy.url).startswith(f"the proxy {where} could not reach chat.example: ")
    proxy.close()


def test_an_unreachable_proxy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        where = f"127.0.0.1:{listener.getsockname()[1]}"
    assert reason_of(f"socks5://ann:secret@{where}") == f"the proxy {where} can't be reached"


@pytest.mark.parametrize("text", ["localhost:1", "socks5://localhost", "ftp://localhost:1", "socks5://a:secret@h:x"])
def test_another_service_at_the_proxys_port(text: str) -> None:
    reason = reason_of(text)
    assert reason.startswith("the proxy must be given as socks5://host:port, not as ")
    assert "secret" not in reason


@pytest.mark.parametrize(
    ("host", "is_local"), [("localhost", True), ("127.0.0.2", True), ("::1", True), ("chat.example", False)]
)
def test_this_machine_is_connected_to_without_the_proxy(host: str, is_local: bool) -> None:
    assert ServerAddress(host, 9090).is_local == is_local
