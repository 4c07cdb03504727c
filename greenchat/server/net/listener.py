"""One address on which clients are accepted."""

import errno
import logging
import socket
from collections.abc import Callable
from typing import Any

from gevent.server import StreamServer

from greenchat.commands.core.process import Port
from greenchat.config.options import Address, ListenerOptions

log = logging.getLogger(__name__)

_BACKLOG = 4096  # gevent's 256 drops bursts of connections
_PAUSE = 1.0  # seconds to wait when the system has no more descriptors or memory
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

Peer = tuple[Any, ...]
Serve = Callable[[socket.socket, Peer, ListenerOptions], None]


class CannotListenError(Exception):
    """An address that can't be listened on; the text is one line that names it and says why."""


class Listener(StreamServer):  # type: ignore[misc]  # gevent has no types
    """Accepts on one address; `options` may be exchanged while it is open."""

    def __init__(self, options: ListenerOptions, serve: Serve) -> None:
        """Opens the address and begins to accept. Raises CannotListenError."""
        self.options = options
        self.is_paused = False
        super().__init__(_open(options.address), lambda sock, peer: serve(sock, peer, self.options))
        self.bound = Address(*self.address[:2])
        self.start()

    def port(self, *, with_tls: bool) -> Port:
        """What operators may read of it. with_tls: whether there is a certificate."""
        options = self.options
        serves = options.kind + (f" TLS: {options.tls}" if with_tls else "") + (" PROXY" if options.proxy else "")
        return Port(str(self.bound), self.bound.port, serves, tuple(map(str, options.proxy)))

    def do_read(self) -> tuple[socket.socket, Peer] | None:
        """The next client who waits. Where the system has no room for them, they wait a little longer."""
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

    def _pause(self, error: OSError) -> None:
        if not self.is_paused:
            log.error("no connection can be accepted on %s for now: %s", self.bound, error.strerror)
        self.is_paused = True
        self.stop_accepting()
        self._timer = self.loop.timer(_PAUSE)
        self._timer.start(self._start_accepting_if_started)


def _open(address: Address) -> socket.socket:
    """A listening socket; every interface means IPv6 and IPv4, where the system has both."""
    everywhere = not address.host
    family = socket.AF_INET6 if ":" in address.host or (everywhere and socket.has_dualstack_ipv6()) else socket.AF_INET
    try:
        sock = socket.create_server(
            (address.host, address.port),
            family=family,
            backlog=_BACKLOG,
            dualstack_ipv6=everywhere and family is socket.AF_INET6,
        )
    except OSError as error:
        raise CannotListenError(f"can't listen on {address}: {_reason(error)}") from error
    sock.setblocking(False)
    return sock


def _reason(error: OSError) -> str:
    if error.errno == errno.EACCES:
        return "this user may not open ports below 1024"
    if error.errno == errno.EADDRINUSE:
        return "another program listens there already"
    if error.errno is not None and error.errno < 0:  # one of getaddrinfo's
        return "the name of the host can't be resolved"
    return (error.strerror or str(error)).partition(" (while attempting")[0]
