"""HTTP requests over real connections: pipelined, slow, malformed, and too many."""

import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.chat.protection.throttle import TokenBucket
from greenchat.config.options import Address, Connections, ListenerOptions
from greenchat.config.settings import Settings
from greenchat.config.web import Web
from greenchat.protocol.http_head import HttpError
from greenchat.server.http.limits import RequestLimits
from greenchat.values.addresses import network
from tests.conftest import ServerThread, StartServer, Target, quick_options
from tests.http_client import Http
from tests.irc import Client, people
from tests.patience import PATIENCE

GET = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


def start_with(start_server: StartServer, data: Path, **web: float) -> ServerThread:
    return start_server(Settings(), replace(quick_options(data), web=Web(**web)))  # type: ignore[arg-type]  # numbers


def test_many_requests_on_one_connection(server: Target) -> None:
    with Http(server) as http:
        for _ in range(50):
            assert http.get("/healthz").body == b"ok\n"


def test_pipelined_requests(server: Target) -> None:
    with Http(server) as http:
        http.send(GET * 50)
        assert [http.answer().status for _ in range(50)] == [200] * 50


def test_a_request_byte_by_byte(server: Target) -> None:
    with Http(server) as http:
        http.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        http.send(b"GET /h")  # no chat client begins like this
        for byte in GET[6:]:
            http.send(bytes([byte]))
        assert http.answer().status == 200


def test_empty_lines_before_a_request(server: Target) -> None:
    """ "a server ... SHOULD ignore at least one empty line (CRLF) received prior to the request-line" """
    with Http(server) as http:
        http.send(GET + b"\r\n" + GET)
        assert [http.answer().status for _ in range(2)] == [200, 200]


def test_the_connection_is_closed_on_request(server: Target) -> None:
    with Http(server) as http:
        answer = http.get("/healthz", Connection="close")
        assert answer.fields["connection"] == "close"
        assert http.to_end() == b""
    with Http(server) as http:
        http.send(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert http.answer().status == 200
        assert http.to_end() == b""


def test_an_unread_body_is_not_taken_for_a_request(server: Target) -> None:
    with Http(server) as http:
        http.send(b"POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(GET) + GET)
        answer = http.answer()
        assert (answer.status, answer.fields["connection"]) == (404, "close")
        assert http.to_end() == b""


def test_a_chunked_body(server: Target) -> None:
    with Http(server) as http:
        head = (
            b"POST /session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        http.send(head + b'5;x="y"\r\n{"tic\r\n9\r\nket":"x"}\r\n0\r\nTrailer: x\r\n\r\n' + GET)
        assert http.answer().status == 403
        assert http.answer().status == 200


CHUNKS = {
    "no number": b"x\r\n",
    "a sign": b"+1\r\na\r\n0\r\n\r\n",
    "0x": b"0x1\r\na\r\n0\r\n\r\n",
    "an underscore": b"1_0\r\n" + b"a" * 16 + b"\r\n0\r\n\r\n",
    "a newline alone": b"1\na\n0\n\n",
    "more than it says": b"1\r\nabc\r\n0\r\n\r\n",
    "too large a number": b"f" * 17 + b"\r\n",
    "an extension without an end": b"1;" + b"x" * 9000,
    "a trailer that is none": b"0\r\nGET / HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS)
def test_malformed_chunks(server: Target, chunks: bytes) -> None:
    with Http(server) as http:
        head = (
            b"POST /session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        http.send(head + chunks + GET)
        assert http.answer().status == 400
        assert http.to_end() == b"", "nothing more is answered"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: a\n\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"x: " + b"y" * 20_000, 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"x: y\r\n" * 200 + b"\r\n", 431),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nHost: a\r\nExpect: what\r\n\r\n", 417),
        (b"HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 400),
    ],
)
def test_a_malformed_request_is_answered_and_ends_the_connection(server: Target, data: bytes, status: int) -> None:
    with people(server, "witness", channel="#lobby") as (witness,), Http(server) as http:
        http.send(data)
        answer = http.answer()
        assert (answer.status, answer.fields["connection"]) == (status, "close")
        assert http.to_end() == b""
        assert witness.sync() == []


@pytest.mark.parametrize("asked", ["bytes=0-1", "bytes=5-1", "bytes=-0", "bytes=" + "0-1," * 1000, "lines=1", "x"])
def test_range_is_ignored_without_ranges(server: Target, asked: str) -> None:
    """ "A server MAY ignore the Range header field." """
    with Http(server) as http:
        answer = http.get("/healthz", Range=asked)
        assert (answer.status, answer.body) == (200, b"ok\n")


def test_expect_100_continue(server: Target) -> None:
    with Http(server) as http:
        http.send(
            b"POST /session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Content-Length: 14\r\nExpect: 100-continue\r\n\r\n"
        )
        assert http.exactly(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        http.send(b'{"ticket":"x"}')
        assert http.answer().status == 403


def test_an_incomplete_request_times_out(start_server: StartServer, tmp_path: Path) -> None:
    server = start_with(start_server, tmp_path, timeout=1.0, idle=60.0)
    with Http(server.address) as head, Http(server.address) as body:
        began = time.monotonic()
        head.send(GET[:-2])
        body.send(b"POST /session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{")
        assert (head.answer().status, body.answer().status) == (408, 408)
        assert head.to_end() == body.to_end() == b""
        assert time.monotonic() - began >= 1.0


def test_a_slow_request_times_out_all_the_same(start_server: StartServer, tmp_path: Path) -> None:
    server = start_with(start_server, tmp_path, timeout=1.0)
    with Http(server.address) as http:
        began = time.monotonic()
        http.send(GET[:-2])
        http.sock.settimeout(0.05)
        while time.monotonic() < began + PATIENCE:
            try:
                http.sock.sendall(b"x: y\r\n")
                if http.sock.recv(100).startswith(b"HTTP/1.1 408"):
                    break
            except TimeoutError:
                continue
        assert 1.0 <= time.monotonic() - began < PATIENCE


def test_an_idle_connection_ends(start_server: StartServer, tmp_path: Path) -> None:
    server = start_with(start_server, tmp_path, idle=0.2)
    with Http(server.address) as http:
        assert http.get("/healthz").status == 200
        assert http.to_end() == b""


def test_the_oldest_incomplete_request_is_refused_when_there_are_too_many(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_with(start_server, tmp_path, unfinished=3)
    clients = []
    for number in range(5):
        http = Http(server.address)
        http.send(GET[:-2])
        clients.append(http)
        while server.call(lambda app: len(app.http.unfinished)) < min(number + 1, 3):
            time.sleep(0.005)
    assert [http.answer().status for http in clients[:2]] == [503, 503]
    for http in clients[2:]:
        http.send(b"\r\n")
        assert http.answer().status == 200
    for http in clients:
        http.sock.close()


def test_too_many_requests_from_one_address(start_server: StartServer, tmp_path: Path) -> None:
    options = replace(quick_options(tmp_path), connections=Connections(exempt=()), web=Web(requests=20))
    server = start_server(Settings(), options)
    with Http(server.address) as http, Client(server.address, "chats") as client:
        statuses = [http.get("/healthz").status for _ in range(20)]
        assert statuses == [200] * 20
        refused = http.get("/healthz")
        assert (refused.status, refused.fields["retry-after"]) == (429, "3")
        assert client.sync() == []


class TestLimits:
    WEB = Web(requests=60)

    def test_a_burst_of_a_minute_and_then_one_a_second(self) -> None:
        limits = RequestLimits()
        for _ in range(60):
            limits.count("192.0.2.1", 0.0, self.WEB, ())
        for _ in range(3):
            with pytest.raises(HttpError):
                limits.count("192.0.2.1", 0.0, self.WEB, ())
        limits.count("192.0.2.2", 0.0, self.WEB, ())
        limits.count("192.0.2.1", 1000.0, self.WEB, ())
        with pytest.raises(HttpError):
            limits.count("192.0.2.1", 1000.0, self.WEB, ())

    def test_a_netblock_is_counted_as_one(self) -> None:
        limits = RequestLimits()
        for number in range(60):
            limits.count(f"2001:db8::{number:x}", 0.0, self.WEB, ())
        with pytest.raises(HttpError):
            limits.count("2001:db8::ffff", 0.0, self.WEB, ())

    def test_exempt_and_unlimited(self) -> None:
        limits = RequestLimits()
        for _ in range(200):
            limits.count("192.0.2.1", 0.0, self.WEB, (network("192.0.2.0/24"),))
            limits.count("192.0.2.1", 0.0, Web(requests=0), ())
        assert len(limits) == 0

    def test_old_addresses_are_forgotten(self) -> None:
        limits = RequestLimits()
        limits.count("192.0.2.1", 0.0, self.WEB, ())
        limits.forget_old(500.0)
        assert len(limits) == 1
        limits.forget_old(1000.0)
        assert len(limits) == 0

    def test_the_burst_of_a_bucket(self) -> None:
        assert TokenBucket(60 / 60, 60).burst_ms == 60_000


def test_a_listener_for_http_only(start_server: StartServer, tmp_path: Path) -> None:
    listener = ListenerOptions(Address("127.0.0.1", 0), kind="http")
    server = start_server(Settings(), replace(quick_options(tmp_path), listen=(listener,)))
    with Http(server.address) as http:
        assert http.get("/healthz").status == 200
    with Http(server.address) as http:
        http.send(b"NICK a\r\n")
        assert http.answer().status == 400


def test_a_listener_for_irc_only(start_server: StartServer, tmp_path: Path) -> None:
    listener = ListenerOptions(Address("127.0.0.1", 0), kind="irc")
    server = start_server(Settings(), replace(quick_options(tmp_path), listen=(listener,)))
    with Http(server.address) as http:
        http.send(GET)
        assert http.answer().status == 404
