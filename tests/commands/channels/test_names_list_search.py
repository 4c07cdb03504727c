"""LIST, with all search extensions of https://modern.ircdocs.horse/#elist-parameter."""

from dataclasses import replace

import pytest

from greenchat.server.app import App
from tests.conftest import Target
from tests.irc import Client, people
from tests.world import World

_MINUTE = 60_000


def listed_names(client: Client, line: str) -> list[str]:
    """Return the channel names of the answer, which begins with 321 and ends with 323."""
    start, *entries, end = client.run(line)
    assert (start.command, end.command) == ("321", "323")
    assert all(entry.command == "322" for entry in entries)
    return [entry.params[1] for entry in entries]


def test_reply(server: Target) -> None:
    """RPL_LIST: "<client> <channel> <client count> :<topic>"; "MUST send back one RPL_LISTEND numeric"."""
    with people(server, "alice", "bob", channel="#a") as (alice, bob):
        alice.run("TOPIC #a :all about a", "JOIN #b")
        bob.sync()
        start, *entries, end = bob.run("LIST")
        assert start.params == ("bob", "Channel", "Users  Name")
        assert [entry.params for entry in entries] == [("bob", "#a", "2", "all about a"), ("bob", "#b", "1", "")]
        assert end.params == ("bob", "End of /LIST")


def test_private_and_secret_channels_are_hidden(server: Target) -> None:
    """ "the information about all visible channels (those not hidden by the secret channel mode rules) is returned".
    RFC 2811, 4.2.6: with +p or +s "there is no way of getting this channel's name from the server without being a
    member"."""
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("JOIN #open,#secret,#private", "MODE #secret +s", "MODE #private +p")
        assert listed_names(bob, "LIST") == ["#open"]
        assert listed_names(bob, "LIST #secret,#private") == []
        assert listed_names(alice, "LIST") == ["#open", "#secret", "#private"]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ("#ab", ["#ab"]),  # "the information for only the given channels is returned"
        ("#AB,#cd,#nowhere", ["#ab", "#cd"]),
        ("#a*", ["#ab", "#abc"]),  # M: "Searching based on a mask."
        ("*?c*", ["#abc", "#cd"]),
        ("#cd,#a*", ["#cd", "#ab", "#abc"]),
        ("!#a*", ["#cd"]),  # N: "Searching based on a non-matching !mask."
        ("!#ab,!#c*", ["#abc"]),
        (">1", ["#abc"]),  # U: "<val" and ">val" for "less or more than val users"
        ("<2", ["#ab", "#cd"]),
        (">0,<2,!#cd", ["#ab"]),
        ("#a* >1", ["#abc"]),
        ("C>5", ["#ab", "#cd"]),  # C: "created either less than val minutes ago, or more than val minutes ago"
        ("C<5", ["#abc"]),
        ("c<5", ["#abc"]),
        ("T<30", ["#ab"]),  # T: "set less than val minutes ago, or more than val minutes ago"
        ("T>30", ["#abc"]),
        ("C>5,T<30", ["#ab"]),
        (">x", []),
    ],
)
def test_conditions(running_server: World, params: str, found: list[str]) -> None:
    with people(running_server.address, "alice", "bob") as (alice, bob):
        alice.run("JOIN #ab,#abc,#cd", "TOPIC #ab :one", "TOPIC #abc :two")
        bob.run("JOIN #abc")
        alice.sync()

        def age(app: App) -> None:
            for name, created, topic in ("#ab", 10, 10), ("#abc", 1, 60), ("#cd", 10, 0):
                channel = app.network.channels[name]
                channel.created -= created * _MINUTE
                if channel.topic:
                    channel.topic = replace(channel.topic, time=channel.topic.time - topic * _MINUTE)

        running_server.call(age)
        assert listed_names(alice, f"LIST {params}") == found
