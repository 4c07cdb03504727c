"""Admission: a client's real address, and whether it may connect."""

import resource
import socket
from collections.abc import Callable
from dataclasses import replace

import gevent
from gevent.socket import wait_read

from greenchat.chat.user import Session
from greenchat.config.options import Connections, ListenerOptions
from greenchat.protocol import proxy_header
from greenchat.protocol.first_bytes import is_request
from greenchat.server.net.connection_limits import ConnectionLimits, RefusedError
from greenchat.server.net.listener import Peer
from greenchat.server.net.refusals import Refusals
from greenchat.server.net.stream import TlsAcceptor
from greenchat.values.addresses import is_within

_HEADER_TIMEOUT = 5.0  # seconds for a proxy to send its header
_PEEKED = 64  # bytes
_PLENTY = 1 << 20  # descriptors, if the system sets no limit
_SPARE_DESCRIPTORS = 50  # for files, the store and the log


class Admission:
    """Admits clients and counts them."""

    __slots__ = ("_limits", "_make_room", "_now", "_objection", "_origins", "_refusals")

    def __init__(
        self,
        now: Callable[[], int],
        objection: Callable[[str], str],
        make_room: Callable[[], bool],
        tls: Callable[[], TlsAcceptor | None],
    ) -> None:
        """Make the admission of a server. now: ms since the epoch.

        objection: returns "", or why an IP address is banned. make_room: see `ConnectionLimits.enter`. tls: begins TLS,
        for a client that is refused inside it.
        """
        self._make_room = make_room
        self._now = now
        self._objection = objection
        self._limits = ConnectionLimits()
        self._refusals = Refusals(tls)
        self._origins: dict[Session, str] = {}

    def admit(
        self, sock: socket.socket, peer: Peer, listener: ListenerOptions, options: Connections
    ) -> proxy_header.Header | None:
        """Admit a client and return its origin; None if it is refused, and then its socket is closed.

        sock: connected and non-blocking. Call `register` for an admitted client.
        """
        try:
            arrival = _arrival(sock, str(peer[0]).removeprefix("::ffff:"), listener)
            if arrival.forwards:  # a proxy: its clients are counted when they open a WebSocket
                options = replace(options, exempt=(*options.exempt, *listener.proxy))
            self._enter(arrival.source, options)
        except (proxy_header.ProxyError, OSError) as error:
            refusal = RefusedError(f"The proxy did not send a valid client address: {error}", 400)
        except RefusedError as error:
            refusal = error
        else:
            return arrival
        self._refusals.send(sock, refusal, tls=listener.tls)
        return None

    def turn_away(self, sock: socket.socket, host: str, reason: str, listener: ListenerOptions) -> None:
        """Refuse a client that was admitted before its address was checked."""
        self._limits.leave(host)
        self._refusals.send(sock, RefusedError(reason, 403), tls=listener.tls)

    def take_over(self, session: Session, host: str) -> None:
        """Count a session that another process has admitted. host: "" where it is counted for no address."""
        self._limits.add(host)
        self._origins[session] = host

    def origin(self, session: Session) -> str:
        """Return the IP address for which a session is counted."""
        return self._origins[session]

    def register(self, session: Session, host: str) -> None:
        """Register a session from an IP address that was admitted."""
        self._origins[session] = host

    def set_apart(self, session: Session, options: Connections) -> None:
        """Stop counting a session for its address: its HTTP requests are counted instead."""
        host = self._origins[session]
        if host:
            self._limits.undo_count(host, options)
            self._origins[session] = ""

    def move(self, session: Session, host: str, options: Connections) -> None:
        """Count a session for the address that its gateway reports. Raises RefusedError."""
        self._check_bans(host)
        self._limits.count(host, options, self._now())
        before, self._origins[session] = self._origins[session], host
        if before:
            self._limits.uncount(before)

    def relocate(self, session: Session, host: str, options: Connections) -> str:
        """Move a session as `move` does; return "", or why that address may not connect."""
        try:
            self.move(session, host, options)
        except RefusedError as error:
            return str(error)
        return ""

    def check(self, host: str, options: Connections) -> None:
        """Check that this IP address may have another connection. Raises RefusedError."""
        self._check_bans(host)
        self._limits.check(host, options, self._now())

    def _check_bans(self, host: str) -> None:
        reason = self._objection(host)
        if reason:
            raise RefusedError(reason, 403)

    def leave(self, session: Session) -> None:
        """Remove a session that has ended."""
        self._limits.leave(self._origins.pop(session))

    def forget_old(self) -> None:
        """Forget addresses without recent connections."""
        self._limits.forget_old(self._now())

    def _enter(self, host: str, options: Connections) -> None:
        self._check_bans(host)
        self._limits.enter(host, options, capacity=_capacity(), now=self._now(), make_room=self._make_room)


def _arrival(sock: socket.socket, peer: str, listener: ListenerOptions) -> proxy_header.Header:
    """Return a connection's origin. Raises ProxyError and OSError."""
    if not listener.proxy:
        return proxy_header.Header(peer)
    if not is_within(peer, listener.proxy):
        raise proxy_header.ProxyError("this is not the address of a configured proxy")
    if _begins_request(sock):
        return proxy_header.Header(peer, forwards=True)
    header = _read_header(sock)
    return header if header.source else proxy_header.Header(peer)


def _begins_request(sock: socket.socket) -> bool:
    """Whether the first bytes are an HTTP request, which names the client. Does not consume them."""
    with gevent.Timeout(_HEADER_TIMEOUT, TimeoutError("it was too slow")):
        wait_read(sock.fileno())
    return is_request(sock.recv(_PEEKED, socket.MSG_PEEK))


def _read_header(sock: socket.socket) -> proxy_header.Header:
    data = b""
    with gevent.Timeout(_HEADER_TIMEOUT, TimeoutError("it was too slow")):
        while count := proxy_header.missing(data):
            wait_read(sock.fileno())
            piece = sock.recv(count)
            if not piece:
                raise proxy_header.ProxyError("it closed the connection")
            data += piece
    return proxy_header.parse(data)


def _capacity() -> int:
    """Return the number of connections for which this process has descriptors."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (_PLENTY if limit == resource.RLIM_INFINITY else limit) - _SPARE_DESCRIPTORS


def presentable(host: str) -> str:
    """Return the peer's address in the form for hostmasks."""
    # "a host must not begin with a colon": https://modern.ircdocs.horse/#source
    return "0" + host if host.startswith(":") else host
