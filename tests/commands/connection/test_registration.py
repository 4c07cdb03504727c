"""Connection registration and QUIT: https://modern.ircdocs.horse/#connection-registration."""

import pytest

from greenchat.config.about import About
from greenchat.config.settings import Limits, NewModes, Settings
from tests.conftest import Serve, Target
from tests.irc import Client, people


def test_the_welcome_is_in_order(serve: Serve) -> None:
    """ "the server MUST send, in this order, the RPL_WELCOME, RPL_YOURHOST, RPL_CREATED, RPL_MYINFO, and at least one
    RPL_ISUPPORT ... The server SHOULD then respond as though the client sent the LUSERS command ... The server MUST
    then respond as though the client sent it the MOTD command"."""
    address = serve(
        Settings(
            name="irc.example.com", about=About(network="Example", motd=("hello",)), new_modes=NewModes(user_flags="i")
        )
    )
    with Client(address) as client:
        client.send("NICK alice", "USER al 0 * :Alice Liddell")
        welcome = client.until("376", "422")
    order = list(dict.fromkeys(message.command for message in welcome))
    assert order == ["001", "002", "003", "004", "005", "251", "255", "265", "266", "221", "375", "372", "376"]
    assert all(message.source == "irc.example.com" and message.params[0] == "alice" for message in welcome)
    first, host, created, info, *rest = welcome
    assert first.params == ("alice", "Welcome to the Example Network, alice")
    assert host.params[1].startswith("Your host is irc.example.com, running version greenchat-")
    assert created.params[1].startswith("This server was created ")
    # "<client> <servername> <version> <available user modes> <available channel modes> [<channel modes with a
    # parameter>]"
    assert info.params[1] == "irc.example.com"
    assert info.params[2].startswith("greenchat-")
    assert set("Biow") <= set(info.params[3])
    assert set("biklmnostv") <= set(info.params[4])
    assert set("bklov") <= set(info.params[5]) <= set(info.params[4])
    assert not {"i", "n"} & set(info.params[5])
    modes = next(message for message in rest if message.command == "221")
    assert modes.params == ("alice", "+i")


@pytest.mark.parametrize("lines", [("NICK alice", "USER a 0 * :A"), ("USER a 0 * :A", "NICK alice")])
def test_nick_and_user_in_either_order(server: Target, lines: tuple[str, str]) -> None:
    with Client(server) as client:
        client.send(*lines)
        assert client.read().command == "001"


REFUSED = [
    # "If the server does not receive the <nickname> parameter ..., it should issue an ERR_NONICKNAMEGIVEN numeric"
    ("NICK", "431", ("*",)),
    ("NICK :", "431", ("*",)),
    ("NICK 1alice", "432", ("*", "1alice")),
    ("NICK :a b", "432", ("*", "*")),
    ("NICK ::a", "432", ("*", "*")),
    ("NICK " + "a" * 33, "432", ("*", "a" * 33)),
    ("NICK #alice", "432", ("*", "#alice")),
    ("NICK NickServ", "432", ("*", "NickServ")),
    ("USER", "461", ("*", "USER")),
    ("USER a 0 *", "461", ("*", "USER")),
    # "it MUST not be empty. If it is empty, the server SHOULD reject the command with ERR_NEEDMOREPARAMS"
    ("USER  0 * :Alice", "461", ("*", "USER")),
    ("USER a 0 * :", "461", ("*", "USER")),
    ("PASS", "461", ("*", "PASS")),
    ("PING", "461", ("*", "PING")),
    ("PING :", "409", ("*",)),
    ("JOIN #a", "451", ("*",)),
    ("PRIVMSG alice :hi", "451", ("*",)),
    ("NOSUCH", "451", ("*",)),
    ("CAP", "461", ("*", "CAP")),
]


@pytest.mark.parametrize(("line", "numeric", "params"), REFUSED)
def test_commands_are_refused_before_registration(
    server: Target, line: str, numeric: str, params: tuple[str, ...]
) -> None:
    with Client(server) as client:
        client.send("PING ready")
        client.read()
        (refusal,) = client.run(line)
        assert refusal.command == numeric
        assert refusal.params[:-1] == params
        client.send("NICK alice", "USER a 0 * :A")
        assert client.expect("001")


@pytest.mark.parametrize(
    "line", ["JOIN #a", "PRIVMSG alice :hi", "WHOIS alice", ":x MODE #a +o b", "@a=b TAGMSG alice"]
)
def test_a_refused_first_line_still_makes_an_irc_client(server: Target, line: str) -> None:
    """ "Servers offer only a limited subset of commands until clients are properly registered": a client that begins
    with another one speaks IRC all the same, and is not a plain-text user of that name.
    """
    with Client(server) as client:
        client.send(line)
        client.expect("451")  # on a busy machine the prompt for plain-text clients may have come before
        client.send("NICK alice", "USER a 0 * :A")
        assert client.expect("001")


def test_reregistering_is_refused(server: Target) -> None:
    """ "If a client tries to send the USER command after they have already completed registration with the server, the
    ERR_ALREADYREGISTERED reply should be sent and the attempt should fail"."""
    with Client(server, "alice") as alice:
        for line in "USER x 0 * :X", "PASS x":
            (refusal,) = alice.run(line)
            assert (refusal.command, refusal.params[0]) == ("462", "alice")


def test_a_long_username_is_cut_in_silence(serve: Serve) -> None:
    """ "If this length is advertised, the username MUST be silently truncated"; the tilde "contributes" to it."""
    with Client(serve(Settings(limits=Limits(username=10)))) as client:
        client.send("NICK alice", "USER averyveryverylongname 0 * :A")
        client.until("376", "422")
        client.send("WHOIS alice")
        assert client.expect("311").params[2] == "~averyvery"


def test_a_ping_is_answered_before_and_after_registration(server: Target) -> None:
    """ "servers must reply to it with a PONG message with the same <token> value"; "Servers MUST send a <server>"."""
    with Client(server) as client:
        client.send("PING :a b")
        pong = client.read()
        assert (pong.command, pong.params) == ("PONG", ("greenchat.local", "a b"))
        client.register("alice")
        client.send("PING :a b")
        assert client.read() == pong


def test_pong_is_not_answered(server: Target) -> None:
    with Client(server, "alice") as alice:
        assert alice.run("PONG", "PONG x", "ERROR :x") == []


def test_password(serve: Serve) -> None:
    """ "It is possible to send multiple PASS commands before registering but only the last one sent is used"."""
    address = serve(Settings(password="sesame"))
    with Client(address) as client:
        client.send("PASS wrong", "PASS sesame", "NICK alice", "USER a 0 * :A")
        assert client.read().command == "001"
    for lines in ["PASS wrong"], ["PASS sesame", "PASS wrong"], []:
        with Client(address) as client:
            client.send(*lines, "NICK bob", "USER a 0 * :A")
            refusal, farewell = client.until_end()
            assert (refusal.command, refusal.params[0]) == ("464", "bob")
            assert (farewell.command, farewell.source) == ("ERROR", None)


def test_another_nick_can_be_chosen_when_the_first_was_taken_meanwhile(server: Target) -> None:
    with Client(server) as slow:
        slow.send("CAP LS 302", "NICK alice", "USER a 0 * :A")
        slow.read()
        with Client(server, "Alice"):
            slow.send("CAP END")
            refusal = slow.expect("433")
            assert (refusal.command, refusal.params[:2]) == ("433", ("*", "alice"))
            slow.send("NICK bob")
            assert slow.expect("001").params[0] == "bob"


@pytest.mark.parametrize(
    ("line", "reason"),
    [("QUIT :Gone to have lunch", "Quit: Gone to have lunch"), ("QUIT", "Quit: "), ("QUIT :", "Quit: ")],
)
def test_quit(server: Target, line: str, reason: str) -> None:
    """ "The server acknowledges this by replying with an ERROR message and closing the connection". The reason is
    prefixed by "Quit: ", "even if <reason> is empty"."""
    with people(server, "alice", "bob", channel="#a") as (alice, bob):
        alice.send(line)
        own, farewell = alice.until_end()
        assert (own.command, own.nick, own.params) == ("QUIT", "alice", (reason,))
        assert (farewell.command, farewell.params) == ("ERROR", (reason,))
        left = bob.expect("QUIT")
        assert (left.nick, left.params) == ("alice", (reason,))


def test_quit_before_registration(server: Target) -> None:
    with Client(server) as client:
        client.send("QUIT :no")
        assert [message.command for message in client.until_end()] == ["ERROR"]


def test_a_broken_connection_is_announced_to_its_peers(server: Target) -> None:
    """ "the server MUST distribute a QUIT message to other clients informing them of this ... Servers MUST fill
    <reason> with a message reflecting the nature of the event"."""
    with people(server, "alice", "bob", channel="#a") as (alice, bob):
        alice.close()
        left = bob.expect("QUIT")
        assert (left.nick, left.params) == ("alice", ("Connection closed",))
