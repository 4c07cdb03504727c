"""One client: its socket, its greenlet, its lines.

The greenlet waits until the socket is readable, makes one `recv`, runs the lines that came, and waits again: so each
connection gets one read a turn, and a flooding client cannot starve the others.
"""

import logging
import socket
from time import monotonic
from typing import Any, Protocol

import gevent
from gevent.hub import get_hub
from gevent.threadpool import ThreadPool

from ..chat.network import Network
from ..chat.throttle import TokenBucket
from ..chat.user import Session
from ..commands.catalog import resume, run_line
from ..commands.context import Context, Host
from ..commands.registration import leave
from ..protocol.framing import LineBuffer, LineTooLong
from ..protocol.message import Message
from .dialect import HTTP_REFUSAL, TLS_FIRST_BYTE, TLS_REFUSAL, Dialect, recognize
from .options import Options
from .outbox import SocketOutbox
from .stream import Stream, TlsAcceptor
from .turn import Turn

log = logging.getLogger(__name__)

_READ = 1  # the event mask of libev
_READ_SIZE = 16 * 1024  # bytes a turn and client
_HANDSHAKE_TIMEOUT = 10.0  # seconds
_NOTHING = Message("")


class Server(Host, Protocol):
    """What a connection needs of the server that it belongs to."""

    network: Network
    turn: Turn
    options: Options
    tls: TlsAcceptor | None
    workers: ThreadPool

    def now(self) -> int:
        """Ms since the epoch."""

    def new_id(self) -> str:
        """A msgid."""


class Connection:
    """A client from its first byte to its last.

    heard and opened are in seconds of the monotonic clock; `asked` is true while a PING waits for its answer;
    closing_for counts the seconds since we said farewell.
    """

    __slots__ = (
        "_accepted",
        "_bucket",
        "_readable",
        "asked",
        "closing_for",
        "heard",
        "opened",
        "outbox",
        "server",
        "session",
        "sock",
    )

    def __init__(self, server: Server, sock: socket.socket, host: str) -> None:
        """sock: connected and non-blocking. host: where it comes from, as others will see it."""
        self.server = server
        self.sock: Stream = sock
        self._accepted = sock
        self.opened = self.heard = monotonic()
        self.asked = False
        self.closing_for = 0.0
        self.outbox = SocketOutbox(server.turn.dirty, sock, server.options.connections.sendq)
        self.session = Session(self.outbox, host, server.now())
        self._bucket = TokenBucket(server.options.throttle.commands, server.options.throttle.burst)
        self._readable: Any = get_hub().loop.io(sock.fileno(), _READ)

    def run(self) -> None:
        """Serve the client until either side ends it."""
        self.server.network.connect(self.session)
        reason = "Connection closed"
        try:
            self._serve()
        except OSError as error:
            reason = error.strerror or str(error)
        except Exception:
            log.exception("a bug ended the connection of %s", self.session.host)
            reason = "Internal error"
            self.close("Internal error: the connection is closed, and the operator's log says why")
        finally:
            self._clean_up(self.session.closing or self.outbox.cut_reason or reason)

    def close(self, reason: str) -> None:
        """Tell the client why, and end the connection."""
        if not self.session.closing:
            self.server.turn.begin()
            self._context(_NOTHING).close(self.session, reason)

    def ping(self) -> None:
        """Ask whether it still lives."""
        self.server.turn.begin()
        self.asked = True
        ctx = self._context(_NOTHING)
        ctx.respond(ctx.envelope("PING", self.server.network.settings.name))

    def _serve(self) -> None:
        if self.server.tls and self._peek() == TLS_FIRST_BYTE:
            self._start_tls(self.server.tls)
        data = self._read()
        if not data:
            return
        dialect = recognize(data)
        if dialect is Dialect.TLS:
            self._refuse(TLS_REFUSAL)
        elif dialect is Dialect.HTTP:
            self._refuse(HTTP_REFUSAL)
        else:
            self._speak_irc(data)

    def _peek(self) -> bytes:
        """The first byte, which stays where it is."""
        self._wait_readable()
        return self._accepted.recv(1, socket.MSG_PEEK)

    def _start_tls(self, tls: TlsAcceptor) -> None:
        """Raises OSError where the handshake fails or takes too long."""
        stream = tls.accept(self._accepted)
        with gevent.Timeout(_HANDSHAKE_TIMEOUT, TimeoutError(0, "TLS handshake timed out")):
            while True:
                try:
                    stream.handshake()
                    break
                except BlockingIOError:
                    self._wait_readable()
        self.sock = self.outbox.sock = stream
        self.session.secure = True
        self.session.certificate = stream.peer_fingerprint

    def _wait_readable(self) -> None:
        get_hub().wait(self._readable)

    def _read(self) -> bytes:
        """One read, when there is something to read; b"" at the end. Raises OSError."""
        while True:
            self._wait_readable()
            try:
                data = self.sock.recv(_READ_SIZE)
            except BlockingIOError:
                continue
            self.heard = monotonic()
            self.asked = False
            return data

    def _refuse(self, answer: bytes) -> None:
        self.server.turn.begin()
        self.session.closing = "Wrong protocol"
        self.outbox.close(answer)
        self._discard()

    def _speak_irc(self, data: bytes) -> None:
        lines = LineBuffer()
        while data:
            for line in lines.feed(data):
                wait = self._bucket.take(monotonic() * 1000)
                if wait > 0:
                    gevent.sleep(wait / 1000)
                self._run_line(line)
                if self.session.closing:
                    self._discard()
                    return
            if lines.overrun:
                self.close("Line without an end: this server speaks IRC")
                self._discard()
                return
            data = self._read()

    def _run_line(self, line: bytes | LineTooLong) -> None:
        self.server.turn.begin()
        ctx, later = run_line(line, self._context)
        while later is not None:
            result = self.server.workers.apply(later.work)
            if self.session.closing or self.outbox.cut_reason:
                return
            self.server.turn.begin()
            ctx.now = self.server.now()
            later = resume(ctx, later, result)

    def _context(self, message: Message) -> Context:
        server = self.server
        return Context(
            server.network,
            self.session,
            message,
            now=server.now(),
            new_id=server.new_id,
            host=server,
            journal=server.turn,
        )

    def _discard(self) -> None:
        """Read on and forget it until the client closes too, so that our last words are not lost in a reset."""
        while self._read():
            pass

    def _clean_up(self, reason: str) -> None:
        self.server.turn.begin()
        leave(self._context(_NOTHING), self.session, reason)
        self.server.network.disconnect(self.session)
        self._readable.stop()
        self._readable.close()
        self.outbox.release()
        self.sock.close()
