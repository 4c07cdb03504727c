"""WHOWAS. https://modern.ircdocs.horse/#whowas-message"""

import pytest

from tests.commands.state_changes import log_in, make_operator
from tests.irc import Client, Target
from tests.world import World


def _come_and_go(address: Target, nick: str, username: str) -> None:
    with Client(address) as client:
        client.send(f"NICK {nick}", f"USER {username} 0 * :{username.title()}")
        client.expect("422", "376")
        client.send("QUIT")
        client.until_end()


def test_the_newest_entry_comes_first(server: Target) -> None:
    """ "The history is searched backward, returning the most recent entry first." """
    with Client(server, "alice") as alice:
        for username in "one", "two", "three":
            _come_and_go(server, "bob", username)
        *entries, end = alice.run("WHOWAS BOB")
        users = [entry for entry in entries if entry.command == "314"]
        # "<client> <nick> <username> <host> * :<realname>"
        assert [user.params for user in users] == [
            ("alice", "bob", "~three", "127.0.0.1", "*", "Three"),
            ("alice", "bob", "~two", "127.0.0.1", "*", "Two"),
            ("alice", "bob", "~one", "127.0.0.1", "*", "One"),
        ]
        assert [entry.command for entry in entries] == ["314", "312"] * 3
        assert (end.command, end.params[1]) == ("369", "BOB")


@pytest.mark.parametrize(("count", "found"), [("1", 1), ("2", 2), ("9", 3), ("0", 3), ("-1", 3), ("x", 3), ("", 3)])
def test_count(server: Target, count: str, found: int) -> None:
    """ "up to <count> replies will be returned"; "<count> SHOULD be a positive number. Otherwise, a full search"."""
    with Client(server, "alice") as alice:
        for username in "one", "two", "three":
            _come_and_go(server, "bob", username)
        assert alice.commands(f"WHOWAS bob {count}".strip()).count("314") == found


def test_an_unknown_nick(server: Target) -> None:
    """ "either ERR_WASNOSUCHNICK or a non-empty list of WHOWAS entries, both followed with RPL_ENDOFWHOWAS"."""
    with Client(server, "alice") as alice:
        refusal, end = alice.run("WHOWAS nobody")
        assert (refusal.command, refusal.params[1]) == ("406", "nobody")
        assert (end.command, end.params[1]) == ("369", "nobody")


@pytest.mark.parametrize("line", ["WHOWAS", "WHOWAS :"])
def test_without_a_nick(server: Target, line: str) -> None:
    """ "If the <nick> argument is missing, they SHOULD send a single reply, using ... ERR_NONICKNAMEGIVEN"."""
    with Client(server, "alice") as alice:
        assert alice.commands(line) == ["431"]


def test_after_a_change_of_nick(server: Target) -> None:
    """ "This may either be due to a nickname change or the user leaving IRC." """
    with Client(server, "alice") as alice:
        alice.run("NICK carol")
        assert alice.commands("WHOWAS alice") == ["314", "312", "369"]


def test_account_and_address(running_server: World) -> None:
    """ "optionally followed by other numerics relevant to that user, such as RPL_WHOISACTUALLY and RPL_WHOISSERVER"."""
    with Client(running_server.address, "alice") as alice:
        with Client(running_server.address, "bob") as bob:
            log_in(running_server, "bob", "Robert")
            bob.send("QUIT")
            bob.until_end()
        answers = alice.run("WHOWAS bob")
        assert [message.command for message in answers] == ["314", "330", "312", "369"]
        assert answers[1].params == ("alice", "bob", "Robert", "was logged in as")
        make_operator(running_server, "alice")
        answers = alice.run("WHOWAS bob")
        assert [message.command for message in answers] == ["314", "338", "330", "312", "369"]
        assert answers[1].params == ("alice", "bob", "127.0.0.1", "is actually using host")


def test_masks_are_for_operators(running_server: World) -> None:
    """RFC 2812, 3.6.3: "Wildcards are allowed in the <target> parameter"; otherwise a mask would reveal former users to
    anybody.
    """
    with Client(running_server.address, "alice") as alice:
        for nick in "bob", "bill", "carol":
            _come_and_go(running_server.address, nick, nick)
        assert alice.commands("WHOWAS b*") == ["406", "369"]
        make_operator(running_server, "alice")
        found = [message.params[1] for message in alice.run("WHOWAS B*") if message.command == "314"]
        assert found == ["bill", "bob"]
        assert [m.params[1] for m in alice.run("WHOWAS ?o* 1") if m.command == "314"] == ["bob"]
