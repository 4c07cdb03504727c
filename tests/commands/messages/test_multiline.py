"""BATCH from a client; sentences in quotes are from https://ircv3.net/specs/extensions/multiline."""

import pytest

from greenchat.protocol.message import Message
from tests.commands.history.test_chathistory import ask
from tests.conftest import Target
from tests.irc import Client, people

CAPS = "batch message-tags echo-message labeled-response server-time draft/multiline draft/chathistory"
EXAMPLE = (
    "BATCH +123 draft/multiline #channel",
    "@batch=123 PRIVMSG #channel hello",
    "@batch=123 PRIVMSG #channel :",
    "@batch=123 privmsg #channel :how is ",
    "@batch=123;draft/multiline-concat PRIVMSG #channel :everyone?",
    "BATCH -123",
)
LINES = ["hello", "", "how is ", "everyone?"]


def lines(messages: list[Message]) -> list[str]:
    """Return the texts of the lines."""
    return [message.params[-1] for message in messages if message.command in ("PRIVMSG", "NOTICE")]


def test_each_recipient_gets_the_form_it_supports(server: Target) -> None:
    with people(server, "alice", "bob", "carol", caps=CAPS, channel="#channel") as (alice, bob, carol):
        carol.run("CAP REQ -draft/multiline")
        alice.sync()
        bob.sync()
        echoed, got, without = alice.run(*EXAMPLE), bob.sync(), carol.sync()
        for messages in echoed, got:
            assert lines(messages) == LINES
            assert messages[0].params[1:] == ("draft/multiline", "#channel")
            assert messages[0].nick == "alice"
            assert "msgid" in messages[0].tags
            assert messages[0].tags["msgid"] == got[0].tags["msgid"]
            assert "draft/multiline-concat" in messages[4].tags
            assert messages[-1].params == ("-" + messages[0].params[0][1:],)
        assert lines(without) == ["hello", "how is ", "everyone?"]


def test_the_history_keeps_the_lines(server: Target) -> None:
    with people(server, "alice", caps=CAPS, channel="#channel") as (alice,), Client(server, "bob", caps=CAPS) as bob:
        alice.run(*EXAMPLE, "PRIVMSG #channel :after")
        bob.join("#channel")
        bob.send("CHATHISTORY LATEST #channel * 2")
        outer = bob.expect("BATCH")
        start = bob.read()
        assert (start.command, start.tags["batch"]) == ("BATCH", outer.params[0][1:])
        assert lines([bob.read() for _ in range(4)]) == LINES
        end = bob.read()
        # "Start and end messages of one batch MAY refer to another batch. If they do, they both MUST have batch tag,
        # and they MUST refer to the same batch": https://ircv3.net/specs/extensions/batch
        assert (end.params, end.tags["batch"]) == (("-" + start.params[0][1:],), outer.params[0][1:])
        assert bob.read().params[-1] == "after"
        bob.run("CAP REQ -draft/multiline")
        again = ask(bob, "CHATHISTORY LATEST #channel * 2")
        assert lines(again) == ["hello", "how is ", "everyone?", "after"]
        assert again[0].tags["msgid"] == start.tags["msgid"]


def test_a_batch_is_redacted_and_sent_again_as_one_message(server: Target) -> None:
    caps = CAPS + " draft/message-redaction"
    with people(server, "alice", "bob", caps=caps, channel="#channel") as (alice, bob):
        first = alice.run("@+greenchat/id=7 " + EXAMPLE[0], *EXAMPLE[1:])[0].tags["msgid"]
        assert lines(bob.sync()) == LINES
        again = alice.run("@+greenchat/id=7 " + EXAMPLE[0], *EXAMPLE[1:])
        assert (again[0].tags["msgid"], lines(again)) == (first, LINES)
        assert bob.sync() == []
        alice.send(f"REDACT #channel {first}")
        assert bob.expect("REDACT").params[1] == first
        assert ask(bob, "CHATHISTORY LATEST #channel * 9") == []


def test_a_private_message_and_a_notice(server: Target) -> None:
    with people(server, "alice", "bob", caps=CAPS) as (alice, bob):
        alice.send("BATCH +1 draft/multiline bob", "@batch=1 NOTICE bob :a", "@batch=1 NOTICE bob :b", "BATCH -1")
        alice.sync()
        assert lines(bob.sync()) == ["a", "b"]


def test_the_label_is_on_the_opening_command(server: Target) -> None:
    with people(server, "alice", caps=CAPS, channel="#channel") as (alice,):
        answer = alice.run("@label=x " + EXAMPLE[0], *EXAMPLE[1:])
        # "Servers MUST only include the label tag on the opening BATCH command when replying to a client"
        assert [message.tags.get("label") for message in answer] == ["x", *[None] * 5]
        failed = alice.run("@label=y BATCH +1 draft/multiline #channel", "BATCH -1")
        assert [(message.command, message.tags["label"]) for message in failed] == [("FAIL", "y")]
        alice.run("CAP REQ -echo-message")
        answer = alice.run("@label=z " + EXAMPLE[0], *EXAMPLE[1:])
        assert [(message.command, message.tags["label"]) for message in answer] == [("ACK", "z")]


def test_other_commands_are_accepted_within_a_batch(server: Target) -> None:
    with people(server, "alice", caps=CAPS, channel="#channel") as (alice,):
        assert lines(alice.run(*EXAMPLE[:3], "PING between", *EXAMPLE[3:])) == LINES


OPEN = "BATCH +1 draft/multiline #channel"
A = "@batch=1 PRIVMSG #channel :a"


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ([OPEN, "BATCH -1"], ("MULTILINE_INVALID",)),
        ([OPEN, "@batch=1 PRIVMSG #channel :", "@batch=1 PRIVMSG #channel :", "BATCH -1"], ("MULTILINE_INVALID",)),
        ([OPEN, A, "@batch=1;draft/multiline-concat PRIVMSG #channel :", "BATCH -1"], ("MULTILINE_INVALID",)),
        ([OPEN, A, "@batch=1 NOTICE #channel :a", "BATCH -1"], ("MULTILINE_INVALID",)),
        ([OPEN, A, "@batch=1 TAGMSG #channel", "BATCH -1"], ("MULTILINE_INVALID",)),
        ([OPEN, A, "@batch=1;+x=y PRIVMSG #channel :a", "BATCH -1"], ("MULTILINE_INVALID",)),
        ([OPEN, A, "@batch=1 PRIVMSG #channel", "BATCH -1"], ("MULTILINE_INVALID",)),
        ([OPEN, "@batch=1 PRIVMSG #bar hello", "BATCH -1"], ("MULTILINE_INVALID_TARGET", "#channel", "#bar")),
        ([OPEN, *[A] * 33, "BATCH -1"], ("MULTILINE_MAX_LINES", "32")),
        ([OPEN, *["@batch=1 PRIVMSG #channel :" + "x" * 400] * 11, "BATCH -1"], ("MULTILINE_MAX_BYTES", "4096")),
        # client-batch: INVALID_REFTAG <reference-tag>, UNKNOWN_TYPE <reference-tag> <type>
        (["BATCH -1"], ("INVALID_REFTAG", "1")),
        (["BATCH +1 nonsense"], ("UNKNOWN_TYPE", "1", "nonsense")),
        (["BATCH +1 nonsense #channel", A, "BATCH -1"], ("UNKNOWN_TYPE", "1", "nonsense")),
        (["BATCH +a/b draft/multiline #channel"], ("INVALID_REFTAG", "a/b")),
        (["BATCH +é draft/multiline #channel"], ("INVALID_REFTAG", "é")),
        (["BATCH :+a b"], ("INVALID_REFTAG", "*")),
        ([OPEN, A, "@batch=2 PRIVMSG #channel :a", A, "BATCH -1"], ("MULTILINE_INVALID",)),
        (["@batch=1 PRIVMSG #channel :a"], ("MULTILINE_INVALID",)),
        (["BATCH +1 draft/multiline"], ("MULTILINE_INVALID",)),
        (["BATCH + draft/multiline #channel"], ("INVALID_REFTAG", "*")),
        ([OPEN, "BATCH +2 draft/multiline #channel"], ("MULTILINE_INVALID",)),
    ],
)
def test_invalid_batches_fail_and_are_not_sent(server: Target, sent: list[str], answer: tuple[str, ...]) -> None:
    with people(server, "alice", "bob", caps=CAPS, channel="#channel") as (alice, bob):
        (fail,) = alice.run(*sent)
        assert (fail.command, fail.params[:-1]) == ("FAIL", ("BATCH", *answer))
        assert bob.sync() == []
        assert lines(alice.run(*EXAMPLE)) == LINES


@pytest.mark.parametrize(
    ("line", "count", "code"),
    [(A, 33, "MULTILINE_MAX_LINES"), ("@batch=1 PRIVMSG #channel :" + "x" * 400, 11, "MULTILINE_MAX_BYTES")],
)
def test_exceeding_a_limit_fails_at_once(server: Target, line: str, count: int, code: str) -> None:
    """The FAIL comes before the end of the batch, with the label of its beginning; the rest is skipped."""
    with people(server, "alice", "bob", caps=CAPS, channel="#channel") as (alice, bob):
        assert alice.run("@label=x " + OPEN, *[line] * (count - 1)) == []
        (fail,) = alice.run(line)
        assert (fail.command, fail.params[1], fail.tags["label"]) == ("FAIL", code, "x")
        assert alice.run(line, "BATCH -1") == []
        assert bob.sync() == []


def test_the_reply_tag_is_on_every_line(server: Target) -> None:
    """ "Tags MAY also be included on subsequent lines where it makes sense to do so"; "Servers MUST only include a
    message ID on the first message"."""
    with people(server, "alice", "bob", caps=CAPS, channel="#channel") as (alice, bob):
        bob.run("CAP REQ -draft/multiline")
        alice.run("@+reply=abc " + EXAMPLE[0], *EXAMPLE[1:])
        got = bob.sync()
        assert [message.tags.get("+reply") for message in got] == ["abc"] * 3
        assert ["msgid" in message.tags for message in got] == [True, False, False]


def test_at_the_limits(server: Target) -> None:
    with people(server, "alice", "bob", caps=CAPS, channel="#channel") as (alice, bob):
        assert len(lines(alice.run(OPEN, *[A] * 32, "BATCH -1"))) == 32
        bob.sync()
        line = "@batch=1 PRIVMSG #channel :"
        alice.run(OPEN, *[line + "x" * 372] * 10, line + "y" * 366, "BATCH -1")
        assert sum(map(len, lines(bob.sync()))) + 10 == 4096


def test_a_line_that_is_too_long_for_others_fails(server: Target) -> None:
    with people(server, "alice", "bob", caps=CAPS, channel="#channel") as (alice, bob):
        answers = alice.run(OPEN, A, "@batch=1 PRIVMSG #channel :" + "x" * 480, "BATCH -1")
        assert [message.command for message in answers] == ["417"]
        assert bob.sync() == []


def test_a_batch_to_a_channel_where_one_may_not_speak(server: Target) -> None:
    with people(server, "alice", "bob", caps=CAPS, channel="#channel") as (alice, bob):
        alice.run("MODE #channel +m")
        assert [message.command for message in bob.run(*EXAMPLE)][-1] == "404"
        assert "PRIVMSG" not in [message.command for message in alice.sync()]


def test_a_batch_without_the_capability(server: Target) -> None:
    with Client(server, "alice", caps="batch message-tags") as alice:
        assert "421" in alice.commands("BATCH +1 draft/multiline alice")
        # the batch tag alone has no effect
        assert lines(alice.run("@batch=1 PRIVMSG alice :hi")) == ["hi"]
        alice.send("CAP LS 302")
        found = " ".join(line.params[-1] for line in alice.sync() if line.command == "CAP")
        assert "draft/multiline=max-bytes=4096,max-lines=32" in found


def test_a_batch_of_an_unknown_type_is_skipped_whole(server: Target) -> None:
    """https://ircv3.net/specs/extensions/client-batch: commands in it are not executed, those after it are."""
    caps = "batch message-tags draft/multiline labeled-response"
    with people(server, "alice", "bob", channel="#a", caps=caps) as (alice, bob):
        answers = alice.run(
            "@label=1 BATCH +x example.org/future #a",
            "@batch=x PRIVMSG #a :one",
            "@batch=x MODE #a +m",
            "BATCH -x",
            "@label=2 BATCH +y draft/authtoken wiki https://wiki.example.org",
            "@batch=y TOKEN VALIDATE :x",
            "BATCH -y",
        )
        assert [(each.command, each.params[:4], each.tags.get("label")) for each in answers] == [
            ("FAIL", ("BATCH", "UNKNOWN_TYPE", "x", "example.org/future"), "1"),
            ("FAIL", ("BATCH", "UNKNOWN_TYPE", "y", "draft/authtoken"), "2"),
        ]
        assert bob.sync() == []
        alice.run("BATCH +z draft/multiline #a", "@batch=z PRIVMSG #a :after", "BATCH -z", "PRIVMSG #a :all")
        assert bob.expect("PRIVMSG", "BATCH")
