"""Hostile plain clients: they are bounded, and a witness that talks all the time notices nothing."""

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.options import Connections, Options, PlainText
from greenchat.config.settings import Settings
from tests.conftest import ServerThread, StartServer, quick_options
from tests.irc import Client, people
from tests.patience import PATIENCE


@pytest.fixture
def options(tmp_path: Path) -> Options:
    return replace(
        quick_options(tmp_path),
        plain=PlainText(name_timeout=30.0, prompts=20),
        connections=Connections(sendq=64 * 1024, close_timeout=1.0),
    )


@pytest.fixture
def server(start_server: StartServer, options: Options) -> ServerThread:
    return start_server(Settings(), options)


@pytest.fixture
def talkers(server: ServerThread) -> Iterator[list[Client]]:
    with people(server.address, "alice", "bob", channel="#lobby") as clients:
        yield clients


def connect(server: ServerThread) -> socket.socket:
    return socket.create_connection(server.address, timeout=PATIENCE)


def ended(sock: socket.socket) -> bytes:
    """Return all input until the connection ends, in whatever way."""
    got = b""
    with suppress(ConnectionError):
        while data := sock.recv(65536):
            got += data
    return got


def read_until(sock: socket.socket, *ends: bytes) -> bytes:
    """Return all input until each of these has arrived."""
    got = b""
    while not all(end in got for end in ends):
        data = sock.recv(65536)
        assert data, got
        got += data
    return got


def talk(talkers: list[Client]) -> None:
    """Check that the witnesses receive each other's messages, and nothing else."""
    alice, bob = talkers
    alice.send("PRIVMSG #lobby :still here?")
    messages = bob.until("PRIVMSG")
    assert [(message.command, message.params[1]) for message in messages] == [("PRIVMSG", "still here?")]


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_name_of_a_megabyte(server: ServerThread, talkers: list[Client], end: bytes) -> None:
    with connect(server) as sock:
        with suppress(ConnectionError):
            sock.sendall(b"x" * 1_000_000 + end)
        assert ended(sock) == b""
    talk(talkers)
    assert server.call(lambda app: len(app.clients.connections)) == 2


def test_control_sequences_do_not_reach_other_terminals(server: ServerThread, talkers: list[Client]) -> None:
    alice, _ = talkers
    evil = "".join(map(chr, [*range(1, 10), 11, 12, *range(14, 32), 127, *range(128, 160), 0x2028, 0x202E, 0x2066]))
    with connect(server) as nc, connect(server) as tilde, connect(server) as other:
        nc.sendall(b"nora\n")
        read_until(nc, b"nora joined the chat!\n")
        tilde.sendall(f"ti{evil}m\x00".encode())
        other.sendall(f"\x1b]0;owned\x07{evil}\n".encode())
        joined = {alice.expect("JOIN").nick for _ in range(3)}
        assert "nora" in joined
        read_until(tilde, b"joined the chat!")
        tilde.sendall(f"tilde says {evil}\x00".encode())
        read_until(other, b"joined the chat!\n")
        other.sendall(f"/me \x1b[2J{evil}\n/nick \x1b[31m{evil}\n/quit \x1b[2J{evil}\n".encode())
        alice.send(f"PRIVMSG #lobby :alice says {evil.replace(chr(1), '')}", f"TOPIC #lobby :{evil}", "NICK [A]")
        got = read_until(nc, b"left the chat!\n", b"alice is now known as [A]\n", b": tilde says ").decode()
        assert not {letter for letter in got if not letter.isprintable()} - {"\n"}
        assert all(shown in got for shown in ("alice: alice says ", "alice set the topic: ", "^[[2J"))


def test_the_number_of_open_prompts_is_limited(server: ServerThread, talkers: list[Client]) -> None:
    """The twenty-first client gets a prompt, and the one that has waited longest is cut."""
    with ExitStack() as stack:
        silent = [stack.enter_context(connect(server)) for _ in range(50)]
        for sock in silent[-20:]:
            assert sock.recv(4) == b"NICK"
        assert server.call(lambda app: app.clients.plain.waiting) == 20
        assert sum(ended(sock) == b"NICK" for sock in silent[:30]) == 30
        talk(talkers)
        silent[-1].sendall(b"patient")
        assert talkers[0].expect("JOIN").nick == "patient"


def test_open_prompts_time_out(start_server: StartServer, options: Options) -> None:
    server = start_server(Settings(), replace(options, plain=replace(options.plain, name_timeout=1.0)))
    with ExitStack() as stack:
        silent = [stack.enter_context(connect(server)) for _ in range(20)]
        assert [ended(sock) for sock in silent] == [b"NICK"] * 20
        talkers = stack.enter_context(people(server.address, "alice", "bob", channel="#lobby"))
        talk(talkers)
        assert server.call(lambda app: (len(app.clients.connections), app.clients.plain.waiting)) == (2, 0)


@pytest.mark.parametrize("name", [b"never\n", b"never"])
def test_a_plain_client_that_never_reads(server: ServerThread, talkers: list[Client], name: bytes) -> None:
    alice, bob = talkers
    with socket.socket() as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.settimeout(PATIENCE)
        stuck.connect(server.address)
        stuck.sendall(name)
        alice.expect("JOIN")
        count = 0
        gone = False
        while not gone:
            alice.send(*[f"PRIVMSG #lobby :{count + number} {'x' * 400}" for number in range(100)])
            count += 100
            gone = any(message.command == "QUIT" for message in alice.sync())
            assert count < 100_000
        messages: list[int] = []
        quits: list[tuple[str, str]] = []
        while len(messages) < count or not quits:
            message = bob.expect("PRIVMSG", "QUIT")
            if message.command == "QUIT":
                quits.append((message.nick, message.params[0]))
            else:
                messages.append(int(message.params[1].split()[0]))
        assert messages == list(range(count))
        assert quits == [("never", "SendQ exceeded")]


def test_a_flood_without_newlines(server: ServerThread, talkers: list[Client]) -> None:
    alice, _ = talkers
    with connect(server) as sock:
        sock.sendall(b"anna\n")
        assert alice.expect("JOIN").nick == "anna"
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        text = b"x" * 200_000
        sock.sendall(text)
        sock.shutdown(socket.SHUT_WR)
        length = 0
        while length < len(text):
            message = alice.expect("PRIVMSG")
            length += len(message.params[1])
        assert length == len(text)
        assert alice.expect("QUIT").nick == "anna"
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000
