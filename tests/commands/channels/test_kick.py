"""KICK. https://modern.ircdocs.horse/#kick-message"""

import pytest

from greenchat.config.settings import Limits, Settings
from tests.commands.state_changes import give_member_mode
from tests.conftest import Serve, Target
from tests.irc import people
from tests.world import World


def test_kick_removes_the_user(server: Target) -> None:
    """ "It causes the <user> to be removed from the <channel> by force." """
    with people(server, "alice", "bob", "carol", channel="#a") as (alice, bob, carol):
        (kick,) = alice.run("KICK #A BOB :Speaking English")
        assert (kick.nick, kick.params) == ("alice", ("#a", "bob", "Speaking English"))
        for other in bob, carol:
            assert [message.params for message in other.sync()] == [("#a", "bob", "Speaking English")]
        assert bob.commands("PRIVMSG #a :hello?") == ["404"]


def test_default_comment(server: Target) -> None:
    """ "If no comment is given, the server SHOULD use a default message instead." """
    with people(server, "alice", "bob", channel="#a") as (alice, _):
        assert alice.run("KICK #a bob")[0].params == ("#a", "bob", "alice")


def test_several_users(server: Target) -> None:
    """ "The server MUST NOT send KICK messages with multiple channels or users to clients." """
    with people(server, "alice", "bob", "carol", channel="#a") as (alice, _, _):
        kicks = [message.params for message in alice.run("KICK #a bob,carol :both")]
        assert kicks == [("#a", "bob", "both"), ("#a", "carol", "both")]


def test_several_channels(server: Target) -> None:
    """ "there MUST be either one channel parameter and multiple user parameter, or as many channel parameters as there
    are user parameters" """
    with people(server, "alice", "bob", channel="#a") as (alice, bob):
        alice.run("JOIN #b")
        bob.run("JOIN #b")
        alice.sync()
        kicks = [message.params for message in alice.run("KICK #a,#b bob,bob :out")]
        assert kicks == [("#a", "bob", "out"), ("#b", "bob", "out")]
        assert alice.commands("KICK #a,#b bob") == ["461"]
        assert alice.commands("KICK #a,#b bob,bob,bob") == ["461"]
        assert alice.commands("KICK #a") == ["461"]
        assert alice.commands("KICK #a :") == ["461"]


def test_refusals(server: Target) -> None:
    with people(server, "alice", "bob", channel="#a") as (alice, bob), people(server, "carol") as (carol,):
        assert alice.run("KICK #nowhere bob")[0].params[:2] == ("alice", "#nowhere")
        assert alice.commands("KICK #nowhere bob") == ["403"]
        assert carol.commands("KICK #a bob") == ["442"]  # "on a channel which the client isn't a part of"
        assert bob.commands("KICK #a alice") == ["482"]
        for absent in "carol", "nobody":
            (refusal,) = alice.run(f"KICK #a {absent}")
            assert (refusal.command, refusal.params[:3]) == ("441", ("alice", absent, "#a"))
        assert alice.commands("KICK #a nobody,bob") == ["441", "KICK"]


@pytest.mark.parametrize(
    ("kicker", "kicked", "done"),
    [
        ("q", "q", True),
        ("q", "a", True),
        ("a", "a", False),  # "Users with this mode cannot be kicked ... by other protected users"
        ("a", "o", True),
        ("o", "a", False),
        ("o", "o", True),
        ("o", "q", False),
        ("h", "o", False),
        ("h", "h", False),
        ("h", "v", True),
        ("h", "", True),
        ("v", "", False),
    ],
)
def test_ranks_that_may_kick(running_server: World, kicker: str, kicked: str, done: bool) -> None:
    """https://modern.ircdocs.horse/#channel-membership-prefixes"""
    with people(running_server.address, "first", "alice", "bob", channel="#a") as (_, alice, bob):
        give_member_mode(running_server, "alice", "#a", kicker)
        if kicked:
            give_member_mode(running_server, "bob", "#a", kicked)
        assert alice.commands("KICK #a bob") == ["KICK" if done else "482"]
        assert bool(bob.sync()) is done


def test_kicking_oneself(running_server: World) -> None:
    with people(running_server.address, "first", "alice", channel="#a") as (_, alice):
        give_member_mode(running_server, "alice", "#a", "h")
        assert alice.run("KICK #a alice :enough")[0].params == ("#a", "alice", "enough")


def test_long_comment(serve: Serve) -> None:
    """KICKLEN: "it may be silently truncated by the server before being passed on to other clients"."""
    address = serve(Settings(limits=Limits(kick=10)))
    with people(address, "alice", "bob", channel="#a") as (alice, _):
        assert alice.run("KICK #a bob :" + "\u00e9" * 20)[0].params[2] == "\u00e9" * 10


def test_a_too_long_comment_is_refused(server: Target) -> None:
    """417: "Indicates a given line does not follow the specified size limits". The comment is not cut and no user is
    kicked.
    """
    with people(server, "alice", "bob", channel="#a") as (alice, bob):
        assert alice.commands("KICK #a bob :" + "\U0001f409" * 120) == ["417"]
        assert bob.sync() == []
        assert alice.commands("KICK #a bob :" + "\U0001f409" * 110) == ["KICK"]
        assert bob.sync()[0].params[-1] == "\U0001f409" * 110
