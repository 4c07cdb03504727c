"""MODE of a channel: its members. https://modern.ircdocs.horse/#channel-membership-prefixes"""

import pytest

from tests.commands.state_changes import give_member_mode
from tests.conftest import Target
from tests.irc import Client, people
from tests.world import World


def test_ranks_are_given_and_taken(server: Target) -> None:
    """ "set other users to operator (or lower) status" """
    with people(server, "alice", "bob", channel="#a") as (alice, bob):
        assert alice.run("MODE #a +ovh BOB bob Bob")[0].params == ("#a", "+ovh", "bob", "bob", "bob")
        assert bob.sync()[0].params == ("#a", "+ovh", "bob", "bob", "bob")
        assert bob.run("MODE #a -o alice")[0].params == ("#a", "-o", "alice")
        assert alice.run("MODE #a", "NAMES #a")[-2].params[3] == "alice @bob"


def test_changes_without_effect(server: Target) -> None:
    with people(server, "alice", "bob", channel="#a") as (alice, _):
        assert alice.run("MODE #a +o alice") == []
        assert alice.run("MODE #a -v bob") == []


def test_refusals(server: Target) -> None:
    """ERR_USERNOTINCHANNEL: "when the nick isn't joined to the channel (for example, MODE #channel +o nick)"."""
    with people(server, "alice", "bob") as (alice, bob):
        alice.join("#a")
        bob.join("#b")
        unknown, absent, mode = alice.run("MODE #a +ooi nobody bob")
        assert (unknown.command, unknown.params[1]) == ("401", "nobody")
        assert (absent.command, absent.params[1:3]) == ("441", ("bob", "#a"))
        assert mode.params == ("#a", "+i")


@pytest.mark.parametrize(
    ("actor", "change", "target", "done"),
    [
        ("q", "+q", "", True),
        ("q", "-q", "q", True),
        ("q", "+a", "", True),
        ("q", "-a", "a", True),
        ("a", "+q", "", False),
        ("a", "+a", "", False),
        ("a", "-a", "a", False),  # "cannot have this mode removed by other protected users"
        ("a", "-o", "ao", False),
        ("a", "+o", "", True),
        ("o", "+a", "", False),
        ("o", "+o", "", True),
        ("o", "-o", "o", True),
        ("o", "-o", "qo", False),
        ("o", "-v", "qv", False),
        ("o", "+h", "", True),
        ("o", "-h", "h", True),
        ("h", "+o", "", False),
        ("h", "+h", "", False),
        ("h", "-h", "h", False),
        ("h", "+v", "", True),
        ("h", "+v", "o", True),
        ("h", "-v", "v", True),
        ("h", "-v", "ov", False),
        ("v", "+v", "", False),
    ],
)
def test_nobody_changes_a_higher_rank(running_server: World, actor: str, change: str, target: str, done: bool) -> None:
    """ "at a lower privilege level than operators": no member changes the modes of a member with a higher rank."""
    with people(running_server.address, "first", "alice", "bob", channel="#a") as (_, alice, bob):
        give_member_mode(running_server, "alice", "#a", actor)
        for letter in target:
            give_member_mode(running_server, "bob", "#a", letter)
        assert alice.commands(f"MODE #a {change} bob") == ["MODE" if done else "482"]
        assert bool(bob.sync()) is done


@pytest.mark.parametrize("letter", "qaohv")
def test_members_may_remove_their_own_rank(running_server: World, letter: str) -> None:
    with people(running_server.address, "first", "alice", channel="#a") as (_, alice):
        give_member_mode(running_server, "alice", "#a", "h")
        give_member_mode(running_server, "alice", "#a", letter)
        assert alice.run(f"MODE #a -{letter} alice")[0].params == ("#a", f"-{letter}", "alice")


def test_prefixes_are_in_the_order_of_ranks(running_server: World) -> None:
    """PREFIX lists the modes from the highest to the lowest, and so does multi-prefix."""
    with Client(running_server.address, "alice", caps="multi-prefix") as alice:
        alice.join("#a")
        for letter in "vhaq":
            give_member_mode(running_server, "alice", "#a", letter)
        assert alice.run("NAMES #a")[0].params[3] == "~&@%+alice"


# An auditorium (+u): members without a rank do not see each other


def test_auditorium(server: Target) -> None:
    with people(server, "alice", "bob", "carol", channel="#a") as (alice, bob, carol):
        alice.run("MODE #a +uv carol")
        with Client(server, "dave") as dave:
            assert dave.join("#a")[1].params[3] == "@alice dave"
            assert carol.run("NAMES #a")[-2].params[3] == "@alice +carol"
            bob.sync()
            carol.sync()
            dave.run("PRIVMSG #a :hi", "NICK david", "AWAY :x", "PART #a", "JOIN #a")
            assert [m.command for m in alice.sync()] == ["JOIN", "PRIVMSG", "NICK", "PART", "JOIN"]
            for other in bob, carol:
                assert [m.command for m in other.sync()] == ["PRIVMSG"]
            assert carol.commands("WHO #a") == ["352", "352", "315"]
            assert alice.commands("WHO #a") == ["352"] * 4 + ["315"]
        alice.expect("QUIT")
        assert bob.sync() == []
        assert alice.commands("KICK #a bob") == ["KICK"]
        assert [m.command for m in bob.sync()] == ["KICK"]
        assert carol.sync() == []


def test_getting_a_rank_makes_a_member_visible(server: Target) -> None:
    """For members who did not see the user, a rank looks like a JOIN, and losing it like a PART."""
    with people(server, "alice", channel="#a") as (alice,):
        alice.run("MODE #a +u")
        with people(server, "bob", "carol", channel="#a") as (bob, carol):
            alice.sync()
            assert [m.command for m in alice.run("MODE #a +v bob", "MODE #a -v bob")] == ["MODE", "MODE"]
            assert [(m.command, m.nick) for m in carol.sync()] == [
                ("JOIN", "bob"),
                ("MODE", "alice"),
                ("MODE", "alice"),
                ("PART", "bob"),
            ]
            assert [m.command for m in bob.sync()] == ["MODE", "MODE"]
            alice.run("MODE #a +h bob")
            answers = bob.sync()
            assert [m.command for m in answers] == ["353", "366", "MODE"]
            assert answers[0].params[3] == "@alice %bob carol"
