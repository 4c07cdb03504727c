"""WHO with fields. https://ircv3.net/specs/extensions/whox"""

import pytest

from tests.commands.state_changes import log_in, make_operator, run_as_user
from tests.conftest import Target
from tests.irc import Client, people
from tests.world import World


def test_announced(server: Target) -> None:
    """ "Servers supporting this specification MUST include the WHOX token in RPL_ISUPPORT without any value." """
    with Client(server, "alice") as alice:
        assert "WHOX" in [token for message in alice.run("VERSION") for token in message.params]


@pytest.mark.parametrize(
    ("fields", "values"),
    [
        # ":<server> 354 <client> [token] [channel] [user] [ip] [host] [server] [nick] [flags] [idle] [account] ..."
        ("%tcuihsnfdlaor,42", "42 #lobby ~alice 255.255.255.255 127.0.0.1 greenchat.local alice H@ 0 0 0 n/a Alice"),
        ("%roaldfnshiuct,42", "42 #lobby ~alice 255.255.255.255 127.0.0.1 greenchat.local alice H@ 0 0 0 n/a Alice"),
        ("%cuhnar", "#lobby ~alice 127.0.0.1 alice 0 Alice"),
        ("%afnt,7", "7 alice H@ 0"),
        ("%n", "alice"),
        ("%nn", "alice"),
        ("%nXY", "alice"),  # "Servers MUST ignore any non-standard field they don't support"
        ("%n,42", "alice"),  # "MUST NOT add any additional field not requested"
        ("%tn", "0 alice"),
        ("%tn,1234", "0 alice"),  # "The token ... MUST contain at most 3 characters"
        ("%tn,x", "0 alice"),  # "MUST contain only digit characters"
        ("%tn,", "0 alice"),
    ],
)
def test_fields_and_their_order(running_server: World, fields: str, values: str) -> None:
    running_server.stop_clock()  # one field is the seconds for which she was idle
    with people(running_server.address, "alice", "bob", channel="#lobby") as (_, bob):
        reply, end = bob.run(f"WHO alice {fields}")
        # "Servers MUST NOT send RPL_WHOREPLY replies."
        assert (reply.command, " ".join(reply.params[1:])) == ("354", values)
        assert end.command == "315"


def test_of_a_channel_and_a_mask(server: Target) -> None:
    with people(server, "alice", "bob", channel="#lobby") as (_, bob):
        for mask in "#lobby", "*":
            replies = bob.run(f"WHO {mask} %tcn,9")[:-1]
            assert [reply.params[1:] for reply in replies] == [("9", "#lobby", "alice"), ("9", "#lobby", "bob")]


def test_no_channel(server: Target) -> None:
    """ "* is used for [channel] when no channel is returned"."""
    with Client(server, "alice") as alice:
        assert alice.run("WHO alice %c")[0].params == ("alice", "*")


def test_the_address_is_shown_to_oneself_and_operators(running_server: World) -> None:
    """ "255.255.255.255 is used for [ip] when the server refuses to disclose the IP address"."""
    with people(running_server.address, "alice", "bob") as (_, bob):
        assert bob.run("WHO alice %i")[0].params[1] == "255.255.255.255"
        assert bob.run("WHO bob %i")[0].params[1] == "127.0.0.1"
        make_operator(running_server, "bob")
        assert bob.run("WHO alice %i")[0].params[1] == "127.0.0.1"


def test_account(running_server: World) -> None:
    """ "0 is used for [account] when the user is logged out"."""
    with people(running_server.address, "alice", "bob") as (_, bob):
        assert bob.run("WHO alice %a")[0].params[1] == "0"
        log_in(running_server, "alice", "Alice")
        assert bob.run("WHO alice %a")[0].params[1] == "Alice"


def test_idle(running_server: World) -> None:
    """ "l: return the number of seconds the user has been idle for"."""
    with people(running_server.address, "alice", "bob") as (_, bob):
        run_as_user(running_server, "alice", lambda _, user: setattr(user, "active", user.active - 60_000))
        assert 60 <= int(bob.run("WHO alice %l")[0].params[1]) < 120


def test_operators_only_with_fields(running_server: World) -> None:
    """ "Servers MAY support additional non-standard flags before the percent character." """
    with people(running_server.address, "alice", "bob", channel="#lobby") as (_, bob):
        make_operator(running_server, "alice")
        replies = bob.run("WHO #lobby o%tnf,3")[:-1]
        assert [reply.params[1:] for reply in replies] == [("3", "alice", "H*@")]
