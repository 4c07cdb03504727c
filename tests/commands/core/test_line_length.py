"""Nothing is cut silently: what does not fit into a line of 512 bytes is refused with a reason.

https://modern.ircdocs.horse/#errinputtoolong-417: "Indicates a given line does not follow the specified size limits
(512 bytes for the main section ...)".
"""

import pytest

from greenchat.config.settings import Limits, Settings
from tests.conftest import Serve, Target
from tests.irc import Client, people
from tests.opers import WITH_OPERS, become_oper

DRAGON = "\U0001f409"  # four bytes


@pytest.mark.parametrize("room", [0, 1])
def test_ping(server: Target, room: int) -> None:
    """ "servers must reply to it with a PONG message with the same <token> value": a PONG repeats as much as fits, so
    that the client knows that the connection is alive.
    """
    with Client(server, "alice") as alice:
        around = len(":greenchat.local PONG greenchat.local :")
        token = "x" * (510 - around + room)
        (answer,) = alice.run(f"PING {token}")
        assert (answer.command, answer.params[-1]) == ("PONG", token[: len(token) - room])


@pytest.mark.parametrize(
    "line",
    [
        "JOIN {}", "PART {}", "MODE {}", "MODE #{}", "TOPIC #{}", "INVITE alice #{}", "KICK #{} alice", "WHO {}",
        "WHOIS {}", "WHOWAS {}", "NICK {}", "NAMES #{}", "TIME {}", "VERSION {}", "HELP {}", "MONITOR {}", "KNOCK #{}",
        "LINKS {}", "MOTD {}", "LIST #x {}", "STATS {}", "USERHOST {}", "MODE #a +o {}", "MODE #a +l {}",
        "CHATHISTORY {} x * 5", "REDACT {} x", "MARKREAD {}", "PRIVMSG {} :x", "ISON {}",
    ],
)  # fmt: skip
def test_an_answer_repeats_a_parameter_whole_or_not_at_all(server: Target, line: str) -> None:
    """ "`<nick>` MUST be exactly the `<nick>` parameter sent by the client": a part of a nick would be another nick."""
    with Client(server, "alice", caps="draft/chathistory batch draft/message-redaction draft/read-marker") as alice:
        alice.join("#a")
        word = "w" * (510 - len(line) + len("{}"))
        for answer in alice.run(line.format(word)):
            assert len(answer.format().encode()) <= 510
            assert all(word in parameter or "wwwww" not in parameter for parameter in answer.params), answer


def test_quit(server: Target) -> None:
    """ "The server acknowledges this by replying with an ERROR message and closing the connection": the user always
    leaves. A reason that would not reach the others whole is left out, and its author is told.
    """
    with people(server, "alice", "bob", channel="#a") as (alice, bob):
        alice.send("QUIT :" + "x" * 500)
        refusal, own, farewell = alice.until_end()
        assert (refusal.command, own.command) == ("417", "QUIT")
        assert (farewell.command, farewell.params) == ("ERROR", ("Quit: ",))
        assert bob.expect("QUIT").params == ("Quit: ",)
    with people(server, "alice", "bob", channel="#a") as (alice, bob):
        reason = "x" * (510 - len(":alice!~alice@127.0.0.1 QUIT :Quit: "))
        alice.send("QUIT :" + reason)
        assert [message.command for message in alice.until_end()] == ["QUIT", "ERROR"]
        assert bob.expect("QUIT").params == ("Quit: " + reason,)


def test_quit_before_registration(server: Target) -> None:
    with Client(server) as client:
        client.send("QUIT :" + "x" * 500)
        assert [message.command for message in client.until_end()] == ["417", "ERROR"]


def test_away_before_registration(server: Target) -> None:
    """https://ircv3.net/specs/extensions/pre-away"""
    with Client(server) as client:
        client.run("CAP REQ draft/pre-away")
        assert client.commands("AWAY :" + DRAGON * 120) == ["417"]
        assert client.commands("AWAY :" + DRAGON * 85) == ["306"]


def test_away_and_a_longer_nick(server: Target) -> None:
    """An away user may change the nick: the message still reaches everybody whole."""
    with people(server, "a", "н" * 32, caps="away-notify", channel="#a") as (alice, bob):
        longest = next(size for size in range(120, 0, -1) if alice.commands("AWAY :" + DRAGON * size)[-1] == "306")
        assert bob.expect("AWAY").params == (DRAGON * longest,)
        alice.run("NICK " + "м" * 32)
        assert bob.run(f"PRIVMSG {'м' * 32} :hi")[-1].params[-1] == DRAGON * longest


def test_setname(server: Target) -> None:
    """https://ircv3.net/specs/extensions/setname: "If the realname is not valid ... FAIL SETNAME INVALID_REALNAME"."""
    with people(server, "alice", "bob", caps="setname", channel="#a") as (alice, bob):
        assert alice.run("SETNAME :" + DRAGON * 110)[0].params[:2] == ("SETNAME", "INVALID_REALNAME")
        assert alice.run("SETNAME :" + DRAGON * 47)[0].params == (DRAGON * 47,)
        assert bob.sync()[0].params == (DRAGON * 47,)


def test_a_too_long_real_name_is_cut_at_registration(server: Target) -> None:
    """The user is told what is left of it, which fits into an extended JOIN."""
    with people(server, "bob", caps="extended-join", channel="#" + "c" * 63) as (bob,), Client(server) as client:
        client.send("NICK alice", "USER alice 0 * :" + DRAGON * 100)
        message = client.read()
        assert (message.command, message.params[-1].count(DRAGON)) == ("NOTICE", 47)
        client.expect("376")
        client.join("#" + "c" * 63)
        assert bob.expect("JOIN").params[-1] == DRAGON * 47


@pytest.mark.parametrize("line", ["KILL bob :{}", "WALLOPS :{}", "REMOVE bob #a :{}", "SAPART bob #a :{}"])
def test_commands_of_operators(serve: Serve, line: str) -> None:
    """A command whose text would not reach the others whole is not executed."""
    with people(serve(WITH_OPERS), "alice", "bob", channel="#a") as (alice, bob):
        bob.run("MODE bob +w")
        become_oper(alice)
        assert alice.commands(line.format(DRAGON * 121)) == ["417"]
        assert bob.sync() == []


def test_knock(server: Target) -> None:
    with people(server, "alice", channel="#a") as (alice,), Client(server, "bob") as bob:
        alice.run("MODE #a +i")
        assert bob.commands("KNOCK #a :" + "x" * 490) == ["417"]
        assert alice.sync() == []
        assert bob.commands("KNOCK #a :please") == ["711"]  # the refused KNOCK was not counted


def test_rename(server: Target) -> None:
    """A channel can't get a name that leaves no room for its topic."""
    with people(server, "alice", "bob", caps="draft/channel-rename", channel="#a") as (alice, bob):
        alice.run("TOPIC #a :" + "x" * 390)
        bob.sync()
        assert alice.commands("RENAME #a #" + "b" * 63) == ["417"]
        assert alice.commands("RENAME #a #b :" + "x" * 480) == ["417"]
        assert bob.sync() == []
        assert alice.commands("RENAME #a #b") == ["RENAME"]


@pytest.mark.parametrize("command", ["ISON", "USERHOST"])
def test_long_replies_take_several_lines(serve: Serve, command: str) -> None:
    """RFC 2812, section 4.9, has the server "chop it off so it fits in 512 characters": a part of a nick would be
    another nick.
    """
    settings = Settings(name="a" * 31 + "." + "b" * 31, limits=Limits(nick=60, username=32))
    nicks = [letter * 60 for letter in "abcdefgh"]
    with people(serve(settings), *nicks) as (reader, *_):
        asked = nicks if command == "ISON" else nicks[:5]
        lines = reader.run(f"{command} {' '.join(asked)}")
        assert len(lines) == 2
        found = [word.partition("=")[0] for line in lines for word in line.params[-1].split()]
        assert found == asked
        assert all(len(line.format().encode()) <= 510 for line in lines)
