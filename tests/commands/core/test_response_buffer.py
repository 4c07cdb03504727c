"""https://ircv3.net/specs/extensions/labeled-response."""

from collections.abc import Iterator

import pytest

from greenchat.commands.catalog import COMMANDS
from greenchat.protocol.message import Message
from tests.conftest import Target
from tests.irc import Client, people

CAPS = "batch labeled-response message-tags echo-message"


def one_answer(messages: list[Message], label: str) -> list[Message]:
    """Return the content of a labeled answer; check that it is one logical message and that nothing is left over."""
    first, *rest = messages
    assert first.tags["label"] == label
    assert all("label" not in message.tags for message in rest)  # "in exactly one logical message"
    if first.command != "BATCH":
        assert rest == []
        return [first]
    reference = first.params[0]
    assert reference.startswith("+")
    *held, last = rest
    assert (last.command, last.params) == ("BATCH", ("-" + reference[1:],))
    assert all(message.tags["batch"] == reference[1:] for message in held)
    assert "batch" not in first.tags
    assert "batch" not in last.tags
    return held


@pytest.fixture
def alice(server: Target) -> Iterator[Client]:
    with Client(server, "alice", caps=CAPS) as client:
        client.join("#a")
        yield client


ANSWERS = [
    ("PONG :foobar", ["ACK"]),  # "the server MUST respond with a labeled ACK"
    ("CAP END", ["ACK"]),
    ("NOTICE nobody :hi", ["ACK"]),
    ("PING x", ["PONG"]),
    ("PRIVMSG nobody :hi", ["401"]),
    ("PRIVMSG nobody,noone :hi", ["401", "401"]),
    ("PRIVMSG #a :hi", ["PRIVMSG"]),
    ("PRIVMSG #a,nobody :hi", ["PRIVMSG", "401"]),
    ("TAGMSG #a", ["TAGMSG"]),
    ("NOSUCH", ["421"]),
    ("JOIN", ["461"]),
    ("JOIN #b", ["JOIN", "353", "366"]),
    ("PART #a", ["PART"]),
    ("TOPIC #a :x", ["TOPIC"]),
    ("NICK alys", ["NICK"]),
    ("NICK alice", ["ACK"]),
    ("AWAY", ["305"]),
    ("CAP LIST", ["CAP"]),
    ("CAP REQ server-time", ["CAP"]),
    ("CAP REQ -labeled-response", ["CAP"]),
    ("USER a 0 * :A", ["462"]),
    ("VERSION", ["351", "005", "005", "005"]),
]


@pytest.mark.parametrize(("line", "commands"), ANSWERS)
def test_each_answer_is_one_logical_message(alice: Client, line: str, commands: list[str]) -> None:
    """ "the server MUST include the same tag and value in any response required from this message"."""
    held = one_answer(alice.run(f"@label=pQraCjj82e {line}"), "pQraCjj82e")
    assert [message.command for message in held] == commands


@pytest.mark.parametrize("line", ["NAMES #nowhere", "WHO nobody", "MONITOR L", "INVITE"])
def test_a_single_line_is_sent_without_a_batch(alice: Client, line: str) -> None:
    """ "If a response consists of more than one message, a batch MUST be used": one is labeled itself."""
    (answer,) = alice.run(f"@label=1 {line}")
    assert answer.tags == {"label": "1"}


# Fitting parameters for commands whose effect would spoil the others, or that end the connection.
SPECIAL = {"QUIT": None, "DIE": None, "RESTART": None, "NICK": "NICK alys", "PART": "PART #a", "JOIN": "JOIN 0"}


def test_every_command_answers_a_label_once(server: Target) -> None:
    """With no parameter, one, and many."""
    lines = [
        SPECIAL.get(name) or f"{name}{params}"
        for name in COMMANDS
        for params in ("", " x", " #a", " * x :y z", " alice alice 1 2 3")
        if SPECIAL.get(name, "") is not None
    ]
    with Client(server, "alice", caps=CAPS) as alice:
        for number, line in enumerate(lines):
            alice.run("JOIN #a")
            messages = alice.run(f"@label=l{number} {line}")
            labeled = [message for message in messages if "label" in message.tags]
            assert [message.tags["label"] for message in labeled] == [f"l{number}"], line
            if labeled[0].command != "BATCH":
                assert all("batch" not in message.tags for message in messages), line


BAD_LINES = [
    (b"PRIVMSG #a :" + b"x" * 600, "417"),
    (b"PRIVMSG #a :\xff", "FAIL"),
    (b"NICK \xff", "FAIL"),
    (b"PRIVMSG #a :a\0b", "400"),
    (b"PRIVMSG #a :a\rb", "400"),
    (b"PRIVMSG #a :" + b"x" * 498, "417"),
    (b"NOTICE #a :" + b"x" * 490, "417"),
]


@pytest.mark.parametrize(("line", "command"), BAD_LINES)
def test_malformed_lines_are_answered_with_their_label(alice: Client, line: bytes, command: str) -> None:
    alice.send_raw(b"@label=a " + line + b"\r\n")
    (answer,) = one_answer(alice.sync(), "a")
    assert answer.command == command


def test_the_answer_to_quit_is_error(alice: Client) -> None:
    alice.send("@label=x QUIT :bye")
    start, *answers, _ = alice.until_end()
    assert (start.command, start.tags["label"]) == ("BATCH", "x")
    assert [answer.command for answer in answers] == ["QUIT", "ERROR"]


def test_the_echo_is_labeled_for_the_sender_only(server: Target) -> None:
    """The example of TAGMSG in message-tags."""
    with people(server, "bob", "alice", caps=CAPS, channel="#a") as (bob, alice):
        (echo,) = one_answer(alice.run("@label=123;+x=y TAGMSG #a"), "123")
        (received,) = bob.sync()
        assert "label" not in received.tags
        assert {**received.tags, "label": "123"} == echo.tags


def test_without_echo_message_a_message_is_answered_by_ack(server: Target) -> None:
    with Client(server, "alice", caps="batch labeled-response") as alice:
        alice.join("#a")
        for line in "PRIVMSG #a :hi", "NOTICE #a :hi":
            (answer,) = one_answer(alice.run("@label=1 " + line), "1")
            assert (answer.command, answer.params) == ("ACK", ())


@pytest.mark.parametrize(("caps", "labeled"), [(CAPS, "PRIVMSG"), ("batch labeled-response", "ACK")])
def test_a_message_to_oneself_arrives_without_label(server: Target, caps: str, labeled: str) -> None:
    """ "When a client sends a message to itself, the server MUST NOT include the label tag, except for any
    acknowledgment sent with the echo-message mechanism"."""
    with Client(server, "alice", caps=caps) as alice:
        messages = alice.run("@label=1 PRIVMSG alice :hi")
        assert len(messages) == 2
        (received,) = [message for message in messages if "label" not in message.tags]
        (answer,) = [message for message in messages if "label" in message.tags]
        assert (received.command, received.params) == ("PRIVMSG", ("alice", "hi"))
        assert answer.command == labeled
        assert not any("batch" in message.tags for message in messages)


@pytest.mark.parametrize("caps", ["labeled-response", "batch", "message-tags"])
def test_both_capabilities_are_required(server: Target, caps: str) -> None:
    """ "This specification depends on the batch capability which MUST be negotiated to use labeled responses"."""
    with Client(server, "alice", caps=caps) as alice:
        assert not any("label" in message.tags for message in alice.run("@label=1 PING x", "@label=2 PONG x"))


@pytest.mark.parametrize(("label", "taken"), [("a" * 64, True), ("é" * 32, True), ("a" * 65, False), ("é" * 33, False)])
def test_a_label_over_64_bytes_is_ignored(alice: Client, label: str, taken: bool) -> None:
    """ "The value MUST NOT exceed 64 bytes": a longer label is ignored, since a part of it would match nothing."""
    messages = alice.run(f"@label={label} PONG x")
    assert [message.tags["label"] for message in messages] == ([label] if taken else [])


@pytest.mark.parametrize("tags", ["label=", "label", "Label=x", "+label=x", "foo"])
def test_without_a_label_value_there_is_no_label(alice: Client, tags: str) -> None:
    """ "the label message tag, which has a required value"."""
    assert alice.run(f"@{tags} PONG x") == []


def test_the_label_is_returned_unchanged(alice: Client) -> None:
    (answer,) = alice.run(r"@label=\:\s\\=ö PONG x")
    assert answer.tags["label"] == "; \\=ö"


def test_another_batch_of_the_whole_answer_is_not_wrapped(alice: Client) -> None:
    """ "The batch type MUST be one of: An existing type applicable to the entire response; labeled-response"."""
    alice.run("CAP REQ draft/extended-isupport")
    messages = alice.run("@label=1 ISUPPORT")
    assert messages[0].params[1:] == ("draft/isupport",)
    assert {message.command for message in one_answer(messages, "1")} == {"005"}


def test_a_batch_within_the_answer_is_nested(alice: Client) -> None:
    """ "Start and end messages of one batch MAY refer to another batch. If they do, they both MUST have batch tag"."""
    alice.run("CAP REQ draft/extended-isupport")
    outer, version, inner, *tokens, inner_end, outer_end = alice.run("@label=1 VERSION")
    assert outer.params[1:] == ("labeled-response",)
    assert inner.params[1:] == ("draft/isupport",)
    assert "label" not in inner.tags
    reference = outer.params[0][1:]
    assert {message.tags["batch"] for message in (version, inner, inner_end)} == {reference}
    assert {message.tags["batch"] for message in tokens} == {inner.params[0][1:]}
    assert outer_end.params == ("-" + reference,)


def test_before_registration(server: Target) -> None:
    with Client(server) as client:
        client.run("CAP REQ :batch labeled-response")
        (answer,) = one_answer(client.run("@label=1 NICK alice"), "1")
        assert answer.command == "ACK"
        one_answer(client.run("@label=2 JOIN #a"), "2")
        assert client.run("@label=3 USER a 0 * :A")[0].command == "ACK"
        held = one_answer(client.run("@label=4 CAP END"), "4")
        assert [held[0].command, held[-1].command] == ["001", "376"]
