"""Plain text over real sockets: detection, names, commands, ends. The families of clients have their own file."""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from greenchat.config.options import Address, Connections, ListenerOptions, Options, PlainText
from greenchat.config.settings import Settings
from greenchat.server.net.certificate import ensure_certificate
from greenchat.server.net.tls import Tls
from tests.conftest import ServerThread, StartServer, Target, quick_options
from tests.irc import Client, people
from tests.patience import PATIENCE


class Raw:
    """A socket that reads until the expected bytes arrive."""

    def __init__(self, address: Target, *first: bytes, tls: ssl.SSLContext | None = None) -> None:
        """Connect and send; after the first piece each waits for the answer to the one before it."""
        self.sock = socket.create_connection(address, timeout=PATIENCE)
        if tls:
            self.sock = tls.wrap_socket(self.sock, server_hostname="localhost")
        self.got = b""
        for data in first:
            self.sock.sendall(data)

    def __enter__(self) -> "Raw":
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def until(self, end: bytes) -> bytes:
        """Return all input up to and including these bytes."""
        while end not in self.got:
            data = self.sock.recv(65536)
            assert data, f"it ended, and only this had come: {self.got!r}"
            self.got += data
        head, end, self.got = self.got.partition(end)
        return head + end

    def until_end(self) -> tuple[bytes, str]:
        """Return (all input until the end, how the connection ended)."""
        try:
            while data := self.sock.recv(65536):
                self.got += data
        except (ConnectionResetError, ssl.SSLError):
            return self.got, "reset"
        return self.got, "eof"


@pytest.fixture
def options(tmp_path: Path) -> Options:
    return quick_options(tmp_path)


@pytest.fixture
def server(start_server: StartServer, options: Options) -> ServerThread:
    return start_server(Settings(), options)


@pytest.fixture
def witness(server: ServerThread) -> Iterator[Client]:
    with people(server.address, "witness", channel="#lobby") as (client,):
        yield client


def test_the_prompt_is_sent_once_after_the_grace(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(Settings(), quick_options(tmp_path))
    before = monotonic()
    with Raw(server.address) as raw, Client(server.address, "witness") as witness:
        assert raw.sock.recv(100) == b"NICK"
        assert monotonic() - before >= 0.4
        witness.join("#lobby")
        witness.sync()
        raw.sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            raw.sock.recv(100)
        assert [message.command for message in witness.run("NAMES #lobby")] == ["353", "366"]
        assert server.call(lambda app: app.clients.plain.waiting) == 1
        raw.sock.settimeout(PATIENCE)
        raw.send(b"anna")
        assert witness.expect("JOIN").nick == "anna"
        assert server.call(lambda app: app.clients.plain.waiting) == 0


def test_irc_clients_do_not_wait(server: ServerThread) -> None:
    with Client(server.address) as client:
        client.send("CAP LS 302")
        assert client.read().command == "CAP"


def test_irc_after_the_prompt(server: ServerThread, witness: Client) -> None:
    with Raw(server.address) as raw:
        raw.until(b"NICK")
        raw.send(b"NICK late\r\nUSER late 0 * :late\r\nJOIN #lobby\r\n")
        got = raw.until(b" 366 ")
        assert got.startswith(b"\r\n:greenchat.local 001 late :")
        assert witness.expect("JOIN").nick == "late"
        raw.send(b"PING still\r\n")
        raw.until(b"PONG greenchat.local :still\r\n")


def test_irc_in_single_bytes(server: ServerThread) -> None:
    with Raw(server.address) as raw:
        for byte in b"PING x\r\n":
            raw.send(bytes([byte]))
        assert raw.until(b"\r\n") == b":greenchat.local PONG greenchat.local :x\r\n"


@pytest.mark.parametrize(
    "first", [b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: secret\r\n\r\n", b"\x16\x03\x01\x02\x00\x01"]
)
def test_http_and_tls_after_the_prompt(server: ServerThread, witness: Client, first: bytes) -> None:
    with Raw(server.address) as raw:
        raw.until(b"NICK")
        raw.send(first)
        answer, _ = raw.until_end()
        assert answer.startswith((b"HTTP/1.1 404 ", b"\x15\x03"))
    assert witness.sync() == []


class TestPinned:
    """ "A listener can be pinned (`kind = "plain"`, with `prompt = "now"`, or `tilde`)" """

    @pytest.fixture
    def start(self, start_server: StartServer, tmp_path: Path) -> Callable[[str], ServerThread]:
        def start(prompt: str) -> ServerThread:
            listener = ListenerOptions(Address("127.0.0.1", 0), kind="plain", prompt=prompt)
            # a grace longer than the test
            options = replace(quick_options(tmp_path), listen=(listener,), plain=PlainText(grace=2 * PATIENCE))
            return start_server(Settings(), options)

        return start

    def test_prompt_now(self, start: Callable[[str], ServerThread]) -> None:
        with Raw(start("now").address) as raw:
            raw.until(b"NICK")
            raw.send(b"NICK bob\r\n")
            assert raw.until(b"NICK_bob joined the chat!\n").startswith(b"Connected to the server!\n")

    def test_tilde_after_a_dialog(self, start: Callable[[str], ServerThread]) -> None:
        with Raw(start("tilde").address) as raw:
            raw.sock.settimeout(0.2)
            with pytest.raises(TimeoutError):
                raw.sock.recv(100)
            raw.sock.settimeout(PATIENCE)
            raw.send(b"tim: x")
            assert raw.until(b"tim__x joined the chat!").startswith(b"SERVER~Connected to the server!")

    def test_never_irc(self, start: Callable[[str], ServerThread]) -> None:
        with Raw(start("grace").address, b"CAP LS 302\r\n") as raw:
            raw.until(b"CAP_LS_302 joined the chat!\n")

    def test_irc_only(self, start_server: StartServer, tmp_path: Path) -> None:
        listener = ListenerOptions(Address("127.0.0.1", 0), kind="irc")
        options = replace(quick_options(tmp_path), listen=(listener,), plain=PlainText(grace=0.01))
        with Raw(start_server(Settings(), options).address) as raw:
            raw.sock.settimeout(0.2)
            with pytest.raises(TimeoutError):
                raw.sock.recv(100)
            raw.sock.settimeout(PATIENCE)
            raw.send(b"anna\r\n")
            assert b" 451 " in raw.until(b"\r\n")


class TestNames:
    def test_typed_names_are_taken_or_changed(self, server: ServerThread, witness: Client) -> None:
        with Raw(server.address, "Zoë X\n".encode()) as raw:
            assert raw.until("You are Zoë_X.\n".encode())
            joined = witness.expect("JOIN")
            assert joined.nick == "Zoë_X"
            assert next(message for message in witness.run("WHOIS Zoë_X") if message.command == "311").params[-1] == (
                "Zoë X"
            )
            raw.send("Zoë X: hi\n".encode())
            assert witness.expect("PRIVMSG").params == ("#lobby", "hi")

    def test_guests(self, server: ServerThread) -> None:
        with Raw(server.address, b"\n") as one, Raw(server.address, b"  \n") as two:
            assert {one.until(b".\n").split()[-1], two.until(b".\n").split()[-1]} == {b"guest1.", b"guest2."}

    def test_several_clients_with_the_same_name(self, server: ServerThread) -> None:
        with ExitStack() as stack:
            stack.enter_context(Raw(server.address, b"bot\n")).until(b"bot joined")
            clients = [stack.enter_context(Raw(server.address, b"bot\n")) for _ in range(30)]
            assert len({client.until(b".\n").rsplit(b" ", 1)[1] for client in clients}) == 30

    def test_reserved_names(self, server: ServerThread) -> None:
        with Raw(server.address, b"NickServ\n") as raw:
            messages = raw.until(b"\nThe name NickServ is reserved on this server, so you are guest1.\n")
            assert b"Serv_" not in messages  # nor a similar name, which users would take for it


class TestCommands:
    @pytest.fixture
    def anna(self, server: ServerThread, witness: Client) -> Iterator[Raw]:
        with Raw(server.address, b"anna\n") as raw:
            raw.until(b"anna joined the chat!\n")
            witness.expect("JOIN")
            yield raw

    def test_nick(self, anna: Raw, witness: Client) -> None:
        anna.send(b"/nick Big Ann\n")
        assert witness.expect("NICK").params == ("Big_Ann",)
        anna.until(b"anna is now known as Big_Ann\n")
        anna.send(b"Big Ann: hi\n")
        assert witness.expect("PRIVMSG").params[1] == "hi"
        anna.send(b"/nick witness\n")
        anna.until(b"The name witness is taken\n")

    def test_me(self, anna: Raw, witness: Client) -> None:
        anna.send(b"/me waves\n")
        assert witness.expect("PRIVMSG").params[1] == "\x01ACTION waves\x01"

    def test_msg(self, anna: Raw, witness: Client) -> None:
        anna.send(b"/msg witness psst\n/msg nobody psst\n")
        assert witness.expect("PRIVMSG").params == ("witness", "psst")
        anna.until(b"There is nobody named nobody\n")
        witness.send("PRIVMSG anna :pssst")
        anna.until(b"witness: [private to anna] pssst\n")

    def test_who_and_help(self, anna: Raw) -> None:
        anna.send(b"/who\n")
        anna.until(b"Here: witness, anna\n")
        anna.send(b"/help\n")
        anna.until(b"/help")

    def test_quit(self, anna: Raw, witness: Client) -> None:
        anna.send(b"/quit see you\nand more\n")
        text, end = anna.until_end()
        assert (text.splitlines(keepends=True)[-1], end) == (b"Quit: see you\n", "eof")
        assert witness.expect("QUIT").params == ("Quit: see you",)
        assert witness.sync() == []

    def test_a_kicked_user_rejoins_by_talking(self, anna: Raw, witness: Client) -> None:
        witness.send("KICK #lobby anna :calm down")
        anna.until(b"anna was removed from the chat by witness: calm down\n")
        anna.send(b"I am calm\n")
        assert witness.expect("JOIN").nick == "anna"
        assert witness.expect("PRIVMSG").params[1] == "I am calm"
        witness.send("MODE #lobby +b anna", "KICK #lobby anna")
        anna.until(b"anna was removed from the chat by witness")
        anna.send(b"again\n")
        anna.until(b"Cannot join channel (+b) (#lobby)\n")
        assert [message.command for message in witness.sync()] == ["MODE", "KICK"]


def test_a_client_of_the_raw_family_gets_its_own_messages_back(server: ServerThread, witness: Client) -> None:
    with Raw(server.address, b"tim") as raw:
        raw.until(b"SERVER~tim joined the chat!")
        raw.send(b"tim: hi")
        assert witness.expect("PRIVMSG").params[1] == "hi"
        assert raw.until(b"hi") == b"tim: hi"
        witness.send("PRIVMSG #lobby :hello")
        assert raw.until(b"hello") == b"witness: hello"


def test_the_last_text_comes_last_however_much_others_say(start_server: StartServer, options: Options) -> None:
    """ "last text, 0.2 s, then a reset" """
    server = start_server(Settings(), replace(options, connections=Connections(close_timeout=20.0)))
    with people(server.address, "witness", channel="#lobby") as (witness,), Raw(server.address, b"tim") as raw:
        raw.until(b"SERVER~tim joined the chat!")
        raw.send(b"/quit")
        before = monotonic()
        raw.sock.settimeout(0.02)
        got = b""
        while True:
            witness.send("PRIVMSG #lobby :blah")
            try:
                got += raw.sock.recv(100)
            except TimeoutError:
                continue
            except ConnectionResetError:
                break
        assert 0.2 <= monotonic() - before < 15  # the server would cut the connection after 20 s
        assert got.endswith(b"SERVER~Quit")


def test_plain_clients_get_no_pings(start_server: StartServer, options: Options) -> None:
    limits = Connections(register_timeout=3.0, ping_after=1.0, ping_timeout=1.0)
    server = start_server(Settings(), replace(options, connections=limits))
    with ExitStack() as stack:
        mute = stack.enter_context(Client(server.address, "mute"))
        anna, tim, asked = (stack.enter_context(Raw(server.address, *first)) for first in ((b"anna\n",), (b"tim",), ()))
        anna.until(b"anna joined the chat!\n")
        tim.until(b"SERVER~tim joined the chat!")
        asked.until(b"NICK")
        while mute.sock.recv(4096):
            pass  # an IRC client that never answers is cut: by now every client has been silent for as long
        for raw in anna, tim, asked:
            raw.sock.setblocking(False)
            raw.got = b""
            with suppress(BlockingIOError):
                raw.got = raw.sock.recv(100)
            assert raw.got in (b"", b"tim joined the chat!\n", b"SERVER~anna joined the chat!")
            raw.sock.settimeout(PATIENCE)
        asked.send(b"late")
        asked.until(b"late joined the chat!\n")
        keeps_alive = server.call(
            lambda app: {
                connection.session.registration.nick: connection.accepted.getsockopt(
                    socket.IPPROTO_TCP, socket.TCP_KEEPIDLE
                )
                for connection in app.clients.connections
                if connection.session.dialect
            }
        )
        assert keeps_alive == {"anna": 60, "tim": 60, "late": 60}


def test_text_before_the_end_is_sent(server: ServerThread, witness: Client) -> None:
    with Raw(server.address, b"anna\nfirst\nlast") as raw:
        raw.sock.shutdown(socket.SHUT_WR)
        assert [witness.expect("PRIVMSG").params[1] for _ in range(2)] == ["first", "last"]
        assert witness.expect("QUIT").nick == "anna"
        assert raw.until_end()[0].startswith(b"Connected to the server!\n")


@pytest.mark.skipif(not shutil.which("nc"), reason="nc is not installed")
def test_nc(server: ServerThread, witness: Client) -> None:
    host, port = server.address
    command = ["nc", host, str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as nc:
        assert nc.stdin
        assert nc.stdout
        assert nc.stdout.read(4) == b"NICK"
        nc.stdin.write(b"nora\n")
        assert witness.expect("JOIN").nick == "nora"
        assert nc.stdout.readline() == b"Connected to the server!\n"
        assert nc.stdout.readline() == b"nora joined the chat!\n"
        assert nc.stdout.readline() == (b"You are in #lobby, with witness. Type to talk; /help lists the commands\n")
        nc.stdin.write("hallo, Zürich\n".encode())
        assert witness.expect("PRIVMSG").params[1] == "hallo, Zürich"
        witness.send("PRIVMSG #lobby :hello, \x1b[31mnora")
        assert nc.stdout.readline() == b"witness: hello, ^[[31mnora\n"
        server.call(lambda app: app.stop("The test is over"))
        assert nc.stdout.readline() == b"The test is over\n"
        nc.terminate()


def test_one_channel_after_the_other(server: ServerThread, witness: Client) -> None:
    with Raw(server.address, b"anna\n") as anna:
        anna.until(b"/help lists the commands\n")
        witness.run("JOIN #dev", "TOPIC #dev :tools")
        anna.send(b"/list\n")
        anna.until(b"#dev (1 here) tools\n")
        anna.until(b"Use /join ROOM to join one\n")
        witness.sync()
        anna.send(b"/join dev\nhello, dev\n/topic\n/topic what works\n/names\n")
        assert [(m.command, m.params[0]) for m in witness.until("PRIVMSG")] == [
            ("JOIN", "#dev"),
            ("PART", "#lobby"),
            ("PRIVMSG", "#dev"),
        ]
        anna.until(b"anna left the chat!\nYou are in #dev, with witness. Type to talk; /help lists the commands\n")
        anna.until(b"The topic is: tools\n")
        anna.until(b"You're not channel operator (#dev)\n")
        anna.until(b"Here: witness, anna\n")
        anna.send(b"/join #dev\nstill here\n")
        assert witness.expect("PRIVMSG").params == ("#dev", "still here")


def test_a_listener_for_ascii_only_programs(start_server: StartServer, options: Options) -> None:
    listener = ListenerOptions(Address("127.0.0.1", 0), kind="plain", charset="ascii", prompt_text="Who are you? ")
    server = start_server(Settings(), replace(options, listen=(listener,)))
    with Raw(server.address) as anna:
        anna.until(b"Who are you? ")
        anna.send(b"anna\n")
        anna.until(b"/help lists the commands\n")
        with Raw(server.address) as other:
            other.until(b"Who are you? ")
            other.send("Zoë\n".encode())
            anna.until(b"Zoe joined the chat!\n")
            other.send("ähm ☕\n".encode())
            assert anna.until(b"\n").endswith(b"Zoe: ahm ?\n")


def test_a_taken_name_is_reported(server: ServerThread, witness: Client) -> None:
    with Raw(server.address, b"witness\n") as raw:
        raw.until(b"The name witness is taken, so you are witness_2.\n")


def test_plain_text_through_tls(start_server: StartServer, options: Options, tmp_path: Path) -> None:
    certificate = ensure_certificate(tmp_path / "tls", "localhost", ["localhost"])
    server = start_server(Settings(), options, Tls(*certificate))
    trusting = ssl.create_default_context(cafile=certificate[0])
    with Raw(server.address, tls=trusting) as secure, Raw(server.address, b"bert\n") as bert:
        secure.until(b"NICK")
        secure.send(b"anna")
        bert.until(b"anna joined the chat!\n")
        secure.until(b"anna joined the chat!\n")
        bert.send(b"hi\n")
        secure.until(b"bert: hi\n")
        bert.sock.close()
        secure.until(b"bert left the chat!\n")
        server.stop()
        assert secure.until_end()[0].rstrip(b"\n") == b"The test is over"
