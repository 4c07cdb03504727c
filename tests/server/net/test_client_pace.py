"""How fast a client may continue: newcomers, those who are gone, those who send without end, those who are nobody."""

import socket
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.options import Options, Throttle
from greenchat.config.settings import AccountSettings, Settings
from tests.commands.devices import device, make_account
from tests.conftest import StartServer, Target, quick_options
from tests.irc import Client
from tests.patience import PATIENCE

_RESET = struct.pack("ii", 1, 0)
_SLOW = Throttle(commands=0.05, burst=60, newcomer_burst=10)  # one more in 20 s: what is beyond the burst never comes


@pytest.fixture
def options(tmp_path: Path) -> Options:
    return replace(quick_options(tmp_path), throttle=_SLOW)


@pytest.fixture
def address(start_server: StartServer, options: Options) -> Target:
    """Of a server that lets people do little."""
    settings = Settings(accounts=AccountSettings(iterations=4096))
    return start_server(settings, options).address


def lines(count: int) -> bytes:
    """Numbered things that are said in the room."""
    return b"".join(b"PRIVMSG #room :%d\r\n" % number for number in range(count))


ARRIVAL = b"NICK guest\r\nUSER guest 0 * :Guest\r\nJOIN #room\r\n"


def heard(bob: Client) -> list[str]:
    """What the guest said until it left."""
    messages = bob.until("QUIT")
    return [message.params[-1] for message in messages if message.command == "PRIVMSG"]


@pytest.mark.parametrize("how", ["closes", "closes half", "resets"])
def test_what_a_short_visit_brings_arrives_and_its_flood_does_not(address: Target, how: str) -> None:
    """As `printf ... | nc` does, which is gone before anything was read; and nobody is here who is not."""
    with Client(address, "bob") as bob:
        bob.join("#room")
        with socket.create_connection(address, PATIENCE) as guest:
            guest.sendall(ARRIVAL + lines(400))
            if how == "resets":
                bob.expect("JOIN")  # a reset may destroy what nobody has taken yet
                guest.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            if how == "closes half":
                guest.shutdown(socket.SHUT_WR)
                said = heard(bob)
        if how != "closes half":
            said = heard(bob)
        assert said == [str(number) for number in range(7)]  # and three lines before them


def test_a_newcomer_has_few_lines_and_a_login_brings_the_others(address: Target) -> None:
    make_account(address, "alice")
    with Client(address, "bob") as bob, Client(address, "carol") as carol, device(address, "alice") as alice:
        bob.join("#room")
        for client in (carol, alice):
            client.send("JOIN #room")
            client.send_raw(lines(100))
        by_nick: dict[str, list[str]] = {"carol": [], "alice": []}
        while len(by_nick["alice"]) < 40:
            message = bob.expect("PRIVMSG")
            by_nick[message.nick].append(message.params[-1])
        assert len(by_nick["carol"]) < 10


def test_who_sends_without_end_is_cut(start_server: StartServer, options: Options) -> None:
    options = replace(options, throttle=replace(_SLOW, commands=20, unread=4096))
    address = start_server(Settings(), options).address
    with Client(address, "bob") as bob, Client(address, "flood") as flood:
        bob.join("#room")
        flood.join("#room")
        flood.sock.setblocking(False)
        sent = 0
        while sent < 20_000:
            sent += flood.sock.send(lines(100))
        flood.sock.settimeout(PATIENCE)
        assert flood.until_end()[-1].params == ("Excess Flood",)
        assert bob.expect("QUIT").params == ("Excess Flood",)


def test_a_paste_is_not_cut(start_server: StartServer, options: Options) -> None:
    """Much at once is slowed down, and said: it is over the bound for less than two seconds."""
    options = replace(options, throttle=replace(_SLOW, commands=1000, newcomer_burst=20, unread=4096))
    address = start_server(Settings(), options).address
    with Client(address, "bob") as bob, Client(address, "paste") as paste:
        bob.join("#room")
        paste.join("#room")
        paste.send_raw(lines(500))
        for number in range(500):
            assert bob.expect("PRIVMSG").params[-1] == str(number)


def test_who_is_nobody_and_makes_no_sense_is_sent_away(tmp_path: Path, start_server: StartServer) -> None:
    address = start_server(Settings(), quick_options(tmp_path)).address
    with Client(address) as client:
        client.send("NICK nobody", *["FOO bar"] * 100)
        answers = client.until_end()
        assert answers[-1].params == ("Not registered: send NICK and USER first",)
        assert len(answers) < 30
