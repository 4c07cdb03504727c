"""Limits, proxies and gateways, over real connections."""

import resource
import socket
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.options import Address, Connections, ListenerOptions, Options
from greenchat.config.settings import Settings, WebIrc
from greenchat.protocol.proxy_header import SIGNATURE
from greenchat.values.addresses import network
from tests.conftest import Serve, StartServer, Target, quick_options
from tests.irc import Client
from tests.patience import PATIENCE

LOCAL = (network("127.0.0.1"),)
CLOSE = Connections(per_address=2, per_minute=0, exempt=())


@pytest.fixture
def options(tmp_path: Path) -> Options:
    return quick_options(tmp_path)


def last_words(client: Client) -> str:
    """Return the reason why the connection was refused."""
    *_, message = client.until_end()
    assert message.command == "ERROR"
    return message.params[0]


# limits


def test_too_many_connections_are_refused(serve: Serve, options: Options) -> None:
    address = serve(None, replace(options, connections=CLOSE))
    with Client(address, "alice"), Client(address, "bob") as bob:
        for _ in range(3):
            with Client(address) as refused:
                refused.send("NICK carol", "USER c 0 * :c")
                assert last_words(refused) == "Too many connections from your address: at most 2 at once"
        bob.send("QUIT")
        bob.until_end()
        bob.close()
        for _ in range(100):  # until the server has noticed the end
            with Client(address) as carol:
                carol.send("PING x")
                if carol.read().command != "ERROR":
                    break
        else:
            pytest.fail("bob's place stayed taken")


def test_connections_per_minute(serve: Serve, options: Options) -> None:
    address = serve(None, replace(options, connections=Connections(per_address=0, per_minute=3, exempt=())))
    for nick in "alice", "bob", "carol":
        with Client(address, nick):
            pass
    with Client(address) as refused:
        assert last_words(refused) == "Too many connections from your address: at most 3 a minute"


def test_loopback_is_exempt_by_default(server: Target) -> None:
    clients = [Client(server) for _ in range(130)]
    try:
        assert clients[-1].run("PING x")[-1].command == "PONG"
    finally:
        for client in clients:
            client.close()


def test_a_full_server_refuses(serve: Serve, options: Options) -> None:
    address = serve(None, replace(options, connections=Connections(most=1)))
    with Client(address, "alice"), Client(address) as refused:
        assert last_words(refused) == "This server is full (1 connections)"


# PROXY


@pytest.fixture
def proxied(serve: Serve, options: Options) -> Target:
    listener = ListenerOptions(Address("127.0.0.1", 0), proxy=LOCAL)
    return serve(None, replace(options, listen=(listener,), connections=replace(CLOSE, per_address=1)))


V2 = struct.pack("!4s4sHH", bytes([192, 0, 2, 9]), bytes([192, 0, 2, 1]), 1234, 6667)
V2_TLS = V2 + struct.pack("!BHBI", 0x20, 5, 1, 0)


@pytest.mark.parametrize(
    ("header", "host", "secure"),
    [
        (b"PROXY TCP4 192.0.2.7 192.0.2.1 56324 6667\r\n", "192.0.2.7", False),
        (b"PROXY TCP6 ::7 ::1 56324 6667\r\n", "0::7", False),
        (b"PROXY UNKNOWN\r\n", "127.0.0.1", False),
        (SIGNATURE + struct.pack("!BBH", 0x21, 0x11, len(V2)) + V2, "192.0.2.9", False),
        (SIGNATURE + struct.pack("!BBH", 0x21, 0x11, len(V2_TLS)) + V2_TLS, "192.0.2.9", True),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_a_proxy_names_the_clients_address(
    proxied: Target, header: bytes, host: str, secure: bool, at_once: bool
) -> None:
    with Client(proxied) as alice:
        if at_once:
            alice.send_raw(header + b"NICK alice\r\n")
        else:
            for byte in header:
                alice.send_raw(bytes([byte]))
        alice.register("alice")
        answers = alice.run("WHOIS alice")
        assert next(m.params[2] for m in answers if m.command == "378").endswith(f"@{host} {host}")
        assert any(m.command == "671" for m in answers) is secure


def test_limits_count_the_clients_of_a_proxy(proxied: Target) -> None:
    def come(host: str) -> Client:
        client = Client(proxied)
        client.send_raw(f"PROXY TCP4 {host} 192.0.2.1 1 2\r\n".encode())
        return client

    with come("192.0.2.7") as alice, come("192.0.2.8") as bob:
        alice.register("alice")
        bob.register("bob")
        with come("192.0.2.7") as carol:
            assert last_words(carol) == "Too many connections from your address: at most 1 at once"


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (b"NICK alice\r\n", "no PROXY header"),
        (b"PROXY TCP4 192.0.2.7\r\n", "a header of version 1 that is not PROXY TCP4 or TCP6"),
        (b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2", "it closed the connection"),
        (b"", "it closed the connection"),
    ],
)
def test_without_a_proxy_header_clients_are_refused(proxied: Target, texts: bytes, reason: str) -> None:
    with Client(proxied) as client:
        client.send_raw(texts)
        client.sock.shutdown(socket.SHUT_WR)
        assert last_words(client).startswith(f"The proxy did not send a valid client address: {reason}")


def test_a_proxy_listener_accepts_proxies_only(serve: Serve, options: Options) -> None:
    listener = ListenerOptions(Address("127.0.0.1", 0), proxy=(network("192.0.2.0/24"),))
    with Client(serve(None, replace(options, listen=(listener,)))) as client:
        client.send_raw(b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\n")
        assert (
            last_words(client)
            == "The proxy did not send a valid client address: this is not the address of a configured proxy"
        )


def test_on_other_listeners_the_header_is_ignored(server: Target) -> None:
    with Client(server) as alice:
        alice.send("PROXY TCP4 192.0.2.7 192.0.2.1 1 2")
        alice.close()
    with Client(server, "alice") as alice:
        assert next(m.params[3] for m in alice.run("WHOIS alice") if m.command == "311") == "127.0.0.1"


# WEBIRC: https://ircv3.net/specs/extensions/webirc


@pytest.fixture
def gateway(serve: Serve, options: Options) -> Target:
    settings = Settings(webirc=WebIrc(LOCAL, "hunter2"))
    return serve(settings, replace(options, connections=replace(CLOSE, per_address=1)))


@pytest.mark.parametrize(("address", "host"), [("198.51.100.3", "198.51.100.3"), ("0::7", "0::7")])
@pytest.mark.parametrize("given", ["", " secure", " :secure=examplevalue local-port=6697 remote-port=21726"])
def test_a_gateway_names_its_user(gateway: Target, address: str, host: str, given: str) -> None:
    """ "WEBIRC password gateway hostname ip [:option1 option2...]"; "Servers MUST ONLY treat the connection as secure
    if this flag is sent and the connection from the gateway to the server is also secure with TLS." """
    with Client(gateway) as alice:
        alice.send(f"WEBIRC hunter2 ExampleGateway spoofed.example.org {address}{given}")
        alice.register("alice")
        answers = alice.run("WHOIS alice")
        assert next(m.params[2] for m in answers if m.command == "378").endswith(f"@{host} {host}")
        assert "671" not in [m.command for m in answers]
        # "IRC servers SHOULD show when a WebIRC connection is in use"
        assert next(m.params for m in answers if m.command == "320") == ("alice", "alice", "is using ExampleGateway")


def test_limits_count_the_users_of_a_gateway(gateway: Target) -> None:
    def come(host: str) -> Client:
        client = Client(gateway)
        client.send(f"WEBIRC hunter2 web x {host}")
        return client

    with come("192.0.2.7") as alice:
        alice.register("alice")
        with come("192.0.2.8") as bob:
            bob.register("bob")
            with come("192.0.2.7") as carol:
                assert last_words(carol) == "Too many connections from your address: at most 1 at once"


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("WEBIRC wrong web x 192.0.2.7",), "Invalid WebIRC password"),
        (("WEBIRC hunter2 web x y",), "Invalid WebIRC address"),
        (("CAP LS 302", "WEBIRC hunter2 web x 192.0.2.7"), "WEBIRC must be the first command"),
    ],
)
def test_a_gateway_that_breaks_the_rules_is_cut(gateway: Target, lines: tuple[str, ...], reason: str) -> None:
    """ "If the WEBIRC command ... uses an incorrect password, the gateway SHOULD close any connections with an ERROR
    command"; "The WEBIRC command MUST be the first command sent"."""
    with Client(gateway) as client:
        client.send(*lines)
        assert last_words(client) == reason


def test_webirc_of_other_addresses_is_refused(serve: Serve, options: Options) -> None:
    for settings in Settings(), Settings(webirc=WebIrc((network("192.0.2.0/24"),), "hunter2")):
        with Client(serve(settings)) as client:
            client.send("WEBIRC hunter2 web x 192.0.2.7")
            assert last_words(client) == "WEBIRC is not allowed from your address"


# descriptors


@pytest.fixture
def few_descriptors() -> Iterator[None]:
    """Limit the descriptors of the process, and restore the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_without_free_descriptors_new_clients_wait(
    start_server: StartServer, options: Options, few_descriptors: None
) -> None:
    server = start_server(Settings(), replace(options, connections=Connections(most=100_000)))
    with Client(server.address, "alice") as alice:
        waiting = socket.socket()
        highest = socket.socket()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest.fileno() + 1, hard))
        spare: list[socket.socket] = []
        try:
            while True:
                spare.append(socket.socket())
        except OSError:
            pass
        waiting.settimeout(PATIENCE)
        waiting.connect(server.address)
        waiting.sendall(b"PING x\r\n")
        while not server.call(lambda app: app.listeners[0].is_paused):
            pass
        alice.run("PRIVMSG alice :those who are here notice nothing")
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert b"PONG" in waiting.recv(4096)
        assert not server.call(lambda app: app.listeners[0].is_paused)
        for sock in (waiting, highest, *spare):
            sock.close()


@pytest.mark.parametrize("kind", ["auto", "irc", "plain"])
@pytest.mark.parametrize("header", [b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n", SIGNATURE + b"\x21\x11\0\x0c"])
def test_an_unexpected_proxy_header(
    serve: Serve, options: Options, header: bytes, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The header would become a user's name: the proxy is refused, and the log names the missing key."""
    listener = ListenerOptions(Address("127.0.0.1", 0), kind=kind)
    with Client(serve(None, replace(options, listen=(listener,)))) as client:
        client.send_raw(header + b"NICK alice\r\nUSER a 0 * :a\r\n")
        *_, message = client.until_end()
        # on a plain-text listener the prompt was sent already
        assert message.command == ("NICKERROR" if kind == "plain" else "ERROR")
        assert message.params[0] == "This listener expects no PROXY header"
    (record,) = (record for record in caplog.records if record.name == "greenchat.server.net.detect")
    assert 'the key proxy of this [[listen]], as in proxy = ["127.0.0.1"]' in record.getMessage()
