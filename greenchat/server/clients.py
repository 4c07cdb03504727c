"""All clients of a server: which are admitted, what serves them, and when each is checked."""

import socket
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import gevent

from greenchat.chat.user import Session
from greenchat.commands.connection.defcon_gate import defcon_gate
from greenchat.commands.core.context import Context
from greenchat.config.options import ListenerOptions, Options
from greenchat.protocol.first_bytes import is_foreign
from greenchat.server.blocklist_gate import BlocklistGate
from greenchat.server.net import connection_log
from greenchat.server.net.admission import Admission, presentable
from greenchat.server.net.connection import Connection, ConnectionServerParts, ProtocolRow
from greenchat.server.net.detect import IRC, PLAIN, PROXY, TLS, begin
from greenchat.server.net.greenlet_pool import GreenletPool
from greenchat.server.net.hangups import Hangups
from greenchat.server.net.listener import Peer
from greenchat.server.net.meter import Meter
from greenchat.server.net.plain import PlainClients
from greenchat.server.shutdown_steps import disconnect_all, wait_for_end
from greenchat.server.timer_wheel import TimerWheel

T = TypeVar("T")

_GROUP, _PAUSE = 25, 0.05  # clients disconnected at once, and seconds until the next: they reconnect elsewhere


class ClientsServerParts(ConnectionServerParts, Protocol):
    """The server as its clients see it."""

    def run_step(self, step: Callable[[Context], T]) -> T:
        """Run something as the server itself, in a turn, and return what it returns."""


class Clients:
    """The clients of one server.

    connections: all open ones. timer_wheel: when each is checked. admission: limits, and the address of each client;
    blocklists: checks that address. rows: the dialects. greenlet_pool: the greenlets that serve clients. hangups:
    notices closed connections. plain: the plain-text clients. meter: counts them.
    """

    def __init__(self, server: ClientsServerParts, http: ProtocolRow, make_room: Callable[[], bool]) -> None:
        """Start without any client. http: serves browsers. make_room: see `ConnectionLimits.enter`.

        Raises ConfigError.
        """
        self._server = server
        self.connections: dict[Connection, None] = {}
        self.timer_wheel = TimerWheel()
        self.admission = Admission(server.now, self._objection, make_room, lambda: server.tls)
        self.rows: Sequence[ProtocolRow] = (TLS, PROXY, http, PLAIN, IRC)
        self.plain = PlainClients(server.network, server.turn, server.options.plain, is_foreign)
        self.meter = Meter()
        self.blocklists = BlocklistGate(server, self.connections)
        self.hangups = Hangups()
        self.greenlet_pool = GreenletPool()

    def is_busy(self) -> bool:
        """Whether the server is too busy to accept another client now."""
        return self._server.turn.schedule.is_busy

    def serve(self, sock: socket.socket, peer: Peer, listener: ListenerOptions) -> None:
        """Serve one client from its arrival until its connection ends or needs no greenlet."""
        try:
            connection = self._let_in(sock, peer, listener)
        except BaseException:
            sock.close()
            raise
        if connection is None:
            self.meter.refused += 1
            return
        self._watch(connection)
        connection.run(lambda: begin(connection))

    def take_over(self, connection: Connection, origin: str, resume: Callable[[], object]) -> None:
        """Continue to serve a connection of another process. origin: the address for which it is counted."""
        self.admission.take_over(connection.session, origin)
        self._watch(connection)
        gevent.spawn(connection.run, resume)

    def forget(self, connection: Connection) -> None:
        """Note that a connection has ended."""
        del self.connections[connection]
        self.timer_wheel.forget(connection)
        session = connection.session
        connection_log.ended(session, nick=session.registration.nick, account=session.account, seconds=connection.age)
        self.admission.leave(session)
        self.meter.ended(session)
        network = self._server.network
        network.local.history_quota.charge_rest(session, network.accounts.id_of(session.account), self._server.now())

    def relocate(self, session: Session, host: str) -> str:
        """Move a session to the IP address that its gateway reports; return "", or why that address may not connect."""
        reason = self.admission.relocate(session, host, self._server.options.connections)
        if not reason:
            self.blocklists.look_up_later(session, host)
        return reason

    def use(self, options: Options) -> None:
        """Use new options after a reload."""
        for connection in self.connections:
            connection.use(options)
        self.timer_wheel.hasten()
        self.plain.options = options.plain

    def drain(self, farewell: str) -> None:
        """Disconnect all clients in small groups, so that they can reconnect elsewhere. Waits."""
        while staying := [each for each in self.connections if not each.session.closing]:
            for connection in staying[:_GROUP]:
                connection.close(farewell, is_lost=True)
            gevent.sleep(_PAUSE)

    def close(self, farewell: str) -> None:
        """Tell all clients the reason, and disconnect them. Waits for a moment."""
        disconnect_all(self.connections, farewell, self._server.options.connections.close_timeout)
        self.hangups.close()
        self.greenlet_pool.close()
        wait_for_end(self.blocklists.close, "a DNS query")

    def _watch(self, connection: Connection) -> None:
        self.connections[connection] = None
        self.timer_wheel.look_at(connection, connection.opened)

    def _let_in(self, sock: socket.socket, peer: Peer, listener: ListenerOptions) -> Connection | None:
        """Return the connection of a client, None if it was refused: then its socket is closed."""
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        arrival = self.admission.admit(sock, peer, listener, self._server.options.connections)
        if arrival is None:
            return None
        listing = None if arrival.forwards else self.blocklists.look_up(arrival.source)
        if listing and self.blocklists.refuses(listing):
            self.admission.turn_away(sock, arrival.source, listing.reason, listener)
            return None
        connection = Connection(self._server, listener, sock, presentable(arrival.source))
        connection.session.secure = arrival.secure
        self.blocklists.mark(connection.session, listing)
        if arrival.forwards:
            connection.forwarders = listener.proxy
        self.admission.register(connection.session, arrival.source)
        return connection

    def _objection(self, host: str) -> str:
        """Return the reason why this IP address may not connect; "" if it may."""
        network = self._server.network
        ban = network.protection.bans.of_address(host, self._server.now())
        return ban.message if ban else defcon_gate(network).objection(host)
