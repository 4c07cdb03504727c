"""What was said to operators only (`@#channel`, and in a channel with +U) is stored before anybody sees it, as all that
is said, and told again to those who have the rank now."""

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
    """An operator, one with a voice and one without, in #c, where each was said something."""
    with people(server, "op", "voiced", "plain", caps=CAPS, channel="#c") as (op, voiced, plain):
        op.run("MODE #c +v voiced")
        op.run("PRIVMSG #c :one", "PRIVMSG @#c :two", "PRIVMSG +#C :three", "PRIVMSG #c :four", "NOTICE @#c :five")
        yield op, voiced, plain


def texts(messages: list[Message]) -> list[str]:
    """What was said."""
    return [message.params[-1] for message in messages if message.command in ("PRIVMSG", "NOTICE")]


def reads(client: Client, command: str = "CHATHISTORY LATEST #c * 50") -> list[str]:
    """What a client is told again."""
    return texts(ask(client, command))


def test_each_reads_what_was_said_to_them(server: Target) -> None:
    with three(server) as (op, voiced, plain):
        assert reads(op) == TEXTS
        assert reads(voiced) == ["one", "three", "four"]
        assert reads(plain) == ["one", "four"]
        found = ask(op, "CHATHISTORY LATEST #c * 50")
        assert [message.params[0] for message in found] == ["#c", "@#c", "+#c", "#c", "@#c"]
        assert found[1].tags["msgid"] < found[2].tags["msgid"] < found[3].tags["msgid"]


def test_pages_go_through_all_of_it(server: Target) -> None:
    with three(server) as (op, _, _):
        assert reads(op, "CHATHISTORY LATEST #c * 2") == ["four", "five"]
        second = ask(op, "CHATHISTORY LATEST #c * 50")[1].tags["msgid"]
        assert reads(op, f"CHATHISTORY AFTER #c msgid={second} 2") == ["three", "four"]
        assert reads(op, f"CHATHISTORY BEFORE #c msgid={second} 2") == ["one"]
        assert reads(op, f"CHATHISTORY AROUND #c msgid={second} 3") == ["one", "two", "three"]


def test_the_rank_of_now_counts(server: Target) -> None:
    with three(server) as (op, voiced, plain):
        op.run("MODE #c +o-v plain voiced")
        assert reads(plain) == TEXTS
        assert reads(voiced) == ["one", "four"]
        plain.run("MODE #c -o plain")
        assert reads(plain) == ["one", "four"]


def test_search_and_playback_heed_it(server: Target) -> None:
    with three(server) as (op, voiced, plain):
        for client, found in ((op, ["two"]), (voiced, []), (plain, [])):
            assert reads(client, "SEARCH text=two") == found
            assert reads(client, "SEARCH in=#c;text=two") == found
            client.send("PRIVMSG *playback :PLAY *", "PRIVMSG *playback :PLAY #c 0")
            told = [message for message in client.sync() if message.source and not message.source.startswith("*")]
            assert texts(told).count("two") == 2 * len(found)


def test_a_channel_is_one_target(server: Target) -> None:
    with three(server) as (op, _, plain):
        listing = "CHATHISTORY TARGETS timestamp=2020-01-01T00:00:00.000Z timestamp=2099-01-01T00:00:00.000Z 50"
        last = ask(op, "CHATHISTORY LATEST #c * 1")[0].tags["time"]
        assert [message.params[1:] for message in ask(op, listing)] == [("#c", last)]
        last = ask(plain, "CHATHISTORY LATEST #c * 1")[0].tags["time"]
        assert [message.params[1:] for message in ask(plain, listing)] == [("#c", last)]


def test_it_can_be_taken_back_among_those_who_got_it(server: Target) -> None:
    with three(server) as (op, voiced, plain):
        msgid = ask(op, "CHATHISTORY LATEST #c * 50")[1].tags["msgid"]
        refused = [answer.params[1] for answer in plain.run(f"REDACT #c {msgid}") if answer.command == "FAIL"]
        assert refused == ["UNKNOWN_MSGID"]
        op.send(f"REDACT #c {msgid}")
        assert op.expect("REDACT").params == ("#c", msgid)
        assert reads(op) == ["one", "three", "four", "five"]
        for client in voiced, plain:
            assert "REDACT" not in [message.command for message in client.sync()]


def test_a_renamed_channel_keeps_it(server: Target) -> None:
    with three(server) as (op, _, plain):
        op.run("RENAME #c #d")
        plain.sync()
        assert reads(op, "CHATHISTORY LATEST #d * 50") == TEXTS
        assert reads(plain, "CHATHISTORY LATEST #d * 50") == ["one", "four"]


def test_what_only_operators_hear_in_a_moderated_channel(server: Target) -> None:
    with three(server) as (op, voiced, plain):
        op.run("MODE #c +U")
        plain.run("PRIVMSG #c :please")
        assert reads(op)[-1] == "please"
        assert reads(voiced) == ["one", "three", "four"]
        assert reads(plain) == ["one", "four"]


@pytest.mark.parametrize("target", ["@#c", "#c"])
def test_sent_twice_is_said_once(server: Target, target: str) -> None:
    with three(server) as (op, _, plain):
        op.run("MODE #c +U")
        op.sync()
        plain.run(f"@+greenchat/id=1 PRIVMSG {target} :once", f"@+greenchat/id=1 PRIVMSG {target} :once")
        assert texts(op.sync()) == ["once"]
        assert reads(op)[-2:] == ["five", "once"]
