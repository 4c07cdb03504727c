"""SETNAME, and changes of account and host: who is told what."""

from dataclasses import replace

import pytest

from greenchat.chat.user import User
from greenchat.commands.core.context import Context
from greenchat.commands.users.identity import set_account, set_host
from greenchat.config.settings import Settings
from tests.commands.state_changes import run_as_user
from tests.conftest import Serve, Target
from tests.irc import Client, people
from tests.world import World


def _log_in(running_server: World, nick: str, account: str) -> None:
    run_as_user(running_server, nick, lambda ctx, user: set_account(ctx, user, account))


def _move(running_server: World, nick: str, username: str, host: str) -> None:
    run_as_user(running_server, nick, lambda ctx, user: set_host(ctx, user, username=username, host=host))


# SETNAME, https://ircv3.net/specs/extensions/setname


def test_setname(server: Target) -> None:
    """ "to all clients in common channels, as well as to the client from which it originated"."""
    with (
        people(server, "alice", "bob", caps="setname", channel="#lobby") as (alice, bob),
        Client(server, "carol") as carol,
    ):
        carol.join("#lobby")
        for client in alice, bob:
            client.sync()
        messages = [*alice.run("SETNAME :Alice in Wonderland"), *bob.sync()]
        assert [message.format() for message in messages] == [
            ":alice!~alice@127.0.0.1 SETNAME :Alice in Wonderland",
            ":alice!~alice@127.0.0.1 SETNAME :Alice in Wonderland",
        ]
        # "The SETNAME message MUST NOT be sent to clients which do not have the capability negotiated."
        assert carol.sync() == []
        assert carol.run("WHOIS alice")[0].params[-1] == "Alice in Wonderland"


def test_setname_without_the_capability(server: Target) -> None:
    """ "the server SHOULD handle it silently (with no response)"."""
    with Client(server, "alice") as alice:
        assert alice.run("SETNAME :Somebody") == []
        assert alice.run("WHOIS alice")[0].params[-1] == "Somebody"


@pytest.mark.parametrize("realname", ["", "   ", "x" * 151])
def test_setname_refused(server: Target, realname: str) -> None:
    """ "it MUST send a FAIL message with the INVALID_REALNAME code"."""
    with Client(server, "alice", caps="setname standard-replies") as alice:
        (refusal,) = alice.run(f"SETNAME :{realname}")
        assert (refusal.command, refusal.params[:2]) == ("FAIL", ("SETNAME", "INVALID_REALNAME"))
        assert alice.run("WHOIS alice")[0].params[-1] == "Alice"


def test_setname_without_a_name(server: Target) -> None:
    with Client(server, "alice") as alice:
        assert alice.commands("SETNAME") == ["461"]


def test_the_longest_real_name(serve: Serve) -> None:
    """ "servers MUST provide a NAMELEN token in RPL_ISUPPORT with the maximum allowed length for realnames"."""
    settings = Settings()
    address = serve(replace(settings, limits=replace(settings.limits, realname=10)))
    with Client(address, "alice", caps="setname") as alice:
        assert "NAMELEN=10" in [token for message in alice.run("VERSION") for token in message.params]
        assert alice.commands("SETNAME :" + "ä" * 10) == ["SETNAME"]
        assert alice.commands("SETNAME :" + "ä" * 11) == ["FAIL"]


# accounts, https://ircv3.net/specs/extensions/account-notify


def test_account_notify(running_server: World) -> None:
    """ "clients will get the ACCOUNT message ... for clients on common channels with them, including themselves"."""
    with (
        people(running_server.address, "alice", "bob", caps="account-notify", channel="#lobby") as (alice, bob),
        people(running_server.address, "carol", channel="#lobby") as (carol,),
        Client(running_server.address, "stranger", caps="account-notify") as stranger,
    ):
        for client in alice, bob:
            client.sync()
        _log_in(running_server, "alice", "Alice")
        assert [message.params for message in bob.sync()] == [("Alice",)]
        assert [(message.command, message.params) for message in alice.sync()] == [
            ("ACCOUNT", ("Alice",)),
            ("MODE", ("alice", "+r")),
        ]
        _log_in(running_server, "alice", "Alice")
        _log_in(running_server, "alice", "")
        # ":nick!user@host ACCOUNT *"
        assert [(message.source, message.command, message.params) for message in bob.sync()] == [
            ("alice!~alice@127.0.0.1", "ACCOUNT", ("*",))
        ]
        assert [message.command for message in alice.sync()] == ["ACCOUNT", "MODE"]
        assert carol.sync() == []
        assert stranger.sync() == []


def test_the_tag_of_an_account_change_is_the_old_account(running_server: World) -> None:
    """The example of https://ircv3.net/specs/extensions/account-tag: ":user ACCOUNT hax0r", then "@account=hax0r :user
    ACCOUNT bob"."""
    with people(running_server.address, "alice", "bob", caps="account-notify account-tag", channel="#lobby") as (
        _,
        bob,
    ):
        for account in "hax0r", "bob", "":
            _log_in(running_server, "alice", account)
        assert [(message.params, message.tags) for message in bob.sync()] == [
            (("hax0r",), {}),
            (("bob",), {"account": "hax0r"}),
            (("*",), {"account": "bob"}),
        ]


def test_account_tag(running_server: World) -> None:
    """account-tag: "attached to all commands sent by a user ... if the user is logged into an account"."""
    with people(running_server.address, "alice", "bob", caps="account-tag") as (alice, bob):
        alice.send("PRIVMSG bob :one")
        assert "account" not in bob.expect("PRIVMSG").tags
        _log_in(running_server, "alice", "Alice")
        alice.send("PRIVMSG bob :two")
        assert bob.expect("PRIVMSG").tags["account"] == "Alice"


def test_numerics_about_a_user_carry_the_account(running_server: World) -> None:
    """account-tag: "The tag also MUST be added by the ircd to all numerics directly caused by the sender. For example,
    ... to numerics indicating blocked message attempts (numeric 718 ...)". bot-mode: "The tag SHOULD also be added by
    the ircd to all numerics directly caused by the bot."
    """
    with people(running_server.address, "op", "alice", "bot", caps="account-tag message-tags") as (op, alice, bot):
        op.join("#closed")
        op.run("MODE #closed +i", "MODE op +g")
        _log_in(running_server, "bot", "Robot")
        bot.run("MODE bot +B", "PRIVMSG op :psst", "KNOCK #closed")
        blocked, knock = op.sync()
        for numeric, command in (blocked, "718"), (knock, "710"):
            assert numeric.command == command
            assert (numeric.tags["account"], numeric.tags["bot"]) == ("Robot", "")
        # numerics that a client causes itself are about no other account
        assert all("account" not in message.tags for message in alice.run("WHOIS bot", "PRIVMSG bot"))


def test_extended_join(running_server: World) -> None:
    """extended-join: the JOIN names the account, `*` for none, and the real name."""
    with people(running_server.address, "alice", "bob", caps="extended-join") as (alice, bob):
        bob.join("#lobby")
        alice.join("#lobby")
        assert bob.expect("JOIN").params == ("#lobby", "*", "Alice")
        alice.run("PART #lobby")
        _log_in(running_server, "alice", "Ally")
        alice.join("#lobby")
        assert bob.expect("JOIN").params == ("#lobby", "Ally", "Alice")


# hosts, https://ircv3.net/specs/extensions/chghost


def test_chghost(running_server: World) -> None:
    """ ":nick!old_user@old_host.local CHGHOST new_user new_host.local" to those who share a channel, and to oneself."""
    with (
        people(running_server.address, "alice", "bob", caps="chghost", channel="#one") as (alice, bob),
        Client(running_server.address, "stranger", caps="chghost") as stranger,
    ):
        for client in alice, bob:
            client.join("#two")
        alice.sync()
        _move(running_server, "alice", "ally", "cloak.example")
        (seen,) = bob.sync()
        assert (seen.source, seen.command, seen.params) == (
            "alice!~alice@127.0.0.1",
            "CHGHOST",
            ("ally", "cloak.example"),
        )
        own, hidden = alice.sync()
        assert own.params == seen.params
        assert (hidden.command, hidden.params) == ("396", ("alice", "cloak.example", "is now your displayed host"))
        assert stranger.sync() == []
        assert stranger.run("WHOIS alice")[0].params[2:4] == ("ally", "cloak.example")


def test_only_the_username_changes(running_server: World) -> None:
    """ "One or both of the username and hostname can change during the CHGHOST process." """
    with people(running_server.address, "alice", "bob", caps="chghost", channel="#lobby") as (alice, bob):
        _move(running_server, "alice", "ally", "127.0.0.1")
        assert [message.params for message in bob.sync()] == [("ally", "127.0.0.1")]
        assert [message.command for message in alice.sync()] == ["CHGHOST"]
        _move(running_server, "alice", "ally", "127.0.0.1")
        assert bob.sync() == []


def test_without_chghost_the_user_seems_to_reconnect(running_server: World) -> None:
    """ "the simulated events SHOULD include appropriate QUIT, JOIN and MODE commands"."""
    with people(running_server.address, "alice", "bob", channel="#one") as (alice, bob):
        for name in "#two", "#alone":
            alice.join(name)
        bob.join("#two")
        alice.run("MODE #one +v alice", "MODE #two -o alice")
        bob.sync()
        _move(running_server, "alice", "~alice", "cloak.example")
        assert [message.format() for message in bob.sync()] == [
            ":alice!~alice@127.0.0.1 QUIT :Changing hostname",
            ":alice!~alice@cloak.example JOIN #one",
            ":greenchat.local MODE #one +ov alice alice",
            ":alice!~alice@cloak.example JOIN #two",
        ]
        assert [message.command for message in alice.sync()] == ["396"]


def test_an_away_user_is_away_after_seeming_to_reconnect(running_server: World) -> None:
    """away-notify: "as well as when a user joins and has an away message set"."""
    with people(running_server.address, "alice", "bob", caps="away-notify extended-join", channel="#lobby") as (
        alice,
        bob,
    ):
        alice.run("AWAY :lunch", "MODE #lobby -o alice")
        bob.sync()
        _move(running_server, "alice", "~alice", "cloak.example")
        _, join, away = bob.sync()
        assert join.params == ("#lobby", "*", "Alice")
        assert (away.command, away.params) == ("AWAY", ("lunch",))


def test_bans_on_the_real_host_still_match(running_server: World) -> None:
    with people(running_server.address, "alice", "bob", channel="#lobby") as (alice, bob):
        alice.run("MODE #lobby +b *!*@127.0.0.1")

        def hide(ctx: Context, user: User) -> None:
            set_host(ctx, user, username=user.username, host="cloak.example")

        run_as_user(running_server, "bob", hide)
        bob.sync()
        assert bob.commands("PRIVMSG #lobby :hello") == ["404"]
