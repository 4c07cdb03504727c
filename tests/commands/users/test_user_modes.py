"""MODE with one's own nick. https://modern.ircdocs.horse/#user-mode"""

import pytest

from greenchat.config.settings import NewModes, Settings
from tests.commands.state_changes import log_in, make_operator
from tests.conftest import Serve, Target
from tests.irc import Client, people
from tests.world import World


def test_shown(server: Target) -> None:
    """ "If <modestring> is not given, the RPL_UMODEIS numeric is sent back containing the current modes"."""
    with Client(server, "alice") as alice:
        assert [message.params for message in alice.run("MODE alice")] == [("alice", "+")]
        alice.run("MODE alice +wi")
        assert [(message.command, message.params) for message in alice.run("MODE ALICE")] == [("221", ("alice", "+iw"))]


@pytest.mark.parametrize(
    ("asked", "done"),
    [
        ("+i", "+i"),
        ("i", "+i"),
        ("+iw", "+iw"),
        ("+i-i", "+i-i"),
        ("+B", "+B"),
        ("+R", "+R"),
        ("+i+i", "+i"),
    ],
)
def test_changes_are_applied_and_confirmed(server: Target, asked: str, done: str) -> None:
    """ "a MODE message will be sent to the user containing the changed modes"."""
    with Client(server, "alice") as alice:
        (message,) = alice.run(f"MODE alice {asked}")
        assert (message.command, message.nick, message.params) == ("MODE", "alice", ("alice", done))


@pytest.mark.parametrize("asked", ["-i", "+o", "+r", "-r", "+", "+-"])
def test_nothing_changes(server: Target, asked: str) -> None:
    """RFC 2812, section 3.1.5: an attempt to make oneself an operator with "+o" "SHOULD be ignored"."""
    with Client(server, "alice") as alice:
        assert alice.run(f"MODE alice {asked}") == []
        assert alice.run("MODE alice")[0].params == ("alice", "+")


def test_unknown(server: Target) -> None:
    """ "the server MUST apply the modes that are implemented, and then send the ERR_UMODEUNKNOWNFLAG in reply"."""
    with Client(server, "alice") as alice:
        mode, unknown = alice.run("MODE alice +ZiQ")
        assert mode.params == ("alice", "+i")
        assert (unknown.command, unknown.params[0]) == ("501", "alice")


@pytest.mark.parametrize("line", ["MODE bob", "MODE bob +i"])
def test_modes_of_another_user(server: Target, line: str) -> None:
    """ "If <target> is a different nick than the user who sent the command, the ERR_USERSDONTMATCH numeric"."""
    with people(server, "alice", "bob") as (alice, _):
        assert alice.commands(line) == ["502"]


def test_modes_of_a_missing_user(server: Target) -> None:
    """ "If <target> is a nickname that does not exist on the network, the ERR_NOSUCHNICK numeric is returned"."""
    with Client(server, "alice") as alice:
        (refusal,) = alice.run("MODE nobody +i")
        assert (refusal.command, refusal.params[1]) == ("401", "nobody")


def test_an_operator_may_set_s_and_remove_o(running_server: World) -> None:
    with Client(running_server.address, "alice") as alice:
        assert alice.run("MODE alice +s") == []
        make_operator(running_server, "alice")
        assert alice.run("MODE alice +s")[0].params == ("alice", "+s")
        assert alice.run("MODE alice -o")[0].params == ("alice", "-os")
        assert alice.run("MODE alice")[0].params == ("alice", "+")


def test_each_change_is_judged_after_the_previous_ones(running_server: World) -> None:
    with Client(running_server.address, "alice") as alice:
        make_operator(running_server, "alice")
        assert alice.run("MODE alice -o+s")[0].params == ("alice", "-o")


def test_modes_of_a_new_user(serve: Serve) -> None:
    """ "If the user has client modes set on them automatically ..., the server SHOULD send the client RPL_UMODEIS"."""
    with Client(serve(Settings(new_modes=NewModes(user_flags="iw")))) as alice:
        alice.send("NICK alice", "USER alice 0 * :Alice")
        assert alice.expect("221").params == ("alice", "+iw")


def test_registered_only(running_server: World) -> None:
    """477, as with Ergo: a user with +R gets private messages from logged-in users only."""
    with people(running_server.address, "alice", "bob", "carol", channel="#lobby") as (alice, bob, carol):
        alice.run("MODE alice +R")
        log_in(running_server, "carol", "carol")
        (refusal,) = bob.run("PRIVMSG alice :psst")
        assert (refusal.command, refusal.params[:2]) == ("477", ("bob", "alice"))
        assert bob.run("NOTICE alice :psst") == []
        assert carol.run("PRIVMSG alice :hello") == []
        texts = [message.params[1] for message in alice.run("PRIVMSG alice :and to myself")]
        assert texts == ["hello", "and to myself"]
        assert bob.run("PRIVMSG #lobby :hello, all") == []


@pytest.mark.parametrize("mode", "Rg")
def test_the_recipient_of_a_message_may_answer(server: Target, mode: str) -> None:
    """As with Ergo: the recipient of one's message is accepted for the session; ACCEPT lets users through +g and +R."""
    with people(server, "alice", "bob", "carol") as (alice, bob, carol):
        alice.run(f"MODE alice +{mode}")
        assert bob.commands("PRIVMSG alice :first")[0] in ("477", "716")
        alice.run("PRIVMSG bob :well?", "ACCEPT carol")
        for client in bob, carol:
            client.sync()
            assert client.run("PRIVMSG alice :hello") == []
        assert [message.nick for message in alice.sync() if message.command == "PRIVMSG"] == ["bob", "carol"]


def test_no_ctcp(server: Target) -> None:
    """User mode +T: InspIRCd's and Ergo's, which let actions through."""
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("MODE alice +T")
        (refusal,) = bob.run("PRIVMSG alice :\x01VERSION\x01")
        assert (refusal.command, refusal.params[:2]) == ("531", ("bob", "alice"))
        assert bob.run("NOTICE alice :\x01PING 1\x01", "PRIVMSG alice :\x01ACTION waves\x01") == []
        assert [message.params[1] for message in alice.sync()] == ["\x01ACTION waves\x01"]


def test_a_bot_is_marked(server: Target) -> None:
    """bot-mode: "it is indicated in their WHO flags, and servers may include the bot tag on ... outgoing messages"."""
    with Client(server, "robot") as robot, Client(server, "alice", caps="message-tags") as alice:
        robot.run("MODE robot +B")
        robot.send("PRIVMSG alice :beep")
        assert alice.expect("PRIVMSG").tags["bot"] == ""
        assert alice.run("WHO robot")[0].params[6] == "HB"
        bot = next(message for message in alice.run("WHOIS robot") if message.command == "335")
        assert bot.params[:2] == ("alice", "robot")
        robot.run("MODE robot -B")
        robot.send("PRIVMSG alice :hello")
        assert "bot" not in alice.expect("PRIVMSG").tags


def test_the_bot_token_names_the_letter(server: Target) -> None:
    """bot-mode: "The value of the BOT token is the mode character which is used to enable bot mode"."""
    with Client(server, "alice") as alice:
        tokens = [token for message in alice.run("VERSION") for token in message.params]
        assert "BOT=B" in tokens
