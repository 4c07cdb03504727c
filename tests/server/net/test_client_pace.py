"""The pace at which commands of a client are executed: newcomers, clients that have hung up, floods, unregistered
clients.
"""

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
_SLOW = Throttle(
    commands=0.05, burst=60, newcomer_burst=10
)  # one more in 20 s: what exceeds the burst is never executed


@pytest.fixture
def options(tmp_path: Path) -> Options:
    return replace(quick_options(tmp_path), throttle=_SLOW)


@pytest.fixture
def address(start_server: StartServer, options: Options) -> Target:
    """Return the address of a server with a slow pace."""
    settings = Settings(accounts=AccountSettings(iterations=4096))
    return start_server(settings, options).address


def lines(count: int) -> bytes:
    """Return numbered messages to the channel."""
    return b"".join(b"PRIVMSG #room :%d\r\n" % number for number in range(count))


ARRIVAL = b"NICK guest\r\nUSER guest 0 * :Guest\r\nJOIN #room\r\n"


def messages_of_guest(bob: Client) -> list[str]:
    """Return what the guest said until the QUIT."""
    messages = bob.until("QUIT")
    return [message.params[-1] for message in messages if message.command == "PRIVMSG"]


@pytest.mark.parametrize("how", ["closes", "closes half", "resets"])
def test_input_of_a_short_connection_is_executed_up_to_the_burst(address: Target, how: str) -> None:
    """As `printf ... | nc` does, which has hung up before anything was read; no user stays behind."""
    with Client(address, "bob") as bob:
        bob.join("#room")
        with socket.create_connection(address, PATIENCE) as guest:
            guest.sendall(ARRIVAL + lines(400))
            if how == "resets":
                bob.expect("JOIN")  # a reset may destroy what was not read yet
                guest.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            if how == "closes half":
                guest.shutdown(socket.SHUT_WR)
                texts = messages_of_guest(bob)
        if how != "closes half":
            texts = messages_of_guest(bob)
        assert texts == [str(number) for number in range(7)]  # after three other lines


def test_a_newcomer_has_a_small_burst_until_a_login(address: Target) -> None:
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


def test_an_endless_flood_is_cut(start_server: StartServer, options: Options) -> None:
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


def test_a_paste_is_slowed_down_and_not_cut(start_server: StartServer, options: Options) -> None:
    """A burst exceeds the limit for less than two seconds."""
    options = replace(options, throttle=replace(_SLOW, commands=1000, newcomer_burst=20, unread=4096))
    address = start_server(Settings(), options).address
    with Client(address, "bob") as bob, Client(address, "paste") as paste:
        bob.join("#room")
        paste.join("#room")
        paste.send_raw(lines(500))
        for number in range(500):
            assert bob.expect("PRIVMSG").params[-1] == str(number)


def test_an_unregistered_client_with_unknown_commands_is_cut(tmp_path: Path, start_server: StartServer) -> None:
    address = start_server(Settings(), quick_options(tmp_path)).address
    with Client(address) as client:
        client.send("NICK nobody", *["FOO bar"] * 100)
        answers = client.until_end()
        assert answers[-1].params == ("Not registered: send NICK and USER first",)
        assert len(answers) < 30
