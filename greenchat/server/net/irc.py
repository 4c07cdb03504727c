"""Reads and runs the lines of an IRC client.

Most lines are plain messages, and take the fast path (`routes`): they are read and delivered in the loop's own
callback, when the socket becomes readable. Other frequent lines are run there, too: messages with tags or a label,
messages without a route, typing notifications and PING. Everything else may have to wait and wakes a greenlet, which
costs as much CPU time as a whole plain line.
"""

from functools import partial
from time import monotonic
from typing import NoReturn

from greenchat.commands.core import command_log
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation
from greenchat.protocol.framing import LineBuffer, LineTooLong
from greenchat.protocol.message import is_pong
from greenchat.server.net.connection import Connection
from greenchat.server.net.routes import SessionRoutes

_NEVER_WAIT = frozenset((b"PRIVMSG", b"NOTICE", b"TAGMSG", b"PING"))  # except for what `finish` does
_LONGEST = 512  # bytes, with the tags; for longer lines see `LineBuffer`
_END = b"\r\n"
_UNDER_WAY = 200  # bursts of one client in the log's queue; beyond that its lines wait


class IrcClient:
    """The lines of one connection."""

    __slots__ = ("_ahead", "_connection", "_lines", "_routes")

    def __init__(self, connection: Connection) -> None:
        server = connection.server
        self._connection = connection
        self._lines = LineBuffer()
        self._ahead: list[bytes | LineTooLong] = []  # received lines that have not run yet, the next one last
        connection.lines = self
        self._routes = SessionRoutes(
            server.network, connection.session, server.log, server.turn, connection.context, server.now
        )

    @property
    def unread(self) -> bytes:
        """Return the unhandled input: lines, and the beginning of the next one."""
        ahead = [line.line if isinstance(line, LineTooLong) else line for line in reversed(self._ahead)]
        return b"".join([line + b"\n" for line in ahead]) + self._lines.rest

    def serve(self, data: bytes | None) -> None:
        """Serve the client until its connection ends or it needs no greenlet.

        data: read so far, b"" at the end; None: nothing.
        """
        if data is None or (data and self._run_lines(data)):
            self._connection.wait_without_greenlet(self._on_readable)

    def _run_lines(self, data: bytes) -> bool:
        """Run the lines of the data; return whether there may be more. Raises FloodError and OSError."""
        connection, lines = self._connection, self._lines
        session = connection.session
        ahead = self._ahead = lines.feed(data)
        ahead.reverse()
        while ahead:
            connection.slow_down()
            line = ahead.pop()
            if isinstance(line, LineTooLong) and line.is_endless:
                connection.close("Input line was too long: a line of IRC can't have 16 KiB")
            if not session.closing:  # the session may have been killed meanwhile
                self._run(line)
            if session.closing:
                connection.discard()
                return False
        if lines.overrun:
            connection.close("Line without an end: this is an IRC server")
            connection.discard()
        return not lines.overrun

    def _run(self, line: bytes | LineTooLong) -> None:
        burst = None if isinstance(line, LineTooLong) else self._routes.find(line)
        if burst is None or self._connection.session.under_way > _UNDER_WAY:
            self._connection.run_line(line)
        else:
            self._routes.say(burst)

    def _on_readable(self) -> None:
        """Handle input of a client without a greenlet.

        The loop calls this: it must not wait, and no exception may leave it.
        """
        connection = self._connection
        if connection.pace.owed:
            connection.wake(self._catch_up)
        elif connection.pace.has_time():
            self._read()
        else:
            connection.readable.stop()
            connection.pace.queue(self._read_in_turn)

    def _read_in_turn(self) -> None:
        self._connection.pace.since = monotonic()
        self._connection.wait_without_greenlet(self._on_readable)
        self._read()

    def _read(self) -> None:
        """Read, in a turn that has time for it, and handle what can be handled without a greenlet."""
        connection = self._connection
        try:
            data = connection.receive()
            if data is not None and not self._take(data):
                connection.wake(partial(self.serve, data))
        except Exception as error:
            connection.wake(partial(_fail, error))

    def _catch_up(self) -> None:
        """Read again when the client has waited long enough for its throttle."""
        data = self._connection.read_now()
        self.serve(None if data is None or self._take(data) else data)

    def _take(self, data: bytes) -> bool:
        """Handle input that need not wait: plain messages, or one line of a few commands; return whether it was."""
        connection = self._connection
        if self._lines.rest or connection.session.closing or not data.endswith(_END):
            return False
        burst = self._routes.find(data[:-2])
        if burst is None:
            return (data.startswith(b"PONG") and self._takes_pong(data)) or self._run_here(data)
        if connection.session.under_way > _UNDER_WAY or not connection.pace.takes(len(burst[1])):
            return False
        self._routes.say(burst)
        return True

    def _run_here(self, data: bytes) -> bool:
        """Run a line if its command never waits; return whether it ran."""
        connection = self._connection
        words = data.split(b" ", 2)
        command = words[1] if data.startswith(b"@") and len(words) > 1 else words[0]
        if (
            command not in _NEVER_WAIT
            or len(data) > _LONGEST
            or data.count(b"\n") + data.count(b"\r") != len(_END)
            or connection.session.user is None
            or connection.server.log.is_shared
            or not connection.pace.takes(1)
        ):
            return False
        ctx, continuation = connection.begin_line(data[:-2])
        if continuation is not None or ctx.weight > 1 or connection.session.closing:
            connection.wake(partial(self._finish, ctx, continuation))
        return True

    def _finish(self, ctx: Context, continuation: Continuation | None) -> None:
        connection = self._connection
        connection.finish(ctx, continuation)
        if connection.session.closing:
            connection.discard()
        else:
            self.serve(None)

    def _takes_pong(self, data: bytes) -> bool:
        """Handle a line if it is the answer to our PING; return whether it was.

        Reading it has already noted that the client is alive.
        """
        connection = self._connection
        network, session = connection.server.network, connection.session
        name = network.settings.name
        if not is_pong(data[:-2], name) or not connection.pace.takes(1):
            return False
        session.received_messages += 1
        network.local.command_counts["PONG"] += 1
        command_log.note(session, "PONG", (name,))
        return True


def _fail(error: Exception) -> NoReturn:
    raise error
