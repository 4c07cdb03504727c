"""Lines as WebSocket frames: the same bytes for all clients of a kind."""

import pytest

from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.envelopes.names_reply import NamesReply
from greenchat.protocol.envelopes.numeric import Addressed
from greenchat.protocol.message import Message
from greenchat.protocol.websocket import MESSAGE_LIMIT, close_frame, frames, whole_messages
from tests.http_client import BINARY as BINARY_OPCODE
from tests.http_client import CLOSE, CONT, PING, WebSocket
from tests.http_client import TEXT as TEXT_OPCODE

TEXT, BINARY = caps.WEBSOCKET_TEXT, caps.WEBSOCKET_BINARY


@pytest.mark.parametrize(
    ("lines", "kind", "framed"),
    [
        (b"", TEXT, b""),
        (b"PING x\r\n", TEXT, b"\x81\x06PING x"),
        (b"PING x\r\n", BINARY, b"\x82\x06PING x"),
        (b"a\r\nbc\r\n", TEXT, b"\x81\x01a\x81\x02bc"),
        (b"x" * 125 + b"\r\n", TEXT, b"\x81\x7d" + b"x" * 125),
        (b"x" * 126 + b"\r\n", TEXT, b"\x81\x7e\x00\x7e" + b"x" * 126),
        (b"x" * 65535 + b"\r\n", TEXT, b"\x81\x7e\xff\xff" + b"x" * 65535),
        (b"x" * 65536 + b"\r\n", TEXT, b"\x81\x7f" + (65536).to_bytes(8, "big") + b"x" * 65536),
    ],
    ids=range(8),
)
def test_a_line_is_a_frame(lines: bytes, kind: int, framed: bytes) -> None:
    assert frames(lines, kind) == framed


def test_the_last_frame_has_a_code() -> None:
    assert close_frame(1001) == b"\x88\x02\x03\xe9"


def test_an_envelope_is_framed_once_for_each_kind() -> None:
    envelope = Envelope(Message("PRIVMSG", ("#a", "hi"), "a!b@c"), time=0, msgid=1)
    raw, text = envelope.encode(0), envelope.encode(TEXT)
    assert text == frames(raw, TEXT)
    assert envelope.encode(TEXT) is text
    assert envelope.encode(TEXT | caps.MESSAGE_TAGS) == frames(envelope.encode(caps.MESSAGE_TAGS), TEXT)
    assert envelope.encode(BINARY) == frames(raw, BINARY)
    assert {id(text), id(raw)} <= {id(data) for data in envelope.encodings}


def test_a_message_that_a_client_does_not_get_is_not_framed() -> None:
    envelope = Envelope(Message("TAGMSG", ("#a",), "a!b@c"), time=0, needs=caps.MESSAGE_TAGS)
    assert envelope.encode(TEXT) == b""


def test_a_numeric_for_many_has_the_right_length_for_each_nick() -> None:
    numeric = Addressed("730", "x", source="s")
    for nick in "a", "abcdef":
        assert numeric.encode(TEXT, nick, 0) == frames(numeric.encode(0, nick, 0), TEXT)


def test_every_line_of_names_is_a_frame() -> None:
    reply = NamesReply([b"a b\r\n", b"c\r\n"], Message("353", ("x", "=", "#a", ""), "s"), time=0)
    assert reply.encode(TEXT) == frames(reply.encode(0), TEXT)
    assert reply.encode(TEXT).count(b"\x81") == 2


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 125, 126, 127, 512, MESSAGE_LIMIT])
@pytest.mark.parametrize("opcode", [TEXT_OPCODE, BINARY_OPCODE])
def test_whole_messages_are_unmasked(opcode: int, size: int) -> None:
    payload = bytes(number % 256 for number in range(size))
    frame = WebSocket.frame(opcode, payload)
    assert whole_messages(frame) == [(opcode, payload)]
    assert whole_messages(frame * 3) == [(opcode, payload)] * 3


def test_other_frames_are_left_to_the_parser() -> None:
    good = WebSocket.frame(TEXT_OPCODE, b"hello")
    assert whole_messages(b"") == []
    for end in range(1, len(good)):
        assert whole_messages(good[:end]) == []
        assert whole_messages(good + good[:end]) == []
    for other in (
        WebSocket.frame(TEXT_OPCODE, b"hello", final=False),
        WebSocket.frame(TEXT_OPCODE, b"hello", bits=4),
        WebSocket.frame(CONT, b"hello"),
        WebSocket.frame(PING, b"hello"),
        WebSocket.frame(CLOSE),
        WebSocket.frame(TEXT_OPCODE, b"x" * (MESSAGE_LIMIT + 1)),
        WebSocket.frame(TEXT_OPCODE, b"x" * 70_000),
        b"\x81\x05hello",
    ):
        assert whole_messages(other) == []
        assert whole_messages(good + other) == []
        assert whole_messages(other + good) == []
