"""Logging in on several connections."""

import pytest

from greenchat.config.settings import Settings
from greenchat.protocol.sasl import format_plain
from tests.commands.logins import QUICK, authenticate, register
from tests.conftest import Serve, Target
from tests.irc import Client, people


@pytest.fixture
def server(serve: Serve) -> Target:
    """Make password hashes cheap, as only a test may."""
    return serve(Settings(accounts=QUICK))


def test_two_connections_of_one_account(server: Target) -> None:
    """Each connection sees what the other sends and receives; a QUIT at one is not a QUIT of the user."""
    register(server, "alice")
    with people(server, "bob", channel="#lobby") as (bob,), Client(server) as laptop, Client(server) as phone:
        for device in laptop, phone:
            device.send("CAP LS 302", "NICK alice", "USER a 0 * :a", "CAP REQ :echo-message")
            assert authenticate(device, "PLAIN", format_plain("alice", "sesame open")).command == "903"
            device.send("CAP END")
            device.expect("001")
            if device is laptop:
                laptop.join("#lobby")
                bob.expect("JOIN")
        assert phone.expect("JOIN").params[0] == "#lobby"
        phone.expect("366")
        phone.sync()
        laptop.send("PRIVMSG #lobby :from the laptop")
        for hearer in bob, phone, laptop:
            assert hearer.expect("PRIVMSG").params[1] == "from the laptop"
        phone.send("PRIVMSG bob :psst")
        for hearer in bob, phone, laptop:
            message = hearer.expect("PRIVMSG")
            assert (message.nick, message.params[1]) == ("alice", "psst")
        bob.send("PRIVMSG alice :yes?")
        for hearer in phone, laptop:
            assert hearer.expect("PRIVMSG").params[1] == "yes?"
        phone.send("QUIT")
        phone.until_end()
        assert bob.sync() == []
        laptop.send("QUIT")
        assert bob.expect("QUIT").nick == "alice"
