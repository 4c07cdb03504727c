"""The functions that serve a client by its first bytes, as rows of a table; the row of HTTP is in `server.http`.

A new protocol is a row in `protocol.first_bytes`, a function that serves it, and a row in the server's table.
"""

import logging
import socket
from math import inf
from time import monotonic

import gevent

from greenchat.chat.user import TlsClient
from greenchat.config.options import ListenerOptions
from greenchat.protocol import first_bytes
from greenchat.server.net.connection import Connection, ProtocolRow
from greenchat.server.net.irc import IrcClient
from greenchat.server.net.stream import TlsAcceptor

log = logging.getLogger(__name__)

_SAY_AGAIN = 60.0  # seconds
_HANDSHAKE_TIMEOUT = 10.0  # seconds


def begin(connection: Connection) -> None:
    """Serve a client that has just connected."""
    connection.serve_by_protocol(_first_words(connection))


def _first_words(connection: Connection) -> bytes | None:
    """Return the first bytes, without consuming them if they begin TLS; b"" at the end, None for a silent client."""
    listener, options = connection.listener, connection.server.options
    must_be_secure = listener.tls == "must" and not connection.session.secure
    if listener.kind == "plain" and not must_be_secure:
        return None
    grace = options.plain.grace if listener.kind == "auto" else None
    if connection.server.tls and listener.tls != "never" and connection.sock is connection.accepted:
        first = _peek(connection, None if must_be_secure else grace)
        if first is None or first == first_bytes.TLS_FIRST_BYTE:
            return first
    if must_be_secure:
        connection.refuse(first_bytes.OPEN_REFUSAL)
        return b""
    return connection.read(grace)


def _peek(connection: Connection, timeout: float | None) -> bytes | None:
    """Return the first byte, not consumed; b"" at the end, None after `timeout` seconds. Raises OSError."""
    with gevent.Timeout(timeout, False):
        connection.wait_readable()
    try:
        return connection.accepted.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return None


def _tls(connection: Connection, data: bytes | None) -> bytes | None:
    tls = connection.server.tls
    may_begin = connection.listener.tls != "never" and not connection.session.received_bytes
    if tls is None or not may_begin:
        connection.refuse(first_bytes.TLS_REFUSAL)
        return b""
    _shake_hands(connection, tls)
    return _first_words(connection)


def _shake_hands(connection: Connection, tls: TlsAcceptor) -> None:
    """Begin TLS. Raises OSError if the handshake fails or takes too long."""
    stream = tls.accept(connection.accepted)
    with gevent.Timeout(_HANDSHAKE_TIMEOUT, TimeoutError(0, "TLS handshake timed out")):
        while True:
            connection.pace.work()
            try:
                stream.handshake()
                break
            except BlockingIOError:
                connection.wait_readable()
    connection.sock = connection.outbox.sock = stream
    connection.session.secure = True
    connection.session.tls = TlsClient(stream.peer_fingerprint, stream.bindings)


class _ProxyRefusal:
    """Refuses a PROXY header, and logs the missing key once a minute for each listener."""

    def __init__(self) -> None:
        self._logged_at: dict[tuple[int, ListenerOptions], float] = {}  # by server

    def __call__(self, connection: Connection, data: bytes | None) -> bytes | None:
        listener, now = connection.listener, monotonic()
        key = (id(connection.server), listener)
        if now - self._logged_at.get(key, -inf) >= _SAY_AGAIN:
            self._logged_at[key] = now
            log.warning(
                "%s sent a PROXY header to the listener %s, which expects none: if it is your proxy, add it"
                ' to the key proxy of this [[listen]], as in proxy = ["%s"]',
                *(connection.session.host, listener.address, connection.session.host),
            )
        connection.refuse(first_bytes.PROXY_REFUSAL)
        return b""


def _plain(connection: Connection, data: bytes | None) -> bytes | None:
    rest = connection.server.clients.plain.serve(connection, data)
    if rest and not first_bytes.is_foreign(rest):
        return _irc(connection, rest)
    return rest


def _irc(connection: Connection, data: bytes | None) -> bytes | None:
    IrcClient(connection).serve(data or b"")
    return b""


TLS = ProtocolRow(first_bytes.TLS, _tls)
PROXY = ProtocolRow(first_bytes.PROXY, _ProxyRefusal())
PLAIN = ProtocolRow(first_bytes.PLAIN, _plain)
IRC = ProtocolRow(first_bytes.IRC, _irc)


def _no_http(connection: Connection, data: bytes | None) -> bytes | None:
    is_http = data is not None and first_bytes.is_request(data)
    connection.refuse(first_bytes.HTTP_REFUSAL if is_http else first_bytes.NOT_HTTP_REFUSAL)
    return b""


NO_HTTP = ProtocolRow(first_bytes.HTTP, _no_http)
