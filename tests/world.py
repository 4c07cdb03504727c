"""A whole server without sockets: what clients send is executed at once, in the test's own thread.

`Client(world, "alice")` of `tests.irc` works on it as on an address, and so does everything that takes one. Nothing has
to be waited for: once a line was sent, each client has received its output, and a test can look at the state itself.
Tests of connections, timeouts or throttles need a real server.
"""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import TypeVar
from unittest.mock import patch

import gevent

from greenchat.chat.user import Session
from greenchat.commands.catalog import continue_stream, resume, run_line
from greenchat.commands.connection.lost_connections import on_connection_lost
from greenchat.commands.connection.quit import on_disconnect
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Background, Continuation, Deferred, Streamed
from greenchat.config.options import Options
from greenchat.config.settings import Settings
from greenchat.protocol.framing import LineBuffer, LineTooLong
from greenchat.protocol.message import Message
from greenchat.server import app as apps
from greenchat.server.app import App
from greenchat.server.data import disk_watch, store_keeper
from greenchat.server.net.connection_limits import grace_of
from greenchat.server.net.outbox import SocketOutbox
from greenchat.server.net.routes import SessionRoutes
from greenchat.server.net.turn import Turn
from tests import databases

T = TypeVar("T")


class Mailbox:
    """The client's end of a `Stream`: it accepts at once all that is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.ended = False

    def outbox(self, turn: Turn) -> SocketOutbox:
        """Return the outbox that fills it, one of the server's own: a compiled class has no other subclasses."""
        return SocketOutbox(turn.dirty, self, sys.maxsize, turn.send_queues)

    def send(self, data: bytes, /) -> int:
        self.sent.append(data)
        return len(data)

    def shutdown(self, how: int, /) -> None:
        self.ended = True

    def fileno(self) -> int:
        raise AssertionError("nothing ever waits for it")

    def recv(self, size: int, /) -> bytes:
        raise AssertionError("what its client sends is run at once")

    def close(self) -> None:
        self.ended = True


class _NoThreads:
    """Replaces `Threads` and `Pool`: slow work is done at once, by the thread that executes the line."""

    def __init__(self, threads: int = 0, *, begun: bool = False) -> None:
        """Start none."""

    def join(self) -> None:
        """Do nothing: there are no threads."""

    def kill(self) -> None:
        """Do nothing: there are no threads."""

    def kill_messengers(self) -> None:
        """Do nothing: there are no threads."""


def make_app(settings: Settings, options: Options) -> App:
    """Return a server without listeners, at the lowest cost: tests make thousands of them."""
    with databases.copied(), ExitStack() as stack:
        for module, name in _WITH_THREADS:
            stack.enter_context(patch.object(module, name, _NoThreads))
        return App(settings, options)


_WITH_THREADS = ((apps, "Threads"), (store_keeper, "Pool"), (disk_watch, "Pool"))


class World:
    """A server, and the lines of its clients.

    meanwhile: called where others get their turn before a command is done.
    """

    def __init__(self, settings: Settings, options: Options) -> None:
        self.meanwhile: Callable[[], None] = _nothing
        self.app = make_app(settings, options)
        self.network = self.app.network
        self._lines: list[Line] = []

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def address(self) -> "World":
        """The address for clients."""
        return self

    def dial(self) -> "Line":
        """Connect."""
        mailbox = Mailbox()
        session = Session(mailbox.outbox(self.app.turn), "127.0.0.1", self.app.now())
        self.network.connect(session)
        self._lines.append(Line(self, session, mailbox))
        return self._lines[-1]

    def call(self, function: Callable[[App], T]) -> T:
        """Run a function as the server itself, between two turns, and return its result."""
        try:
            return function(self.app)
        finally:
            self.end_turn()

    def stop_clock(self) -> None:
        """Let the server's clock stand still: what it says in seconds stays the same."""
        now = self.app.now()
        self.app.now = lambda: now  # type: ignore[method-assign]  # the clock of this one server

    def stop(self) -> None:
        """Stop the server as a real one stops."""
        self.app.close()

    def routes(self, session: Session) -> SessionRoutes:
        """Return the fast path of a session's messages."""
        return SessionRoutes(
            self.network, session, self.app.log, self.app.turn, partial(self.context, session), self.app.now
        )

    def run(self, session: Session, routes: SessionRoutes, line: bytes | LineTooLong) -> None:
        """Execute a line and all that follows from it, by the fast path where a connection takes it."""
        burst = None if isinstance(line, LineTooLong) else routes.find(line)
        if burst:
            routes.say(burst)
        else:
            self.app.turn.begin()
            session.received_messages += 1
            self._finish(*run_line(line, partial(self.context, session)))
        self.end_turn()

    def _finish(self, ctx: Context, continuation: Continuation | None) -> None:
        while continuation is not None:
            if isinstance(continuation, Background):
                ctx = ctx.for_session(ctx.session)
                continuation = Streamed(continuation.steps(ctx))
            if isinstance(continuation, Deferred):
                try:
                    result = continuation.work()
                finally:
                    continuation.done()
                self.meanwhile()
                self.app.turn.begin()
                continuation = resume(ctx, continuation, result)
            else:
                self.meanwhile()
                self.app.turn.begin()
                continuation = continue_stream(ctx, continuation)

    def context(self, session: Session, message: Message) -> Context:
        """Return the context in which a session executes a command."""
        app = self.app
        return Context(self.network, session, message, now=app.now(), process=app, journal=app.turn)

    def leave(self, session: Session, grace: int) -> None:
        """Remove a session as a connection does that has ended. grace: ms for which its place is kept."""
        self.app.turn.begin()
        ctx = self.context(session, Message(""))
        if session.user is None:
            self.network.disconnect(session)
        elif grace:
            ctx.note(on_connection_lost, grace)
        else:
            ctx.note(on_disconnect, session.closing or "Connection closed")

    def end_turn(self) -> None:
        """Send the output of the turn, and remove sessions that are to end."""
        self._send()
        for line in [line for line in self._lines if line.session.closing]:
            self.hang_up(line)

    def _send(self) -> None:
        self.app.turn.hurry()
        gevent.sleep(0)

    def hang_up(self, line: "Line") -> None:
        """End a connection: the client has gone, or was told to go."""
        if line in self._lines:
            self._lines.remove(line)
            lost = not line.session.closing
            grace = grace_of(line.session, self.network.lost_users, self.app.options.connections) if lost else 0
            self.leave(line.session, grace)
            self._send()
            line.mailbox.ended = True


def _nothing() -> None:
    """Do nothing."""


class Line:
    """The client's end of a connection, with the methods of a socket that `tests.irc.Client` uses."""

    def __init__(self, world: World, session: Session, mailbox: Mailbox) -> None:
        self.session = session
        self.mailbox = mailbox
        self._world = world
        self._buffer = LineBuffer()
        self._routes = world.routes(session)

    def sendall(self, data: bytes) -> None:
        """Send bytes; when this returns they have been executed."""
        self.session.received_bytes += len(data)
        for line in self._buffer.feed(data):
            if not self.session.closing:
                self._world.run(self.session, self._routes, line)

    def recv(self, size: int) -> bytes:
        """Return all output, b"" at the end. Raises TimeoutError if no more is to come."""
        data, self.mailbox.sent = b"".join(self.mailbox.sent), []
        if not data and not self.mailbox.ended:
            raise TimeoutError("the server has said all that it has to say")
        return data

    def getpeername(self) -> World:
        """Return the address for other clients."""
        return self._world

    def setsockopt(self, *_: object) -> None:
        """Do nothing: there is no socket."""

    def close(self) -> None:
        """Disconnect silently."""
        self._world.hang_up(self)
