"""WHOIS. https://modern.ircdocs.horse/#whois-message"""

import pytest

from greenchat.chat.user import TlsClient, User
from greenchat.commands.core.context import Context
from greenchat.protocol.message import Message
from tests.commands.state_changes import log_in, make_operator, run_as_user
from tests.conftest import Target
from tests.irc import Client, people
from tests.world import World


def _line(answers: list[Message], numeric: str) -> tuple[str, ...]:
    """Return the parameters after the asker's and the target's nick, in the only line with this numeric."""
    (message,) = [message for message in answers if message.command == numeric]
    return message.params[2:]


def test_lines_for_every_asker(server: Target) -> None:
    with people(server, "alice", "bob", channel="#lobby") as (_, bob):
        answers = bob.run("WHOIS ALICE")
        assert [message.command for message in answers] == ["311", "319", "312", "317", "318"]
        assert all(message.params[:2] == ("bob", "alice") for message in answers[:-1])
        # "<client> <nick> <username> <host> * :<realname>"
        assert _line(answers, "311") == ("~alice", "127.0.0.1", "*", "Alice")
        # "<client> <nick> :[prefix]<channel>{ [prefix]<channel>}"
        assert _line(answers, "319") == ("@#lobby",)
        # "<client> <nick> <server> :<server info>"
        assert _line(answers, "312") == ("greenchat.local", "greenchat, group chat for the terminal")
        # "<nick> MUST be exactly the <nick> parameter sent by the client ... the case MUST be preserved"
        assert answers[-1].params[:2] == ("bob", "ALICE")


def test_idle_and_signon(running_server: World) -> None:
    """317: "<secs> is the number of seconds since the client has been active. <signon> is a unix timestamp"."""
    with people(running_server.address, "alice", "bob") as (_, bob):

        def set_times(_: Context, user: User) -> None:
            user.signon = 1_700_000_000_000
            user.active -= 90_000

        run_as_user(running_server, "alice", set_times)
        seconds, signon, _text = _line(bob.run("WHOIS alice"), "317")
        assert 90 <= int(seconds) < 150
        assert signon == "1700000000"


def test_a_missing_nick(server: Target) -> None:
    with Client(server, "alice") as alice:
        refusal, end = alice.run("WHOIS nobody")
        assert (refusal.command, refusal.params[1]) == ("401", "nobody")
        assert (end.command, end.params[1]) == ("318", "nobody")


@pytest.mark.parametrize("line", ["WHOIS", "WHOIS :", "WHOIS greenchat.local :"])
def test_without_a_nick(server: Target, line: str) -> None:
    """Servers MUST end their reply with one of 401, 402, ERR_NONICKNAMEGIVEN, 318."""
    with Client(server, "alice") as alice:
        assert alice.commands(line) == ["431"]


@pytest.mark.parametrize("target", ["greenchat.local", "GreenChat.Local", "bob", "BOB", "alice"])
def test_at_a_server(server: Target, target: str) -> None:
    """ "If the <target> parameter is specified, it SHOULD be a server name or the nick of a user." """
    with people(server, "alice", "bob") as (alice, _):
        answers = alice.run(f"WHOIS {target} bob")
        assert answers[0].params[:3] == ("alice", "bob", "~bob")
        assert answers[-1].params[:2] == ("alice", "bob")


def test_at_no_server(server: Target) -> None:
    with people(server, "alice", "bob") as (alice, _):
        (refusal,) = alice.run("WHOIS irc.example.org bob")
        assert (refusal.command, refusal.params[1]) == ("402", "irc.example.org")


def test_several(server: Target) -> None:
    """ "if the client sent multiple nicks, this MUST be the comma-separated list of nicks, even if ... dropped"."""
    with people(server, "alice", "bob") as (alice, _):
        answers = alice.run("WHOIS bob,nobody,Alice,x,bob")
        assert [message.params[1] for message in answers if message.command == "311"] == ["bob", "alice"]
        assert [message.params[1] for message in answers if message.command == "401"] == ["nobody", "x"]
        assert [message.params[1] for message in answers if message.command == "318"] == ["bob,nobody,Alice,x,bob"]
        tokens = next(token for message in alice.run("VERSION") for token in message.params if "TARGMAX" in token)
        assert "WHOIS:4" in tokens.split(",")


def test_too_many(server: Target) -> None:
    """ "They can advertise the maximum the number of target users per WHOIS command via the TARGMAX RPL_ISUPPORT
    parameter, and silently drop targets if the number of targets exceeds the limit"; here with an answer."""
    with Client(server, "alice") as alice:
        answers = alice.run("WHOIS a,b,c,d,e,f")
        assert [message.command for message in answers] == ["401"] * 4 + ["407", "318"]
        assert answers[4].params[1] == "e"
        assert answers[5].params[1] == "a,b,c,d,e,f"


def test_empty_targets(server: Target) -> None:
    with Client(server, "alice") as alice:
        assert alice.commands("WHOIS nobody,") == ["401", "318"]
        assert alice.commands("WHOIS ,") == ["431"]


def test_secret_channels_are_shown_to_their_members_only(server: Target) -> None:
    """ "secret channels will not show up in the RPL_WHOISCHANNELS numeric unless the user ... is joined"."""
    with people(server, "alice", "bob", "carol") as (alice, bob, carol):
        for name in "#open", "#hidden":
            alice.join(name)
        alice.run("MODE #hidden +s")
        carol.join("#hidden")
        alice.sync()
        assert _line(alice.run("WHOIS alice"), "319") == ("@#open @#hidden",)
        assert _line(bob.run("WHOIS alice"), "319") == ("@#open",)
        assert _line(carol.run("WHOIS alice"), "319") == ("@#open @#hidden",)


def test_channels_of_invisible_users_are_shown_to_their_members_only(server: Target) -> None:
    """319: "The channels in this response are affected by the secret channel mode and the invisible user mode"."""
    with people(server, "alice", "bob") as (alice, bob):
        for name in "#one", "#two":
            alice.join(name)
        alice.run("MODE alice +i")
        assert "319" not in bob.commands("WHOIS alice")
        bob.join("#two")
        assert _line(bob.run("WHOIS alice"), "319") == ("@#two",)


def test_many_channels(server: Target) -> None:
    """ "RPL_WHOISCHANNELS can be sent multiple times in the same whois reply"."""
    names = [f"#{'x' * 40}{number}" for number in range(30)]
    with people(server, "alice", "bob") as (alice, bob):
        for name in names:
            alice.join(name)
        bob.send("WHOIS alice")
        answers = bob.until("318")
        lines = [message for message in answers if message.command == "319"]
        assert len(lines) > 1
        assert all(len(message.format().encode()) <= 510 for message in lines)
        assert " ".join(message.params[2] for message in lines).split(" ") == ["@" + name for name in names]


def test_away(server: Target) -> None:
    """ "RPL_AWAY, with the away message, in replies to WHOIS messages"."""
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("AWAY :at lunch")
        assert _line(bob.run("WHOIS alice"), "301") == ("at lunch",)


def test_operator(running_server: World) -> None:
    """313: "this numeric indicates that the client with the nickname <nick> is an operator"."""
    with people(running_server.address, "alice", "bob") as (_, bob):
        make_operator(running_server, "alice")
        assert _line(bob.run("WHOIS alice"), "313") == ("is the administrator",)


def test_account(running_server: World) -> None:
    """330: "authenticated as the owner of <account>"; 307: "authenticated as the owner of this nick"."""
    with people(running_server.address, "alice", "bob") as (_, bob):
        assert not {"307", "330"} & set(bob.commands("WHOIS alice"))
        log_in(running_server, "alice", "Someone")
        answers = bob.run("WHOIS alice")
        assert _line(answers, "330") == ("Someone", "is logged in as")
        assert "307" not in [message.command for message in answers]
        log_in(running_server, "alice", "Alice")
        answers = bob.run("WHOIS alice")
        assert _line(answers, "330") == ("Alice", "is logged in as")
        assert _line(answers, "307") == ("has identified for this nick",)


def test_addresses_and_modes_are_shown_to_oneself_and_operators(running_server: World) -> None:
    """ "some of these numerics only to the client itself and to servers operators": 378, 379, 276, and 338 of
    RPL_WHOISACTUALLY: "<client> <nick> <username>@<hostname> <ip> :Is actually using host"."""
    with people(running_server.address, "alice", "bob") as (alice, bob):
        alice.run("MODE alice +iw")
        run_as_user(running_server, "alice", lambda _, user: setattr(user.sessions[0], "tls", TlsClient("c0ffee")))
        private = {"378", "379", "276", "338"}
        assert not private & set(bob.commands("WHOIS alice"))
        make_operator(running_server, "bob")
        for answers in alice.run("WHOIS alice"), bob.run("WHOIS alice"):
            assert _line(answers, "378") == ("is connecting from ~alice@127.0.0.1 127.0.0.1",)
            assert _line(answers, "338") == ("~alice@127.0.0.1", "127.0.0.1", "is actually using host")
            assert _line(answers, "379") == ("is using modes +iw",)
            assert _line(answers, "276") == ("has client certificate fingerprint c0ffee",)


def test_secure(running_server: World) -> None:
    """671: "the client is connecting ... in a way the server considers reasonably safe from eavesdropping"."""
    with people(running_server.address, "alice", "bob") as (_, bob):
        assert "671" not in bob.commands("WHOIS alice")
        run_as_user(running_server, "alice", lambda _, user: setattr(user.sessions[0], "secure", True))
        assert _line(bob.run("WHOIS alice"), "671") == ("is using a secure connection",)
