"""A connection is reset in each of its states: no other client notices, and no resource is left.

Resets come from broken routers, firewalls, and attackers; here SO_LINGER makes each close a reset.
"""

import gc
import logging
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from gevent.hub import get_hub

from greenchat.chat.channel import Topic
from greenchat.chat.user import User
from greenchat.config.options import Address, Connections, ListenerOptions, Options
from greenchat.config.settings import AccountSettings, Settings
from greenchat.server.app import App
from greenchat.server.net.certificate import ensure_certificate
from greenchat.server.net.tls import Tls
from greenchat.values import addresses
from tests.commands.devices import device, make_account
from tests.conftest import ServerThread, StartServer, quick_options
from tests.hostile.conftest import Attack
from tests.hostile.figures import open_sockets
from tests.hostile.witness import Witness
from tests.irc import Client
from tests.patience import PATIENCE
from tests.server.greenlets import working_greenlets

_WITNESSES = 2
_TOGETHER = 4  # connections that are reset at once
_CHANNELS = 500
_CAPS = "batch server-time message-tags labeled-response draft/chathistory draft/multiline soju.im/search"
_RESET = struct.pack("ii", 1, 0)
_Watcher = type(get_hub().loop.io(0, 1))
_LOCAL = (addresses.network("127.0.0.0/8"),)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return ensure_certificate(tmp_path_factory.mktemp("tls"), "greenchat.local", ["localhost", "127.0.0.1"])


@pytest.fixture
def options(tmp_path: Path) -> Options:
    """Return options with a second listener behind a proxy and a third one that greets plain clients at once."""
    here = Address("127.0.0.1", 0)
    listen = (
        ListenerOptions(here),
        ListenerOptions(here, proxy=_LOCAL),
        ListenerOptions(here, kind="plain", prompt="now"),
    )
    return replace(quick_options(tmp_path), listen=listen, connections=Connections(sendq=1024 * 1024))


@pytest.fixture
def server(start_server: StartServer, options: Options, certificate: tuple[Path, Path]) -> ServerThread:
    settings = Settings(accounts=AccountSettings(iterations=4096, always_on="opt-in"))
    server = start_server(settings, options, Tls(*certificate))
    make_account(server.address, "stayer")
    server.call(_fill)
    with Client(server.address, "talker") as talker:
        talker.join("#channel-0")
        talker.run(*[f"PRIVMSG #channel-0 :{number} {'x' * 400}" for number in range(500)])
    return server


def _fill(app: App) -> None:
    """Add channels with long topics."""
    user = User("filler", "~filler", "filler.example", "A filler", "192.0.2.1", signon=0, active=0)
    app.network.users[user.nick] = user
    for number in range(_CHANNELS):
        channel = app.network.join(user, f"#channel-{number}", now=app.now())
        channel.topic = Topic("t" * 390, "filler", app.now())


# Each brings a connection into a state, and returns its socket.

State = Callable[[ServerThread, int], socket.socket]
STATES: dict[str, State] = {}


def _state(words: str) -> Callable[[State], State]:
    def declare(state: State) -> State:
        STATES[words] = state
        return state

    return declare


def _connect(server: ServerThread, listener: int = 0) -> socket.socket:
    return socket.create_connection(
        (server.address[0], server.call(lambda app: app.listeners[listener].bound.port)), timeout=PATIENCE
    )


def _after(words: str, data: bytes, *, listener: int = 0, answer: bytes = b"") -> None:
    """Make a state that these bytes lead to, and the first bytes of the answer, if any."""

    def state(server: ServerThread, _: int) -> socket.socket:
        sock = _connect(server, listener)
        sock.sendall(data)
        assert sock.recv(len(answer), socket.MSG_WAITALL) == answer
        return sock

    STATES[words] = state


def _client_hello() -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    connection = context.wrap_bio(incoming, outgoing)
    with pytest.raises(ssl.SSLWantReadError):
        connection.do_handshake()
    return outgoing.read()


_after("before the first byte", b"")
_after("after the first byte of TLS", b"\x16")
_after("in the first message of TLS", _client_hello()[:100])
_after("in the handshake of TLS", _client_hello(), answer=b"\x16\x03")
_after("where TLS is broken", b"\x16" * 50)
_after("asking for a page", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", answer=b"HTTP/1.1 ")
_after("in the head of a request", b"GET / HTTP/1.1\r\nHos")
_after("in the body of a request", b"POST /session HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx")
_after("in the first line", b"NIC")
_after("half registered", b"CAP LS 302\r\nNICK half\r\n", answer=b":")
_after("in a login", b"CAP REQ sasl\r\nNICK a\r\nUSER a 0 * a\r\nAUTHENTICATE PLAIN\r\n", answer=b":")
_after("while a password is checked", b"CAP REQ sasl\r\nAUTHENTICATE PLAIN\r\nAUTHENTICATE AHN0YXllcgB4\r\n")
_after("in SCRAM", b"CAP REQ sasl\r\nAUTHENTICATE SCRAM-SHA-256\r\nAUTHENTICATE biwsbj1zdGF5ZXIscj1hYmM=\r\n")
_after("in the header of a proxy", b"PROXY TCP4 192.0", listener=1)
_after("before the header of a proxy", b"", listener=1)
_after("at the prompt for a name", b"", listener=2, answer=b"NICK")
_after("in a name", b"\xc3", listener=2, answer=b"NICK")


@_state("in the middle of a line")
def _in_a_line(server: ServerThread, number: int) -> socket.socket:
    client = Client(server.address, f"line{number}")
    client.join("#talk")
    client.send_raw(b"PRIVMSG #talk :unfini")
    return client.sock


@_state("in the middle of a message of several lines")
def _in_a_batch(server: ServerThread, number: int) -> socket.socket:
    client = Client(server.address, f"batch{number}", caps=_CAPS)
    client.join("#talk")
    client.send("@label=1 BATCH +1 draft/multiline #talk", "@batch=1 PRIVMSG #talk :unfinished")
    client.sync()
    return client.sock


@_state("while much is said to it")
def _listening(server: ServerThread, number: int) -> socket.socket:
    client = Client(server.address, f"listener{number}")
    client.send("JOIN #talk", *[f"PRIVMSG #talk :{'x' * 400}"] * 50)
    return client.sock


def _in_an_answer(
    server: ServerThread, number: int, question: str, first: str, tls: ssl.SSLContext | None = None
) -> socket.socket:
    nick = f"asker{number}"
    client = Client(server.address, nick, caps=_CAPS, tls=tls)
    client.join("#channel-0")
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    server.call(lambda app: _narrow(app, nick))
    client.send(f"@label=1 {question}")
    client.expect(first)
    return client.sock


def _narrow(app: App, nick: str) -> None:
    """Make the kernel buffer little, as a network does: on this machine it buffers megabytes."""
    for connection in app.clients.connections:
        if connection.session.registration.nick == nick:
            connection.accepted.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)


@_state("in a long LIST")
def _in_a_list(server: ServerThread, number: int) -> socket.socket:
    return _in_an_answer(server, number, "LIST", "322")


@_state("in a long LIST through TLS")
def _in_a_list_through_tls(server: ServerThread, number: int) -> socket.socket:
    return _in_an_answer(server, number, "LIST", "322", _trusting())


@_state("in a long history")
def _in_history(server: ServerThread, number: int) -> socket.socket:
    return _in_an_answer(server, number, "CHATHISTORY LATEST #channel-0 * 500", "PRIVMSG")


@_state("while a search runs")
def _in_a_search(server: ServerThread, number: int) -> socket.socket:
    client = Client(server.address, f"searcher{number}", caps=_CAPS)
    client.send("@label=1 SEARCH text=xxxx", "SEARCH text=yyyy")
    return client.sock


@_state("with a backlog")
def _backlogged(server: ServerThread, number: int) -> socket.socket:
    client = Client(server.address, f"slow{number}")
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    server.call(lambda app: _narrow(app, f"slow{number}"))
    with Client(server.address, f"talker{number}") as talker:
        talker.run(*[f"PRIVMSG slow{number} :{'x' * 400}"] * 200)
        talker.send("QUIT")
        talker.until_end()
    assert server.call(lambda app: sum(each.outbox.backlog for each in app.clients.connections)) > 0
    return client.sock


@_state("while its farewell waits")
def _leaving(server: ServerThread, number: int) -> socket.socket:
    sock = _backlogged(server, number)
    sock.sendall(b"QUIT :bye\r\n")
    return sock


@_state("while it stays without a connection")
def _staying(server: ServerThread, number: int) -> socket.socket:
    client = device(server.address, "stayer")
    client.until("376", "422")
    client.run("NS SET ALWAYS-ON on", "JOIN #talk")
    return client.sock


@_state("with a name, as plain text")
def _plain(server: ServerThread, number: int) -> socket.socket:
    sock = _connect(server, 2)
    assert sock.recv(4, socket.MSG_WAITALL) == b"NICK"
    sock.sendall(b"plain%d\nhello\nunfini" % number)
    return sock


@_state("registered through TLS")
def _secure(server: ServerThread, number: int) -> socket.socket:
    client = Client(server.address, f"secure{number}", tls=_trusting())
    client.join("#talk")
    return client.sock


def _trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


# What must be as before.


@pytest.fixture(autouse=True)
def _only_what_is_new() -> Iterator[None]:
    """Freeze older objects: collecting all that thousands of other tests have left would take seconds, for which the
    witness has to wait.
    """
    gc.freeze()
    yield
    gc.unfreeze()


def _resources(app: App) -> dict[str, int]:
    """Return the resources of connections. Garbage is collected first, so that cycles are not taken for leaks."""
    gc.collect()
    return {
        "connections": len(app.clients.connections),
        "sessions": len(app.network.sessions),
        "registered sessions": len(app.network.sessions) - app.network.unregistered,
        "origins": len(app.clients.admission._origins),
        "admitted": app.clients.admission._limits.open,
        "bytes that wait": app.turn.send_queues.total,
        "slow readers": len(app.turn.send_queues._waiting),
        "prompts": app.clients.plain.waiting,
        "greenlets": working_greenlets(app),
        "watched sockets": sum(isinstance(each, _Watcher) and each.active for each in gc.get_objects()),
        "sockets": open_sockets("self"),
    }


def _reset(server: ServerThread, state: str, before: Callable[[], None]) -> None:
    """Bring some connections into a state, and reset them."""
    socks = [STATES[state](server, number) for number in range(_TOGETHER)]
    before()
    for sock in socks:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        sock.close()


def _wait_for(server: ServerThread, witness: Witness, expected: dict[str, int]) -> None:
    deadline = time.monotonic() + PATIENCE
    while found := {key: value for key, value in server.call(_resources).items() if value > expected.get(key, value)}:
        assert time.monotonic() < deadline, f"{found} is more than {expected}"
        witness.say_again()


@pytest.mark.parametrize("state", STATES)
def test_a_reset(
    server: ServerThread,
    witnessed: Attack,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    state: str,
) -> None:
    """With the reset after the server has read all, and before it begins to read."""
    caplog.set_level(logging.WARNING)
    with witnessed(server.address) as witness:
        _reset(server, state, witness.say_again)  # opens what stays open: threads, readers of the store
        _wait_for(server, witness, {"connections": _WITNESSES})
        expected = server.call(_resources)
        _reset(server, state, witness.say_again)
        _wait_for(server, witness, expected)
        _reset(server, state, lambda: None)
        _wait_for(server, witness, expected)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "Traceback" not in capfd.readouterr().err
