"""One client: its socket, its greenlet, its lines.

The greenlet waits until the socket is readable, makes one `recv`, runs the lines received, and waits again. Before each
read and each line it waits for its pace (`pace`), so that a flooding client cannot starve the others.
"""

import errno
import logging
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import inf
from time import monotonic
from typing import Any, NamedTuple, Protocol

import gevent
from gevent.hub import get_hub

from greenchat.chat.user import Session
from greenchat.commands.catalog import go_on, is_for_anybody, resume, run, run_line
from greenchat.commands.connection.quit import close, left
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Background, Continuation, Deferred
from greenchat.config.options import ListenerOptions, Options
from greenchat.protocol.first_bytes import OPEN_REFUSAL, TLS_FIRST_BYTE, Dialect
from greenchat.protocol.framing import LineTooLong
from greenchat.protocol.message import Message
from greenchat.server.net.house import House
from greenchat.server.net.outbox import SocketOutbox
from greenchat.server.net.pace import FloodError, Pace
from greenchat.server.net.sendq import OUT_OF_MEMORY
from greenchat.server.net.stream import Stream
from greenchat.values.addresses import IpNetwork

log = logging.getLogger(__name__)

_READ = 1  # the event mask of libev
_READ_SIZE = 16 * 1024  # bytes a turn and client
_NOTHING = Message("")


class Server(House, Protocol):
    """The server. rows: of which one is for every client."""

    rows: Sequence["Row"]


class Lines(Protocol):
    """The input of a client that speaks IRC."""

    @property
    def unread(self) -> bytes:
        """The input that was not obeyed yet: lines, and the beginning of the next one."""


class Connection:
    """A client from its first byte to its last.

    accepted: its socket, which may be below a TLS stream. forwarders: proxies that name their client in each HTTP
    request, if it came through one. heard and opened are in seconds of the monotonic clock; patience is how many
    seconds after that it may be unregistered. pings: whether it is pinged; `asked` is true while a PING waits for its
    answer. closing_since: when the end of its outbox was first noticed. pace: when it may go on. unanswered: the
    command of which the slow part, or a long answer, is under way. lines: once it speaks IRC.
    """

    __slots__ = (
        "accepted",
        "asked",
        "closing_since",
        "forwarders",
        "heard",
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
    )

    def __init__(
        self,
        server: Server,
        listener: ListenerOptions,
        sock: socket.socket,
        host: str,
        former: tuple[Session, SocketOutbox] | None = None,
    ) -> None:
        """Make a connection. sock: connected and non-blocking. host: its address, as others will see it.

        former: its session and outbox, where another process has served it so far.
        """
        self.server = server
        self.listener = listener
        self.sock: Stream = sock
        self.accepted = sock
        self.forwarders: tuple[IpNetwork, ...] = ()
        self.opened = self.heard = monotonic()
        self.patience = server.options.connections.register_timeout
        self.pings = True
        self.asked = False
        self.closing_since = inf
        self.unanswered = ""
        self.lines: Lines | None = None
        if former is None:
            outbox = SocketOutbox(server.turn.dirty, sock, server.options.connections.sendq, server.send_queues)
            former = Session(outbox, host, server.now()), outbox
        self.session, self.outbox = former
        self.pace = Pace(server.turn, server.options.throttle, self.session, sock)
        self.readable: Any = get_hub().loop.io(sock.fileno(), _READ)
        server.hangups.watch(sock.fileno(), self._hung_up)

    def run(self, serve: Callable[[], object] | None = None) -> None:
        """Serve the client until either side ends it. serve: goes on with one whose first bytes came long ago."""
        self.server.network.connect(self.session)
        reason = "Connection closed"
        try:
            if serve:
                serve()
            else:
                self.go_through(self.first_words())
        except FloodError:
            reason = "Excess Flood"
            self.close(reason)
            self.yield_turn()  # what it has sent until now is not read: that might never end
        except OSError as error:
            reason = error.strerror or str(error)
        except MemoryError:
            reason = OUT_OF_MEMORY
            self._end_for_want_of_memory()
        except Exception:
            log.exception("a bug ended the connection of %s", self.session.host)
            self._end_for_a_bug()
        finally:
            self.pace.work()
            self._clean_up(self.session.closing or self.outbox.cut_reason or reason)

    def _hung_up(self, is_broken: bool) -> None:
        """Note that the other side has closed or reset the connection; its last input may still be unread."""
        if is_broken:
            error = self.accepted.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or errno.ECONNRESET
            self.outbox.cut(os.strerror(error))
        self.pace.hang_up()

    def close(self, reason: str) -> None:
        """Tell the client why, and end the connection."""
        if not self.session.closing:
            self.server.turn.begin()
            ctx = self.context(_NOTHING)
            if self.session.user is None:
                ctx.close(self.session, reason)
            else:
                ctx.propose(close, reason)

    def _end_for_a_bug(self) -> None:
        """End the connection after a bug: others see it quit at once; the client has the usual time to read why."""
        self.close("Internal error: the connection is closed, and the operator's log says why")
        with suppress(Exception):  # this may meet the same bug, which is logged
            self.context(_NOTHING).propose(left, self.session.closing)
        with suppress(OSError):
            self.discard()

    def _end_for_want_of_memory(self) -> None:
        self.server.send_queues.relieve()
        with suppress(MemoryError, OSError):
            log.error("out of memory: the connection of %s is closed", self.session.host)
            self.close(OUT_OF_MEMORY)
            self.discard()

    def use(self, options: Options) -> None:
        """Use other options: after a reload."""
        self.outbox.limit = options.connections.sendq
        self.pace.use(options.throttle)

    def ping(self) -> None:
        """Send a PING."""
        self.server.turn.begin()
        self.asked = True
        ctx = self.context(_NOTHING)
        ctx.respond(ctx.envelope("PING", self.server.network.settings.name))

    def go_through(self, data: bytes | None) -> None:
        """Serve it to its end as what its first bytes say that it is."""
        while data != b"":
            row = next(row for row in self.server.rows if row.dialect.claims(data, self.listener.kind))
            data = row.serve(self, data)

    def first_words(self) -> bytes | None:
        """Return the client's first bytes, not consumed if they begin TLS; b"" at the end, None if it stays silent."""
        listener = self.listener
        must_be_secure = listener.tls == "must" and not self.session.secure
        if listener.kind == "plain" and not must_be_secure:
            return None
        grace = self.server.options.plain.grace if listener.kind == "auto" else None
        if self.server.tls and listener.tls != "never" and self.sock is self.accepted:
            first = self._peek(None if must_be_secure else grace)
            if first is None or first == TLS_FIRST_BYTE:
                return first
        if must_be_secure:
            self.refuse(OPEN_REFUSAL)
            return b""
        return self.read(grace)

    @property
    def has_read(self) -> bool:
        """Whether bytes of it were taken from its socket."""
        return self.session.received_bytes > 0

    def _peek(self, timeout: float | None) -> bytes | None:
        """Return the first byte, not consumed; b"" at the end, None after `timeout` seconds. Raises OSError."""
        with gevent.Timeout(timeout, False):
            self.wait_readable()
        try:
            return self.accepted.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return None

    def wait_readable(self) -> None:
        """Wait until something has come in, or the other side has closed."""
        get_hub().wait(self.readable)

    def read(self, timeout: float | None = None) -> bytes | None:
        """Read once, when there is input; b"" at the end, None after `timeout` seconds. Raises OSError."""
        if timeout is None:
            return self._read()
        while True:
            silent = True
            with gevent.Timeout(max(timeout, 0.001), False):
                self.wait_readable()
                silent = False
            # On a busy server a timer may be seen before input that came long before it.
            data = self.read_now()
            if silent or data is not None:
                return data

    def _read(self) -> bytes:
        while True:
            self.wait_readable()
            data = self.read_now()
            if data is not None:
                return data

    def read_now(self) -> bytes | None:
        """Take what has come in, as `receive`, when the turn has time for it."""
        self.pace.work()
        return self.receive()

    def receive(self) -> bytes | None:
        """Read available input, b"" at the end; None if there is none. Raises OSError."""
        try:
            data = self.sock.recv(_READ_SIZE)
        except BlockingIOError:
            return None
        self.heard = self.pace.since
        self.asked = False
        self.session.received_bytes += len(data)
        return data

    def refuse(self, answer: bytes) -> None:
        """Answer with this and nothing else."""
        self.server.turn.begin()
        self.session.closing = "Wrong protocol"
        self.server.network.disconnect(self.session)
        self.outbox.close(answer)
        self.discard()

    def slow_down(self) -> None:
        """Wait until the throttle and the turn have room for one more line. Raises FloodError and OSError."""
        self.pace.line()

    def run_line(self, line: bytes | LineTooLong) -> None:
        """Run a line of IRC."""
        self.server.turn.begin()
        self.session.received_messages += 1
        meter = self.server.turn.meter
        ctx, continuation = meter.run_line(line, self.context) if meter else run_line(line, self.context)
        if self.session.user is None and not is_for_anybody(ctx.message) and self.pace.waste():
            self.close("Not registered: IRC begins with NICK and USER")
            return
        self._finish(ctx, continuation)

    def perform(self, message: Message) -> None:
        """Run a command that did not come as a line of IRC, when the throttle permits."""
        self.slow_down()
        if not self.session.closing:
            self.server.turn.begin()
            self.session.received_messages += 1
            ctx = self.context(message)
            self._finish(ctx, run(ctx))

    def _finish(self, ctx: Context, continuation: Continuation | None) -> None:
        """Run the slow parts of a command, each in a thread, and send its long answer as fast as the client takes it.

        Ends when nothing remains for which this client has to be connected.
        """
        while continuation is not None:
            self.unanswered = ctx.message.command
            if isinstance(continuation, Background):
                self.server.carry_out(continuation)
                break
            result = None
            if isinstance(continuation, Deferred):
                try:
                    result = self.server.threads.do(continuation, self.session)
                finally:
                    continuation.done()
                self.pace.work()
            else:
                self._wait_until_taken()
            if self.session.closing or self.outbox.cut_reason:
                return
            self.server.turn.begin()
            ctx.now = self.server.now()
            continuation = (
                resume(ctx, continuation, result) if isinstance(continuation, Deferred) else go_on(ctx, continuation)
            )
        self.unanswered = ""
        if ctx.weight > 1:
            self.pace.charge(ctx.weight - 1)

    def _wait_until_taken(self) -> None:
        """Let others have their turn, and then the client time to take what it got."""
        self.yield_turn()
        self.outbox.wait_until_taken()
        self.heard = monotonic()  # a client that takes data is alive

    def context(self, message: Message) -> Context:
        """Return the context in which a command of this client runs."""
        server = self.server
        now = server.now()
        return Context(server.network, self.session, message, now=now, process=server, journal=server.turn)

    def yield_turn(self) -> None:
        """Let this turn end, so that what was said in it is sent."""
        self.pace.yield_turn()

    @property
    def age(self) -> float:
        """Seconds since it was opened."""
        return monotonic() - self.opened

    def discard(self) -> None:
        """Discard input until the client closes too, so that a reset does not destroy our last words."""
        while self._read():
            pass

    def _clean_up(self, reason: str) -> None:
        self.server.turn.begin()
        try:
            ctx = self.context(_NOTHING)
            if self.session.user is None:
                self.server.network.disconnect(self.session)
            else:
                ctx.propose(left, reason)
        except Exception:
            log.exception("a bug kept %s in the state", self.session.host)
        self.server.hangups.forget(self.accepted.fileno())
        self.readable.stop()
        self.readable.close()
        self.outbox.release()
        self.sock.close()


class Row(NamedTuple):
    """A dialect and the function that serves its clients.

    serve: takes what came in first (None: nothing) and serves to the end, returning b""; or what to ask the rows again
    for.
    """

    dialect: Dialect
    serve: Callable[[Connection, bytes | None], bytes | None]
