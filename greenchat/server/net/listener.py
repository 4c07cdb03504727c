"""One address on which clients are accepted."""

import errno
import logging
import socket
import struct
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from math import inf
from time import monotonic
from types import MappingProxyType
from typing import Any

from gevent.server import StreamServer

from greenchat.commands.core.process import Port
from greenchat.config.options import Address, ListenerOptions
from greenchat.protocol.first_bytes import is_request
from greenchat.server.net.connection_limits import RefusedError
from greenchat.server.net.refusals import in_http, in_irc

log = logging.getLogger(__name__)

_ACCEPT = 16  # connections accepted at once: setting them up takes a few ms
_BACKLOG = 4096  # gevent's 256 drops bursts of connections
_PAUSE = 1.0  # seconds to wait if the system has no more descriptors or memory
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

_PATIENCE = 5.0  # seconds of overload: enough to serve thousands of reconnecting clients
_UNREAD = 64 * 1024  # bytes
_NEARLY_FULL = 0.75
_TCP_INFO = struct.Struct("24xII")
_BUSY = RefusedError("This server is too busy for new connections; try again in a minute", 503)

Peer = tuple[Any, ...]
Sockets = Mapping[Address, list[socket.socket]]
NO_SOCKETS: Sockets = MappingProxyType({})
Serve = Callable[[socket.socket, Peer, ListenerOptions], None]


class CannotListenError(Exception):
    """An address that can't be listened on; the text is one line that names it and says why."""


class Listener(StreamServer):  # type: ignore[misc]  # gevent has no types
    """Accepts connections on one address; `options` may be replaced while it is open."""

    max_accept = _ACCEPT

    def __init__(
        self,
        options: ListenerOptions,
        serve: Serve,
        is_busy: Callable[[], bool] = bool,
        opened: socket.socket | None = None,
    ) -> None:
        """Open the address, unless `opened` is given, and begin to accept. Raises CannotListenError.

        is_busy: whether new clients have to wait in the system's queue for now. opened: a socket that already listens.
        """
        self.options = options
        self._is_busy = is_busy
        self._busy_since = inf
        self.is_paused = False
        super().__init__(opened or open_address(options.address), lambda sock, peer: serve(sock, peer, self.options))
        self.bound = Address(*self.address[:2])
        self.start()

    def port(self, *, with_tls: bool) -> Port:
        """Return the listener as operators see it. with_tls: whether there is a certificate."""
        options = self.options
        serves = options.kind + (f" TLS: {options.tls}" if with_tls else "") + (" PROXY" if options.proxy else "")
        return Port(str(self.bound), self.bound.port, serves, tuple(map(str, options.proxy)))

    def do_close(self, *_: object) -> None:
        """Close nothing when the greenlet ends: its `Connection` goes on without one, and closes the socket."""

    def do_read(self) -> tuple[socket.socket, Peer] | None:
        """Accept the next client. If the system is out of descriptors or memory, clients wait a little longer."""
        if self._is_busy():
            self._busy_since = min(self._busy_since, monotonic())
            self._turn_away()
            return None
        self._busy_since = inf
        try:
            accepted: tuple[socket.socket, Peer] = self.socket.accept()
        except BlockingIOError:
            return None
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                raise
            self._pause(error)
            return None
        if self.is_paused:
            self.is_paused = False
            log.warning("accepting on %s again", self.bound)
        return accepted

    def _turn_away(self) -> None:
        """Refuse some of the clients that the system would otherwise drop."""
        with suppress(OSError):
            for _ in range(_ACCEPT):
                if not self._is_overrun():
                    break
                _refuse(self.socket.accept()[0])

    def _is_overrun(self) -> bool:
        """Whether the system's queue has been full for long, so that it drops further clients silently."""
        if monotonic() - self._busy_since < _PATIENCE or not sys.platform.startswith("linux"):
            return False
        # struct tcp_info: of a listening socket `unacked` is how many wait, `sacked` how many may
        info = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
        waiting, most = _TCP_INFO.unpack(info)
        return bool(waiting > most * _NEARLY_FULL)

    def _pause(self, error: OSError) -> None:
        if not self.is_paused:
            log.error("can't accept connections on %s: %s", self.bound, error.strerror)
        self.is_paused = True
        self.stop_accepting()
        self._timer = self.loop.timer(_PAUSE)
        self._timer.start(self._start_accepting_if_started)


def _refuse(sock: socket.socket) -> None:
    """Send the reason. The input is read first, since closing with unread data would destroy the line."""
    with sock, suppress(OSError):
        sock.setblocking(False)
        data = b""
        with suppress(BlockingIOError):
            data = sock.recv(_UNREAD)
        sock.send(in_http(_BUSY) if is_request(data) else in_irc(_BUSY))
        sock.shutdown(socket.SHUT_WR)
        sock.recv(_UNREAD)


def open_address(address: Address, *, shared: bool = False) -> socket.socket:
    """Return a listening socket; every interface means IPv6 and IPv4, if the system has both.

    shared: whether other processes of this server use it, and each gets a part of the connections. Raises
    CannotListenError.
    """
    family, everywhere = _family(address)
    try:
        sock = socket.create_server(
            (address.host, address.port),
            family=family,
            backlog=_BACKLOG,
            reuse_port=shared,
            dualstack_ipv6=everywhere and family is socket.AF_INET6,
        )
    except OSError as error:
        raise CannotListenError(f"can't listen on {address}: {_reason(error)}") from error
    sock.setblocking(False)
    return sock


def reserve(address: Address) -> tuple[socket.socket, Address]:
    """Return a socket that reserves an address for processes that share it, and the address with its port.

    Raises CannotListenError.
    """
    family, everywhere = _family(address)
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family is socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if everywhere else 1)
        sock.bind((address.host, address.port))
    except OSError as error:
        sock.close()
        raise CannotListenError(f"can't listen on {address}: {_reason(error)}") from error
    return sock, Address(address.host, sock.getsockname()[1])


def _family(address: Address) -> tuple[socket.AddressFamily, bool]:
    """Return the family of an address, and whether it is every interface."""
    everywhere = not address.host
    is_6 = ":" in address.host or (everywhere and socket.has_dualstack_ipv6())
    return (socket.AF_INET6 if is_6 else socket.AF_INET), everywhere


def _reason(error: OSError) -> str:
    if error.errno == errno.EACCES:
        return "this user may not open ports below 1024"
    if error.errno == errno.EADDRINUSE:
        return "another program is already listening there"
    if error.errno is not None and error.errno < 0:  # one of getaddrinfo's
        return "the name of the host can't be resolved"
    return (error.strerror or str(error)).partition(" (while attempting")[0]


def take(sockets: Sockets, address: Address) -> socket.socket | None:
    """Take the next socket of an address, if there is one."""
    return sockets[address].pop(0) if sockets.get(address) else None
