"""Refused clients are told why, in their own protocol; and browsers have connections enough for a household."""

import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.chat.protection.server_bans import ServerBan, parse_target
from greenchat.config.options import Connections
from greenchat.config.settings import Settings
from greenchat.server.net.certificate import ensure_certificate
from greenchat.server.net.tls import Tls
from tests.conftest import StartServer, quick_options
from tests.http_client import Http, WebSocket
from tests.irc import Client
from tests.server.net.test_admission import last_words

FULL = "This server is full (1 connections)"
FILES = 60  # files of the page that a browser loads


def test_a_full_server_tells_clients_of_each_protocol(start_server: StartServer, tmp_path: Path) -> None:
    certificate = ensure_certificate(tmp_path / "tls", "greenchat.local", ["localhost"])
    trusting = ssl.create_default_context(cafile=certificate[0])
    options = replace(quick_options(tmp_path), connections=Connections(most=1))
    server = start_server(Settings(), options, Tls(*certificate))
    with Client(server.address, "alice"):
        for tls in None, trusting:
            with Http(server.address, tls=tls) as http:
                answer = http.get("/")
                assert (answer.status, answer.body.decode()) == (503, f"{FULL}\n")
                assert answer.fields["retry-after"] == "60"
                assert http.to_end() == b""
            with Client(server.address, tls=tls) as chats:
                chats.send("NICK bob")
                assert last_words(chats) == FULL
        with Client(server.address) as silent:
            assert last_words(silent) == FULL


def test_idle_browser_connections_make_room(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(Settings(), replace(quick_options(tmp_path), connections=Connections(most=2)))
    with Http(server.address) as idle, Client(server.address, "alice"):
        assert idle.get("/healthz").status == 200
        with Client(server.address, "bob") as bob:
            assert idle.to_end() == b""
            bob.sync()
            with Http(server.address) as late:
                assert late.get("/healthz").status == 503


def test_a_banned_client_reads_the_reason(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(Settings(), quick_options(tmp_path))
    ban = ServerBan(parse_target("127.0.0.1"), "root", 0, 0, "spam")
    with Http(server.address) as early:
        assert early.get("/healthz").status == 200
        server.call(lambda app: app.network.protection.bans.put(ban))
        late = early.get("/ws")  # the request of a page whose WebSocket was refused
        assert (late.status, late.body) == (403, b"You are banned from this server: spam\n")
    with Http(server.address) as http:
        answer = http.get("/")
        assert (answer.status, answer.body) == (403, b"You are banned from this server: spam\n")


def test_a_household_loads_the_page_at_once(start_server: StartServer, tmp_path: Path) -> None:
    """Thirty people behind one address, each with six connections for the files and one for the chat; all stay
    connected.
    """
    server = start_server(Settings(), replace(quick_options(tmp_path), connections=Connections(exempt=())))
    chats, loads = [], []
    try:
        for _ in range(30):
            for _ in range(6):
                loads.append(Http(server.address))
                for _ in range(FILES // 6):
                    assert loads[-1].get("/app.js").status == 200
            chats.append(WebSocket(server.address))
            assert chats[-1].handshake.status == 101
    finally:
        for each in (*loads, *chats):
            each.sock.close()


def test_chat_connections_of_browsers_are_counted(start_server: StartServer, tmp_path: Path) -> None:
    limits = Connections(per_address=2, per_minute=3, exempt=())
    server = start_server(Settings(), replace(quick_options(tmp_path), connections=limits))
    with WebSocket(server.address) as first, WebSocket(server.address), WebSocket(server.address) as third:
        assert third.handshake.status == 429
        assert third.handshake.body == b"Too many connections from your address: at most 2 at once\n"
        first.sock.close()
        with Http(server.address) as http:
            assert http.get("/healthz").status == 200


def test_idle_connections_per_address_are_limited(start_server: StartServer, tmp_path: Path) -> None:
    """Connections of other addresses stay; a connection that has had an answer gets no second one without a request."""
    limits = Connections(per_address=3, exempt=())
    server = start_server(Settings(), replace(quick_options(tmp_path), connections=limits))
    waiting: list[Http] = []
    try:
        for _ in range(4):
            waiting.append(Http(server.address))
            assert waiting[-1].get("/healthz").status == 200
        assert waiting[0].to_end() == b""
        for http in waiting[1:]:
            assert http.get("/healthz").status == 200
    finally:
        for http in waiting:
            http.sock.close()


@pytest.mark.parametrize("limit", ["per_minute", "per_network"])
def test_an_incomplete_request_is_counted_as_a_connection(
    start_server: StartServer, tmp_path: Path, limit: str
) -> None:
    """A connection counts as one of a browser once a request is complete."""
    limits = Connections(per_address=0, exempt=(), **({"per_minute": 0, "per_network": 0} | {limit: 3}))
    server = start_server(Settings(), replace(quick_options(tmp_path), connections=limits))
    for _ in range(3):
        with Http(server.address) as http:
            http.send(b"GET /healthz HTTP/1.1\r\nHost")
            http.sock.settimeout(0.05)
            with pytest.raises(TimeoutError):
                http.sock.recv(1)
    with Http(server.address) as http:
        assert http.get("/healthz").status == 429
