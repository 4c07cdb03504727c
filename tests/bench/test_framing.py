"""The frames of simulated clients: a server can read what they send, and vice versa."""

import pytest

from greenchat.bench.framing import Framing, WrongFrameError
from greenchat.protocol.caps import WEBSOCKET_TEXT
from greenchat.protocol.websocket import close_frame, frames, whole_messages

ANSWER = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
LINES = [b"PING a\r\n", b"x" * 125 + b"\r\n", b"x" * 126 + b"\r\n", b"x" * 5000 + b"\r\n"]


def test_a_server_reads_what_they_send() -> None:
    sent = Framing({}).wrap(b"".join(LINES))
    assert [payload + b"\r\n" for _, payload in whole_messages(sent)] == LINES


@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_they_read_what_a_server_sends(step: int) -> None:
    framing = Framing({})
    data = ANSWER + frames(b"".join(LINES), WEBSOCKET_TEXT) + close_frame(1000)
    read = b"".join(framing.unwrap(data[start : start + step]) for start in range(0, len(data), step))
    assert read == b"".join(LINES)


@pytest.mark.parametrize("data", [b"HTTP/1.1 403 Forbidden\r\n\r\n", ANSWER + b"\x82\x01a"])
def test_another_answer_is_an_error(data: bytes) -> None:
    with pytest.raises(WrongFrameError):
        Framing({}).unwrap(data)


def test_lines_for_all_are_parsed_once() -> None:
    known: dict[bytes, tuple[bytes, bytes]] = {}
    several = [Framing(known) for _ in range(3)]
    whole = frames(b"".join(LINES), WEBSOCKET_TEXT)
    for framing in several:
        assert framing.unwrap(ANSWER) == b""
        assert framing.unwrap(whole[:-3]) == b"".join(LINES[:-1])
        assert framing.unwrap(whole[-3:]) == LINES[-1]
    assert len(known) == 2
    for number in range(1000):
        several[0].unwrap(frames(b"%d\r\n" % number, WEBSOCKET_TEXT))
    assert len(known) < 100
