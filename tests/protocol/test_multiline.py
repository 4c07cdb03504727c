"""Messages of several lines; sentences in quotes are from https://ircv3.net/specs/extensions/multiline."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol.caps import ACCOUNT_TAG, BATCH, LABELED_RESPONSE, MESSAGE_TAGS, MULTILINE, PLAIN
from greenchat.protocol.envelopes.multiline import MultilineEnvelope
from greenchat.protocol.message import Message
from greenchat.protocol.multiline import Part, join_parts, parts_of, seams

EXAMPLE = (Part("hello"), Part(""), Part("how is "), Part("everyone?", joined=True))
lines = st.text("abc é", max_size=6)
parts = st.lists(st.builds(Part, lines, st.booleans()), min_size=1, max_size=8)


def test_the_specifications_example() -> None:
    assert join_parts(EXAMPLE) == "hello\n\nhow is everyone?"
    assert seams(EXAMPLE) == [14]
    assert parts_of(join_parts(EXAMPLE), [14]) == EXAMPLE


@pytest.mark.parametrize(
    ("text", "joined_at", "found"),
    [
        ("", [], (Part(""),)),
        ("a", [], (Part("a"),)),
        ("a\n", [], (Part("a"), Part(""))),
        ("ab", [1], (Part("a"), Part("b", joined=True))),
        ("ab", [0, 2, 99], (Part("ab"),)),
        ("ab\ncd", [1, 4], (Part("a"), Part("b", joined=True), Part("c"), Part("d", joined=True))),
    ],
)
def test_splitting(text: str, joined_at: list[int], found: tuple[Part, ...]) -> None:
    assert parts_of(text, joined_at) == found


@given(parts)
def test_texts_are_read_back_from_the_store(some: list[Part]) -> None:
    text = join_parts(some)
    again = parts_of(text, seams(some))
    assert join_parts(again) == text
    if all(part.text for part in some):
        assert again == (some[0]._replace(joined=False), *some[1:])


def envelope(*some: Part) -> MultilineEnvelope:
    message = Message("PRIVMSG", ("#channel", ""), "n!u@h", {"+x": "y"})
    return MultilineEnvelope(message, some, time=0, msgid=1, account="account")


def test_clients_with_multiline_get_a_batch() -> None:
    kind = MULTILINE | BATCH | MESSAGE_TAGS | ACCOUNT_TAG
    assert envelope(*EXAMPLE).encode(kind).decode().split("\r\n") == [
        "@msgid=0000000000001;account=account;+x=y :n!u@h BATCH +0000000000001 draft/multiline #channel",
        "@batch=0000000000001 :n!u@h PRIVMSG #channel :hello",
        "@batch=0000000000001 :n!u@h PRIVMSG #channel :",
        "@batch=0000000000001 :n!u@h PRIVMSG #channel :how is ",
        "@batch=0000000000001;draft/multiline-concat :n!u@h PRIVMSG #channel :everyone?",
        "BATCH -0000000000001",
        "",
    ]


@pytest.mark.parametrize("kind", [MESSAGE_TAGS | ACCOUNT_TAG, MESSAGE_TAGS | ACCOUNT_TAG | MULTILINE])
def test_other_clients_get_messages(kind: int) -> None:
    # "Servers MUST only include a message ID on the first message of a batch when sending a fallback"
    assert envelope(*EXAMPLE).encode(kind).decode().split("\r\n") == [
        "@msgid=0000000000001;account=account;+x=y :n!u@h PRIVMSG #channel :hello",
        "@account=account;+x=y :n!u@h PRIVMSG #channel :how is ",
        "@account=account;+x=y :n!u@h PRIVMSG #channel :everyone?",
        "",
    ]
    assert (
        envelope(Part(""), Part("first")).encode(kind).startswith(b"@msgid=0000000000001;account=account;+x=y :n!u@h")
    )


def test_plain_text_gets_lines() -> None:
    assert envelope(*EXAMPLE).encode(PLAIN).count(b"\n") == 3


def test_within_other_batches_and_labeled_answers() -> None:
    kind = MULTILINE | BATCH | LABELED_RESPONSE
    outer = envelope(*EXAMPLE).in_batch("outer")
    assert outer.encode(kind).startswith(b"@batch=outer :n!u@h BATCH +0000000000001")
    assert [line[:12] for line in outer.encode(BATCH).split(b"\r\n")[:-1]] == [b"@batch=outer"] * 3
    # "Servers MUST only include the label tag on the opening BATCH command"
    labeled = envelope(*EXAMPLE).labeled("l")
    assert labeled.encode(kind).count(b"label=l") == labeled.encode(LABELED_RESPONSE).count(b"label=l") == 1


def test_all_ids_of_a_message_can_be_redacted() -> None:
    first = envelope(*EXAMPLE)
    made = [first.encode(0), first.labeled("l").encode(LABELED_RESPONSE), first.in_batch("b").encode(BATCH)]
    assert {id(data) for data in made} <= {id(data) for data in first.encodings}


def test_each_line_must_fit() -> None:
    assert envelope(Part("x" * 400), Part("y" * 400, joined=True)).fits
    assert not envelope(Part("x"), Part("y" * 500)).fits
