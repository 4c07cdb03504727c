"""WebSocket: the handshake, the frames, and the chat behind them, over real connections.

https://www.rfc-editor.org/rfc/rfc6455 and https://ircv3.net/specs/extensions/websocket; the cases of frames follow the
categories of the Autobahn test suite.
"""

import socket
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.options import Address, Connections, ListenerOptions
from greenchat.config.settings import Settings
from greenchat.config.web import Web
from greenchat.server.net.certificate import ensure_certificate
from greenchat.server.net.tls import Tls
from greenchat.values.addresses import network
from tests.conftest import ServerThread, StartServer, Target, quick_options
from tests.http_client import ACCEPT, BINARY, CLOSE, CONT, KEY, PING, PONG, TEXT, Frame, Http, WebSocket
from tests.irc import Client, people

UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": KEY,
}


class TestHandshake:
    def test_the_accept_key(self, server: Target) -> None:
        with WebSocket(server, protocols="") as browser:
            answer = browser.handshake
            assert answer.status == 101
            assert answer.fields["sec-websocket-accept"] == ACCEPT
            assert answer.fields["upgrade"].lower() == "websocket"
            assert "content-length" not in answer.fields
            assert "sec-websocket-extensions" not in answer.fields

    @pytest.mark.parametrize(
        ("asked", "given", "opcode"),
        [
            ("text.ircv3.net", "text.ircv3.net", TEXT),
            ("binary.ircv3.net", "binary.ircv3.net", BINARY),
            ("binary.ircv3.net, text.ircv3.net", "binary.ircv3.net", BINARY),
            ("text.ircv3.net, binary.ircv3.net", "text.ircv3.net", TEXT),
            ("chat, text.ircv3.net", "text.ircv3.net", TEXT),
            ("chat", None, TEXT),
            ("", None, TEXT),
        ],
    )
    def test_the_subprotocol(self, server: Target, asked: str, given: str | None, opcode: int) -> None:
        """ "The server MUST accept any subprotocol it supports, respecting the client's order of preference." """
        with WebSocket(server, protocols=asked) as browser:
            assert browser.handshake.fields.get("sec-websocket-protocol") == given
            browser.say("PING a")
            assert browser.read_frame() == Frame(opcode, b":greenchat.local PONG greenchat.local :a")

    @pytest.mark.parametrize(
        ("fields", "status"),
        [
            ({"Sec_WebSocket_Version": "8"}, 426),
            ({"Sec_WebSocket_Version": "14"}, 426),
            ({"Sec_WebSocket_Version": ""}, 400),
            ({"Sec_WebSocket_Key": ""}, 400),
            ({"Sec_WebSocket_Key": "short"}, 400),
            ({"Sec_WebSocket_Key": "x" * 24}, 400),
            ({"Upgrade": "h2c"}, 426),
            ({"Upgrade": "websocket, h2c"}, 426),
            ({"Connection": "keep-alive"}, 426),
            ({"Connection": "keep-alive, Upgrade"}, 101),
            ({"Connection": "upgrade"}, 101),
            ({"Upgrade": "WebSocket"}, 101),
            ({"Sec_WebSocket_Extensions": "permessage-deflate; client_max_window_bits"}, 101),
            ({"Sec_WebSocket_Protocol": "text ircv3"}, 400),
            ({"Origin": "http://localhost"}, 101),
            ({"Origin": "https://localhost"}, 101),
            ({"Origin": "http://LOCALHOST"}, 101),
            ({"Origin": "http://localhost:1"}, 403),
            ({"Origin": "http://evil.example"}, 403),
            ({"Origin": "http://localhost.evil.example"}, 403),
            ({"Origin": "http://evil.example/http://localhost"}, 403),
            ({"Origin": "null"}, 403),
            ({"Origin": ""}, 403),
            ({"Origin": "file://"}, 403),
            ({"Origin": "http://localhost, http://localhost"}, 403),
            ({"Content_Length": "4"}, 400),
        ],
    )
    def test_accepted_and_refused_handshakes(self, server: Target, fields: dict[str, str], status: int) -> None:
        with Http(server) as http:
            answer = http.get("/ws", "GET", b"", **UPGRADE | fields)
            assert answer.status == status
            if status == 426:
                assert answer.fields["sec-websocket-version"] == "13"

    def test_other_methods(self, server: Target) -> None:
        with Http(server) as http:
            assert http.get("/ws", "HEAD", b"", **UPGRADE).status == 400
            assert http.get("/ws", "OPTIONS", b"", **UPGRADE).status == 204
            assert http.get("/ws", "POST", b"", **UPGRADE).status == 405
            assert http.get("/ws").status == 426, "the connection goes on"

    def test_other_versions_of_http(self, server: Target) -> None:
        with Http(server) as http:
            head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in UPGRADE.items())
            http.send(f"GET /ws HTTP/1.0\r\nHost: a\r\n{head}\r\n".encode())
            assert http.answer().status == 426

    def test_allowed_origins(self, start_server: StartServer, tmp_path: Path) -> None:
        options = replace(quick_options(tmp_path), web=Web(origins=("https://chat.example",)))
        server = start_server(Settings(), options)
        for origin, status in ("https://chat.example", 101), ("http://chat.example", 403), ("http://localhost", 101):
            with WebSocket(server.address, Origin=origin) as browser:
                assert browser.handshake.status == status
        server = start_server(Settings(), replace(options, web=Web(origins=("*",))))
        with WebSocket(server.address, Origin="null") as browser:
            assert browser.handshake.status == 101

    def test_frames_sent_with_the_handshake(self, server: Target) -> None:
        with Http(server) as http:
            frame = WebSocket.frame(TEXT, b"PING early")
            head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in UPGRADE.items())
            http.send(f"GET /ws HTTP/1.1\r\nHost: localhost\r\n{head}\r\n".encode() + frame)
            assert http.answer().status == 101
            assert http.exactly(2)[:1] == b"\x81"

    def test_frames_in_place_of_a_request(self, server: Target) -> None:
        with Http(server) as http:
            assert http.get("/healthz").status == 200
            http.send(WebSocket.frame(TEXT, b"PING a"))
            http.send(b"\r\n\r\n")
            assert http.answer().status == 400
            assert http.to_end() == b""

    def test_through_tls(self, start_server: StartServer, tmp_path: Path) -> None:
        certificate, key = ensure_certificate(tmp_path / "tls", "localhost", [])
        server = start_server(Settings(), quick_options(tmp_path), Tls(certificate, key))
        with WebSocket(server.address, tls=ssl.create_default_context(cafile=str(certificate))) as browser:
            browser.register("alice")
            browser.say("WHOIS alice")
            assert "671" in [message.command for message in browser.until("318")]


@pytest.fixture
def browser(server: Target) -> WebSocket:
    return WebSocket(server)


PING_LINE = b"PING x"
PONG_LINE = Frame(TEXT, b":greenchat.local PONG greenchat.local :x")


def frame(opcode: int, payload: bytes = b"", *, final: bool = True, bits: int = 0) -> bytes:
    return WebSocket.frame(opcode, payload, final=final, bits=bits)


GOOD = {
    "one frame": frame(TEXT, PING_LINE),
    "binary": frame(BINARY, PING_LINE),
    "in two": frame(TEXT, PING_LINE[:3], final=False) + frame(CONT, PING_LINE[3:]),
    "each byte": b"".join(
        [
            frame(TEXT, PING_LINE[:1], final=False),
            *[frame(CONT, bytes([byte]), final=False) for byte in PING_LINE[1:]],
            frame(CONT),
        ]
    ),
    "empty parts": frame(TEXT, final=False) + frame(CONT, final=False) + frame(CONT, PING_LINE),
    "a trailing line end": frame(TEXT, PING_LINE + b"\r\n"),
    "a trailing newline": frame(TEXT, PING_LINE + b"\n"),
    "an empty message before": frame(TEXT) + frame(TEXT, PING_LINE),
    "an unasked pong": frame(PONG, b"whatever") + frame(TEXT, PING_LINE),
    "a long length for few bytes": b"\x81\xfe\x00\x06\0\0\0\0" + PING_LINE,
    "a very long length for few bytes": b"\x81\xff" + (6).to_bytes(8, "big") + b"\0\0\0\0" + PING_LINE,
}


@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD)
@pytest.mark.parametrize("step", [1, 1 << 20], ids=["byte by byte", "at once"])
def test_a_message_in_any_fragments(browser: WebSocket, data: bytes, step: int) -> None:
    with browser:
        browser.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(data), step):
            browser.send(data[start : start + step])
        assert browser.read_frame() == PONG_LINE


@pytest.mark.parametrize("payload", [b"", b"hello", b"\x00\xff", b"x" * 125])
def test_a_ping_is_answered(browser: WebSocket, payload: bytes) -> None:
    with browser:
        browser.send(frame(PING, payload))
        assert browser.read_frame() == Frame(PONG, payload)


def test_a_ping_within_a_message(browser: WebSocket) -> None:
    with browser:
        browser.send(frame(TEXT, PING_LINE[:2], final=False) + frame(PING, b"now") + frame(CONT, PING_LINE[2:]))
        assert [browser.read_frame(), browser.read_frame()] == [Frame(PONG, b"now"), PONG_LINE]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", 1005),
        (b"\x03\xe8", 1000),
        (b"\x03\xe8bye", 1000),
        (b"\x03\xe9", 1001),
        (b"\x0f\xa0mine", 4000),
        (b"\x0b\xb8", 3000),
        (b"\x03", 1002),
        (b"\x03\xe7", 1002),  # 999
        (b"\x03\xec", 1002),  # 1004
        (b"\x03\xed", 1002),  # 1005
        (b"\x03\xee", 1002),  # 1006
        (b"\x03\xf7", 1002),  # 1015
        (b"\x07\xd0", 1002),  # 2000
        (b"\xff\xff", 1002),
        (b"\x03\xe8\xff", 1007),
        (b"\x03\xe8" + b"x" * 124, 1002),
    ],
)
def test_close_is_answered(browser: WebSocket, payload: bytes, code: int) -> None:
    with browser:
        browser.send(frame(CLOSE, payload))
        assert browser.closing() == ([], code)


BAD = {
    "not masked": (b"\x81\x06" + PING_LINE, 1002),
    "reserved bit 1": (frame(TEXT, PING_LINE, bits=4), 1002),
    "reserved bit 2": (frame(TEXT, PING_LINE, bits=2), 1002),
    "reserved bit 3": (frame(TEXT, PING_LINE, bits=1), 1002),
    "opcode 3": (frame(3, PING_LINE), 1002),
    "opcode 7": (frame(7), 1002),
    "opcode 11": (frame(11), 1002),
    "opcode 15": (frame(15), 1002),
    "a ping of 126 bytes": (frame(PING, b"x" * 126), 1002),
    "a ping in two": (frame(PING, b"x", final=False), 1002),
    "a close in two": (frame(CLOSE, b"\x03\xe8", final=False), 1002),
    "goes on with nothing": (frame(CONT, PING_LINE), 1002),
    "goes on with nothing, and on": (frame(CONT, PING_LINE, final=False), 1002),
    "begins anew in the middle": (frame(TEXT, b"a", final=False) + frame(TEXT, b"b"), 1002),
    "no UTF-8": (frame(TEXT, b"PING \xff"), 1007),
    "half a character": (frame(TEXT, b"PING \xc3"), 1007),
    "a surrogate": (frame(TEXT, b"PING \xed\xa0\x80"), 1007),
    "beyond Unicode": (frame(TEXT, b"PING \xf4\x90\x80\x80"), 1007),
    "no UTF-8 over two": (frame(TEXT, b"PING \xc3", final=False) + frame(CONT, b"x"), 1007),
    "too long": (frame(TEXT, b"x" * (16 * 1024 + 1)), 1009),
    "too long in parts": (frame(TEXT, b"x" * 9000, final=False) + frame(CONT, b"x" * 9000), 1009),
    "a length of 2 ** 63": (b"\x81\xff\x80" + bytes(7), 1009),
    "a length of 2 ** 62": (b"\x81\xff\x40" + bytes(7), 1009),
    "too many parts": (frame(TEXT, b"", final=False) + frame(CONT, b"", final=False) * (20 * 1024), 1008),
    "two lines": (frame(TEXT, b"PING a\r\nPING b"), 1008),
    "two lines, newline": (frame(TEXT, b"PING a\nQUIT"), 1008),
    "a lone CR": (frame(TEXT, b"PING a\rQUIT"), 1008),
}


@pytest.mark.parametrize(("data", "code"), BAD.values(), ids=BAD)
def test_protocol_errors_close_with_their_code(browser: WebSocket, data: bytes, code: int) -> None:
    with browser:
        browser.send(data + frame(TEXT, b"PING not-read"))
        assert browser.closing() == ([], code)


def test_a_character_split_over_two_frames(browser: WebSocket) -> None:
    with browser:
        browser.send(frame(TEXT, b"PING \xc3", final=False) + frame(CONT, b"\xa9"))
        assert browser.read_frame().payload == ":greenchat.local PONG greenchat.local :é".encode()


def test_invalid_utf8_in_a_binary_message(server: Target) -> None:
    with WebSocket(server, protocols="binary.ircv3.net") as browser:
        browser.send(frame(BINARY, b"PING \xff"))
        browser.say("PING after")
        assert [message.command for message in browser.until("PONG")][-1] == "PONG"


def test_a_too_long_line_is_answered_by_417(browser: WebSocket) -> None:
    with browser.register("alice"):
        browser.say("PRIVMSG alice :" + "x" * 600, "PING after")
        assert [message.command for message in browser.until("PONG")] == ["417", "PONG"]


class TestInTheRoom:
    def test_messages_between_all_kinds_of_clients(self, server: Target) -> None:
        with people(server, "irc", channel="#lobby") as (irc,), WebSocket(server) as text:
            text.register("text")
            with WebSocket(server, protocols="binary.ircv3.net").register("binary") as binary:
                for browser in text, binary:
                    browser.say("JOIN #lobby")
                    browser.until("366")
                irc.until("JOIN")
                irc.send("PRIVMSG #lobby :hé")
                for browser in text, binary:
                    assert browser.until("PRIVMSG")[-1].params == ("#lobby", "hé")
                text.say("PRIVMSG #lobby :from a browser")
                assert irc.until("PRIVMSG")[-1].params == ("#lobby", "from a browser")
                assert binary.until("PRIVMSG")[-1].params == ("#lobby", "from a browser")

    def test_capabilities_change_the_lines(self, server: Target) -> None:
        with people(server, "irc", channel="#lobby") as (irc,), WebSocket(server) as browser:
            browser.register("web", caps="message-tags server-time batch draft/multiline echo-message")
            browser.say("JOIN #lobby")
            browser.until("366")
            irc.send("PRIVMSG #lobby :hi")
            message = browser.until("PRIVMSG")[-1]
            assert set(message.tags) == {"time", "msgid"}
            lines = ["one", "two"]
            browser.say("BATCH +1 draft/multiline #lobby")
            browser.say(*[f"@batch=1 PRIVMSG #lobby :{line}" for line in lines], "BATCH -1")
            messages = [message.command for message in browser.until("BATCH") + browser.until("BATCH")]
            assert messages == ["BATCH", "PRIVMSG", "PRIVMSG", "BATCH"]
            assert [irc.until("PRIVMSG")[-1].params[-1] for _ in lines] == lines

    def test_names_and_monitor(self, server: Target) -> None:
        with WebSocket(server).register("web") as browser, Client(server, "friend") as friend:
            browser.say("JOIN #lobby", "MONITOR + friend,absent")
            assert browser.until("353")[-1].params[-1] == "@web"
            assert browser.until("731")[-1].params[-1] == "absent"
            friend.send("QUIT")
            assert browser.until("731")[-1].params[1] == "friend"

    def test_the_end_has_an_error_and_a_close_code(self, server: Target) -> None:
        with WebSocket(server).register("web") as browser:
            browser.say("QUIT :bye")
            frames, code = browser.closing()
            assert (frames[-1].payload[:6], code) == (b"ERROR ", 1000)

    def test_quit_and_close_in_one(self, server: Target) -> None:
        with people(server, "irc", channel="#lobby") as (irc,), WebSocket(server).register("web") as browser:
            browser.say("JOIN #lobby")
            browser.until("366")
            browser.send(frame(TEXT, b"QUIT :bye") + frame(CLOSE, b"\x03\xe8"))
            assert irc.until("QUIT")[-1].params[-1] == "Quit: bye"

    def test_a_connection_without_close_frame_quits(self, server: Target) -> None:
        with people(server, "irc", channel="#lobby") as (irc,):
            with WebSocket(server).register("web") as browser:
                browser.say("JOIN #lobby")
                browser.until("366")
            assert irc.until("QUIT")[-1].nick == "web"

    def test_the_quit_reason_of_a_protocol_error(self, server: Target) -> None:
        with people(server, "irc", channel="#lobby") as (irc,), WebSocket(server).register("web") as browser:
            browser.say("JOIN #lobby")
            browser.until("366")
            browser.send(frame(3))
            assert browser.closing()[1] == 1002
            browser.sock.close()
            assert irc.until("QUIT")[-1].params[-1] == "WebSocket: invalid opcode"

    def test_nothing_follows_the_last_frame(self, server: Target) -> None:
        """Not even the messages of others that were sent at the same time."""
        with people(server, "irc", channel="#lobby") as (irc,), WebSocket(server).register("web") as browser:
            browser.say("JOIN #lobby")
            browser.until("366")
            irc.send(*["PRIVMSG #lobby :before"] * 3)
            browser.until("PRIVMSG")
            browser.send(frame(CLOSE))
            irc.send(*["PRIVMSG #lobby :after"] * 50)
            assert browser.closing()[1] == 1005
            irc.until("QUIT")

    def test_the_end_of_the_server(self, start_server: StartServer, tmp_path: Path) -> None:
        server = start_server(Settings(), quick_options(tmp_path))
        with WebSocket(server.address).register("web") as browser, Http(server.address) as http:
            assert http.get("/healthz").status == 200
            server.call(lambda app: app.stop("The server is shutting down"))
            frames, code = browser.closing()
            assert (b"shutting down" in frames[-1].payload, code) == (True, 1001)
            assert http.to_end() == b""


def test_a_silent_browser_gets_a_ping_of_irc(start_server: StartServer, tmp_path: Path) -> None:
    patience = Connections(ping_after=1.0, ping_timeout=60.0, register_timeout=3.0, close_timeout=0.3)
    server = start_server(Settings(), replace(quick_options(tmp_path), connections=patience))
    with WebSocket(server.address).register("web") as browser, WebSocket(server.address) as nobody:
        assert b"PING " in browser.read_frame().payload
        frames, code = nobody.closing()
        assert (b"Registration timed out" in frames[-1].payload, code) == (True, 1000)


def test_a_browser_that_does_not_read_is_cut(start_server: StartServer, tmp_path: Path) -> None:
    options = replace(quick_options(tmp_path), connections=Connections(sendq=64 * 1024, close_timeout=0.3))
    server = start_server(Settings(), options)
    with people(server.address, "irc", channel="#lobby") as (irc,), WebSocket(server.address).register("deaf") as deaf:
        deaf.say("JOIN #lobby")
        irc.until("JOIN")
        while not any(message.command == "QUIT" for message in irc.sync()):
            irc.send(*["PRIVMSG #lobby :" + "x" * 400] * 100)


class TestBehindAProxy:
    @pytest.fixture
    def running_server(self, start_server: StartServer, tmp_path: Path) -> ServerThread:
        listener = ListenerOptions(Address("127.0.0.1", 0), proxy=(network("127.0.0.0/8"),))
        return start_server(Settings(), replace(quick_options(tmp_path), listen=(listener,)))

    def host(self, running_server: ServerThread, **fields: str) -> tuple[str, bool]:
        with WebSocket(running_server.address, more=fields) as browser:
            browser.register("web")
            return running_server.call(
                lambda app: next(
                    (each.host, each.secure) for each in app.network.sessions if each.registration.nick == "web"
                )
            )

    @pytest.mark.parametrize(
        ("fields", "host", "secure"),
        [
            ({}, "127.0.0.1", False),
            ({"X_Forwarded_For": "192.0.2.1"}, "192.0.2.1", False),
            ({"X_Forwarded_For": "192.0.2.1", "X_Forwarded_Proto": "https"}, "192.0.2.1", True),
            ({"X_Forwarded_For": "198.51.100.9, 192.0.2.1"}, "192.0.2.1", False),
            ({"X_Forwarded_For": "198.51.100.9, 192.0.2.1, 127.0.0.2"}, "192.0.2.1", False),
            ({"X_Forwarded_For": "2001:db8::1"}, "2001:db8::1", False),
            ({"X_Forwarded_For": "198.51.100.9, nonsense"}, "127.0.0.1", False),
            ({"X_Forwarded_For": ""}, "127.0.0.1", False),
            ({"Forwarded": "for=192.0.2.1;proto=https;by=203.0.113.43"}, "192.0.2.1", True),
            ({"Forwarded": 'for=198.51.100.9, for="[2001:db8::1]:4711"'}, "2001:db8::1", False),
            ({"Forwarded": "for=198.51.100.9, for=unknown"}, "127.0.0.1", False),
        ],
    )
    def test_the_proxy_names_the_clients_address(
        self, running_server: ServerThread, fields: dict[str, str], host: str, secure: bool
    ) -> None:
        assert self.host(running_server, **fields) == (host, secure)

    def test_a_proxy_header_works_too(self, running_server: ServerThread) -> None:
        sock = socket.create_connection(running_server.address)
        with sock:
            sock.sendall(b"PROXY TCP4 192.0.2.9 127.0.0.1 1 2\r\n")
            head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in UPGRADE.items())
            sock.sendall(f"GET /ws HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.1\r\n{head}\r\n".encode())
            assert sock.recv(100).startswith(b"HTTP/1.1 101 ")
            hosts = running_server.call(lambda app: [each.host for each in app.network.sessions])
            assert hosts == ["192.0.2.9"]

    def test_without_a_trusted_proxy_the_header_is_ignored(self, start_server: StartServer, tmp_path: Path) -> None:
        server = start_server(Settings(), quick_options(tmp_path))
        assert self.host(server, X_Forwarded_For="192.0.2.1", X_Forwarded_Proto="https") == ("127.0.0.1", False)
