"""Recognises a client's protocol by its first bytes, so that one port serves all of them.

One row for each protocol, in the order in which they are tried; the server's table (`server.net.detect`) has the
functions that serve the clients.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from greenchat.protocol.proxy_header import SIGNATURE

TLS_FIRST_BYTE = b"\x16"  # the record type of a ClientHello: RFC 8446, section 5.1

# The beginning of a request line (RFC 9112, section 3): no chat begins with these words.
_REQUEST = re.compile(
    rb"(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|CONNECT|PATCH|TRACE) (?:$|[/*])|[A-Z]{1,20} [^\s]{1,4096} HTTP/[0-9]"
)

# A PROXY header, version 1 or 2: see `proxy_header`.
_PROXIED = re.compile(rb"PROXY (?:TCP[46]|UNKNOWN)[ \r\n]|" + re.escape(SIGNATURE))

# For a client that requests a page if there is none.
HTTP_REFUSAL = (
    b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
    b"This is greenchat, a chat server: there is no web page on this port.\n"
    b"Join with `greenchat`, `nc`, or any IRC client on this very port.\n"
)
# For a client of another protocol on a listener for HTTP only.
NOT_HTTP_REFUSAL = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
    b"This port is for browsers only\n"
)
# For a proxy that sends an unexpected header.
PROXY_REFUSAL = b"ERROR :This listener expects no PROXY header\r\n"
# For a client without TLS on a listener that requires it.
OPEN_REFUSAL = b"ERROR :This port is for TLS only\r\n"
# A fatal alert `handshake_failure`, which TLS libraries turn into a clear message: RFC 8446, section 6.
TLS_REFUSAL = b"\x15\x03\x01\x00\x02\x02\x28"

AUTO = "auto"


class WireProtocol(NamedTuple):
    """A protocol that clients speak.

    name: also a `kind` of listeners, if `is_choice`. claims: whether this row serves a client with these first bytes
    (None: silence), on a listener of this kind (a name, or `auto`).
    """

    name: str
    claims: Callable[[bytes | None, str], bool]
    is_choice: bool = True


def is_request(data: bytes) -> bool:
    """Whether these are the first bytes of an HTTP request."""
    return _REQUEST.match(data) is not None


def is_proxied(data: bytes) -> bool:
    """Whether these are the first bytes of a PROXY header."""
    return _PROXIED.match(data) is not None


def is_foreign(data: bytes, kind: str = AUTO) -> bool:
    """Whether these first bytes do not come from a chat client. kind: the listener's."""
    return is_proxied(data) or (kind != "plain" and (data.startswith(TLS_FIRST_BYTE) or is_request(data)))


def _is_tls(data: bytes | None, kind: str) -> bool:
    return data is not None and data.startswith(TLS_FIRST_BYTE)


def _is_proxied(data: bytes | None, kind: str) -> bool:
    return data is not None and is_proxied(data)


def _is_http(data: bytes | None, kind: str) -> bool:
    return data is not None and (kind == "http" or is_request(data))


def _is_plain(data: bytes | None, kind: str) -> bool:
    return data is None or kind != "irc"


def _is_irc(data: bytes | None, kind: str) -> bool:
    return True


TLS = WireProtocol("tls", _is_tls, is_choice=False)  # the rows are searched again for the bytes inside
PROXY = WireProtocol("proxy", _is_proxied, is_choice=False)  # a mistake in the configuration: it is refused
HTTP = WireProtocol("http", _is_http)
PLAIN = WireProtocol("plain", _is_plain)  # it passes on clients that turn out to speak IRC
IRC = WireProtocol("irc", _is_irc)

DIALECTS = (TLS, PROXY, HTTP, PLAIN, IRC)
CHOICES = (AUTO, *(dialect.name for dialect in DIALECTS if dialect.is_choice))
