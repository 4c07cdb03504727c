"""What is done for a client, by what its first bytes say: the rows that `Connection.run` walks, but that of HTTP.

A new protocol is a row in `protocol.first_bytes`, a function that serves it, and a row in the server's table.
"""

from greenchat.protocol import first_bytes
from greenchat.server.net.connection import Connection, Row


def _tls(connection: Connection, data: bytes | None) -> bytes | None:
    tls = connection.server.tls
    may_begin = connection.listener.tls != "never" and not connection.has_read
    if tls is None or not may_begin:
        connection.refuse(first_bytes.TLS_REFUSAL)
        return b""
    connection.start_tls(tls)
    return connection.first_words()


def _plain(connection: Connection, data: bytes | None) -> bytes | None:
    rest = connection.server.plain.speak(connection, data)
    if rest and not first_bytes.is_foreign(rest):
        return _irc(connection, rest)
    return rest


def _irc(connection: Connection, data: bytes | None) -> bytes | None:
    connection.speak_irc(data or b"")
    return b""


TLS = Row(first_bytes.TLS, _tls)
PLAIN = Row(first_bytes.PLAIN, _plain)
IRC = Row(first_bytes.IRC, _irc)


def _no_http(connection: Connection, data: bytes | None) -> bytes | None:
    is_http = data is not None and first_bytes.is_request(data)
    connection.refuse(first_bytes.HTTP_REFUSAL if is_http else first_bytes.NOT_HTTP_REFUSAL)
    return b""


NO_HTTP = Row(first_bytes.HTTP, _no_http)
