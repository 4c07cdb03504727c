"""The server: its listeners, its connections, its one sweeper."""

import logging
import socket
import time
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any

import gevent
from gevent.event import Event
from gevent.server import StreamServer
from gevent.threadpool import ThreadPool

from ..chat.network import Network
from ..chat.settings import Settings
from .connection import Connection
from .dialect import is_foreign
from .ids import new_ids
from .options import Address, Listener, Options
from .plain import PlainDoor
from .storekeeper import StoreKeeper
from .stream import TlsAcceptor
from .turn import Turn

log = logging.getLogger(__name__)

_BACKLOG = 4096  # gevent's 256 drops bursts of connections
_WORKERS = 2  # threads for slow work: more of it than this waits, and the chat goes on
_SWEEP_EVERY = 1.0  # seconds


class App:
    """Serves one Network on all its addresses until `stop`."""

    def __init__(self, settings: Settings, options: Options, tls: TlsAcceptor | None = None) -> None:
        self.options = options
        self.tls = tls
        self.network = Network(settings, now=self.now())
        self.keeper = StoreKeeper(options.data, options.storage, now=self.now)
        self.store = self.keeper.store
        self.turn = Turn(self.store)
        self.plain = PlainDoor(self.network, self.turn, options.plain, is_foreign)
        self.workers = ThreadPool(_WORKERS)
        self.connections: dict[Connection, None] = {}
        self.new_id: Callable[[], str] = new_ids(self.now, self.store.last_id())
        self._listeners: list[Any] = []
        self._stopping = Event()
        self._farewell = "The server is shutting down"

    def now(self) -> int:
        """Ms since the epoch."""
        return time.time_ns() // 1_000_000

    def listen(self) -> list[Address]:
        """Open the listeners; the addresses that they really have. Raises OSError, naming the address."""
        addresses = []
        for wish in self.options.listen:
            listener = StreamServer(_bind(wish.address), partial(self._serve, wish))
            listener.start()
            self._listeners.append(listener)
            addresses.append(Address(*listener.socket.getsockname()[:2]))
        return addresses

    def run(self) -> None:
        """Serve until somebody calls `stop`, then end every connection in good order."""
        sweeper = gevent.spawn(self._sweep_forever)
        self.keeper.start()
        self._stopping.wait()
        sweeper.kill()
        for listener in self._listeners:
            listener.stop(timeout=0)
        for connection in list(self.connections):
            connection.close(self._farewell)
        deadline = monotonic() + self.options.connections.close_timeout
        while self.connections and monotonic() < deadline:
            gevent.sleep(0.02)
        for connection in list(self.connections):
            connection.outbox.cut(self._farewell)
        gevent.sleep(0)
        self.workers.kill()
        self.turn.end()
        self.keeper.close()

    def stop(self, reason: str) -> None:
        """Begin to end; every client is told the reason."""
        self._farewell = reason
        self._stopping.set()

    def _serve(self, listener: Listener, accepted: Any, address: tuple[Any, ...]) -> None:
        sock = socket.socket(fileno=accepted.detach())
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection = Connection(self, listener, sock, _host(address))
        self.connections[connection] = None
        try:
            connection.run()
        finally:
            del self.connections[connection]

    def _sweep_forever(self) -> None:
        while True:
            gevent.sleep(_SWEEP_EVERY)
            try:
                self._sweep()
            except Exception:
                log.exception("the sweeper met a bug")

    def _sweep(self) -> None:
        """Ping who has been silent, cut who stays so, who never registers, and who does not take our farewell."""
        options = self.options.connections
        now = monotonic()
        for connection in list(self.connections):
            silent = now - connection.heard
            if connection.session.closing:
                connection.closing_for += _SWEEP_EVERY
                if connection.closing_for > options.close_timeout:
                    connection.outbox.cut(connection.session.closing)
            elif connection.session.user is None:
                if connection.age > connection.patience:
                    connection.close("Registration timed out")
            elif not connection.pings:
                continue
            elif silent > options.ping_after + options.ping_timeout:
                connection.close(f"Ping timeout: {int(silent)} seconds")
            elif silent > options.ping_after and not connection.asked:
                connection.ping()


def _bind(address: Address) -> Any:
    """A listening socket for gevent. IPv6 where the address is one or is every interface."""
    family = socket.AF_INET6 if ":" in address.host or not address.host else socket.AF_INET
    return StreamServer.get_listener((address.host, address.port), backlog=_BACKLOG, family=family)


def _host(address: tuple[Any, ...]) -> str:
    """The peer's address as it can stand in a hostmask."""
    host = str(address[0]).removeprefix("::ffff:")
    # "a host must not begin with a colon": https://modern.ircdocs.horse/#source
    return "0" + host if host.startswith(":") else host
