"""SASL's chunks. https://ircv3.net/specs/extensions/sasl-3.1"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol.sasl import Collector, SaslError, chunks, format_plain, parse_plain


@pytest.mark.parametrize(
    ("size", "lengths"),
    [(0, [1]), (1, [4]), (299, [400, 1]), (300, [400, 1]), (301, [400, 4]), (600, [400, 400, 1])],
)
def test_a_chunk_of_400_is_followed_by_another(size: int, lengths: list[int]) -> None:
    """ "If the last chunk was exactly 400 bytes long, it must also be followed by AUTHENTICATE +"."""
    assert [len(chunk) for chunk in chunks(b"x" * size)] == lengths


@given(st.binary(max_size=2000))
def test_chunks_are_put_together(data: bytes) -> None:
    collector = Collector()
    *first, last = chunks(data)
    assert [collector.feed(chunk) for chunk in first] == [None] * len(first)
    assert collector.feed(last) == data


def test_a_response_without_end_is_refused() -> None:
    collector = Collector()
    for _ in range(40):
        assert collector.feed("A" * 400) is None
    with pytest.raises(SaslError, match="too long"):
        collector.feed("A" * 400)


@pytest.mark.parametrize("chunk", ["A" * 401, "!", "AAA", "ä"])
def test_invalid_base64_is_refused(chunk: str) -> None:
    with pytest.raises(SaslError):
        Collector().feed(chunk)


@pytest.mark.parametrize("response", [b"", b"\0", b"\0a\0", b"\0\0b", b"a", b"\0a\0b\0c", b"\0\xff\0b"])
def test_invalid_plain_responses_are_refused(response: bytes) -> None:
    with pytest.raises(SaslError):
        parse_plain(response)


def test_plain_is_read_back() -> None:
    assert parse_plain(format_plain("alice", "pass word")) == ("", "alice", "pass word")
