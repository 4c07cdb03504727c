"""The thread that owns the socket, with real sockets."""

import hashlib
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from greenchat.client.net import transport
from greenchat.client.net.transport import Transport, explain
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
from greenchat.protocol.message import Message
from greenchat.server.net.certificate import ensure_certificate
from tests.patience import PATIENCE
from tests.ports import reserved_port


def events_to(events: queue.Queue[NetworkEvent]) -> Callable[[Sequence[NetworkEvent]], None]:
    def post(happened: Sequence[NetworkEvent]) -> None:
        for event in happened:
            events.put(event)

    return post


class Line:
    """A transport that has connected to the test, and the test's end of it."""

    def __init__(self, listener: socket.socket) -> None:
        self.events: queue.Queue[NetworkEvent] = queue.Queue()
        self.transport = Transport(ServerAddress("127.0.0.1", listener.getsockname()[1]), events_to(self.events))
        self.transport.start()
        self.peer, _ = listener.accept()
        self.peer.settimeout(PATIENCE)
        assert self.next() == Connected()

    def next(self) -> NetworkEvent:
        return self.events.get(timeout=PATIENCE)


@pytest.fixture
def line() -> Line:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return Line(listener)


def test_messages_are_assembled_from_any_pieces(line: Line) -> None:
    for piece in (b"PING ", b":a\r", b"\nPING :b\r\n:x PRIVMSG alice :caf\xc3", b"\xa9\r\n"):
        line.peer.sendall(piece)
    assert line.next() == Received(Message("PING", ("a",)))
    assert line.next() == Received(Message("PING", ("b",)))
    assert line.next() == Received(Message("PRIVMSG", ("alice", "café"), "x"))


def test_undecodable_bytes_and_invalid_lines(line: Line) -> None:
    line.peer.sendall(b":x PRIVMSG a :\xff\r\n\x00\r\n" + b"x" * 20_000 + b"\r\nPING\r\n")
    assert line.next() == Recoded(Message("PRIVMSG", ("a", "ÿ"), "x"))
    assert isinstance(line.next(), InvalidLine)
    assert line.next() == InvalidLine("too long")
    assert line.next() == Received(Message("PING"))


def test_tags_up_to_their_limit(line: Line) -> None:
    # "the size limit for message tags is 8191 bytes"
    line.peer.sendall(b"@a=" + b"x" * (8191 - 4) + b" PING\r\n")
    event = line.next()
    assert isinstance(event, Received)
    assert len(event.message.tags["a"]) == 8187


def test_a_peer_without_line_ends_is_given_up(line: Line) -> None:
    line.peer.sendall(b"x" * 100_000)
    event = line.next()
    assert isinstance(event, Disconnected)
    assert "is this an IRC server?" in event.reason


def test_the_end_of_the_connection_is_reported_once(line: Line) -> None:
    line.peer.close()
    assert line.next() == Disconnected("the server closed the connection")
    line.transport.send(b"too late\r\n")
    line.transport.close("too late")
    line.transport.join(PATIENCE)
    assert line.events.empty()


def test_closing_sends_the_queue(line: Line) -> None:
    line.transport.send(b"QUIT :bye\r\n")
    line.transport.close("you left")
    received = b""
    while data := line.peer.recv(100):
        received += data
    assert received == b"QUIT :bye\r\n"
    assert line.next() == Disconnected("you left")


def test_a_peer_that_does_not_read_blocks_nothing(line: Line) -> None:
    line.transport.send(b"x" * 50_000_000)  # more than any socket buffer: it would block here
    line.peer.sendall(b"PING :still reading\r\n")
    assert line.next() == Received(Message("PING", ("still reading",)))
    line.transport.close("you left")
    assert line.next() == Disconnected("you left")


def test_a_server_that_sends_too_fast_is_slowed_down(line: Line) -> None:
    """Otherwise it could fill the memory: the client reads faster than it processes."""
    line.peer.settimeout(0.2)
    question, sent = b"PING :" + b"x" * 500 + b"\r\n", 0
    try:
        while sent < 100_000_000:
            sent += line.peer.send(question[sent % len(question) :])
    except TimeoutError:
        pass
    assert line.events.qsize() < transport.MOST_WAITING + transport.RECEIVE_BYTES
    for _ in range(sent // len(question)):
        assert isinstance(line.next(), Received)
        line.transport.took()
    line.transport.send(b"QUIT\r\n")
    line.peer.settimeout(PATIENCE)
    assert line.peer.recv(100) == b"QUIT\r\n", "a request is sent while answers are read"


def test_a_slowed_down_connection_can_be_closed(line: Line) -> None:
    line.peer.settimeout(0.2)
    with pytest.raises(TimeoutError):
        line.peer.sendall(b"PING\r\n" * 10_000_000)
    line.transport.close("you left")
    while line.next() != Disconnected("you left"):
        pass
    line.transport.join(PATIENCE)


def test_connection_refused() -> None:
    events: queue.Queue[NetworkEvent] = queue.Queue()
    with reserved_port() as port:
        Transport(ServerAddress("127.0.0.1", port), events_to(events)).start()
        assert events.get(timeout=PATIENCE) == Disconnected(f"nothing answers on 127.0.0.1:{port}")


def test_a_server_without_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = ServerAddress("127.0.0.1", listener.getsockname()[1], tls=True)
        events: queue.Queue[NetworkEvent] = queue.Queue()
        Transport(address, events_to(events)).start()
        peer, _ = listener.accept()
        peer.recv(1000)
        peer.sendall(b":srv NOTICE * :hello\r\n")
        event = events.get(timeout=PATIENCE)
        peer.close()
    assert isinstance(event, Disconnected)
    assert "TLS failed" in event.reason


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(), "nothing answers on host:1"),
        (TimeoutError(), "no answer from host:1"),
        (socket.gaierror(-2, "Name or service not known"), "the host host can't be found (Name or service not known)"),
        (ConnectionResetError(), "the connection was cut"),
        (OSError(101, "Network is unreachable"), "Network is unreachable"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]"), "host:1: TLS failed"),
    ],
)
def test_errors_in_plain_words(error: OSError, words: str) -> None:
    assert explain(error, ServerAddress("host", 1)).startswith(words)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return ensure_certificate(tmp_path_factory.mktemp("tls"), "localhost", ["localhost"])


def serve_tls(listener: socket.socket, certificate: tuple[Path, Path], lines: bytes) -> queue.Queue[bytes]:
    """Serve one connection over TLS: send the lines, and put what is received into the queue, at the end b""."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    received: queue.Queue[bytes] = queue.Queue()

    def serve() -> None:
        try:
            with context.wrap_socket(listener.accept()[0], server_side=True) as peer:
                peer.sendall(lines)
                while data := peer.recv(65536):
                    received.put(data)
        except OSError:
            pass
        received.put(b"")

    threading.Thread(target=serve, daemon=True).start()
    return received


def test_tls_with_a_trusted_certificate(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    events: queue.Queue[NetworkEvent] = queue.Queue()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # Many records at once: data that TLS has decrypted must not wait for more from the network.
        received = serve_tls(listener, certificate, b"".join(b"PING :%d\r\n" % number for number in range(20_000)))
        transport = Transport(ServerAddress("localhost", listener.getsockname()[1], tls=True), events_to(events))
        transport.start()
        assert events.get(timeout=PATIENCE) == Connected()
        for number in range(20_000):
            assert events.get(timeout=PATIENCE) == Received(Message("PING", (str(number),)))
            transport.took()
        transport.send(b"PONG\r\n" * 100_000)
        transport.close("you left")
        got = 0
        while data := received.get(timeout=PATIENCE):
            got += len(data)
        assert got == 600_000
        assert events.get(timeout=PATIENCE) == Disconnected("you left")


def connect_tls(certificate: tuple[Path, Path], pin: str, tries: int) -> list[NetworkEvent]:
    """Return the outcome with a certificate that no authority signed. tries: the number of connections that it
    takes.
    """
    events: queue.Queue[NetworkEvent] = queue.Queue()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for _ in range(tries):
            serve_tls(listener, certificate, b"")
        transport = Transport(
            ServerAddress("localhost", listener.getsockname()[1], tls=True), events_to(events), pin=pin
        )
        transport.start()
        happened = [events.get(timeout=PATIENCE)]
        if happened[0] == Connected():
            transport.close("seen enough")
        while not isinstance(happened[-1], Disconnected):
            happened.append(events.get(timeout=PATIENCE))
    return happened


def fingerprint(certificate: tuple[Path, Path]) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate[0].read_text())).hexdigest()


@pytest.mark.parametrize(("pin", "tries"), [("", 2), ("0" * 64, 3)])
def test_an_untrusted_certificate_is_refused(certificate: tuple[Path, Path], pin: str, tries: int) -> None:
    event, end = connect_tls(certificate, pin, tries)
    assert isinstance(event, Untrusted)
    assert event.fingerprint == fingerprint(certificate)
    assert event.reason == "self-signed certificate"
    assert isinstance(end, Disconnected)


def test_a_pinned_certificate_needs_no_authority(certificate: tuple[Path, Path]) -> None:
    assert connect_tls(certificate, fingerprint(certificate), 1)[0] == Connected()


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"PRIVMSG #tea :caf\xe9", "café"),
        (b"PRIVMSG #tea :\x93quoted\x94 \x80 5", "“quoted” € 5"),
        ("PRIVMSG #tea :grün ".encode() + b"gr\xfcn", "grün grün"),
        (b"PRIVMSG #tea :\x81\x8d", "\x81\x8d"),
        (b"PRIVMSG #tea :cut off at " + "日本".encode()[:-1], "cut off at 日\ufffd"),
    ],
)
def test_text_that_is_not_utf8_is_read_as_windows_1252(line: bytes, text: str) -> None:
    """Windows-1252 includes Latin-1; a UTF-8 character cut by a server is not a sign of it."""
    event = transport._event_of(line)
    assert isinstance(event, Recoded)
    assert event.message.params[-1] == text
