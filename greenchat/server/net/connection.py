"""One client: its socket and its lines.

While there is work for a client, a greenlet serves it: it makes one `recv` and runs the received lines. Then the client
waits without a greenlet, and the loop itself handles its next input (`irc`). Before each read and each line the
greenlet waits for the client's pace (`client_pace`), so that a flood can't starve the others.
"""

import errno
import logging
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any, NamedTuple, Protocol

import gevent
from gevent.hub import get_hub

from greenchat.chat.user import Session
from greenchat.commands.catalog import continue_stream, is_for_anybody, resume, run, run_line
from greenchat.commands.connection.lost_connections import on_connection_lost, survives_restart
from greenchat.commands.connection.quit import close_connection, on_disconnect
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Background, Continuation, Deferred
from greenchat.config.options import ListenerOptions, Options
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.first_bytes import WireProtocol
from greenchat.protocol.framing import LineTooLong
from greenchat.protocol.message import Message
from greenchat.server.net.client_pace import ClientPace, FloodError
from greenchat.server.net.connection_limits import grace_of
from greenchat.server.net.greenlet_pool import GreenletPool
from greenchat.server.net.hangups import Hangups
from greenchat.server.net.outbox import SocketOutbox
from greenchat.server.net.plain import PlainClients
from greenchat.server.net.sendq import OUT_OF_MEMORY
from greenchat.server.net.server_parts import ServerParts
from greenchat.server.net.stream import Lines, Stream
from greenchat.values.addresses import IpNetwork

log = logging.getLogger(__name__)

_READ = 1  # the event mask of libev
_READ_SIZE = 16 * 1024  # bytes a turn and client
_NOTHING = Message("")


class ConnectionClientsParts(Protocol):
    """The parts of `Clients` that a connection uses.

    rows: the dialects. greenlet_pool: the greenlets that serve clients. hangups: notices closed connections. plain: the
    plain-text clients.
    """

    rows: Sequence["ProtocolRow"]
    greenlet_pool: GreenletPool
    hangups: Hangups
    plain: PlainClients

    def forget(self, connection: "Connection") -> None:
        """Note that a connection has ended."""


class ConnectionServerParts(ServerParts, Protocol):
    """The parts of the server that a connection uses."""

    @property
    def clients(self) -> ConnectionClientsParts:
        """All clients."""


class Connection:
    """A client from its first byte to its last.

    accepted: its socket, which may be below a TLS stream. forwarders: proxies that name their client in each HTTP
    request, if it came through one. last_input, opened: in seconds of the monotonic clock.
    patience: seconds after `opened` for it to register. pings: whether it is pinged; asked: whether a PING waits for
    its answer. due: the second in which it is checked, see `TimerWheel`. pace: its throttle. unanswered: the command
    whose slow part, or long answer, is in progress. lines: its input, if it speaks IRC. has_no_greenlet: whether it has
    none until there is input. was_lost: whether it ended unintentionally, see `close`.
    """

    __slots__ = (
        "accepted",
        "asked",
        "due",
        "forwarders",
        "has_no_greenlet",
        "last_input",
        "lines",
        "listener",
        "opened",
        "outbox",
        "pace",
        "patience",
        "pings",
        "readable",
        "server",
        "session",
        "sock",
        "unanswered",
        "was_lost",
    )

    def __init__(
        self,
        server: ConnectionServerParts,
        listener: ListenerOptions,
        sock: socket.socket,
        host: str,
        former: tuple[Session, SocketOutbox] | None = None,
    ) -> None:
        """Make a connection. sock: connected and non-blocking. host: its address.

        former: its session and outbox, if another process has served it so far.
        """
        self.server = server
        self.listener = listener
        self.sock: Stream = sock
        self.accepted = sock
        self.forwarders: tuple[IpNetwork, ...] = ()
        self.opened = self.last_input = monotonic()
        self.patience = server.options.connections.register_timeout
        self.pings = True
        self.asked = False
        self.has_no_greenlet = False
        self.due = 0
        self.unanswered = ""
        self.was_lost = False
        self.lines: Lines | None = None
        if former is None:
            outbox = SocketOutbox(server.turn.dirty, sock, server.options.connections.sendq, server.turn.send_queues)
            former = Session(outbox, host, server.now()), outbox
        self.session, self.outbox = former
        self.pace = ClientPace(server.turn, server.options.throttle, self.session, sock)
        self.readable: Any = get_hub().loop.io(sock.fileno(), _READ)
        server.clients.hangups.watch(sock.fileno(), self._hung_up)

    def run(self, serve: Callable[[], object]) -> None:
        """Serve the client from its arrival in this process. serve: begins, see `detect`, or continues."""
        self.server.network.connect(self.session)
        self.serve_in_greenlet(serve)

    def serve_in_greenlet(self, serve: Callable[[], object]) -> None:
        """Serve the client in this greenlet, until either side ends the connection or no greenlet is needed."""
        self.has_no_greenlet = False
        is_over = True
        reason = "Connection closed"
        try:
            serve()
            is_over = not self.has_no_greenlet
        except FloodError:
            reason = "Excess Flood"
            self.close(reason)
            self.yield_turn()  # its remaining input is not read: it might never end
        except OSError as error:
            reason = error.strerror or str(error)
        except MemoryError:
            reason = OUT_OF_MEMORY
            self._end_for_want_of_memory()
        except Exception:
            log.exception("a bug ended the connection of %s", self.session.host)
            self._end_for_a_bug()
        finally:
            if is_over:
                self._end(reason)

    def wait_without_greenlet(self, on_readable: Callable[[], None]) -> None:
        """Wait for input without a greenlet; the calling greenlet must end now. on_readable: called by the loop."""
        self.has_no_greenlet = True
        self.readable.start(on_readable)

    def wake(self, serve: Callable[[], object]) -> None:
        """Serve a client that has no greenlet in one again. Only the loop may call it."""
        self.readable.stop()
        self.server.clients.greenlet_pool.do(partial(self.serve_in_greenlet, serve))

    def _end(self, reason: str) -> None:
        try:
            with suppress(FloodError, OSError):  # throttled lines no longer matter
                self.pace.work()
            self._clean_up(self.session.closing or self.outbox.cut_reason or reason)
        finally:
            self.server.clients.forget(self)

    def _hung_up(self, is_broken: bool) -> None:
        """Note that the other side has closed or reset the connection; its last input may still be unread."""
        if is_broken:
            error = self.accepted.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or errno.ECONNRESET
            self.outbox.cut(os.strerror(error))
        self.pace.hang_up()

    def close(self, reason: str, *, is_lost: bool = False) -> None:
        """Tell the client the reason, and end the connection. is_lost: unintentionally, so that the user may return."""
        if not self.session.closing:
            self.was_lost = is_lost
            self.server.turn.begin()
            ctx = self.context(_NOTHING)
            if self.session.user is None:
                ctx.close(self.session, reason)
            else:
                ctx.note(close_connection, reason)

    def _end_for_a_bug(self) -> None:
        """End the connection after a bug. Others see the QUIT at once; the client has the usual time to read it."""
        self.close("Internal error: the connection was closed; the server's log has the details")
        with suppress(Exception):  # this may run into the same bug, which is logged
            self.context(_NOTHING).note(on_disconnect, self.session.closing)
        with suppress(OSError):
            self.discard()

    def _end_for_want_of_memory(self) -> None:
        self.server.turn.send_queues.relieve()
        with suppress(MemoryError, OSError):
            log.error("out of memory: the connection of %s is closed", self.session.host)
            self.close(OUT_OF_MEMORY)
            self.discard()

    def use(self, options: Options) -> None:
        """Apply new options after a reload."""
        self.outbox.limit = options.connections.sendq
        self.pace.use(options.throttle)

    def ping(self, ping: Envelope) -> None:
        """Send a PING, in a turn that has started."""
        self.asked = True
        self.outbox.put(ping.encode(self.session.kind))

    def serve_by_protocol(self, data: bytes | None) -> None:
        """Serve the client to its end in the protocol of its first bytes."""
        while data != b"":
            row = next(row for row in self.server.clients.rows if row.dialect.claims(data, self.listener.kind))
            data = row.serve(self, data)

    def wait_readable(self) -> None:
        """Wait until there is input, or the other side has closed."""
        get_hub().wait(self.readable)

    def read(self, timeout: float | None = None) -> bytes | None:
        """Read once, when there is input; b"" at the end, None after `timeout` seconds. Raises OSError."""
        while True:
            silent = True
            with gevent.Timeout(None if timeout is None else max(timeout, 0.001), False):
                self.wait_readable()
                silent = False
            # On a busy server a timer may be seen before input that came long before it.
            data = self.read_now()
            if silent or data is not None:
                return data

    def read_now(self) -> bytes | None:
        """Read available input, as `receive` does, when the turn has time for it."""
        self.pace.work()
        return self.receive()

    def receive(self) -> bytes | None:
        """Read available input, b"" at the end; None if there is none. Raises OSError."""
        try:
            data = self.sock.recv(_READ_SIZE)
        except BlockingIOError:
            return None
        self.last_input = self.pace.since
        self.asked = False
        self.session.received_bytes += len(data)
        return data

    def refuse(self, answer: bytes) -> None:
        """Send an answer instead of serving the client, and end the connection."""
        self.server.turn.begin()
        self.session.closing = "Wrong protocol"
        self.server.network.disconnect(self.session)
        self.outbox.close(answer)
        self.discard()

    def slow_down(self) -> None:
        """Wait until the throttle and the turn allow another line. Raises FloodError and OSError."""
        self.pace.line()

    def run_line(self, line: bytes | LineTooLong) -> None:
        """Run a line of IRC."""
        if self.session.under_way:
            self.server.log.wait_until_applied(self.session)
        ctx, continuation = self.begin_line(line)
        if self.session.user is None and not is_for_anybody(ctx.message) and self.pace.waste():
            self.close("Not registered: send NICK and USER first")
            return
        self.finish(ctx, continuation)

    def begin_line(self, line: bytes | LineTooLong) -> tuple[Context, Continuation | None]:
        """Run the part of an IRC line that need not wait; `finish` does the rest."""
        self.server.turn.begin()
        self.session.received_messages += 1
        meter = self.server.turn.meter
        return meter.run_line(line, self.context) if meter else run_line(line, self.context)

    def perform(self, message: Message) -> None:
        """Run a command that was not an IRC line, when the throttle permits."""
        self.slow_down()
        if self.session.under_way:
            self.server.log.wait_until_applied(self.session)
        if not self.session.closing:
            self.server.turn.begin()
            self.session.received_messages += 1
            ctx = self.context(message)
            self.finish(ctx, run(ctx))

    def finish(self, ctx: Context, work: Continuation | None) -> None:
        """Run the slow parts of a command, each in a thread, and send its long answer as fast as the client reads it.

        Returns when no remaining work needs this connection.
        """
        while work is not None:
            self.unanswered = ctx.message.command
            if isinstance(work, Background):
                self.server.carry_out(work)
                break
            result = None
            if isinstance(work, Deferred):
                try:
                    result = self.server.threads.do(work, self.session)
                finally:
                    work.done()
                self.pace.work()
            else:
                self._wait_until_taken()
            if self.session.closing or self.outbox.cut_reason:
                return
            self.server.turn.begin()
            ctx.now = self.server.now()
            work = resume(ctx, work, result) if isinstance(work, Deferred) else continue_stream(ctx, work)
        self.unanswered = ""
        if ctx.weight > 1:
            self.pace.charge(ctx.weight - 1)

    def _wait_until_taken(self) -> None:
        """End the turn, then wait until the client has read what was sent."""
        self.yield_turn()
        self.outbox.wait_until_taken()
        self.last_input = monotonic()  # a client that reads is alive

    def context(self, message: Message) -> Context:
        """Return the context in which a command of this client runs."""
        server = self.server
        now = server.now()
        return Context(server.network, self.session, message, now=now, process=server, journal=server.turn)

    def yield_turn(self) -> None:
        """End this turn, so that its messages are sent."""
        self.pace.yield_turn()

    @property
    def age(self) -> float:
        """Return the seconds since the connection was opened."""
        return monotonic() - self.opened

    def discard(self) -> None:
        """Discard input until the client closes its end, so that a reset does not destroy the last lines sent to it."""
        while self.read():
            pass

    def _grace(self) -> int:
        """Return for how many ms the user may return, 0 if the user leaves now."""
        if self.session.closing and not self.was_lost:
            return 0
        if self.server.is_ending:
            return int(self.server.options.connections.grace * 1000) if survives_restart(self.session) else 0
        return grace_of(self.session, self.server.network.lost_users, self.server.options.connections)

    def _clean_up(self, reason: str) -> None:
        self.server.turn.begin()
        try:
            ctx = self.context(_NOTHING)
            if self.session.user is None:
                self.server.network.disconnect(self.session)
            elif grace := self._grace():
                ctx.note(on_connection_lost, grace)
            else:
                ctx.note(on_disconnect, reason)
        except Exception:
            log.exception("could not remove %s from the state: a bug", self.session.host)
        self.server.clients.hangups.forget(self.accepted.fileno())
        self.readable.stop()
        self.readable.close()
        self.outbox.release()
        self.sock.close()


class ProtocolRow(NamedTuple):
    """A dialect and the function that serves its clients.

    serve: takes the first bytes (None: none came) and serves the client to its end, returning b""; or returns bytes
    with which the rows are searched again.
    """

    dialect: WireProtocol
    serve: Callable[[Connection, bytes | None], bytes | None]
