"""What is read in the loop's callback and what wakes the greenlet come out as one stream, in its order."""

import socket
from pathlib import Path

import pytest

from greenchat.config.settings import Settings
from tests.conftest import StartServer, Target, quick_options
from tests.irc import Client


@pytest.fixture
def address(start_server: StartServer, tmp_path: Path) -> Target:
    return start_server(Settings(), quick_options(tmp_path)).address


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
    "the end": ([b"PRIVMSG #room :one\r\nQUIT :two\r\nPRIVMSG #room :never\r\n"], ["one", "Quit: two"]),
}


@pytest.mark.parametrize("name", PIECES)
def test_a_stream_is_heard_in_its_order(address: Target, name: str) -> None:
    pieces, expected = PIECES[name]
    with Client(address, "bob") as bob, socket.create_connection(address, 20) as alice:
        bob.join("#room")
        alice.sendall(b"NICK alice\r\nUSER alice 0 * :Alice\r\nJOIN #room\r\nPRIVMSG #room :first\r\n")
        bob.expect("PRIVMSG")  # from now on it has said something there
        for piece in pieces:
            alice.sendall(piece)
        if "the end" not in name:
            alice.sendall(b"PART #room :the end\r\n")
        heard = [message for message in bob.until("QUIT" if "the end" in name else "PART") if message.nick == "alice"]
    assert [message.params[-1] for message in heard] == [*expected, *(["the end"] if "the end" not in name else [])]
