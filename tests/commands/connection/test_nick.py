"""NICK. https://modern.ircdocs.horse/#nick-message"""

import pytest

from greenchat.config.settings import AccountSettings, Settings
from tests.commands.devices import make_account
from tests.conftest import Serve, Target
from tests.irc import Client, people


def test_in_use(server: Target) -> None:
    """ "where the desired nickname is already in use on the network, it should issue an ERR_NICKNAMEINUSE numeric"."""
    with people(server, "alice", "bob") as (alice, _):
        (refusal,) = alice.run("NICK BOB")
        assert (refusal.command, refusal.params[:2]) == ("433", ("alice", "BOB"))


@pytest.mark.parametrize("nick", ["0", "1abc", "#chan", "a,b", "a*", "@bob", "NickServ", "x" * 33, "J®rgen"])
def test_erroneous(server: Target, nick: str) -> None:
    """ "If the server does not accept the new nickname ... it should issue an ERR_ERRONEUSNICKNAME numeric"."""
    with Client(server, "alice") as alice:
        (refusal,) = alice.run(f"NICK {nick}")
        assert (refusal.command, refusal.params[:2]) == ("432", ("alice", nick))
        assert "at most 32 letters, digits, - and _" in refusal.params[2]  # the text says what a nick may be


@pytest.mark.parametrize("nick", [":a b", "::a"])
def test_an_erroneous_nick_that_cannot_be_repeated_back(server: Target, nick: str) -> None:
    with Client(server, "alice") as alice:
        (refusal,) = alice.run(f"NICK {nick}")
        assert (refusal.command, refusal.params[:2]) == ("432", ("alice", "*"))


@pytest.mark.parametrize("line", ["NICK", "NICK :"])
def test_none_given(server: Target, line: str) -> None:
    """ "If the server does not receive the <nickname> parameter ... it should issue an ERR_NONICKNAMEGIVEN"."""
    with Client(server, "alice") as alice:
        assert alice.commands(line) == ["431"]


def test_a_change_is_seen_once_by_each_peer(server: Target) -> None:
    """ "the <source> of the message will be the old nickname [ [ "!" user ] "@" host ]"."""
    with people(server, "alice", "bob", channel="#one") as (alice, bob):
        for client in alice, bob:
            client.join("#two")
        alice.sync()
        with Client(server, "stranger") as stranger:
            alice.send("NICK alicia")
            changes = [message for message in alice.sync() if message.command == "NICK"]
            assert [(change.source, change.params) for change in changes] == [("alice!~alice@127.0.0.1", ("alicia",))]
            assert [(message.nick, message.params) for message in bob.sync()] == [("alice", ("alicia",))]
            assert stranger.sync() == []


def test_a_change_of_case_only(server: Target) -> None:
    with people(server, "alice", "bob", channel="#lobby") as (alice, bob):
        assert [message.params for message in alice.run("NICK ALICE")] == [("ALICE",)]
        assert [(message.command, message.params) for message in bob.sync()] == [("NICK", ("ALICE",))]
        assert bob.commands("WHOWAS alice") == ["406", "369"]


def test_the_same_nick_again_does_nothing(server: Target) -> None:
    with Client(server, "alice") as alice:
        assert alice.run("NICK alice") == []


def test_a_freed_nick_can_be_taken(server: Target) -> None:
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("NICK carol")
        assert bob.commands("NICK alice") == ["NICK"]


def test_a_banned_member_cannot_change_nick(server: Target) -> None:
    """437: RFC 2812, section 3.1.2, ERR_UNAVAILRESOURCE."""
    with people(server, "alice", "bob", channel="#lobby") as (alice, bob):
        alice.run("MODE #lobby +b bob!*@*")
        bob.sync()
        (refusal,) = bob.run("NICK robert")
        assert (refusal.command, refusal.params[:2]) == ("437", ("bob", "robert"))
        assert "#lobby" in refusal.params[2]
        alice.run("MODE #lobby +v bob")
        bob.sync()
        assert bob.commands("NICK robert") == ["NICK"]


def test_rfc1459(serve: Serve) -> None:
    """Modern: "'{', '}', '|', and '^' being considered the lower-case equivalents of '[', ']', '\\', and '~'"."""
    address = serve(Settings(casemapping="rfc1459"))
    with Client(address, "a[b]") as one, Client(address) as other:
        other.send("NICK A{B}", "USER x 0 * :x")
        assert other.expect("433").params[1] == "A{B}"
        assert one.run("ISON a{B}")[0].params[-1] == "a[b]"


def test_any_script_under_precis(serve: Serve) -> None:
    address = serve(Settings(casemapping="precis"))
    with people(address, "Jürgen", "bob", channel="#größe") as (jürgen, bob):
        bob.send("PRIVMSG JÜRGEN :hello")
        assert jürgen.expect("PRIVMSG").params == ("Jürgen", "hello")
        assert [message.nick for message in jürgen.run("NICK 日本") if message.command == "NICK"] == ["Jürgen"]
        assert bob.expect("NICK").params == ("日本",)
        assert bob.run("WHO #GRÖSSE")[-1].command == "315"


def test_lookalikes_of_nicks_are_refused_under_precis(serve: Serve) -> None:
    """UTS #39, section 4. The а of the second nick is Cyrillic."""
    address = serve(Settings(casemapping="precis"))
    with people(address, "alice", "bob") as (alice, bob):
        (refusal,) = bob.run("NICK аlice")
        assert (refusal.command, refusal.params[1]) == ("433", "аlice")
        alice.run("NICK carol")
        assert bob.commands("NICK аlice") == ["NICK"]
        (refusal,) = alice.run("NICK alice")
        assert refusal.command == "433"
        assert bob.commands("NICK alice") == ["NICK"]


def test_a_freed_nick_frees_its_lookalikes(serve: Serve) -> None:
    address = serve(Settings(casemapping="precis"))
    with Client(address, "bob") as bob:
        with Client(address, "аlice") as twin:
            assert bob.commands("NICK alice") == ["433"]
            twin.send("QUIT")
            twin.until_end()
        assert bob.commands("NICK alice") == ["NICK"]


def test_lookalikes_of_accounts_are_refused_under_precis(serve: Serve) -> None:
    """Also while nobody is logged in to the account. The а of the second nick is Cyrillic."""
    address = serve(Settings(casemapping="precis", accounts=AccountSettings(iterations=4096)))
    make_account(address, "alice")
    with Client(address, "bob") as bob:
        (refusal,) = bob.run("NICK аlice")
        assert (refusal.command, refusal.params[1]) == ("433", "аlice")
        assert bob.commands("NICK Älice") == ["NICK"]
