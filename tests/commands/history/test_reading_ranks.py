"""Messages to ranks (`@#channel`, and in a channel with +U) are stored before anybody sees them, as all messages are,
and can be read by the members who have the rank now.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from greenchat.protocol.message import Message
from tests.commands.history.test_chathistory import ask
from tests.conftest import Target
from tests.irc import Client, people

CAPS = "batch server-time message-tags echo-message draft/chathistory draft/message-redaction soju.im/search"
TEXTS = ["one", "two", "three", "four", "five"]


@contextmanager
def three(server: Target) -> Iterator[tuple[Client, Client, Client]]:
    """Connect an operator, a voiced and a plain member of #c, with a message to each."""
    with people(server, "op", "voiced", "plain", caps=CAPS, channel="#c") as (op, voiced, plain):
        op.run("MODE #c +v voiced")
        op.run("PRIVMSG #c :one", "PRIVMSG @#c :two", "PRIVMSG +#C :three", "PRIVMSG #c :four", "NOTICE @#c :five")
        yield op, voiced, plain


def texts(messages: list[Message]) -> list[str]:
    """Return the texts."""
    return [message.params[-1] for message in messages if message.command in ("PRIVMSG", "NOTICE")]


def texts_read(client: Client, command: str = "CHATHISTORY LATEST #c * 50") -> list[str]:
    """Return the texts that a history query gives a client."""
    return texts(ask(client, command))


def test_each_member_reads_what_was_said_to_the_rank(server: Target) -> None:
    with three(server) as (op, voiced, plain):
        assert texts_read(op) == TEXTS
        assert texts_read(voiced) == ["one", "three", "four"]
        assert texts_read(plain) == ["one", "four"]
        found = ask(op, "CHATHISTORY LATEST #c * 50")
        assert [message.params[0] for message in found] == ["#c", "@#c", "+#c", "#c", "@#c"]
        assert found[1].tags["msgid"] < found[2].tags["msgid"] < found[3].tags["msgid"]


def test_paging_finds_all(server: Target) -> None:
    with three(server) as (op, _, _):
        assert texts_read(op, "CHATHISTORY LATEST #c * 2") == ["four", "five"]
        second = ask(op, "CHATHISTORY LATEST #c * 50")[1].tags["msgid"]
        assert texts_read(op, f"CHATHISTORY AFTER #c msgid={second} 2") == ["three", "four"]
        assert texts_read(op, f"CHATHISTORY BEFORE #c msgid={second} 2") == ["one"]
        assert texts_read(op, f"CHATHISTORY AROUND #c msgid={second} 3") == ["one", "two", "three"]


def test_the_present_rank_decides(server: Target) -> None:
    with three(server) as (op, voiced, plain):
        op.run("MODE #c +o-v plain voiced")
        assert texts_read(plain) == TEXTS
        assert texts_read(voiced) == ["one", "four"]
        plain.run("MODE #c -o plain")
        assert texts_read(plain) == ["one", "four"]


def test_search_and_playback_respect_ranks(server: Target) -> None:
    with three(server) as (op, voiced, plain):
        for client, found in ((op, ["two"]), (voiced, []), (plain, [])):
            assert texts_read(client, "SEARCH text=two") == found
            assert texts_read(client, "SEARCH in=#c;text=two") == found
            client.send("PRIVMSG *playback :PLAY *", "PRIVMSG *playback :PLAY #c 0")
            messages = [message for message in client.sync() if message.source and not message.source.startswith("*")]
            assert texts(messages).count("two") == 2 * len(found)


def test_a_channel_is_one_target(server: Target) -> None:
    with three(server) as (op, _, plain):
        listing = "CHATHISTORY TARGETS timestamp=2020-01-01T00:00:00.000Z timestamp=2099-01-01T00:00:00.000Z 50"
        last = ask(op, "CHATHISTORY LATEST #c * 1")[0].tags["time"]
        assert [message.params[1:] for message in ask(op, listing)] == [("#c", last)]
        last = ask(plain, "CHATHISTORY LATEST #c * 1")[0].tags["time"]
        assert [message.params[1:] for message in ask(plain, listing)] == [("#c", last)]


def test_recipients_see_the_redaction(server: Target) -> None:
    with three(server) as (op, voiced, plain):
        msgid = ask(op, "CHATHISTORY LATEST #c * 50")[1].tags["msgid"]
        refused = [answer.params[1] for answer in plain.run(f"REDACT #c {msgid}") if answer.command == "FAIL"]
        assert refused == ["UNKNOWN_MSGID"]
        op.send(f"REDACT #c {msgid}")
        assert op.expect("REDACT").params == ("#c", msgid)
        assert texts_read(op) == ["one", "three", "four", "five"]
        for client in voiced, plain:
            assert "REDACT" not in [message.command for message in client.sync()]


def test_a_renamed_channel_keeps_messages_to_ranks(server: Target) -> None:
    with three(server) as (op, _, plain):
        op.run("RENAME #c #d")
        plain.sync()
        assert texts_read(op, "CHATHISTORY LATEST #d * 50") == TEXTS
        assert texts_read(plain, "CHATHISTORY LATEST #d * 50") == ["one", "four"]


def test_messages_that_only_operators_hear_in_a_moderated_channel(server: Target) -> None:
    with three(server) as (op, voiced, plain):
        op.run("MODE #c +U")
        plain.run("PRIVMSG #c :please")
        assert texts_read(op)[-1] == "please"
        assert texts_read(voiced) == ["one", "three", "four"]
        assert texts_read(plain) == ["one", "four"]


@pytest.mark.parametrize("target", ["@#c", "#c"])
def test_a_message_sent_again_is_stored_once(server: Target, target: str) -> None:
    with three(server) as (op, _, plain):
        op.run("MODE #c +U")
        op.sync()
        plain.run(f"@+greenchat/id=1 PRIVMSG {target} :once", f"@+greenchat/id=1 PRIVMSG {target} :once")
        assert texts(op.sync()) == ["once"]
        assert texts_read(op)[-2:] == ["five", "once"]
