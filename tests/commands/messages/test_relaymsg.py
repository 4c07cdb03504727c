"""RELAYMSG: quoted sentences are from https://github.com/ircv3/ircv3-specifications/pull/417."""

from pathlib import Path

import pytest

from greenchat.config.settings import RelayMsg, Settings
from greenchat.config.validators import separators
from tests.commands.history.test_chathistory import ask
from tests.conftest import Serve, StartServer, Target, quick_options
from tests.irc import Client, people
from tests.opers import WITH_OPERS, become_oper

CAPS = "draft/relaymsg message-tags server-time batch labeled-response echo-message account-tag draft/chathistory"


def test_a_relayed_message(server: Target) -> None:
    """ "Upon receiving this command, the IRCd will translate the message to a `PRIVMSG`"."""
    with people(server, "bot", "alice", "bob", caps=CAPS, channel="#lobby") as (bot, alice, bob):
        bob.run("CAP REQ -draft/relaymsg")
        (echo,) = bot.run("@+draft/reply=x;label=7 RELAYMSG #LOBBY carol/discord :hello there")
        # "set to the nick of the sender. This allows the sender to distinguish relayed messages"
        assert (echo.tags["draft/relaymsg"], echo.tags["label"]) == ("bot", "7")
        message = alice.expect("PRIVMSG")
        assert (message.source, message.params) == (
            "carol/discord!relay@greenchat.local",
            ("#lobby", "hello there"),
        )
        assert message.tags["draft/relaymsg"] == "bot"
        assert message.tags["+draft/reply"] == "x"
        # "The capability also lets clients receive the `relaymsg` message tag"
        plain = bob.expect("PRIVMSG")
        assert (plain.source, plain.params) == (message.source, message.params)
        assert "draft/relaymsg" not in plain.tags
        assert plain.tags["msgid"] == message.tags["msgid"] == echo.tags["msgid"]


def test_the_relaymsg_tag_cannot_be_forged(server: Target) -> None:
    with people(server, "alice", "bob", caps=CAPS, channel="#lobby") as (alice, bob):
        alice.send("@draft/relaymsg=bot PRIVMSG #lobby :hi")
        assert "draft/relaymsg" not in bob.expect("PRIVMSG").tags


def test_the_history_keeps_the_relaying_nick(server: Target) -> None:
    with people(server, "bot", "alice", caps=CAPS, channel="#lobby") as (bot, alice):
        bot.run("RELAYMSG #lobby carol/discord :hello")
        msgid = alice.expect("PRIVMSG").tags["msgid"]
        (message,) = ask(alice, "CHATHISTORY LATEST #lobby * 9")
        assert (message.source, message.tags["msgid"]) == ("carol/discord!relay@greenchat.local", msgid)
        assert message.tags["draft/relaymsg"] == "bot"
        alice.run("CAP REQ -draft/relaymsg")
        (message,) = ask(alice, "CHATHISTORY LATEST #lobby * 9")
        assert "draft/relaymsg" not in message.tags


def test_the_relaying_account_is_not_the_speakers(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(Settings(), quick_options(tmp_path))
    with people(server.address, "bot", "alice", caps=CAPS, channel="#lobby") as (bot, alice):
        server.call(lambda app: setattr(app.network.users["bot"], "account", "bot"))
        bot.run("PRIVMSG #lobby :my own", "RELAYMSG #lobby carol/discord :hello")
        assert alice.expect("PRIVMSG").tags["account"] == "bot"
        assert "account" not in alice.expect("PRIVMSG").tags


def test_who_may_relay(serve: Serve) -> None:
    """ "Restricting `RELAYMSG` to IRC operators, channel operators, or other approved users", "Checking that the sender
    is in the target channel"."""
    with people(serve(WITH_OPERS), "op", "root", "alice", caps=CAPS) as (op, root, alice):
        for client in op, alice:
            client.join("#chan")
        become_oper(root)
        line = "RELAYMSG #chan carol/discord :hello"
        for client in alice, root:
            (fail,) = client.run(line)
            assert fail.params[:2] == ("RELAYMSG", "PRIVS_NEEDED")
        root.join("#chan")
        assert [message.command for message in root.run(line)] == ["PRIVMSG"]
        op.sync()
        assert [message.command for message in op.run(line)] == ["PRIVMSG"]
        assert op.commands("RELAYMSG #nowhere carol/discord :hello") == ["403"]


def test_relaying_for_server_operators_only(serve: Serve) -> None:
    with Client(serve(Settings(relaymsg=RelayMsg(channel_operators=False))), "op", caps=CAPS) as op:
        op.join("#chan")
        assert op.run("RELAYMSG #chan carol/discord :hello")[0].params[1] == "PRIVS_NEEDED"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("carol", "separator"),
        ("//", "nothing else"),
        # "Servers MUST also sanitize or reject nicks that contain reserved IRC characters, including
        # `!+%@&#$:'"?*,.` and whitespace"
        *[(f"carol{letter}/discord", "reserved") for letter in "!+%@&#$:'\"?*,.~\t\x02\u2003"],
        ("c" * 60 + "/discord", "long"),
    ],
)
def test_invalid_names(server: Target, name: str, why: str) -> None:
    with Client(server, "bot", caps=CAPS) as bot:
        bot.join("#chan")
        (fail,) = bot.run(f"RELAYMSG #chan {name} :hello")
        assert fail.params[:2] == ("RELAYMSG", "INVALID_NICK"), why


def test_a_name_in_another_script(server: Target) -> None:
    """ "implementations may choose to accept UTF-8 text, for example"."""
    with people(server, "bot", "alice", caps=CAPS, channel="#chan") as (bot, alice):
        bot.run("RELAYMSG #chan Зоя/discord :hello")
        assert alice.expect("PRIVMSG").nick == "Зоя/discord"


def test_a_nick_cannot_contain_a_separator(server: Target) -> None:
    """ "These characters aren't allowed in normal nicknames"."""
    with Client(server, "alice") as alice:
        assert alice.commands("NICK alice/discord") == ["432"]
        assert alice.commands("PRIVMSG carol/discord :hi") == ["401"]


def test_the_separators_are_configurable(serve: Serve) -> None:
    with Client(serve(Settings(relaymsg=RelayMsg(separators="<>"))), "bot", caps=CAPS) as bot:
        bot.join("#chan")
        # "If this capability has a value, the given characters are 'nickname separators'."
        listed = [word for message in bot.run("CAP LS 302") for word in message.params[-1].split()]
        assert "draft/relaymsg=<>" in listed
        assert bot.run("RELAYMSG #chan carol/discord :hello")[0].params[1] == "INVALID_NICK"
        assert bot.commands("RELAYMSG #chan <carol> :hello") == ["PRIVMSG"]
    for wrong in ("a", "-", "/x", " ", "_"):
        with pytest.raises(ValueError, match="nicknames can't contain"):
            separators(wrong)
    with Client(serve(Settings(relaymsg=RelayMsg(separators=""))), "bot") as bot:
        assert bot.run("CAP REQ draft/relaymsg")[0].params[1] == "NAK"
        assert bot.commands("RELAYMSG #chan <carol> :hello") == ["421"]


def test_other_refusals(server: Target) -> None:
    with people(server, "op", "bot", "other", caps=CAPS, channel="#chan") as (op, bot, other):
        op.run("MODE #chan +o bot")
        bot.sync()
        assert bot.run("RELAYMSG #chan carol/discord :  ")[0].params[:2] == ("RELAYMSG", "BLANK_MSG")
        assert bot.commands("RELAYMSG #chan carol/discord") == ["461"]
        assert bot.commands(f"RELAYMSG #chan carol/discord :{'x' * 460}") == ["417"]
        op.run("MODE #chan +C")
        bot.sync()
        assert bot.commands("RELAYMSG #chan carol/discord :\x01VERSION\x01") == ["404"]
        # operators can ban single users of a relay, and whole networks
        op.run("MODE #chan +b carol/discord!*@*", "MODE #chan +b m:*/irc!*@*")
        bot.sync()
        assert bot.commands("RELAYMSG #chan carol/discord :hello") == ["404"]
        assert bot.commands("RELAYMSG #chan dave/irc :hello") == ["404"]
        assert bot.commands("RELAYMSG #chan dave/discord :hello") == ["PRIVMSG"]
        # "Clients MUST request the `draft/relaymsg` capability before using this command."
        bot.run("CAP REQ -draft/relaymsg")
        assert bot.commands("RELAYMSG #chan dave/discord :hello") == ["421"]
        assert [message.params[-1] for message in other.sync() if message.command == "PRIVMSG"] == ["hello"]
