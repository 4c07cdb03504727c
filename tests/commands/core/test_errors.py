"""Parameters that can't be sent back as they came don't break an answer."""

import pytest

from tests.conftest import Target
from tests.irc import Client


@pytest.mark.parametrize(
    "line",
    [
        "JOIN :a b",
        "JOIN ::a",
        "JOIN :# ",
        "PART :a b",
        "TOPIC :a b",
        "MODE ::x",
        "KICK :#a b :c d",
        "INVITE :a",
        "NAMES ::x",
        "WHO ::x %tn,1",
        "WHOIS ::x",
        "WHOIS :a b",
        "WHOIS greenchat.local ::x",
        "WHOIS ::x alice",
        "WHOWAS ::x",
        "ISON ::x",
        "USERHOST ::x",
        "USERIP :a b",
        "MONITOR + ::x",
        "MONITOR ::x",
        "NICK :a b",
    ],
)
def test_a_parameter_that_cannot_be_repeated_back(server: Target, line: str) -> None:
    """https://modern.ircdocs.horse/#parameters: only the last parameter may hold a space or begin with a colon."""
    with Client(server, "alice") as alice:
        alice.send(line)
        assert all(message.command.isdigit() for message in alice.sync())
