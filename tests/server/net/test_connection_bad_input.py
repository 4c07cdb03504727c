"""Bad input: whatever a client sends, or doesn't read, is answered, or cut with a reason, and a witness notices
nothing.
"""

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.options import Connections, Throttle
from greenchat.config.settings import Settings
from tests.conftest import ServerThread, StartServer, Target, quick_options
from tests.irc import Client, people


@pytest.fixture
def strict(start_server: StartServer, tmp_path: Path) -> ServerThread:
    """Return options with short timeouts and small sendqs."""
    patience = Connections(sendq=64 * 1024, register_timeout=3.0, ping_after=1.0, ping_timeout=1.0, close_timeout=1.0)
    return start_server(Settings(), replace(quick_options(tmp_path), connections=patience))


GARBAGE = {
    "random bytes": b"NICK a\r\n" + os.urandom(4096).replace(b"\n", b"") + b"\r\n",
    "NULs": b"NICK a\0b\r\nUSER a\r\n",
    "invalid UTF-8": b"PRIVMSG #lobby :\xff\xfe\r\n",
    "lone CRs": b"NICK a\rUSER a 0 * :a\rJOIN #lobby\r\n",
    "only separators": b"CAP\r\n" + b" \r\n" * 1000 + b":\r\n@\r\n: :\r\n@a=b\r\n",
    "a long line": b"PRIVMSG #lobby :" + b"x" * 9000 + b"\r\n",
    "long tags": b"@+a=" + b"x" * 9000 + b" PRIVMSG #lobby :a\r\n",
    "many parameters": b"USER " + b"a " * 200 + b"\r\n",
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_is_answered_and_the_connection_stays(server: Target, garbage: bytes) -> None:
    with people(server, "witness", channel="#lobby") as (witness,), Client(server) as client:
        client.send("CAP LIST")
        client.send_raw(garbage)
        client.send("PING still-here")
        answers = client.until("PONG")
        assert answers[-1].params[-1] == "still-here"
        client.register("newcomer")
        assert witness.sync() == []


def test_a_line_that_never_ends_is_cut_with_a_reason(server: Target) -> None:
    with Client(server, "endless") as client:
        client.send_raw(b"PRIVMSG #lobby :" + b"x" * 20_000)
        assert "Line without an end" in client.until_end()[-1].params[0]


def test_half_a_line_waits_for_its_end(server: Target) -> None:
    with Client(server, "halves") as client:
        for byte in b"PING whole\r\n":
            client.send_raw(bytes([byte]))
        assert client.expect("PONG").params[-1] == "whole"


def test_a_client_that_never_registers_is_cut_with_a_reason(strict: ServerThread) -> None:
    with Client(strict.address) as client:
        client.send("NICK sleeper")
        assert client.until_end()[-1].params == ("Registration timed out",)


def test_a_client_that_does_not_answer_pings_is_cut_with_a_reason(strict: ServerThread) -> None:
    with Client(strict.address, "mute") as client:
        data = b""
        while chunk := client.sock.recv(4096):
            data += chunk
        lines = data.decode().splitlines()
        assert [line for line in lines if line.startswith((":greenchat.local PING", "PING"))] == lines[:-1]
        assert lines[-1].startswith("ERROR :Ping timeout: ")


def test_a_client_that_never_reads_is_cut_and_others_receive_all(start_server: StartServer, tmp_path: Path) -> None:
    narrow = start_server(Settings(), replace(quick_options(tmp_path), connections=Connections(sendq=64 * 1024)))
    with people(narrow.address, "talker", "listener", channel="#lobby") as (talker, listener):
        with socket.socket() as stuck:
            stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stuck.connect(narrow.address)
            stuck.sendall(b"NICK stuck\r\nUSER stuck 0 * :stuck\r\nJOIN #lobby\r\n")
            talker.expect("JOIN")
            text = "x" * 400
            count = 0
            messages = (
                listener.sync()
            )  # a client that reads only at the end is cut, too, where the kernel buffers little
            while not any(message.command == "QUIT" for message in talker.sync()):
                talker.send(*[f"PRIVMSG #lobby :{count + number} {text}" for number in range(100)])
                count += 100
                messages += listener.sync()
                assert count < 100_000
        messages += listener.sync()
        numbers = [int(message.params[1].split()[0]) for message in messages if message.command == "PRIVMSG"]
        assert numbers == list(range(count))
        quits = [(message.nick, message.params[0]) for message in messages if message.command == "QUIT"]
        assert quits == [("stuck", "SendQ exceeded")]
        assert narrow.call(lambda app: all(c.session.registration.nick != "stuck" for c in app.clients.connections))


def test_a_flood_is_slowed_down_and_others_are_not(start_server: StartServer, tmp_path: Path) -> None:
    options = replace(quick_options(tmp_path), throttle=Throttle(commands=50.0, burst=10))
    address = start_server(Settings(), options).address
    with people(address, "flooder", "alice", "bob") as (flooder, alice, bob):
        flooder.send(*["PING flood"] * 2000)
        for number in range(5):
            alice.send(f"PRIVMSG bob :{number}")
            assert bob.expect("PRIVMSG").params[1] == str(number)
        # 2000 lines at 50 a second take 40 s: when bob has received everything, most of the flood still waits in its
        # socket
        flooder.sock.setblocking(False)
        answered = 0
        try:
            while data := flooder.sock.recv(65536):
                answered += data.count(b"PONG")
        except BlockingIOError:
            pass
        assert answered < 1500
