"""Parsing the head of an HTTP request, and refusing whatever two programs could read differently."""

import pytest

from greenchat.protocol.http_head import HttpError, parse_head

HOST = "\r\nHost: example.org"


def head(text: str) -> bytes:
    return text.encode("latin-1") + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("text", "method", "target", "length", "keeps"),
    [
        (f"GET / HTTP/1.1{HOST}", "GET", "/", 0, True),
        (f"GET /a/b?c=d%20e HTTP/1.1{HOST}", "GET", "/a/b?c=d%20e", 0, True),
        (f"OPTIONS * HTTP/1.1{HOST}", "OPTIONS", "*", 0, True),
        ("GET / HTTP/1.0", "GET", "/", 0, False),
        (f"GET / HTTP/1.1{HOST}\r\nConnection: close", "GET", "/", 0, False),
        (f"GET / HTTP/1.1{HOST}\r\nconnection: Upgrade, CLOSE", "GET", "/", 0, False),
        (f"GET http://example.org HTTP/1.1{HOST}", "GET", "/", 0, True),
        (f"GET http://example.org/x?y HTTP/1.1{HOST}", "GET", "/x?y", 0, True),
        (f"POST / HTTP/1.1{HOST}\r\nContent-Length: 12", "POST", "/", 12, True),
        (f"POST / HTTP/1.1{HOST}\r\nTransfer-Encoding: chunked", "POST", "/", None, True),
        (f"POST / HTTP/1.1{HOST}\r\nExpect: 100-continue", "POST", "/", 0, True),
        ("GET / HTTP/1.1\r\nHost: [::1]:9090", "GET", "/", 0, True),
        ("GET / HTTP/1.1\r\nHOST:   example.org:80\t", "GET", "/", 0, True),
    ],
)
def test_accepted_heads(text: str, method: str, target: str, length: int | None, keeps: bool) -> None:
    parsed = parse_head(head(text))
    assert (parsed.method, parsed.target, parsed.length, parsed.keeps) == (method, target, length, keeps)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", 400),
        ("GET", 400),
        ("GET /", 400),
        ("GET  / HTTP/1.1" + HOST, 400),
        ("GET / HTTP/1.1 " + HOST, 400),
        ("GET / http/1.1" + HOST, 400),
        ("GET / HTTP/11" + HOST, 400),
        ("GET / HTTP/2.0" + HOST, 505),
        ("PRI * HTTP/2.0" + HOST, 505),
        ("GET / HTTP/0.9" + HOST, 505),
        ("BREW / HTTP/1.1" + HOST, 501),
        ("CONNECT example.org:80 HTTP/1.1" + HOST, 501),
        ("get / HTTP/1.1" + HOST, 501),
        ("G\xe9T / HTTP/1.1" + HOST, 400),
        ("GET x HTTP/1.1" + HOST, 400),
        ("GET * HTTP/1.1" + HOST, 400),
        ("OPTIONS x HTTP/1.1" + HOST, 400),
        ("GET /\xff HTTP/1.1" + HOST, 400),
        ("GET /#x HTTP/1.1" + HOST, 400),
        ("GET ftp://example.org/ HTTP/1.1" + HOST, 400),
        ("GET http:// HTTP/1.1" + HOST, 400),
        ("GET http://a@b/ HTTP/1.1" + HOST, 400),
        ("GET /" + "x" * 9000 + " HTTP/1.1" + HOST, 414),
        ("GET / HTTP/1.1" + HOST + "\r\nx: y" * 101, 431),
        # ambiguous host
        ("GET / HTTP/1.1", 400),
        ("GET / HTTP/1.1\r\nHost: ", 400),
        (f"GET / HTTP/1.1{HOST}{HOST}", 400),
        ("GET / HTTP/1.1\r\nHost: a b", 400),
        ("GET / HTTP/1.1\r\nHost: a/b", 400),
        ("GET / HTTP/1.1\r\nHost: a, b", 400),
        ("GET / HTTP/1.1\r\nHost: a:http", 400),
        ("GET / HTTP/1.1\r\nHost: user@a", 400),
        # a field that some programs would read as another
        (f"GET / HTTP/1.1{HOST}\r\nContent-Length : 1", 400),
        (f"GET / HTTP/1.1{HOST}\r\n Content-Length: 1", 400),
        (f"GET / HTTP/1.1{HOST}\r\nx: a\r\n folded", 400),
        (f"GET / HTTP/1.1{HOST}\r\nx", 400),
        (f"GET / HTTP/1.1{HOST}\r\n: y", 400),
        (f"GET / HTTP/1.1{HOST}\r\nx: a\rb", 400),
        (f"GET / HTTP/1.1{HOST}\r\nx: a\nContent-Length: 1", 400),
        (f"GET / HTTP/1.1{HOST}\r\nx: a\0b", 400),
        (f"GET / HTTP/1.1{HOST}\r\nx: a\x7f", 400),
        (f"GET / HTTP/1.1\n{HOST}", 400),
        # ambiguous length
        (f"POST / HTTP/1.1{HOST}\r\nContent-Length: 1\r\nContent-Length: 1", 400),
        (f"POST / HTTP/1.1{HOST}\r\nContent-Length: 1, 1", 400),
        (f"POST / HTTP/1.1{HOST}\r\nContent-Length: -1", 400),
        (f"POST / HTTP/1.1{HOST}\r\nContent-Length: +1", 400),
        (f"POST / HTTP/1.1{HOST}\r\nContent-Length: 0x1", 400),
        (f"POST / HTTP/1.1{HOST}\r\nContent-Length: 1_0", 400),
        (f"POST / HTTP/1.1{HOST}\r\nContent-Length:", 400),
        (f"POST / HTTP/1.1{HOST}\r\nContent-Length: \xb2", 400),
        (f"POST / HTTP/1.1{HOST}\r\nContent-Length: " + "9" * 16, 400),
        (f"POST / HTTP/1.1{HOST}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", 400),
        (f"POST / HTTP/1.1{HOST}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 501),
        (f"POST / HTTP/1.1{HOST}\r\nTransfer-Encoding: gzip, chunked", 501),
        (f"POST / HTTP/1.1{HOST}\r\nTransfer-Encoding: xchunked", 501),
        (f"POST / HTTP/1.1{HOST}\r\nTransfer-Encoding: Chunked", 501),
        (f"POST / HTTP/1.1{HOST}\r\nTransfer-Encoding: \x0bchunked", 400),
        ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked", 501),
        (f"POST / HTTP/1.1{HOST}\r\nExpect: the-unexpected", 417),
    ],
)
def test_refused_heads(text: str, status: int) -> None:
    with pytest.raises(HttpError) as caught:
        parse_head(head(text))
    assert caught.value.status == status


def test_fields_are_found_by_name() -> None:
    parsed = parse_head(head(f"GET / HTTP/1.1{HOST}\r\nX-A: 1\r\nx-a: 2\r\nEmpty:"))
    assert (parsed.get("x-a"), parsed.get("empty"), parsed.get("none"), parsed.host) == ("1, 2", "", "", "example.org")
