"""https://docs.nats.io/reference/protocols/client, and the position of a message in its stream."""

import json

import pytest

from greenchat.protocol.nats import (
    NatsError,
    NatsFrame,
    NatsParser,
    StreamPosition,
    connect,
    parse_position,
    publish,
    subscribe,
)

STREAM = (
    b'INFO {"jetstream":true}\r\n'
    b"PING\r\n"
    b"MSG log 2 $JS.ACK.x 5\r\nhello\r\n"
    b"MSG log 2 0\r\n\r\n"
    b"HMSG in.1 1 12 17\r\nNATS/1.0\r\n\r\nhello\r\n"
    b"HMSG in.1 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n"
    b"HMSG in.1 1 flow 30 30\r\nNATS/1.0 100 FlowControl R\r\n\r\n\r\n"
    b"-ERR 'Authorization Violation'\r\n"
)
FRAMES = [
    NatsFrame("INFO", data=b'{"jetstream":true}'),
    NatsFrame("PING"),
    NatsFrame("MSG", "log", "2", "$JS.ACK.x", data=b"hello"),
    NatsFrame("MSG", "log", "2"),
    NatsFrame("MSG", "in.1", "1", data=b"hello"),
    NatsFrame("MSG", "in.1", "1", status="503"),
    NatsFrame("MSG", "in.1", "1", "flow", status="100"),
    NatsFrame("-ERR", data=b"'Authorization Violation'"),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
def test_frames_are_read_in_any_pieces(size: int) -> None:
    parser = NatsParser()
    found = [frame for begin in range(0, len(STREAM), size) for frame in parser.feed(STREAM[begin : begin + size])]
    assert found == FRAMES


@pytest.mark.parametrize(
    "data",
    [
        b"MSG\r\n",
        b"MSG log\r\n",
        b"MSG log 2 -1\r\n",
        b"MSG log 2 reply more 5\r\n",
        b"HMSG log 2 9 5\r\n",
        b"MSG l\xc3\xb6g 2 5\r\n",
        b"\xff\r\n",
        b"x" * (1024 * 1024 + 1),
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(NatsError):
        NatsParser().feed(data)


def test_frames_sent() -> None:
    """PUB: "PUB <subject> [reply-to] <#bytes>", HPUB: "<#header bytes> <#total bytes>"."""
    assert subscribe("a.*", "1") == b"SUB a.* 1\r\n"
    assert publish("log", b"hello") == b"PUB log 5\r\nhello\r\n"
    assert publish("log", b"hello", reply="in.1") == b"PUB log in.1 5\r\nhello\r\n"
    assert publish("log", b"hello", headers={"Nats-Msg-Id": "x:1"}) == (
        b"HPUB log 30 35\r\nNATS/1.0\r\nNats-Msg-Id: x:1\r\n\r\nhello\r\n"
    )
    options = json.loads(connect("node-1", user="u", password="p").removeprefix(b"CONNECT "))
    assert (options["name"], options["user"], options["pass"], options["headers"]) == ("node-1", "u", "p", True)
    assert "auth_token" not in options


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("$JS.ACK.log.consumer.1.42.7.1700000000123456789.0", StreamPosition(42, 7, 1700000000123)),
        ("$JS.ACK.hub.ACCOUNT.log.consumer.1.42.7.1700000000123456789.0", StreamPosition(42, 7, 1700000000123)),
        ("$JS.ACK.hub.ACCOUNT.log.consumer.1.42.7.1700000000123456789.0.random", StreamPosition(42, 7, 1700000000123)),
    ],
)
def test_the_position_of_a_message(reply: str, found: StreamPosition) -> None:
    assert parse_position(reply) == found


@pytest.mark.parametrize("reply", ["", "in.1", "$JS.ACK.log.consumer.1.42", "$JS.ACK.log.consumer.1.x.7.1.0"])
def test_a_message_without_position_is_refused(reply: str) -> None:
    with pytest.raises(NatsError):
        parse_position(reply)
