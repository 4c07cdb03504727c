"""Lines that are read in the loop's callback and lines that wake the greenlet are executed in order."""

import socket
from pathlib import Path

import pytest

from greenchat.config.settings import Settings
from greenchat.server.app import App
from greenchat.server.net.greenlet_pool import GreenletPool, Work
from tests.conftest import ServerThread, StartServer, Target, quick_options
from tests.irc import Client
from tests.patience import PATIENCE


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> ServerThread:
    return start_server(Settings(), quick_options(tmp_path))


@pytest.fixture
def address(server: ServerThread) -> Target:
    return server.address


WANTED = "message-tags labeled-response batch echo-message"

# "Messages are always lines of characters terminated with a CR-LF", https://modern.ircdocs.horse/#message-format;
# "servers SHOULD handle single \r or \n character, and treat it as if it were a \r\n pair".
PIECES = {
    "one line": ([b"PRIVMSG #room :one\r\n"], ["one"]),
    "lines that go the same way": ([b"PRIVMSG #room :one\r\nPRIVMSG #room :two\r\n"], ["one", "two"]),
    "a line in pieces": ([b"PRIVMSG #room :on", b"e\r", b"\nPRIVMSG #room :two\r\n"], ["one", "two"]),
    "a line and the beginning of one": ([b"PRIVMSG #room :one\r\nPRIV", b"MSG #room :two\r\n"], ["one", "two"]),
    "without CR": ([b"PRIVMSG #room :one\nPRIVMSG #room :two\r\nPRIVMSG #room :three\n"], ["one", "two", "three"]),
    "an empty line between": ([b"PRIVMSG #room :one\r\n\r\nPRIVMSG #room :two\r\n"], ["one", "two"]),
    "two ways": ([b"PRIVMSG #room :one\r\nNOTICE #room :two\r\nPRIVMSG #ROOM :three\r\n"], ["one", "two", "three"]),
    "the head of a line within a text": ([b"PRIVMSG #room :say PRIVMSG #room :one\r\n"], ["say PRIVMSG #room :one"]),
    "the long way between": (
        [b"PRIVMSG #room :one\r\nPRIVMSG bob,#room :two\r\n", b"PRIVMSG #room :three\r\n"],
        ["one", "two", "two", "three"],
    ),
    "no text between": ([b"PRIVMSG #room :one\r\nPRIVMSG #room :\r\nPRIVMSG #room :two\r\n"], ["one", "two"]),
    "no UTF-8 between": ([b"PRIVMSG #room :one\r\nPRIVMSG #room :\xff\r\nPRIVMSG #room :two\r\n"], ["one", "two"]),
    "tags": (
        [b"@+a=b PRIVMSG #room :one\r\n", b"@+a=b PRIVMSG #room :two\r\n", b"PRIVMSG #room :three\r\n"],
        ["one", "two", "three"],
    ),
    "a slow command between": (
        [b"PRIVMSG #room :one\r\n", b"PRIVMSG NickServ :IDENTIFY bob no-password\r\n", b"PRIVMSG #room :two\r\n"],
        ["one", "two"],
    ),
    "the end": ([b"PRIVMSG #room :one\r\nQUIT :two\r\nPRIVMSG #room :never\r\n"], ["one", "Quit: two"]),
}


@pytest.mark.parametrize("name", PIECES)
def test_lines_are_executed_in_order(address: Target, name: str) -> None:
    pieces, expected = PIECES[name]
    with Client(address, "bob") as bob, socket.create_connection(address, PATIENCE) as alice:
        bob.join("#room")
        alice.sendall(b"NICK alice\r\nUSER alice 0 * :Alice\r\nJOIN #room\r\nPRIVMSG #room :first\r\n")
        bob.expect("PRIVMSG")  # from now on it has sent a message to the channel
        for piece in pieces:
            alice.sendall(piece)
        if "the end" not in name:
            alice.sendall(b"PART #room :the end\r\n")
        messages = [
            message for message in bob.until("QUIT" if "the end" in name else "PART") if message.nick == "alice"
        ]
    assert [message.params[-1] for message in messages] == [*expected, *(["the end"] if "the end" not in name else [])]


# Name: (line, the answer to its sender)
FREQUENT = {
    "to a channel": ("PRIVMSG #room :hello", "PRIVMSG"),
    "to somebody": ("PRIVMSG bob :hello", "PRIVMSG"),
    "a notice": ("NOTICE bob :hello", "NOTICE"),
    "with an id of the client": ("@+greenchat/id=one PRIVMSG #room :hello", "PRIVMSG"),
    "with a label": ("@label=one PRIVMSG #room :hello", "PRIVMSG"),
    "to somebody, with a label": ("@label=one PRIVMSG bob :hello", "PRIVMSG"),
    "somebody types": ("@+typing=active TAGMSG #room", "TAGMSG"),
    "to nobody": ("PRIVMSG nobody :hello", "401"),
    "are you there": ("PING :you", "PONG"),
}


class CountingPool(GreenletPool):
    """A pool that counts how often a greenlet was woken."""

    woken = 0

    def do(self, work: Work) -> None:
        self.woken += 1
        super().do(work)


@pytest.mark.parametrize("name", FREQUENT)
def test_frequent_commands_need_no_greenlet(server: ServerThread, name: str) -> None:
    pool = server.call(lambda app: CountingPool())
    with Client(server.address, "bob") as bob, Client(server.address, "alice", caps=WANTED) as alice:
        for client in (bob, alice):
            client.join("#room")
        server.call(lambda app: setattr(app.clients, "greenlet_pool", pool))
        line, answer = FREQUENT[name]
        alice.send(line)
        alice.expect(answer)
        assert pool.woken == 0
        alice.send("AWAY :that it counts is seen here")
        alice.expect("306")
        assert pool.woken == 1


def test_only_messages_draw_from_the_quota(server: ServerThread) -> None:
    with Client(server.address, "alice") as alice:
        alice.join("#room")
        alice.run("PART #room :bye", "JOIN #room", "AWAY :gone")
        assert server.call(room)[0] <= 0  # what it has added is subtracted from the next portion
        alice.run("PRIVMSG #room :hello")
        assert server.call(room)[0] > 0


def room(app: App) -> list[int]:
    """Return how much each connection may still add to the history without a new portion, see `history_quota`."""
    return [session.room for session in app.network.sessions]


@pytest.mark.parametrize(
    "data",
    [
        b"NICK a\r\nUSER a 0 * :a\r\nQUIT\r\nPRIVMSG a :x\r\nJOIN #a\r\n",
        b"QUIT\r\nJOIN #a\r\n",
        b"CAP LS\r\n" + b"JOIN #a\r\n" * 40,
        b"NICK b\r\n" + b"A" * 20_000 + b"\r\nJOIN #a\r\n",
        b"PRIVMSG x :y\r\n" * 5 + b"QUIT\r\n" + b"PRIVMSG x :y\r\n" * 5,
    ],
)
def test_nothing_follows_the_final_error(address: Target, data: bytes) -> None:
    """No answer to other lines that the client had sent: a 451 after the ERROR would be wrong."""
    with Client(address) as client:
        client.send_raw(data)
        commands = [message.command for message in client.until_end()]
        assert commands[-1] == "ERROR"
        assert commands.count("ERROR") == 1
