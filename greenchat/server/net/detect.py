"""What is this client talking? Found out from its first bytes, so that one address serves all.

Each question is pure; `connection` asks them with what has come in so far.
"""

from enum import Enum, auto

TLS_FIRST_BYTE = b"\x16"  # the record type of a ClientHello: RFC 8446, section 5.1
_HTTP_METHODS = (b"GET ", b"HEAD ", b"POST ", b"OPTIONS ", b"PUT ", b"CONNECT ")

HTTP_REFUSAL = (
    b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
    b"This is greenchat, a chat server for the terminal: there is no web page here (yet).\n"
    b"Join with `greenchat`, `nc`, or any IRC client on this very port.\n"
)
# For who begins without TLS where it is wanted.
OPEN_REFUSAL = b"ERROR :This port is for TLS only\r\n"
# A fatal alert `handshake_failure`, which TLS libraries turn into a clear message: RFC 8446, section 6.
TLS_REFUSAL = b"\x15\x03\x01\x00\x02\x02\x28"


class Dialect(Enum):
    """Who speaks like this. CHAT: IRC or plain text, which `protocol.plain` tells apart."""

    TLS = auto()
    HTTP = auto()
    CHAT = auto()


def recognize(data: bytes) -> Dialect:
    """The dialect of a client whose first bytes are these (at least one)."""
    if data.startswith(TLS_FIRST_BYTE):
        return Dialect.TLS
    if data.startswith(_HTTP_METHODS):
        return Dialect.HTTP
    return Dialect.CHAT


def is_foreign(data: bytes) -> bool:
    """Whether these first bytes are those of no chat client."""
    return recognize(data) is not Dialect.CHAT
