"""A nick is reserved for the account of its name."""

import pytest

from greenchat.config.settings import Settings
from greenchat.protocol.sasl import format_plain
from tests.commands.logins import QUICK, authenticate, register
from tests.conftest import Serve, Target
from tests.irc import Client


@pytest.fixture
def server(serve: Serve) -> Target:
    """Make password hashes cheap, as only a test may."""
    return serve(Settings(accounts=QUICK))


def test_a_nick_is_reserved_for_its_account(server: Target) -> None:
    register(server, "alice")
    with Client(server, "eve") as eve:
        refusal = eve.run("NICK Alice")[0]
        assert (refusal.command, refusal.params[1]) == ("433", "Alice")
        assert "log in" in refusal.params[-1]
        authenticate(eve, "PLAIN", format_plain("alice", "sesame open"))
        eve.sync()
        assert eve.run("NICK Alice")[0].params == ("Alice",)
    with Client(server) as stranger:
        stranger.send("NICK alice", "USER x 0 * :x")
        assert stranger.expect("433", "001").command == "433"
        stranger.send("NICK eve2")
        stranger.expect("001")
