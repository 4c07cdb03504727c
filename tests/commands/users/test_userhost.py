"""ISON USERHOST USERIP."""

import pytest

from tests.commands.state_changes import make_operator
from tests.conftest import Target
from tests.irc import Client, people
from tests.world import World


@pytest.mark.parametrize(
    ("line", "here"),
    [
        ("ISON bob", "bob"),
        ("ISON nobody", ""),
        ("ISON BOB nobody Alice", "bob alice"),
        ("ISON :bob nobody alice", "bob alice"),
        ("ISON :", ""),
    ],
)
def test_ison(server: Target, line: str, here: str) -> None:
    """RFC 2812, section 4.9: "returns only those nicks which it finds to be present on the network"."""
    with people(server, "alice", "bob") as (alice, _):
        (reply,) = alice.run(line)
        assert (reply.command, reply.params) == ("303", ("alice", here))


def test_userhost(running_server: World) -> None:
    """302: reply = nickname [ isop ] "=" isaway hostname. https://modern.ircdocs.horse/#rpluserhost-302"""
    with people(running_server.address, "alice", "bob") as (alice, bob):
        assert alice.run("USERHOST BOB nobody alice")[0].params == (
            "alice",
            "bob=+~bob@127.0.0.1 alice=+~alice@127.0.0.1",
        )
        bob.run("AWAY :lunch")
        make_operator(running_server, "bob")
        assert alice.run("USERHOST bob")[0].params == ("alice", "bob*=-~bob@127.0.0.1")
        assert alice.run("USERHOST nobody")[0].params == ("alice", "")
        assert alice.run("USERHOST :bob nobody")[0].params == ("alice", "bob*=-~bob@127.0.0.1")


def test_five_at_most(server: Target) -> None:
    """ "The USERHOST command takes up to five nicknames, each a separate parameters." """
    with people(server, "a", "b", "c", "d", "e", "f") as (client, *_):
        (reply,) = client.run("USERHOST a b c d e f")
        assert [answer[0] for answer in reply.params[1].split(" ")] == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("command", ["ISON", "USERHOST", "USERIP"])
def test_without_nicks(server: Target, command: str) -> None:
    with Client(server, "alice") as alice:
        assert alice.commands(command) == ["461"]


def test_userip_of_others_is_for_operators(running_server: World) -> None:
    with people(running_server.address, "alice", "bob") as (alice, _):
        (reply,) = alice.run("USERIP alice bob nobody")
        assert (reply.command, reply.params) == (
            "340",
            ("alice", "alice=+~alice@127.0.0.1 bob=+~bob@255.255.255.255"),
        )
        make_operator(running_server, "alice")
        assert alice.run("USERIP bob")[0].params[1] == "bob=+~bob@127.0.0.1"
