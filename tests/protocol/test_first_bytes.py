"""Detecting the protocol of a client by its first bytes."""

import pytest

from greenchat.protocol.first_bytes import CHOICES, DIALECTS, is_foreign


def first(data: bytes | None, kind: str) -> str:
    return next(dialect.name for dialect in DIALECTS if dialect.claims(data, kind))


@pytest.mark.parametrize(
    ("data", "auto", "irc", "http"),
    [
        (None, "plain", "plain", "plain"),
        (b"\x16", "tls", "tls", "tls"),
        (b"\x16\x03\x01", "tls", "tls", "tls"),
        (b"GET / HTTP/1.1\r\n", "http", "http", "http"),
        (b"GET ", "http", "http", "http"),
        (b"HEAD /x", "http", "http", "http"),
        (b"POST /session HTTP/1.1\r\n", "http", "http", "http"),
        (b"OPTIONS * HTTP/1.1\r\n", "http", "http", "http"),
        (b"GET nonsense HTTP/1.1\r\n", "http", "http", "http"),
        (b"CONNECT example.org:80 HTTP/1.1\r\n", "http", "http", "http"),
        (b"PRI * HTTP/2.0\r\n", "http", "http", "http"),
        (b"BREW /pot HTTP/1.1\r\n", "http", "http", "http"),
        (b"GET well soon\r\n", "plain", "irc", "http"),
        (b"get / http/1.1\r\n", "plain", "irc", "http"),
        (b"GETTING / late\r\n", "plain", "irc", "http"),
        (b"NICK a\r\n", "plain", "irc", "http"),
        (b"alice\r\n", "plain", "irc", "http"),
        (b"\r\n", "plain", "irc", "http"),
        (b"\0", "plain", "irc", "http"),
    ],
)
def test_detection(data: bytes | None, auto: str, irc: str, http: str) -> None:
    assert (first(data, "auto"), first(data, "irc"), first(data, "http")) == (auto, irc, http)
    if data is not None:
        assert is_foreign(data) is (auto in ("tls", "http"))


def test_a_listener_can_be_pinned_to_each_row() -> None:
    assert CHOICES == ("auto", "http", "plain", "irc")
