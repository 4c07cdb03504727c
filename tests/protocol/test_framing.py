"""Splitting bytes into lines, in whatever pieces they arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol.framing import BODY_LIMIT, CLIENT_TAGS_LIMIT, UNENDED_LIMIT, LineBuffer, LineTooLong

FED = [
    (b"", []),
    (b"\n", []),
    (b"\r\n", []),
    (b"\r\r\n\n\r\n", []),
    (b"   \r\n", []),
    (b"PING a", []),
    (b"PING a\r\n", [b"PING a"]),
    (b"PING a\n", [b"PING a"]),
    (b"PING a\r\r\n", [b"PING a"]),
    (b"PING a\r\n\r\nPING b\nPING c", [b"PING a", b"PING b"]),
    (b"a\rb\r\n", [b"a\rb"]),  # a CR alone does not end a line; the parser refuses it
    (b"a\0b\n", [b"a\0b"]),
    (b"\xff\xfe\n", [b"\xff\xfe"]),
    (b" PING\n", [b" PING"]),
]


@pytest.mark.parametrize(("data", "lines"), FED)
def test_lines(data: bytes, lines: list[bytes]) -> None:
    assert LineBuffer().feed(data) == lines


def test_an_unfinished_line_waits() -> None:
    buffer = LineBuffer()
    assert buffer.feed(b"PI") == []
    assert buffer.rest == b"PI"
    assert buffer.feed(b"NG\r") == []
    assert buffer.feed(b"\nPONG") == [b"PING"]
    assert buffer.rest == b"PONG"


def line(tags: int, body: int) -> bytes:
    """Return a line with so many bytes of tags, counting `@` and space, and so many others, counting CR LF."""
    return (b"@" + b"t" * (tags - 2) + b" " if tags else b"") + b"b" * (body - 2) + b"\r\n"


LIMITS = [
    # "Most IRC servers limit messages to 512 bytes in length, including the trailing CR-LF characters"
    (0, 3, True),
    (0, BODY_LIMIT, True),
    (0, BODY_LIMIT + 1, False),
    # "<client_max> (4096) :: '@' <tag_data 4094> ' '"
    (CLIENT_TAGS_LIMIT, 3, True),
    (CLIENT_TAGS_LIMIT, BODY_LIMIT, True),
    (CLIENT_TAGS_LIMIT + 1, 3, False),
    (3, BODY_LIMIT, True),
    (3, BODY_LIMIT + 1, False),
    (600, BODY_LIMIT + 1, False),
]


@pytest.mark.parametrize(("tags", "body", "fits"), LIMITS)
def test_limits(tags: int, body: int, fits: bool) -> None:
    data = line(tags, body)
    whole = data[:-2]
    assert LineBuffer().feed(data + b"PING\r\n") == [whole if fits else LineTooLong(whole), b"PING"]


def test_tags_without_a_space_after_them_count_as_tags() -> None:
    data = b"@" + b"a" * 1000
    assert LineBuffer().feed(data + b"\n") == [data]


def test_a_line_without_end_is_noticed() -> None:
    buffer = LineBuffer()
    buffer.feed(b"a" * UNENDED_LIMIT)
    assert not buffer.overrun
    buffer.feed(b"a")
    assert buffer.overrun


streams = st.lists(
    st.sampled_from([b"PING a", b"\r", b"\n", b"\r\n", b"@", b" ", b"x" * 300, b"\0", "é".encode()])
).map(b"".join)


@given(streams | st.binary(max_size=2000), st.lists(st.integers(0, 2000)))
def test_the_pieces_do_not_matter(data: bytes, cuts: list[int]) -> None:
    whole, pieces = LineBuffer(), LineBuffer()
    lines: list[bytes | LineTooLong] = []
    at = 0
    for cut in [*sorted(cut for cut in cuts if cut < len(data)), len(data)]:
        lines += pieces.feed(data[at:cut])
        at = cut
    assert lines == whole.feed(data)
    assert pieces.rest == whole.rest


@given(streams | st.binary())
def test_no_byte_is_lost_or_added(data: bytes) -> None:
    buffer = LineBuffer(body_limit=100_000, tags_limit=100_000)
    lines = buffer.feed(data)
    joined = b"".join(one if isinstance(one, bytes) else one.line for one in lines) + buffer.rest
    assert joined.translate(None, b"\r\n \t\v\f") == data.translate(None, b"\r\n \t\v\f")
