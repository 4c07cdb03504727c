"""What is this client talking? Found out from its first bytes, so that one address serves all.

Each question is pure; `connection` asks them with what has come in so far.
"""

from enum import Enum, auto

TLS_FIRST_BYTE = b"\x16"  # the record type of a ClientHello: RFC 8446, section 5.1
_HTTP_METHODS = (b"GET ", b"HEAD ", b"POST ", b"OPTIONS ", b"PUT ", b"CONNECT ")
_IRC_COMMANDS = frozenset(
    {b"CAP", b"NICK", b"USER", b"PASS", b"AUTHENTICATE", b"WEBIRC", b"PING", b"PONG", b"QUIT", b"REGISTER"}
)

HTTP_REFUSAL = (
    b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
    b"This is greenchat, a chat server for the terminal: there is no web page here (yet).\n"
    b"Join with `greenchat`, `nc`, or any IRC client on this very port.\n"
)
# A fatal alert `handshake_failure`, which TLS libraries turn into a clear message: RFC 8446, section 6.
TLS_REFUSAL = b"\x15\x03\x01\x00\x02\x02\x28"


class Dialect(Enum):
    """Who speaks like this."""

    TLS = auto()
    HTTP = auto()
    IRC = auto()
    PLAIN = auto()


def recognize(data: bytes) -> Dialect:
    """The dialect of a client whose first bytes are these (at least one)."""
    if data.startswith(TLS_FIRST_BYTE):
        return Dialect.TLS
    if data.startswith(_HTTP_METHODS):
        return Dialect.HTTP
    return Dialect.IRC if _begins_like_irc(data) else Dialect.PLAIN


def _begins_like_irc(data: bytes) -> bool:
    line = data.lstrip(b"\r\n ")
    if line.startswith((b"@", b":")):
        _, _, line = line.partition(b" ")
    words = line.split(None, 1)
    if not words or words[0].upper() not in _IRC_COMMANDS:
        return False
    return len(words[0]) < len(line)  # a bare verb without a space or line end behind it is somebody's name
